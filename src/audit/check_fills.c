/* I6, its first half: the fills that are stored are those of the broker's ledger, one for one, and the totals of the
 * block and of its slices are their sums. */
#include <string.h>

#include "audit/check.h"

/* Everything that makes a sum of fills meaningless. */
#define SUMS_MEAN_NOTHING                                                                                              \
	(1u << AUDIT_PARTITION | 1u << AUDIT_BLOCK_IS_SUM | 1u << AUDIT_AT_MOST_ONCE | 1u << AUDIT_NOT_FAILED)

struct sums {
	int128 filled_nano, gross_atto, fee_nano;
};

/* Adds up one list of fills, of one slice or (NULL) of all. */
static void add_fills(struct sums *sums, const struct audit_list *fills, const struct audit_slice *slice)
{
	for (size_t i = 0; i < fills->count; i++) {
		const struct audit_fill *fill = fills->items[i];

		if (slice && strcmp(fill->client_order_id, slice->id) != 0)
			continue;
		sums->filled_nano += fill->quantity_nano;
		sums->gross_atto += (int128)fill->quantity_nano * fill->price_nano;
	}
}

/* A stored fill is the broker's: same slice, quantity and price. */
static void check_stored(struct audit *audit, struct audit_block *block, const struct audit_fill *fill)
{
	const struct audit_ledger *ledger = audit_ledger_of(audit, block->broker_type);
	struct audit_fill *theirs = ledger ? audit_map_find(&ledger->fill_of, fill->id) : NULL;
	char quantity[DECIMAL_TEXT], price[DECIMAL_TEXT];

	(void)decimal_format(fill->quantity_nano, quantity);
	(void)decimal_format(fill->price_nano, price);
	if (theirs)
		theirs->is_known = true;
	if (!ledger)
		return;
	if (!theirs)
		audit_blame_block(audit, block, AUDIT_EXACT, "its fill %s (%s at %s) is not one of the broker's",
				  fill->id, quantity, price);
	else if (theirs->quantity_nano != fill->quantity_nano || theirs->price_nano != fill->price_nano ||
		 strcmp(theirs->client_order_id, fill->client_order_id) != 0)
		audit_blame_block(audit, block, AUDIT_EXACT,
				  "its fill %s is stored as %s at %s of %s, the broker has another one under that id",
				  fill->id, quantity, price, fill->client_order_id);
}

/* Every fill of the broker's is stored once the block is closed. */
static void check_missing(struct audit *audit, struct audit_block *block, const struct audit_slice *slice)
{
	const struct audit_list *fills = &slice->at_broker->fills;
	char quantity[DECIMAL_TEXT], price[DECIMAL_TEXT];

	for (size_t i = 0; i < fills->count; i++) {
		const struct audit_fill *fill = fills->items[i];

		if (!fill->is_known)
			audit_blame_block(audit, block, AUDIT_EXACT,
					  "the broker's fill %s (%s at %s) of its slice %s is not stored", fill->id,
					  decimal_format(fill->quantity_nano, quantity),
					  decimal_format(fill->price_nano, price), slice->id);
	}
}

/* Says that two sums differ. */
static void compare(struct audit *audit, struct audit_block *block, const char *what, int128 one, int128 other)
{
	char a[DECIMAL_TEXT], b[DECIMAL_TEXT];

	if (one != other)
		audit_blame_block(audit, block, AUDIT_EXACT, "%s: %s is not the %s of its fills", what,
				  decimal_format_wide(one, a), decimal_format_wide(other, b));
}

/* A slice's own total, and what the broker charged for it. */
static void check_slice(struct audit *audit, struct audit_block *block, const struct audit_slice *slice,
			struct sums *sums)
{
	struct sums own = {0};
	char ours[DECIMAL_TEXT], theirs[DECIMAL_TEXT];
	int128 charged;

	add_fills(&own, &block->fills, slice);
	if (own.filled_nano != slice->filled_nano)
		audit_blame_block(audit, block, AUDIT_EXACT, "its slice %s is filled with %s, its fills are %s",
				  slice->id, decimal_format_wide(slice->filled_nano, ours),
				  decimal_format_wide(own.filled_nano, theirs));
	sums->fee_nano += slice->fee_nano;
	if (!slice->at_broker)
		return;
	charged = slice->at_broker->filled_nano ? slice->at_broker->fee_nano : 0;
	if (charged != slice->fee_nano)
		audit_blame_block(
		    audit, block, AUDIT_EXACT, "the fee %s of its slice %s is not the %s that the broker charged",
		    decimal_format_wide(slice->fee_nano, ours), slice->id, decimal_format_wide(charged, theirs));
}

/* The totals that the block was closed with. Money is the exact sum, rounded once to the nearest nano. */
static void check_totals(struct audit *audit, struct audit_block *block, const struct sums *sums)
{
	int128 gross_nano = (sums->gross_atto + NANO / 2) / NANO, average_nano = 0;

	if (sums->filled_nano > 0)
		average_nano = (2 * sums->gross_atto + sums->filled_nano) / (2 * sums->filled_nano);
	compare(audit, block, "filled quantity", block->filled_nano, sums->filled_nano);
	compare(audit, block, "gross amount", block->gross_nano, gross_nano);
	compare(audit, block, "fee", block->fee_nano, sums->fee_nano);
	compare(audit, block, "average price", block->average_nano, average_nano);
}

/* A block that is closed at the broker. */
static void check_closed(struct audit *audit, struct audit_block *block)
{
	struct sums sums = {0};

	for (size_t i = 0; i < block->slices.count; i++) {
		const struct audit_slice *slice = block->slices.items[i];

		if (slice->at_broker)
			check_missing(audit, block, slice);
		check_slice(audit, block, slice, &sums);
	}
	add_fills(&sums, &block->fills, NULL);
	if (!audit_is_blamed(block, 1u << AUDIT_EXACT))
		check_totals(audit, block, &sums);
}

void audit_check_fills(struct audit *audit)
{
	for (size_t i = 0; i < audit->blocks.count; i++) {
		struct audit_block *block = audit->blocks.items[i];

		audit->fills += block->fills.count;
		if (audit_block_is_left_alone(audit, block) || audit_is_blamed(block, SUMS_MEAN_NOTHING))
			continue;
		for (size_t f = 0; f < block->fills.count; f++)
			check_stored(audit, block, block->fills.items[f]);
		if (block->closed_at_ms)
			check_closed(audit, block);
	}
}
