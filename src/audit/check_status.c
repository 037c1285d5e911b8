/* I9, its first half: the states of orders, slices and blocks go together. */
#include <stdio.h>
#include <string.h>

#include "audit/check.h"

static const char *block_word(const struct audit_block *block)
{
	return block->status == BLOCK_STATUS_COUNT ? "open" : block_status_word(block->status);
}

/* How an order with this share of a closed block ends. */
static enum order_status end_of(const struct audit_block *block, const struct audit_order *order)
{
	if (order->filled_nano > 0)
		return order->filled_nano >= order->quantity_nano ? ORDER_FILLED : ORDER_PARTIALLY_FILLED;
	if (strcmp(block->outcome, "rejected") == 0)
		return ORDER_REJECTED;
	return strcmp(block->outcome, "canceled") == 0 ? ORDER_CANCELED : ORDER_UNFILLED;
}

/* The first `allocated` orders of the statement have ended, each as its share says; the others have no word of their
 * own. */
static void check_orders(struct audit *audit, struct audit_block *block)
{
	for (size_t i = 0; i < block->members.count; i++) {
		const struct audit_order *order = block->members.items[i];
		bool has_ended = (int64_t)i < block->allocated;
		enum order_status expected = has_ended ? end_of(block, order) : ORDER_STATUS_COUNT;

		if (!order->exists || order->status == expected)
			continue;
		audit_blame_block(audit, block, AUDIT_CONSISTENT,
				  "it is %s, %lld of its orders have shares: its order %s is %s", block_word(block),
				  (long long)block->allocated, order->id,
				  order->status == ORDER_STATUS_COUNT ? "not final" : order_status_word(order->status));
	}
}

/* What each block status says about its slices. */
static const struct {
	bool may_be_sent; /* otherwise each is as it was planned, or its time has passed */
	bool are_known;	  /* none may be unknown */
	bool are_final;
} stages[BLOCK_STATUS_COUNT] = {
    [BLOCK_SUBMITTING] = {true, false, false},	 [BLOCK_WORKING] = {true, true, false},
    [BLOCK_CLOSING] = {true, true, true},	 [BLOCK_ALLOCATED] = {true, true, true},
    [BLOCK_NEEDS_REVIEW] = {true, false, false}, [BLOCK_CANCELED] = {true, true, true},
};

/* Whether the outcome at the broker is not known yet. */
static bool is_unknown(enum slice_status status)
{
	return status == SLICE_CREATED || status == SLICE_SUBMITTING || status == SLICE_AMBIGUOUS;
}

/* Whether it never left, by what Redis says. */
static bool is_unsent(const struct audit_slice *slice)
{
	return slice->status == SLICE_CREATED || (slice->status == SLICE_CANCELED && !slice->broker_order_id[0]);
}

/* A large block goes on working while later slices are still to come, or on their way; but some must have been there.
 */
static bool is_between(const struct audit_block *block)
{
	bool has_known = false;

	for (size_t i = 0; i < block->slices.count; i++) {
		const struct audit_slice *slice = block->slices.items[i];

		has_known = has_known || (!is_unknown(slice->status) && !is_unsent(slice));
	}
	return has_known && block->status == BLOCK_WORKING && strcmp(block->lane, "large") == 0;
}

/* A block's slices are as far as the block is. */
static void check_slices(struct audit *audit, struct audit_block *block)
{
	for (size_t i = 0; i < block->slices.count; i++) {
		const struct audit_slice *slice = block->slices.items[i];

		if (!slice->exists || slice->status == SLICE_STATUS_COUNT)
			continue;
		if ((!stages[block->status].may_be_sent && !is_unsent(slice)) ||
		    (stages[block->status].are_known && is_unknown(slice->status) && !is_between(block)) ||
		    (stages[block->status].are_final && !slice_status_is_final(slice->status)))
			audit_blame_block(audit, block, AUDIT_CONSISTENT, "it is %s, but its slice %s is %s",
					  block_word(block), slice->id, slice_status_word(slice->status));
	}
}

