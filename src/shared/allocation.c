/* Allocation: one routine, `split_run`, divides quantity, money and fee alike, so that one proof covers all three.
 *
 * Why no product can overflow: a share is weight * total / (sum of weights), in units of `unit`. With
 * total = k * sum + rest, rest < sum, that is weight * k + weight * rest / sum. The first term is at most the total,
 * and in the second both factors are below 2^63. The remainder that decides about left-over units, measured against
 * unit * sum, is again below 2^126. */
#include "shared/allocation.h"

#include <stdlib.h>

#define RADIX_BITS 8
#define RADIX_SIZE (1 << RADIX_BITS)

/* One division of a total among participants in their order. A unit is what cannot be divided: a lot, a cent. */
struct split {
	size_t count;
	const int64_t *weights;
	int64_t weight_sum; /* > 0 */
	int64_t unit;	    /* > 0 */
	bool capped;	    /* nobody gets more than their weight */
	int128 *portions;   /* out */
	int128 *remainders; /* what the rounding took, out of unit * weight_sum; -1: has no room for one more unit */
};

/* Memory of one computation: participants are the rows, then the house. */
struct scratch {
	size_t count;
	int64_t *weights;
	int128 *portions;
	int128 *remainders;
};

/* Gives everyone the whole units that are certainly theirs; returns the sum. Counts who could take one more. */
static int128 split_base(struct split *split, int128 total, size_t *candidates)
{
	int128 k = total / split->weight_sum;
	int64_t rest = (int64_t)(total % split->weight_sum);
	int128 given = 0;

	*candidates = 0;
	for (size_t i = 0; i < split->count; i++) {
		int64_t weight = split->weights[i];
		int128 product = (int128)weight * rest;
		int128 exact = weight * k + product / split->weight_sum;
		int128 above = exact % split->unit;

		split->portions[i] = exact - above;
		split->remainders[i] = above * split->weight_sum + product % split->weight_sum;
		if (split->capped && weight - split->portions[i] < split->unit)
			split->remainders[i] = -1;
		else
			(*candidates)++;
		given += split->portions[i];
	}
	return given;
}

/* Finds the remainder of the last one who gets a left-over unit, and how many with just that remainder get one.
 * Digit by digit from the top: a fixed number of passes, where sorting a million rows would take many times as long
 * and a quick selection could be made slow by chosen quantities. 1 <= wanted <= number of remainders that are not -1.
 */
static int128 remainder_select(const struct split *split, size_t wanted, size_t *at_limit)
{
	int shift = (int)sizeof(int128) * 8 - RADIX_BITS;
	int128 prefix = 0;

	while (shift > 0 && (((int128)split->unit * split->weight_sum) >> shift) == 0)
		shift -= RADIX_BITS;
	for (; shift >= 0; shift -= RADIX_BITS) {
		size_t histogram[RADIX_SIZE] = {0};
		int digit = RADIX_SIZE - 1;

		for (size_t i = 0; i < split->count; i++) {
			int128 high = split->remainders[i] >> shift; /* -1 stays -1 */
			if (high >= 0 && high >> RADIX_BITS == prefix)
				histogram[high & (RADIX_SIZE - 1)]++;
		}
		for (; histogram[digit] < wanted; digit--)
			wanted -= histogram[digit];
		prefix = prefix << RADIX_BITS | digit;
	}
	*at_limit = wanted;
	return prefix;
}

/* Gives `wanted` units, one each, to the largest remainders; of equal ones to those who come first. */
static void split_leftover(struct split *split, size_t wanted)
{
	size_t at_limit;
	int128 limit = remainder_select(split, wanted, &at_limit);

	for (size_t i = 0; i < split->count; i++) {
		bool equal = split->remainders[i] == limit && at_limit > 0;

		if (equal)
			at_limit--;
		if (equal || split->remainders[i] > limit)
			split->portions[i] += split->unit;
	}
}

/* Divides `total` (>= 0); returns what could not be given to anyone: less than a unit, but for those who had no room.
 */
static int128 split_run(struct split *split, int128 total)
{
	size_t candidates;
	int128 left = total - split_base(split, total, &candidates);
	int128 units = left / split->unit;
	size_t wanted = units < (int128)candidates ? (size_t)units : candidates;

	if (wanted > 0)
		split_leftover(split, wanted);
	return left - (int128)wanted * split->unit;
}

/* Out of memory aborts, as everywhere: what matters is in Redis. */
static void *array_new(size_t count, size_t size)
{
	void *array = calloc(count, size);

	if (!array)
		abort();
	return array;
}

