/* Begin: names a block's slices and stores the intent to send them, before a byte of any goes out. */
#include <string.h>

#include "shared/fault.h"
#include "shared/log.h"
#include "worker/block_call.h"
#include "worker/block_step.h"
#include "worker/order_aggregation.h"
#include "worker/worker.h"

/* The opposite side's close wakes those that wait for it. This is for those that no wake reaches; shorter, and thousands
 * of waiting blocks would keep the workers from the very blocks that they wait for. */
#define OPPOSITE_SIDE_RETRY_MS 5000

/* The slices that this block goes out in: none where a person wants it canceled. */
static bool plan_slices(const struct block *block, struct slicing *slicing, struct err *err)
{
	*slicing = (struct slicing){0};
	if (block->resolution == RESOLUTION_CANCEL)
		return true;
	return slicing_compute(block->quantity_nano, block->lot_nano, block->broker->config->max_slice_quantity_nano,
			       slicing, err);
}

void block_start_begin(struct block *block)
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
	script_args_add_int(args, OPPOSITE_SIDE_RETRY_MS);
	for (size_t i = 0; i < slicing.count; i++)
		script_args_add(args, decimal_format(slicing_quantity(&slicing, i), text));
	FAULT_POINT(BEGIN_READY, block->symbol);
	block_call(block, SCRIPT_BEGIN, args, BLOCK_WAITS_FOR_BEGIN);
}

void block_on_begun(struct block *block, const redisReply *reply)
{
	struct slicing slicing;
	struct err err;

	FAULT_POINT_OR(BEGUN, block->symbol, block_drop(block); return);
	if (strcmp(reply_text(reply_at(reply, 0)), "waiting") == 0) {
		order_aggregation_leave(block, OPPOSITE_SIDE_RETRY_MS);
		return;
	}
	if (!plan_slices(block, &slicing, &err) || !block_set_slices(block, reply, &slicing)) {
		log_event(LOG_ERROR, "block_failed", "block_id", block->id, "reason", "begin named other slices", NULL);
		block_drop(block);
		return;
	}
	block->status = BLOCK_SUBMITTING;
	order_aggregation_go_on(block);
}
