/* The state machine's engine: which stage a block is in, and which function goes on with what it waited for. */
#include "worker/order_aggregation.h"

#include <assert.h>
#include <string.h>

#include "shared/fault.h"
#include "shared/log.h"
#include "worker/block_step.h"
#include "worker/lease.h"
#include "worker/trade_scheduler.h"
#include "worker/worker.h"

#define UNKNOWN_BROKER_PAUSE_MS 30000
#define UNASKED_BROKER_PAUSE_MS 500 /* it is asked again and again, see strangers.h */

/* It is with a person now. */
static void on_reviewed(struct block *block, const redisReply *reply)
{
	(void)reply;
	FAULT_POINT(REVIEWED, block->symbol);
	block_drop(block);
}

/* Redis has what was learnt, and the block is either ours for another lease or anybody's. */
static void on_recorded(struct block *block, const redisReply *reply)
{
	FAULT_POINT_OR(RECORDED, block->symbol, block_drop(block); return);
	block->status = block_status_of(reply_text(reply_at(reply, 1)));
	if (strcmp(reply_text(reply_at(reply, 2)), "yield") == 0) {
		log_event(LOG_INFO, "block_yields", "block_id", block->id, "symbol", block->symbol, NULL);
		block->is_yielding = true;
		block->next_ms = block->next_ms >= 0 ? 0 : -1;
	}
	if (block->next_ms >= 0)
		order_aggregation_leave(block, block->next_ms);
	else
		order_aggregation_go_on(block);
}

static block_step_fn *const steps[BLOCK_WAITS_COUNT] = {
    [BLOCK_WAITS_FOR_PLAN] = block_on_planned,	  [BLOCK_WAITS_FOR_REPLAN] = block_on_replanned,
    [BLOCK_WAITS_FOR_GATE] = block_on_gate,	  [BLOCK_WAITS_FOR_SUBMITS] = block_on_submits,
    [BLOCK_WAITS_FOR_FOLLOWS] = block_on_follows, [BLOCK_WAITS_FOR_FILLS] = block_on_fills,
    [BLOCK_WAITS_FOR_RECORD] = on_recorded,	  [BLOCK_WAITS_FOR_FILLS_STORED] = block_on_fills_stored,
    [BLOCK_WAITS_FOR_CLOSE] = block_on_closed,	  [BLOCK_WAITS_FOR_STATEMENT] = block_on_statement,
    [BLOCK_WAITS_FOR_SHARES] = block_on_shares,	  [BLOCK_WAITS_FOR_FINISH] = block_on_finished,
    [BLOCK_WAITS_FOR_REVIEW] = on_reviewed,
};

void order_aggregation_step(struct block *block, const redisReply *reply)
{
	assert(steps[block->waits_for]);
	steps[block->waits_for](block, reply);
}

/* Starts the stage that the block's state asks for. */
static void start_stage(struct block *block)
{
	switch (block->status) {
	case BLOCK_READY:
	case BLOCK_WAITING:
		if (block->slice_count == 0 && !block_is_stopped(block))
			block_start_plan(block);
		else
			block_start_submit(block);
		break;
	case BLOCK_SUBMITTING:
	case BLOCK_WORKING:
		if (block_has_unknown(block))
			block_start_submit(block);
		else if (block_has_open(block))
			block_start_follow(block);
		else if (!block_start_again(block))
			block_start_close(block);
		break;
	case BLOCK_CLOSING:
		block_start_allocation(block);
		break;
	default:
		block_drop(block);
	}
}

void order_aggregation_start(struct block *block)
{
	if (!block->broker) {
		log_event(LOG_WARN, "broker_not_configured", "block_id", block->id, "broker_type", block->broker_name,
			  NULL);
		lease_release(block, UNKNOWN_BROKER_PAUSE_MS);
		return;
	}
	if (!strangers_have_been_sought(block->worker->strangers, block->broker)) {
		lease_release(block, UNASKED_BROKER_PAUSE_MS);
		return;
	}
	order_aggregation_go_on(block);
}

void order_aggregation_go_on(struct block *block)
{
	block->waits_for = BLOCK_WAITS_FOR_NOTHING;
	/* An allocation is only a few calls away from its end; everything else may take long. */
	if (block->worker->is_draining && block->status != BLOCK_CLOSING)
		lease_release(block, 0);
	else
		start_stage(block);
}

void order_aggregation_leave(struct block *block, int64_t next_ms)
{
	trade_scheduler_expect(block->worker->scheduler, next_ms);
	block_drop(block);
}
