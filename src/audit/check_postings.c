/* I8: each share is in the stream of transactions once, word for word, and in its user's index; what a block left for
 * the house is in the house's stream once. */
#include <stdlib.h>
#include <string.h>

#include "audit/check.h"

/* The time in the id of an entry: "MS-N". */
static int64_t time_of(const struct audit_posting *posting)
{
	return strtoll(posting->id, NULL, 10);
}

/* One posting against the order that it names. */
static void check_same(struct audit *audit, const struct audit_posting *posting, const struct audit_order *order,
		       const struct audit_block *block)
{
	const struct {
		const char *what, *posted, *own;
	} texts[] = {{"block", posting->block_id, order->block_id},
		     {"user", posting->user, order->user},
		     {"smallcase", posting->smallcase, order->smallcase},
		     {"symbol", posting->symbol, block->symbol},
		     {"side", posting->side, block->side},
		     {"broker", posting->broker_type, block->broker_type}};
	const struct {
		const char *what;
		int128 posted, own;
	} numbers[] = {{"quantity", posting->quantity_nano, order->filled_nano},
		       {"price", posting->price_nano, block->average_nano},
		       {"money", posting->gross_nano, order->gross_nano},
		       {"fee", posting->fee_nano, order->fee_nano}};
	char a[DECIMAL_TEXT], b[DECIMAL_TEXT];

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (strcmp(texts[i].posted, texts[i].own) != 0)
			audit_report_violation(audit->report, AUDIT_POSTED_ONCE,
					       "transaction %s of order %s: its %s is \"%s\", not \"%s\"", posting->id,
					       order->id, texts[i].what, texts[i].posted, texts[i].own);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (numbers[i].posted != numbers[i].own)
			audit_report_violation(audit->report, AUDIT_POSTED_ONCE,
					       "transaction %s of order %s: its %s is %s, not %s", posting->id,
					       order->id, numbers[i].what, decimal_format_wide(numbers[i].posted, a),
					       decimal_format_wide(numbers[i].own, b));
}

/* One entry of the stream. */
static void check_posting(struct audit *audit, const struct audit_posting *posting)
{
	struct audit_order *order = audit_find_order(audit, posting->order_id);
	const struct audit_block *block = audit_find_block(audit, posting->block_id);
	bool is_old = audit_may_be_gone(audit, time_of(posting));

	if (!posting->is_indexed && !is_old)
		audit_report_violation(audit->report, AUDIT_POSTED_ONCE,
				       "transaction %s of order %s is not in the index of its user %s", posting->id,
				       posting->order_id, posting->user);
	if (order && ++order->postings > 1)
		audit_report_violation(audit->report, AUDIT_POSTED_ONCE,
				       "order %s of block %s is posted %zu times, now by transaction %s",
				       posting->order_id, posting->block_id, order->postings, posting->id);
	else if (order && block && !block->is_moving)
		check_same(audit, posting, order, block);
	else if ((!order || !block) && !is_old)
		audit_report_violation(audit->report, AUDIT_POSTED_ONCE,
				       "transaction %s names the %s %s, which does not exist", posting->id,
				       order ? "block" : "order", order ? posting->block_id : posting->order_id);
}

/* An order with a share must have been posted; entries are trimmed once they are as old as what expires. */
static void check_order(struct audit *audit, const struct audit_order *order)
{
	const struct audit_block *block = audit_find_block(audit, order->block_id);

	if (order->filled_nano == 0 || order->postings > 0 || order->status == ORDER_STATUS_COUNT ||
	    (block && block->is_moving) || audit_may_be_gone(audit, order->updated_at_ms))
		return;
	audit_report_violation(audit->report, AUDIT_POSTED_ONCE, "order %s of block %s: its share was never posted",
			       order->id, order->block_id);
}

/* One entry of the house. */
static void check_house(struct audit *audit, const struct audit_posting *posting)
{
	struct audit_block *block = audit_find_block(audit, posting->block_id);

	if (!block || audit_block_is_left_alone(audit, block))
		return;
	if (++block->house_postings > 1)
		audit_blame_block(audit, block, AUDIT_POSTED_ONCE,
				  "its rest was posted to the house %zu times, now by %s", block->house_postings,
				  posting->id);
	else if (posting->quantity_nano != block->house_quantity_nano ||
		 posting->gross_nano != block->house_gross_nano || posting->fee_nano != block->house_fee_nano ||
		 strcmp(posting->symbol, block->symbol) != 0 || strcmp(posting->side, block->side) != 0 ||
		 strcmp(posting->broker_type, block->broker_type) != 0)
		audit_blame_block(audit, block, AUDIT_POSTED_ONCE,
				  "the entry %s of the house is not what the block left", posting->id);
}

/* A block that left something must have been posted to the house. */
static void check_rest(struct audit *audit, struct audit_block *block)
{
	bool has_rest = block->house_quantity_nano || block->house_gross_nano || block->house_fee_nano;

	if (has_rest && block->house_postings == 0)
		audit_blame_block(audit, block, AUDIT_POSTED_ONCE, "what it left was never posted to the house");
}

void audit_check_postings(struct audit *audit)
{
	for (size_t i = 0; i < audit->postings.count; i++)
		check_posting(audit, audit->postings.items[i]);
	for (size_t i = 0; i < audit->orders.count; i++)
		if (((struct audit_order *)audit->orders.items[i])->exists)
			check_order(audit, audit->orders.items[i]);
	for (size_t i = 0; i < audit->house.count; i++)
		check_house(audit, audit->house.items[i]);
	for (size_t i = 0; i < audit->blocks.count; i++)
		if (!audit_block_is_left_alone(audit, audit->blocks.items[i]))
			check_rest(audit, audit->blocks.items[i]);
}