/* Checks the input and sums up what was ordered. */
static bool input_check(const struct allocation_row *rows, size_t count, const struct allocation_fills *fills,
			int64_t *ordered_nano, struct err *err)
{
	int128 negated; /* amount_split takes the sign off */

	if (fills->filled_nano < 0 || fills->gross_nano < 0 || fills->lot_nano <= 0 || fills->minor_unit_nano <= 0)
		return err_set(err, ERR_INTERNAL,
			       "fills cannot be allocated: a negative quantity, amount, lot or unit");
	if (__builtin_sub_overflow((int128)0, fills->fee_nano, &negated))
		return err_set(err, ERR_INTERNAL, "fills cannot be allocated: the fee is out of range");
	for (size_t i = 0; i < count; i++) {
		if (rows[i].quantity_nano <= 0)
			return err_set(err, ERR_INTERNAL, "order %s cannot be allocated: its quantity is not positive",
				       rows[i].order_id);
		if (__builtin_add_overflow(*ordered_nano, rows[i].quantity_nano, ordered_nano))
			return err_set(err, ERR_INTERNAL, "a statement of %zu orders exceeds the range of quantities",
				       count);
	}
	return true;
}

/* Divides the filled quantity. A block that is filled whole gives everyone what they ordered, also where that is no
 * whole number of lots: rounding would take from users what was bought for them. */
static void quantity_split(struct allocation_row *rows, const struct allocation_fills *fills, int64_t ordered_nano,
			   struct scratch *scratch, struct allocation_house *house)
{
	bool whole = fills->filled_nano >= ordered_nano;
	struct split split = {.count = scratch->count - 1,
			      .weights = scratch->weights,
			      .weight_sum = ordered_nano,
			      .unit = whole ? 1 : fills->lot_nano,
			      .capped = true,
			      .portions = scratch->portions,
			      .remainders = scratch->remainders};

	house->excess_nano = whole ? fills->filled_nano - ordered_nano : 0;
	house->dust_nano = 0;
	if (split.count > 0)
		house->dust_nano = (int64_t)split_run(&split, fills->filled_nano - house->excess_nano);
	for (size_t i = 0; i < split.count; i++)
		rows[i].share_nano = (int64_t)scratch->portions[i];
}

/* Divides an amount by allocated quantities in whole minor units; scratch->portions holds the result, the house last.
 * The sign is taken off first: a fee may be a rebate, and is divided like a fee. */
static void amount_split(int128 amount_nano, const struct allocation_fills *fills, struct scratch *scratch)
{
	int sign = amount_nano < 0 ? -1 : 1;
	int128 total = amount_nano * sign;
	int128 below_unit = total % fills->minor_unit_nano;
	struct split split = {.count = scratch->count,
			      .weights = scratch->weights,
			      .weight_sum = fills->filled_nano,
			      .unit = fills->minor_unit_nano,
			      .portions = scratch->portions,
			      .remainders = scratch->remainders};

	if (fills->filled_nano > 0) {
		below_unit += split_run(&split, total - below_unit);
	} else {
		for (size_t i = 0; i < scratch->count; i++)
			scratch->portions[i] = 0;
		below_unit = total; /* charged for nothing: nobody's but the house's */
	}
	scratch->portions[scratch->count - 1] += below_unit;
	for (size_t i = 0; sign < 0 && i < scratch->count; i++)
		scratch->portions[i] = -scratch->portions[i];
}

bool allocation_compute(struct allocation_row *rows, size_t count, const struct allocation_fills *fills,
			struct allocation_house *house, struct err *err)
{
	struct scratch scratch = {.count = count + 1};
	int64_t ordered_nano = 0;

	if (!input_check(rows, count, fills, &ordered_nano, err))
		return false;
	scratch.weights = array_new(scratch.count, sizeof(*scratch.weights));
	scratch.portions = array_new(scratch.count, sizeof(*scratch.portions));
	scratch.remainders = array_new(scratch.count, sizeof(*scratch.remainders));
	for (size_t i = 0; i < count; i++)
		scratch.weights[i] = rows[i].quantity_nano;
	quantity_split(rows, fills, ordered_nano, &scratch, house);
	for (size_t i = 0; i < count; i++)
		scratch.weights[i] = rows[i].share_nano;
	scratch.weights[count] = house->excess_nano + house->dust_nano;
	amount_split(fills->gross_nano, fills, &scratch);
	for (size_t i = 0; i < count; i++)
		rows[i].gross_nano = scratch.portions[i];
	house->gross_nano = scratch.portions[count];
	amount_split(fills->fee_nano, fills, &scratch);
	for (size_t i = 0; i < count; i++)
		rows[i].fee_nano = scratch.portions[i];
	house->fee_nano = scratch.portions[count];
	free(scratch.weights);
	free(scratch.portions);
	free(scratch.remainders);
	return true;
}
