/* I6, its second half, and I7: what orders and house got adds up to what was filled, nobody got more than they asked
 * for, and computing it again gives the same. */
#include <stdlib.h>
#include <string.h>

#include "audit/allocation.h"
#include "audit/check.h"

#define NO_SHARES_TO_JUDGE                                                                                             \
	(1u << AUDIT_PARTITION | 1u << AUDIT_BLOCK_IS_SUM | 1u << AUDIT_AT_MOST_ONCE | 1u << AUDIT_NOT_FAILED |        \
	 1u << AUDIT_EXACT)

/* Says that shares and house are not what was filled. */
static void compare(struct audit *audit, struct audit_block *block, const char *what, int128 shares, int128 filled)
{
	char a[DECIMAL_TEXT], b[DECIMAL_TEXT];

	if (shares != filled)
		audit_blame_block(audit, block, AUDIT_EXACT, "%s: the sum of shares and house %s is not the filled %s",
				  what, decimal_format_wide(shares, a), decimal_format_wide(filled, b));
}

/* Sums up all shares of a block that has ended. */
static void check_sums(struct audit *audit, struct audit_block *block)
{
	int128 quantity = block->house_quantity_nano, gross = block->house_gross_nano, fee = block->house_fee_nano;

	for (size_t i = 0; i < block->members.count; i++) {
		const struct audit_order *order = block->members.items[i];

		quantity += order->filled_nano;
		gross += order->gross_nano;
		fee += order->fee_nano;
	}
	compare(audit, block, "quantity", quantity, block->filled_nano);
	compare(audit, block, "money", gross, block->gross_nano);
	compare(audit, block, "fees", fee, block->fee_nano);
}

/* 0 <= allocated <= ordered. */
static void check_bounds(struct audit *audit, struct audit_block *block)
{
	char filled[DECIMAL_TEXT], ordered[DECIMAL_TEXT];

	for (size_t i = 0; i < block->members.count; i++) {
		const struct audit_order *order = block->members.items[i];

		if (order->filled_nano < 0 || order->filled_nano > order->quantity_nano)
			audit_blame_block(audit, block, AUDIT_EXACT, "its order %s asked for %s and has %s", order->id,
					  decimal_format_wide(order->quantity_nano, ordered),
					  decimal_format_wide(order->filled_nano, filled));
	}
}

/* Holds one share against the one that was computed again. */
static void check_share(struct audit *audit, struct audit_block *block, const char *whose,
			const struct audit_share *stored, const struct audit_share *computed)
{
	const struct {
		const char *what;
		int128 stored, computed;
	} rows[] = {{"quantity", stored->quantity_nano, computed->quantity_nano},
		    {"money", stored->gross_nano, computed->gross_nano},
		    {"fee", stored->fee_nano, computed->fee_nano}};
	char a[DECIMAL_TEXT], b[DECIMAL_TEXT];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].stored != rows[i].computed)
			audit_blame_block(audit, block, AUDIT_PURE, "the %s of %s is %s, computed again it is %s",
					  rows[i].what, whose, decimal_format_wide(rows[i].stored, a),
					  decimal_format_wide(rows[i].computed, b));
}

/* Holds the shares that have been given against those that were computed again; the house comes last of all. */
static void check_computed(struct audit *audit, struct audit_block *block, const struct audit_share *computed,
			   const struct audit_share *house)
{
	size_t given =
	    (size_t)block->allocated < block->members.count ? (size_t)block->allocated : block->members.count;

	for (size_t i = 0; i < given; i++) {
		const struct audit_order *order = block->members.items[i];
		const struct audit_share stored = {
		    .quantity_nano = order->filled_nano, .gross_nano = order->gross_nano, .fee_nano = order->fee_nano};

		check_share(audit, block, order->id, &stored, &computed[i]);
	}
	if (audit_block_is_final(block))
		check_share(audit, block, "the house",
			    &(struct audit_share){.quantity_nano = block->house_quantity_nano,
						  .gross_nano = block->house_gross_nano,
						  .fee_nano = block->house_fee_nano},
			    house);
}

/* What the computation starts from; false, and said why, where there is none. */
static bool read_input(struct audit *audit, struct audit_block *block, struct audit_filled *filled)
{
	*filled = (struct audit_filled){.quantity_nano = (int64_t)block->filled_nano,
					.gross_nano = block->gross_nano,
					.fee_nano = block->fee_nano,
					.minor_unit_nano = block->minor_unit_nano};
	if (block->closed_at_ms == 0) /* it was never sent: there is no money to share out */
		filled->minor_unit_nano = 1;
	if (block->filled_nano <= INT64_MAX && decimal_parse(block->lot, &filled->lot_nano, NULL) &&
	    filled->minor_unit_nano > 0)
		return true;
	audit_blame_block(audit, block, AUDIT_PURE, "its lot \"%s\", minor unit or filled quantity is none",
			  block->lot);
	return false;
}

/* Computes the allocation again. */
static void compute_again(struct audit *audit, struct audit_block *block)
{
	struct audit_share *shares, house;
	struct audit_filled filled;

	if (!read_input(audit, block, &filled))
		return;
	shares = calloc(block->members.count + 1, sizeof *shares);
	if (!shares)
		abort();
	for (size_t i = 0; i < block->members.count; i++)
		shares[i].ordered_nano = (int64_t)((struct audit_order *)block->members.items[i])->quantity_nano;
	if (audit_allocate(shares, block->members.count, &filled, &house))
		check_computed(audit, block, shares, &house);
	else
		audit_blame_block(audit, block, AUDIT_PURE, "its statement and fills cannot be allocated");
	free(shares);
}

void audit_check_shares(struct audit *audit)
{
	for (size_t i = 0; i < audit->blocks.count; i++) {
		struct audit_block *block = audit->blocks.items[i];
		bool has_shares = audit_block_is_final(block) || block->status == BLOCK_CLOSING;

		if (!has_shares || block->has_gaps || audit_block_is_left_alone(audit, block) ||
		    audit_is_blamed(block, NO_SHARES_TO_JUDGE))
			continue;
		check_bounds(audit, block);
		if (audit_block_is_final(block))
			check_sums(audit, block);
		if (!audit_is_blamed(block, 1u << AUDIT_EXACT))
			compute_again(audit, block);
	}
}
