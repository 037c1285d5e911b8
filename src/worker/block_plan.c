/* Plan: names a block's slices and says when each is due. Nothing of it leaves here: that is the gate's to allow. */
#include "shared/fault.h"
#include "shared/log.h"
#include "worker/block_call.h"
#include "worker/block_step.h"
#include "worker/order_aggregation.h"
#include "worker/worker.h"

/* The slices that this block goes out in, all at once. */
static bool plan_slices(const struct block *block, struct slicing *slicing, struct err *err)
{
	return slicing_compute(block->quantity_nano, block->lot_nano, block->broker->config->max_slice_quantity_nano,
			       slicing, err);
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
		script_args_add(args, decimal_format(slicing_quantity(&slicing, i), text));
		script_args_add_int(args, block->sealed_at_ms);
	}
	FAULT_POINT(PLAN_READY, block->symbol);
	block_call(block, SCRIPT_PLAN, args, BLOCK_WAITS_FOR_PLAN);
}

void block_on_planned(struct block *block, const redisReply *reply)
{
	struct slicing slicing;
	struct err err;

	FAULT_POINT_OR(PLANNED, block->symbol, block_drop(block); return );
	if (!plan_slices(block, &slicing, &err) || !block_set_slices(block, reply, &slicing)) {
		log_event(LOG_ERROR, "block_failed", "block_id", block->id, "reason", "other slices were planned",
			  NULL);
		block_drop(block);
		return;
	}
	order_aggregation_go_on(block);
}
