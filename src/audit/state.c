/* See state.h. */
#include "audit/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Expiry and our reading do not meet at the same instant. */
#define EXPIRY_MARGIN_MS 5000

struct audit_order *audit_order_of(struct audit *audit, const char *id)
{
	struct audit_order *order = audit_map_find(&audit->order_of, id);

	if (order)
		return order;
	order = audit_arena_take(audit->arena, sizeof *order);
	order->id = audit_arena_text(audit->arena, id);
	order->user = order->smallcase = order->block_id = order->window_id = order->group = "";
	order->status = ORDER_STATUS_COUNT;
	audit_map_put(&audit->order_of, audit->arena, order->id, order);
	audit_list_add(&audit->orders, audit->arena, order);
	return order;
}

struct audit_block *audit_block_of(struct audit *audit, const char *id)
{
	struct audit_block *block = audit_map_find(&audit->block_of, id);

	if (block)
		return block;
	block = audit_arena_take(audit->arena, sizeof *block);
	block->id = audit_arena_text(audit->arena, id);
	block->version = NULL; /* not read: it is not there */
	block->status = block->index = BLOCK_STATUS_COUNT;
	audit_map_put(&audit->block_of, audit->arena, block->id, block);
	audit_list_add(&audit->blocks, audit->arena, block);
	return block;
}

struct audit_slice *audit_slice_of(struct audit *audit, const char *id)
{
	struct audit_slice *slice = audit_map_find(&audit->slice_of, id);

	if (slice)
		return slice;
	slice = audit_arena_take(audit->arena, sizeof *slice);
	slice->id = audit_arena_text(audit->arena, id);
	slice->block_id = slice->broker_order_id = "";
	slice->status = SLICE_STATUS_COUNT;
	audit_map_put(&audit->slice_of, audit->arena, slice->id, slice);
	audit_list_add(&audit->slices, audit->arena, slice);
	return slice;
}

struct audit_window *audit_window_of(struct audit *audit, const char *id)
{
	struct audit_window *window = audit_map_find(&audit->window_of, id);

	if (window)
		return window;
	window = audit_arena_take(audit->arena, sizeof *window);
	window->id = audit_arena_text(audit->arena, id);
	window->lane = window->status = window->queue_id = "";
	window->ttl_ms = AUDIT_NO_KEY;
	audit_map_put(&audit->window_of, audit->arena, window->id, window);
	audit_list_add(&audit->windows, audit->arena, window);
	return window;
}

struct audit_order *audit_find_order(const struct audit *audit, const char *id)
{
	struct audit_order *order = audit_map_find(&audit->order_of, id);

	return order && order->exists ? order : NULL;
}

struct audit_block *audit_find_block(const struct audit *audit, const char *id)
{
	struct audit_block *block = audit_map_find(&audit->block_of, id);

	return block && block->version ? block : NULL;
}

struct audit_ledger *audit_ledger_of(const struct audit *audit, const char *broker_type)
{
	struct audit_ledger *found = NULL;

	for (size_t i = 0; i < audit->ledger_count; i++) {
		if (strcmp(audit->ledgers[i]->broker_type, broker_type) == 0)
			return audit->ledgers[i];
		if (!audit->ledgers[i]->broker_type[0])
			found = audit->ledgers[i];
	}
	return found;
}

bool audit_may_be_gone(const struct audit *audit, int64_t ended_at_ms)
{
	return ended_at_ms + audit->retention_ms <= audit->now_ms + EXPIRY_MARGIN_MS;
}

int64_t audit_order_arrived_ms(const struct audit_order *order)
{
	return order->created_at_ms ? order->created_at_ms : order->arrival_us / 1000;
}

enum order_status audit_order_stage(const struct audit *audit, const struct audit_order *order)
{
	static const enum order_status stages[BLOCK_STATUS_COUNT + 1] = {
	    [BLOCK_READY] = ORDER_SEALED,	    [BLOCK_WAITING] = ORDER_SEALED,
	    [BLOCK_SUBMITTING] = ORDER_WORKING,	    [BLOCK_WORKING] = ORDER_WORKING,
	    [BLOCK_CLOSING] = ORDER_WORKING,	    [BLOCK_NEEDS_REVIEW] = ORDER_WORKING,
	    [BLOCK_ALLOCATED] = ORDER_STATUS_COUNT, [BLOCK_CANCELED] = ORDER_STATUS_COUNT,
	    [BLOCK_STATUS_COUNT] = ORDER_QUEUED,
	};
	const struct audit_block *block;

	if (order->status != ORDER_STATUS_COUNT)
		return order->status;
	block = audit_find_block(audit, order->block_id);
	return block ? stages[block->status] : ORDER_STATUS_COUNT;
}

bool audit_block_is_final(const struct audit_block *block)
{
	return block->status == BLOCK_ALLOCATED || block->status == BLOCK_CANCELED;
}

void audit_blame_block(struct audit *audit, struct audit_block *block, enum audit_invariant invariant,
		       const char *format, ...)
{
	char text[512];
	va_list list;

	va_start(list, format);
	(void)vsnprintf(text, sizeof text, format, list);
	va_end(list);
	block->blamed |= 1u << invariant;
	audit_report_violation(audit->report, invariant, "block %s: %s", block->id, text);
}

bool audit_is_blamed(const struct audit_block *block, unsigned invariants)
{
	return (block->blamed & invariants) != 0;
}