/* The word for how a closed block ended, out of what it filled and how its slices ended. */
static bool outcome_is_right(const struct audit_block *block)
{
	size_t rejected = 0, canceled = 0;

	for (size_t i = 0; i < block->slices.count; i++) {
		rejected += ((struct audit_slice *)block->slices.items[i])->status == SLICE_REJECTED;
		canceled += ((struct audit_slice *)block->slices.items[i])->status == SLICE_CANCELED;
	}
	if (block->filled_nano > 0)
		return strcmp(block->outcome,
			      block->filled_nano >= block->quantity_nano ? "filled" : "partially_filled") == 0;
	if (strcmp(block->outcome, "rejected") == 0)
		return rejected > 0;
	if (strcmp(block->outcome, "canceled") == 0)
		return canceled == block->slices.count;
	return strcmp(block->outcome, "unfilled") == 0 && rejected == 0 && block->slices.count > 0;
}

/* Whether a slice is or was at the broker, or may be: one that is canceled and has no id there never left. */
static bool has_sent_slices(const struct audit_block *block)
{
	for (size_t i = 0; i < block->slices.count; i++) {
		const struct audit_slice *slice = block->slices.items[i];

		if (!is_unsent(slice) || slice->at_broker)
			return true;
	}
	return false;
}

/* How far the allocation is, and how the block ended. */
static void check_end(struct audit *audit, struct audit_block *block)
{
	bool is_closed = audit_block_is_final(block) || block->status == BLOCK_CLOSING;

	if (block->allocated > block->orders ||
	    (block->allocated > 0 && !is_closed && block->status != BLOCK_NEEDS_REVIEW))
		audit_blame_block(audit, block, AUDIT_CONSISTENT, "it is %s with %lld of %lld orders allocated",
				  block_word(block), (long long)block->allocated, (long long)block->orders);
	else if (audit_block_is_final(block) && block->allocated != block->orders)
		audit_blame_block(audit, block, AUDIT_CONSISTENT,
				  "it is %s, but only %lld of its %lld orders are allocated", block_word(block),
				  (long long)block->allocated, (long long)block->orders);
	if (is_closed && block->orders > 0 && !outcome_is_right(block))
		audit_blame_block(audit, block, AUDIT_CONSISTENT,
				  "it is %s with the outcome \"%s\", which its slices deny", block_word(block),
				  block->outcome);
	if (block->status == BLOCK_CANCELED && (has_sent_slices(block) || block->fills.count > 0))
		audit_blame_block(audit, block, AUDIT_CONSISTENT,
				  "it is canceled, but has slices that were sent, or fills");
}

/* A request's first order counts how many of it are not final. */
static void check_open(struct audit *audit, const struct audit_order *head)
{
	int64_t open = 0;

	for (int64_t i = 0; i < head->orders; i++) {
		char id[320];
		const struct audit_order *order;

		(void)snprintf(id, sizeof id, "%.*s-%lld", (int)strlen(head->id) - 2, head->id, (long long)i);
		order = audit_find_order(audit, id);
		if (order && order->listed_in && order->listed_in->is_moving)
			return;
		open += order && order->status == ORDER_STATUS_COUNT;
	}
	if (open != head->open)
		audit_report_violation(audit->report, AUDIT_CONSISTENT,
				       "order %s: %lld orders of its request are not final, it counts %lld", head->id,
				       (long long)open, (long long)head->open);
}

void audit_check_status(struct audit *audit)
{
	const unsigned shares_are_wrong =
	    1u << AUDIT_EXACT | 1u << AUDIT_PURE | 1u << AUDIT_NOT_FAILED | 1u << AUDIT_PARTITION;

	for (size_t i = 0; i < audit->blocks.count; i++) {
		struct audit_block *block = audit->blocks.items[i];

		if (audit_block_is_left_alone(audit, block) ||
		    (block->is_sealed && block->status == BLOCK_STATUS_COUNT))
			continue;
		check_end(audit, block);
		if (!audit_is_blamed(block, shares_are_wrong | 1u << AUDIT_CONSISTENT))
			check_orders(audit, block);
		if (block->is_sealed)
			check_slices(audit, block);
	}
	for (size_t i = 0; i < audit->orders.count; i++) {
		const struct audit_order *order = audit->orders.items[i];

		if (order->exists && order->orders > 1 && strlen(order->id) > 2)
			check_open(audit, order);
	}
}
