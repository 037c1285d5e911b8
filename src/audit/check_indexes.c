/* I9, its second half: what is listed where, what is counted, and what may expire. A window that counts other orders
 * than its blocks have breaks the partition (I3). */
#include <string.h>

#include "audit/check.h"

/* Everything that needs a worker is scheduled, everything else is not; and each block is listed under its status. */
static void check_block(struct audit *audit, struct audit_block *block)
{
	bool needs_worker = block->is_sealed && !audit_block_is_final(block) && block->status != BLOCK_NEEDS_REVIEW;
	bool is_final = audit_block_is_final(block);

	if (block->is_scheduled != needs_worker)
		audit_blame_block(audit, block, AUDIT_CONSISTENT, "it is %s and %s in `blocks`",
				  block->is_sealed ? block_status_word(block->status) : "not sealed",
				  block->is_scheduled ? "stands" : "does not stand");
	if (block->indexes > 1 || block->index != block->status)
		audit_blame_block(audit, block, AUDIT_CONSISTENT,
				  "it is %s, but stands in %zu of blocks:*, the last one %s",
				  block->is_sealed ? block_status_word(block->status) : "not sealed", block->indexes,
				  block->index == BLOCK_STATUS_COUNT ? "none" : block_status_word(block->index));
	if ((block->ttl_ms >= 0) != is_final)
		audit_blame_block(audit, block, AUDIT_CONSISTENT,
				  is_final ? "it has ended and never expires" : "it has not ended but expires");
	for (size_t i = 0; i < block->slices.count; i++) {
		const struct audit_slice *slice = block->slices.items[i];

		if (slice->exists && (slice->ttl_ms >= 0) != is_final)
			audit_blame_block(audit, block, AUDIT_CONSISTENT, "its slice %s %s", slice->id,
					  is_final ? "has ended and never expires" : "has not ended but expires");
	}
}

/* Nothing unfinished expires; the first order of a request stands for all of it until all have ended. */
static void check_order(struct audit *audit, const struct audit_order *order)
{
	bool is_final = order->status != ORDER_STATUS_COUNT && order->open <= 0;

	if ((order->listed_in && order->listed_in->is_moving) || (order->ttl_ms >= 0) == is_final ||
	    order->ttl_ms == AUDIT_NO_KEY)
		return;
	audit_report_violation(audit->report, AUDIT_CONSISTENT, "order %s %s", order->id,
			       is_final ? "has ended and never expires" : "has not ended but expires");
}

/* How many of a window's blocks have not ended, and how many orders they have; false where one moves or is not there.
 */
static bool sum_window(const struct audit_window *window, int64_t *open, int64_t *orders, bool *has_unsealed)
{
	*open = *orders = 0;
	*has_unsealed = false;
	for (size_t i = 0; i < window->blocks.count; i++) {
		const struct audit_block *block = window->blocks.items[i];

		if (block->is_moving || !block->version)
			return false;
		*open += !audit_block_is_final(block);
		*orders += (int64_t)block->members.count;
		*has_unsealed = *has_unsealed || !block->is_sealed;
	}
	return true;
}

