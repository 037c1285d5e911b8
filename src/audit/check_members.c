/* I3 and I4: each order stands in exactly one statement, each block in exactly one window, and a block is the sum of
 * its statement. */
#include <string.h>

#include "audit/check.h"

bool audit_block_is_left_alone(const struct audit *audit, const struct audit_block *block)
{
	int64_t ended_ms = block->allocated_at_ms ? block->allocated_at_ms : block->sealed_at_ms;

	return !block->version || block->is_moving ||
	       (audit_block_is_final(block) && audit_may_be_gone(audit, ended_ms));
}

/* A member that is not there: expired, or lost. */
static void check_gap(struct audit *audit, struct audit_block *block, const struct audit_order *order)
{
	if (block->closed_at_ms && audit_may_be_gone(audit, block->closed_at_ms))
		block->has_gaps = true;
	else
		audit_blame_block(audit, block, AUDIT_PARTITION,
				  "its statement lists the order %s, which does not exist", order->id);
}

/* The statement: its orders name this block, are as many as were sealed, and add up to the block. */
static void check_statement(struct audit *audit, struct audit_block *block)
{
	char sum_text[DECIMAL_TEXT], quantity_text[DECIMAL_TEXT];
	int128 sum = 0;

	for (size_t i = 0; i < block->members.count; i++) {
		const struct audit_order *order = block->members.items[i];

		sum += order->quantity_nano;
		if (!order->exists)
			check_gap(audit, block, order);
		else if (strcmp(order->block_id, block->id) != 0)
			audit_blame_block(audit, block, AUDIT_PARTITION,
					  "the order %s stands in its statement, but belongs to \"%s\"", order->id,
					  order->block_id);
	}
	if (block->is_sealed && (int64_t)block->members.count != block->orders)
		audit_blame_block(audit, block, AUDIT_PARTITION, "%lld orders were sealed, %zu are in its statement",
				  (long long)block->orders, block->members.count);
	if (block->has_gaps || audit_is_blamed(block, 1u << AUDIT_PARTITION) || sum == block->quantity_nano)
		return;
	audit_blame_block(audit, block, AUDIT_BLOCK_IS_SUM, "its quantity %s is not the sum of its statement, %s",
			  decimal_format_wide(block->quantity_nano, quantity_text), decimal_format_wide(sum, sum_text));
}

/* What goes out in slices is the block. What a slice has left to later ones is in those too. */
static void check_slices(struct audit *audit, struct audit_block *block)
{
	char sum_text[DECIMAL_TEXT], quantity_text[DECIMAL_TEXT];
	int128 sum = 0;

	for (size_t i = 0; i < block->slices.count; i++) {
		const struct audit_slice *slice = block->slices.items[i];

		if (!slice->exists)
			return; /* told with I5 */
		if (slice->carried_nano < 0 || slice->carried_nano > slice->quantity_nano ||
		    (slice->carried_nano > 0 && !slice_status_is_final(slice->status)))
			audit_blame_block(audit, block, AUDIT_BLOCK_IS_SUM,
					  "its slice %s is %s and leaves more than it has", slice->id,
					  slice_status_word(slice->status));
		sum += slice->quantity_nano - slice->carried_nano;
	}
	if (block->slices.count == 0 || sum == block->quantity_nano || audit_is_blamed(block, 1u << AUDIT_BLOCK_IS_SUM))
		return;
	audit_blame_block(audit, block, AUDIT_BLOCK_IS_SUM, "its quantity %s is not the sum of its slices, %s",
			  decimal_format_wide(block->quantity_nano, quantity_text), decimal_format_wide(sum, sum_text));
}

/* Each block is in the window that it names, and in no other. */
static void check_window(struct audit *audit, struct audit_block *block)
{
	const struct audit_window *window = audit_map_find(&audit->window_of, block->window_id);

	if (block->windows != 1)
		audit_blame_block(audit, block, AUDIT_PARTITION, "%zu windows list it", block->windows);
	else if (!window || !window->status[0])
		audit_blame_block(audit, block, AUDIT_PARTITION, "its window \"%s\" does not exist", block->window_id);
}

/* Blocks that a window lists. */
static void check_listed(struct audit *audit, const struct audit_window *window)
{
	for (size_t i = 0; i < window->blocks.count; i++) {
		struct audit_block *block = window->blocks.items[i];

		if (!block->version && !(window->sealed_at_ms && audit_may_be_gone(audit, window->sealed_at_ms)))
			audit_report_violation(audit->report, AUDIT_PARTITION,
					       "window %s lists the block %s, which does not exist", window->id,
					       block->id);
		else if (block->version && strcmp(block->window_id, window->id) != 0)
			audit_blame_block(audit, block, AUDIT_PARTITION, "window %s lists it, but it belongs to \"%s\"",
					  window->id, block->window_id);
	}
}

/* An order is in one statement: that of its block. One that was canceled before the seal is in none, and so is one that
 * a bulk call rejected. */
static void check_order(struct audit *audit, const struct audit_order *order)
{
	const struct audit_block *block = audit_find_block(audit, order->block_id);
	bool was_rejected = !order->block_id[0] && order->status == ORDER_REJECTED;

	if (order->listed > 1)
		audit_report_violation(audit->report, AUDIT_PARTITION, "order %s stands in %zu statements", order->id,
				       order->listed);
	if (order->listed > 0 || order->status == ORDER_CANCELED || was_rejected || (block && block->is_moving))
		return;
	if (block)
		audit_report_violation(audit->report, AUDIT_PARTITION,
				       "order %s is not in the statement of its block %s", order->id, order->block_id);
	else if (!order->block_id[0])
		audit_report_violation(audit->report, AUDIT_PARTITION, "order %s is in no block", order->id);
	else if (order->status == ORDER_STATUS_COUNT || !audit_may_be_gone(audit, order->updated_at_ms))
		audit_report_violation(audit->report, AUDIT_PARTITION, "order %s: its block %s does not exist",
				       order->id, order->block_id);
}

void audit_check_members(struct audit *audit)
{
	for (size_t i = 0; i < audit->windows.count; i++)
		check_listed(audit, audit->windows.items[i]);
	for (size_t i = 0; i < audit->blocks.count; i++) {
		struct audit_block *block = audit->blocks.items[i];

		if (!block->version && block->members.count > 0)
			audit_blame_block(audit, block, AUDIT_PARTITION, "it has a statement, but does not exist");
		if (audit_block_is_left_alone(audit, block))
			continue;
		check_statement(audit, block);
		check_slices(audit, block);
		if (!audit_is_blamed(block, 1u << AUDIT_PARTITION))
			check_window(audit, block);
	}
	for (size_t i = 0; i < audit->orders.count; i++) {
		const struct audit_order *order = audit->orders.items[i];

		if (order->exists)
			check_order(audit, order);
	}
}
