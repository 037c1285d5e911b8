/* Replan: the slices of a large block always add up to the block, and none grows beyond the broker's limit. What one
 * leaves unfilled at its end, or what could not leave in its time, is shared out among those that are still to come.
 * What a block of any kind has left when it gives way to the other side goes to new slices, which are due at once. Redis has
 * all of a change or nothing; the block is then given back, and whoever takes it begins with the new plan. */
#include <string.h>

#include "shared/fault.h"
#include "shared/log.h"
#include "worker/block_call.h"
#include "worker/block_step.h"
#include "worker/lease.h"
#include "worker/worker.h"

/* What it has left and nobody has taken over: the broker ended it before it was filled. What the broker refused is not
 * tried again. */
static int64_t left_nano(const struct slice *slice)
{
	bool has_left = slice->status == SLICE_CANCELED || slice->status == SLICE_EXPIRED;

	return has_left && slice->carried_nano == 0 && slice->filled_nano < slice->quantity_nano
		   ? slice->quantity_nano - slice->filled_nano
		   : 0;
}

static bool is_to_come(const struct slice *slice)
{
	return slice->status == SLICE_CREATED;
}

/* Adds one change as replan.lua takes it. */
static void add_change(struct script_args *args, const char *id, int64_t quantity_nano, int64_t due_ms,
		       int64_t carried_nano)
{
	char text[DECIMAL_TEXT];

	script_args_add(args, id);
	script_args_add(args, decimal_format(quantity_nano, text));
	script_args_add_int(args, due_ms);
	script_args_add(args, carried_nano > 0 ? decimal_format(carried_nano, text) : "");
}

/* Shares `quantity_nano` out among the slices that are to come, the first `skipped` of them left out, and sends what
 * changes; those that have something left carry it away. False where it does not fit. */
static bool send_replan(struct block *block, int64_t quantity_nano, size_t skipped, size_t room)
{
	const struct slicing_whole whole = block_whole(block, quantity_nano);
	const struct slicing_times times = block_times(block);
	struct slicing slicing = {0};
	struct script_args *args;
	size_t next = 0, skip = skipped;

	for (size_t i = 0; i < block->slice_count; i++)
		if (is_to_come(&block->slices[i]) && (skip == 0 || skip-- == 0))
			slicing.slices[slicing.count++].due_ms = block->slices[i].due_ms;
	if (!slicing_refill(&whole, &times, room, &slicing))
		return false;
	args = block_args(block);
	script_args_add_int(args, block->worker->config->worker.lease_ms);
	for (size_t i = 0; i < block->slice_count; i++) {
		const struct slice *slice = &block->slices[i];
		bool is_skipped = is_to_come(slice) && skipped > 0;
		int64_t carried_nano = is_skipped ? slice->quantity_nano : left_nano(slice);

		skipped -= is_skipped;
		if (carried_nano > 0)
			add_change(args, slice->client_order_id, slice->quantity_nano, slice->due_ms, carried_nano);
		else if (is_to_come(slice)) {
			add_change(args, slice->client_order_id, slicing.slices[next].quantity_nano, slice->due_ms, 0);
			next++;
		}
	}
	for (; next < slicing.count; next++)
		add_change(args, "", slicing.slices[next].quantity_nano, slicing.slices[next].due_ms, 0);
	FAULT_POINT(REPLAN_READY, block->symbol);
	block_call(block, SCRIPT_REPLAN, args, BLOCK_WAITS_FOR_REPLAN);
	return true;
}

/* What is to come and what was left, together. */
static int64_t sum_to_place(const struct block *block, size_t *to_come, int64_t *left)
{
	int64_t sum_nano = 0;

	*to_come = 0;
	*left = 0;
	for (size_t i = 0; i < block->slice_count; i++) {
		if (is_to_come(&block->slices[i])) {
			sum_nano += block->slices[i].quantity_nano;
			++*to_come;
		}
		*left += left_nano(&block->slices[i]);
	}
	return sum_nano + *left;
}

bool block_start_carry(struct block *block)
{
	size_t to_come;
	int64_t left, sum_nano = sum_to_place(block, &to_come, &left);

	if (left == 0 || to_come == 0 || block_is_stopped(block) || block->is_market_closed || block_has_news(block))
		return false;
	return send_replan(block, sum_nano, 0, SLICES_MAX - block->slice_count);
}

bool block_start_again(struct block *block)
{
	struct slicing slicing = {0};
	int64_t left_of_all = 0;
	struct script_args *args;
	struct slicing_whole whole;

	if (!block->is_yielding || block_is_stopped(block) || block->is_market_closed || block_has_news(block))
		return false;
	for (size_t i = 0; i < block->slice_count; i++)
		left_of_all += block->slices[i].is_cancel_asked ? left_nano(&block->slices[i]) : 0;
	whole = block_whole(block, left_of_all);
	if (left_of_all == 0 || !slicing_compute(&whole, &slicing, NULL) ||
	    slicing.count > SLICES_MAX - block->slice_count)
		return false;
	args = block_args(block);
	script_args_add_int(args, block->worker->config->worker.lease_ms);
	for (size_t i = 0; i < block->slice_count; i++) {
		const struct slice *slice = &block->slices[i];

		if (slice->is_cancel_asked && left_nano(slice) > 0)
			add_change(args, slice->client_order_id, slice->quantity_nano, slice->due_ms, left_nano(slice));
	}
	for (size_t i = 0; i < slicing.count; i++)
		add_change(args, "", slicing.slices[i].quantity_nano, block->sealed_at_ms, 0);
	FAULT_POINT(REPLAN_READY, block->symbol);
	block_call(block, SCRIPT_REPLAN, args, BLOCK_WAITS_FOR_REPLAN);
	return true;
}

bool block_start_merge(struct block *block, const redisReply *missed)
{
	size_t to_come, due = missed->elements - 1, kept = 1;
	int64_t left, sum_nano = sum_to_place(block, &to_come, &left);
	const struct slicing_whole whole = block_whole(block, sum_nano);
	int64_t fewest = slicing_fewest(&whole);

	if (fewest > (int64_t)(to_come - due + kept))
		kept = (size_t)fewest + due - to_come;
	if (kept >= due)
		return false;
	return send_replan(block, sum_nano, due - kept, 0);
}

void block_on_replanned(struct block *block, const redisReply *reply)
{
	(void)reply;
	FAULT_POINT_OR(REPLANNED, block->symbol, block_drop(block); return);
	log_event(LOG_INFO, "block_replanned", "block_id", block->id, "symbol", block->symbol, NULL);
	lease_release(block, 0);
}