/* A window is listed where its status says, expires once it is done, and counts its blocks. */
static void check_window(struct audit *audit, const struct audit_window *window)
{
	bool is_done = strcmp(window->status, "done") == 0, is_sealed = strcmp(window->status, "sealed") == 0;
	bool is_sealing = strcmp(window->status, "sealing") == 0;
	bool has_unsealed;
	int64_t open, orders;

	if (!sum_window(window, &open, &orders, &has_unsealed) ||
	    (is_done && audit_may_be_gone(audit, window->sealed_at_ms)))
		return;
	if (window->is_done != is_done || window->is_working != is_sealed ||
	    window->is_open != (!is_done && !is_sealed))
		audit_report_violation(audit->report, AUDIT_CONSISTENT, "window %s is %s, but stands in%s%s%s",
				       window->id, window->status, window->is_open ? " windows" : "",
				       window->is_working ? " windows:working" : "",
				       window->is_done ? " windows:done" : "");
	if ((window->ttl_ms >= 0) != is_done)
		audit_report_violation(audit->report, AUDIT_CONSISTENT, "window %s %s", window->id,
				       is_done ? "is done and never expires" : "is not done but expires");
	if (is_done ? open != 0 : (is_sealed || is_sealing) && open != window->blocks_open)
		audit_report_violation(audit->report, AUDIT_CONSISTENT,
				       "window %s is %s: %lld of its blocks have not ended, it counts %lld", window->id,
				       window->status, (long long)open, (long long)window->blocks_open);
	if ((is_done || is_sealed) && has_unsealed)
		audit_report_violation(audit->report, AUDIT_CONSISTENT,
				       "window %s is %s, but has blocks that are not sealed", window->id,
				       window->status);
	if (orders != window->orders)
		audit_report_violation(audit->report, AUDIT_PARTITION,
				       "window %s counts %lld orders, its blocks have %lld", window->id,
				       (long long)window->orders, (long long)orders);
}

/* What keeps the opposite side of a symbol away is there, and not done at the broker. */
static void check_side(struct audit *audit, const struct audit_side *side)
{
	const struct audit_block *block = audit_find_block(audit, side->block_id);

	if (block && (block->is_moving || (!audit_block_is_final(block) && block->status != BLOCK_CLOSING)))
		return;
	audit_report_violation(audit->report, AUDIT_CONSISTENT, "%s holds the block %s, which %s", side->name,
			       side->block_id, block ? "is done at the broker" : "does not exist");
}

/* Orders by status, where nothing moved while they were read. Final ones are counted for ever and expire: only that
 * there are not more than counted can be said. */
static void check_counts(struct audit *audit)
{
	int64_t found[ORDER_STATUS_COUNT + 1] = {0};

	if (memcmp(&audit->counts, &audit->counts_after, sizeof audit->counts) != 0) {
		audit_report_in_flight(audit->report, "orders: their counts changed while they were read");
		return;
	}
	for (size_t i = 0; i < audit->orders.count; i++)
		if (((struct audit_order *)audit->orders.items[i])->exists)
			found[audit_order_stage(audit, audit->orders.items[i])]++;
	for (enum order_status status = 0; status < ORDER_STATUS_COUNT; status++) {
		int64_t counted = audit->counts.of[status];

		if (order_status_is_final(status) ? found[status] > counted : found[status] != counted)
			audit_report_violation(audit->report, AUDIT_CONSISTENT,
					       "counts: %lld orders are %s, counted are %lld", (long long)found[status],
					       order_status_word(status), (long long)counted);
	}
}

/* Whether a block changed during the pass. */
static bool is_anything_moving(const struct audit *audit)
{
	for (size_t i = 0; i < audit->blocks.count; i++)
		if (((struct audit_block *)audit->blocks.items[i])->is_moving)
			return true;
	return false;
}

void audit_check_indexes(struct audit *audit)
{
	for (size_t i = 0; i < audit->blocks.count; i++) {
		struct audit_block *block = audit->blocks.items[i];

		if (!audit_block_is_left_alone(audit, block) &&
		    !(block->is_sealed && block->status == BLOCK_STATUS_COUNT))
			check_block(audit, block);
	}
	for (size_t i = 0; i < audit->orders.count; i++)
		if (((struct audit_order *)audit->orders.items[i])->exists)
			check_order(audit, audit->orders.items[i]);
	for (size_t i = 0; i < audit->windows.count; i++)
		if (((struct audit_window *)audit->windows.items[i])->status[0])
			check_window(audit, audit->windows.items[i]);
	for (size_t i = 0; i < audit->sides.count; i++)
		check_side(audit, audit->sides.items[i]);
	if (!is_anything_moving(audit))
		check_counts(audit);
}
