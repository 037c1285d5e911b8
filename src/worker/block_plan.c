/* Plan: names a block's slices and says when each is due. Nothing of it leaves here: that is the gate's to allow. */
#include "shared/fault.h"
#include "shared/log.h"
#include "worker/block_call.h"
#include "worker/block_step.h"
#include "worker/order_aggregation.h"
#include "worker/worker.h"

#define NANO_A_MS (NANO / 1000) /* of a second */

struct slicing_whole block_whole(const struct block *block, int64_t quantity_nano)
{
	return (struct slicing_whole){
	    .quantity_nano = quantity_nano,
	    .lot_nano = block->lot_nano,
	    .most_nano = block->broker->config->max_slice_quantity_nano,
	};
}

struct slicing_times block_times(const struct block *block)
{
	const struct config *config = block->worker->config;
	int64_t horizon_ms = config->lanes.large_horizon_s_nano / NANO_A_MS;

	return (struct slicing_times){
	    .seed = block->id,
	    .from_ms = block->sealed_at_ms,
	    .until_ms = slicing_end_ms(block->sealed_at_ms, horizon_ms, block->close_ms),
	    .interval_ms = config->lanes.large_interval_s_nano / NANO_A_MS,
	};
}

/* The slices that this block goes out in: a large one over time, any other at once. */
static bool plan_slices(const struct block *block, struct slicing *slicing, struct err *err)
{
	const struct slicing_whole whole = block_whole(block, block->quantity_nano);
	const struct slicing_times times = block_times(block);

	return block->is_large ? slicing_spread(&whole, &times, slicing, err) : slicing_compute(&whole, slicing, err);
}

void block_start_plan(struct block *block)
{
	struct script_args *args;
	struct slicing slicing;
	struct err err;
	char text[DECIMAL_TEXT];

	if (!plan_slices(block, &slicing, &err)) {
		block_review(block, err.message, NULL);
		return;
	}
	args = block_args(block);
	script_args_add_int(args, block->worker->config->worker.lease_ms);
	for (size_t i = 0; i < slicing.count; i++) {
		script_args_add(args, decimal_format(slicing.slices[i].quantity_nano, text));
		script_args_add_int(args, slicing.slices[i].due_ms ? slicing.slices[i].due_ms : block->sealed_at_ms);
	}
	FAULT_POINT(PLAN_READY, block->symbol);
	block_call(block, SCRIPT_PLAN, args, BLOCK_WAITS_FOR_PLAN);
}

void block_on_planned(struct block *block, const redisReply *reply)
{
	struct slicing slicing;
	struct err err;

	FAULT_POINT_OR(PLANNED, block->symbol, block_drop(block); return);
	if (!plan_slices(block, &slicing, &err) || !block_set_slices(block, reply, &slicing)) {
		log_event(LOG_ERROR, "block_failed", "block_id", block->id, "reason", "other slices were planned",
			  NULL);
		block_drop(block);
		return;
	}
	order_aggregation_go_on(block);
}
