/* See allocation.h. Written for being obvious: sort by remainder, hand out from the top. */
#include "audit/allocation.h"

#include <stdlib.h>

/* One who takes part in a division. */
struct part {
	size_t place;
	int64_t weight;
	int128 units;	  /* so far */
	int128 remainder; /* of weight x total, by which the left-over units go */
	bool is_full;	  /* takes no unit more */
};

/* The largest remainder first, then the earlier one. */
static int compare_parts(const void *a, const void *b)
{
	const struct part *one = a, *other = b;

	if (one->remainder != other->remainder)
		return one->remainder > other->remainder ? -1 : 1;
	return one->place < other->place ? -1 : 1;
}

/* Hands out `left` units, one each; returns how many nobody took. Afterwards the parts are in another order. */
static int128 hand_out(struct part *parts, size_t count, int128 left)
{
	qsort(parts, count, sizeof *parts, compare_parts);
	for (size_t i = 0; i < count && left > 0; i++) {
		if (parts[i].is_full)
			continue;
		parts[i].units++;
		left--;
	}
	return left;
}

static struct part *parts_new(size_t count)
{
	struct part *parts = calloc(count ? count : 1, sizeof *parts);

	if (!parts)
		abort();
	return parts;
}

/* Whether the input is in range; sums up what was ordered. */
static bool is_possible(const struct audit_share *shares, size_t count, const struct audit_filled *filled,
			int64_t *ordered_nano)
{
	*ordered_nano = 0;
	for (size_t i = 0; i < count; i++)
		if (shares[i].ordered_nano <= 0 ||
		    __builtin_add_overflow(*ordered_nano, shares[i].ordered_nano, ordered_nano))
			return false;
	return filled->quantity_nano >= 0 && filled->gross_nano >= 0 && filled->lot_nano > 0 &&
	       filled->minor_unit_nano > 0;
}

/* Fewer were filled than ordered: whole lots by largest remainder. Returns what no order took. */
static int128 share_lots(struct audit_share *shares, size_t count, const struct audit_filled *filled,
			 int64_t ordered_nano)
{
	struct part *parts = parts_new(count);
	/* Of one lot: weight x filled is measured against it. Both factors of each product are below 2^63. */
	int128 whole = (int128)ordered_nano * filled->lot_nano;
	int128 left_nano = filled->quantity_nano, dust_lots;

	for (size_t i = 0; i < count; i++) {
		int128 product = (int128)shares[i].ordered_nano * filled->quantity_nano;

		parts[i] = (struct part){.place = i, .units = product / whole, .remainder = product % whole};
		parts[i].is_full = (parts[i].units + 1) * filled->lot_nano > shares[i].ordered_nano;
		left_nano -= parts[i].units * filled->lot_nano;
	}
	dust_lots = hand_out(parts, count, left_nano / filled->lot_nano);
	for (size_t i = 0; i < count; i++)
		shares[parts[i].place].quantity_nano = parts[i].units * filled->lot_nano;
	free(parts);
	return left_nano % filled->lot_nano + dust_lots * filled->lot_nano;
}

/* Divides an amount in whole minor units by the quantities; the last one of `amounts` is the house's. */
static void share_amount(const struct audit_share *shares, size_t count, const struct audit_filled *filled,
			 int128 amount, int128 *amounts)
{
	struct part *parts = parts_new(count);
	int128 sign = amount < 0 ? -1 : 1, total = amount * sign;
	int128 units = total / filled->minor_unit_nano;
	/* units = k x filled + rest, so that weight x rest stays below 2^126. */
	int128 k = units / filled->quantity_nano, rest = units % filled->quantity_nano, left = units;

	for (size_t i = 0; i < count; i++) {
		int128 product = shares[i].quantity_nano * rest;

		parts[i].place = i;
		parts[i].units = shares[i].quantity_nano * k + product / filled->quantity_nano;
		parts[i].remainder = product % filled->quantity_nano;
		left -= parts[i].units;
	}
	(void)hand_out(parts, count, left);
	for (size_t i = 0; i < count; i++)
		amounts[parts[i].place] = sign * parts[i].units * filled->minor_unit_nano;
	amounts[count - 1] += sign * (total % filled->minor_unit_nano);
	free(parts);
}

/* Money and fees by the quantities; the last of `all` is the house. */
static void share_amounts(struct audit_share *all, size_t count, const struct audit_filled *filled)
{
	int128 *amounts;

	if (filled->quantity_nano == 0) { /* charged for nothing */
		all[count - 1].gross_nano = filled->gross_nano;
		all[count - 1].fee_nano = filled->fee_nano;
		return;
	}
	amounts = calloc(count, sizeof *amounts);
	if (!amounts)
		abort();
	share_amount(all, count, filled, filled->gross_nano, amounts);
	for (size_t i = 0; i < count; i++)
		all[i].gross_nano = amounts[i];
	share_amount(all, count, filled, filled->fee_nano, amounts);
	for (size_t i = 0; i < count; i++)
		all[i].fee_nano = amounts[i];
	free(amounts);
}

bool audit_allocate(struct audit_share *shares, size_t count, const struct audit_filled *filled,
		    struct audit_share *house)
{
	struct audit_share *all;
	int64_t ordered_nano;

	if (!is_possible(shares, count, filled, &ordered_nano))
		return false;
	all = calloc(count + 1, sizeof *all);
	if (!all)
		abort();
	for (size_t i = 0; i < count; i++)
		all[i] = (struct audit_share){.ordered_nano = shares[i].ordered_nano,
					      .quantity_nano = shares[i].ordered_nano};
	if (filled->quantity_nano >= ordered_nano)
		all[count].quantity_nano = filled->quantity_nano - ordered_nano;
	else
		all[count].quantity_nano = share_lots(all, count, filled, ordered_nano);
	share_amounts(all, count + 1, filled);
	for (size_t i = 0; i < count; i++)
		shares[i] = all[i];
	*house = all[count];
	free(all);
	return true;
}
