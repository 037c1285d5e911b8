/* I4, I5 and I10: each slice is at the broker at most once and as it was meant, every broker order of ours belongs to a
 * slice, and nothing is shown as failed that the broker holds or has filled. */
#include <stdio.h>
#include <string.h>

#include "audit/check.h"

#define OUR_PREFIX "muster-"

/* The block of a slice; NULL where it has none that can be judged. */
static struct audit_block *block_of(const struct audit *audit, const struct audit_slice *slice)
{
	struct audit_block *block = audit_find_block(audit, slice->block_id);

	return block && !audit_block_is_left_alone(audit, block) ? block : NULL;
}

/* What must have been at the broker: it gave us an id. */
static bool must_be_there(const struct audit_slice *slice)
{
	return slice->broker_order_id[0] && slice->status != SLICE_SUBMITTING && slice->status != SLICE_AMBIGUOUS &&
	       slice->status != SLICE_CREATED;
}

/* The broker's order is the one that was sent: I4 for the quantity, I5 for all else. */
static void check_same(struct audit *audit, struct audit_block *block, const struct audit_slice *slice,
		       const struct audit_broker_order *order)
{
	char ours[DECIMAL_TEXT], theirs[DECIMAL_TEXT];

	if (order->quantity_nano != slice->quantity_nano)
		audit_blame_block(audit, block, AUDIT_BLOCK_IS_SUM, "its slice %s is of %s, the broker has %s of it",
				  slice->id, decimal_format_wide(slice->quantity_nano, ours),
				  decimal_format_wide(order->quantity_nano, theirs));
	if (strcmp(order->symbol, block->symbol) != 0 || strcmp(order->side, block->side) != 0 ||
	    strcmp(order->type, block->order_type) != 0)
		audit_blame_block(audit, block, AUDIT_AT_MOST_ONCE,
				  "its slice %s is to %s %s (%s), the broker has an order to %s %s (%s) under its id",
				  slice->id, block->side, block->symbol, block->order_type, order->side, order->symbol,
				  order->type);
	else if (slice->broker_order_id[0] && strcmp(slice->broker_order_id, order->broker_order_id) != 0)
		audit_blame_block(audit, block, AUDIT_AT_MOST_ONCE,
				  "its slice %s is the broker's order %s, the broker has %s under its id", slice->id,
				  slice->broker_order_id, order->broker_order_id);
}

/* I10: what Redis calls ended is neither open nor more filled at the broker. */
static void check_end(struct audit *audit, struct audit_block *block, const struct audit_slice *slice,
		      const struct audit_broker_order *order)
{
	const char *status = slice->status == SLICE_STATUS_COUNT ? "?" : slice_status_word(slice->status);
	bool is_failure =
	    slice->status == SLICE_REJECTED || slice->status == SLICE_CANCELED || slice->status == SLICE_EXPIRED;
	char ours[DECIMAL_TEXT], theirs[DECIMAL_TEXT];

	if (is_failure && !order->is_ended)
		audit_blame_block(audit, block, AUDIT_NOT_FAILED, "its slice %s is %s, but open at the broker",
				  slice->id, status);
	else if (is_failure && order->filled_nano > slice->filled_nano)
		audit_blame_block(audit, block, AUDIT_NOT_FAILED,
				  "its slice %s is %s with %s filled, the broker has filled %s", slice->id, status,
				  decimal_format_wide(slice->filled_nano, ours),
				  decimal_format_wide(order->filled_nano, theirs));
	else if (slice->status == SLICE_REJECTED && !order->is_rejected)
		audit_blame_block(audit, block, AUDIT_NOT_FAILED, "its slice %s is rejected, but the broker took it",
				  slice->id);
}

/* One slice against its ledger. */
static void check_slice(struct audit *audit, struct audit_slice *slice)
{
	struct audit_block *block = block_of(audit, slice);
	const struct audit_ledger *ledger = block ? audit_ledger_of(audit, block->broker_type) : NULL;
	struct audit_broker_order *order = ledger ? audit_map_find(&ledger->by_client_id, slice->id) : NULL;

	if (!ledger)
		return;
	if (!order || order->accepted == 0) {
		if (must_be_there(slice))
			audit_blame_block(audit, block, AUDIT_AT_MOST_ONCE,
					  "its slice %s is %s, but the broker does not have it", slice->id,
					  slice_status_word(slice->status));
		return;
	}
	slice->at_broker = order;
	if (order->accepted > 1)
		audit_blame_block(audit, block, AUDIT_AT_MOST_ONCE, "its slice %s is at the broker %zu times",
				  slice->id, order->accepted);
	check_same(audit, block, slice, order);
	if (!audit_is_blamed(block, 1u << AUDIT_AT_MOST_ONCE))
		check_end(audit, block, slice, order);
}

/* The slices that a block lists, and those that name it. */
static void check_listed(struct audit *audit, struct audit_block *block)
{
	for (size_t i = 0; i < block->slices.count; i++) {
		const struct audit_slice *slice = block->slices.items[i];

		if (!slice->exists)
			audit_blame_block(audit, block, AUDIT_AT_MOST_ONCE,
					  "it lists the slice %s, which does not exist", slice->id);
		else if (strcmp(slice->block_id, block->id) != 0)
			audit_blame_block(audit, block, AUDIT_AT_MOST_ONCE,
					  "it lists the slice %s, which belongs to \"%s\"", slice->id, slice->block_id);
	}
}

/* Every broker order of ours belongs to a slice. One that ended long ago may have expired here; an open one never. */
static void check_order(struct audit *audit, const char *prefix, const struct audit_broker_order *order)
{
	const struct audit_slice *slice = audit_map_find(&audit->slice_of, order->client_order_id);

	if (order->accepted == 0 || strncmp(order->client_order_id, prefix, strlen(prefix)) != 0)
		return;
	if ((slice && slice->exists) || (order->is_ended && audit_may_be_gone(audit, order->last_at_ms)))
		return;
	audit_report_violation(audit->report, AUDIT_AT_MOST_ONCE, "broker order %s (%s, %s %s): it belongs to no slice",
			       order->client_order_id, order->is_ended ? "ended" : "open", order->side, order->symbol);
}

/* All orders of all ledgers. Where Redis does not know the deployment, anything of any deployment is ours. */
static void check_ledgers(struct audit *audit)
{
	char prefix[256];

	(void)snprintf(prefix, sizeof prefix, audit->deployment[0] ? OUR_PREFIX "%s-" : OUR_PREFIX "%s",
		       audit->deployment);
	for (size_t i = 0; i < audit->ledger_count; i++)
		for (size_t j = 0; j < audit->ledgers[i]->orders.count; j++)
			check_order(audit, prefix, audit->ledgers[i]->orders.items[j]);
}

void audit_check_broker(struct audit *audit)
{
	for (size_t i = 0; i < audit->blocks.count; i++)
		if (!audit_block_is_left_alone(audit, audit->blocks.items[i]))
			check_listed(audit, audit->blocks.items[i]);
	for (size_t i = 0; i < audit->slices.count; i++) {
		struct audit_slice *slice = audit->slices.items[i];
		const struct audit_block *block = audit_find_block(audit, slice->block_id);

		if (!slice->exists)
			continue;
		if (!slice->is_listed && (!block || !block->is_moving))
			audit_report_violation(audit->report, AUDIT_AT_MOST_ONCE,
					       "slice %s is not listed by its block \"%s\"", slice->id,
					       slice->block_id);
		check_slice(audit, slice);
	}
	check_ledgers(audit);
}
