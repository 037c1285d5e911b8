/* Submit: until every slice is known to be at the broker, or known not to be.
 *
 * One round sends what was never sent and looks for what may have been. Slices that are known already wait: following
 * begins when all are known. Where the slices of a round want different pauses the longest counts, so that no look-up
 * schedule is cut short. */
#include "shared/fault.h"
#include "shared/log.h"
#include "worker/block_call.h"
#include "worker/block_step.h"
#include "worker/log_limit.h"
#include "worker/order_aggregation.h"
#include "worker/worker.h"

/* Market orders are mostly filled at the first look, if that is not too early. */
#define FIRST_FOLLOW_MS 30

bool block_has_unknown(const struct block *block)
{
	for (size_t i = 0; i < block->slice_count; i++)
		if (slice_is_unknown(&block->slices[i]))
			return true;
	return false;
}

/* Decides what each slice needs; true where one must not leave before Redis has it as perhaps sent. */
static bool plan_round(struct block *block)
{
	bool wants_intent = false;

	for (size_t i = 0; i < block->slice_count; i++) {
		struct slice *slice = &block->slices[i];

		slice->need = SLICE_NEEDS_NOTHING;
		if (!slice_is_unknown(slice))
			continue;
		if (!slice->maybe_sent && block->resolution == RESOLUTION_CANCEL) {
			slice_cancel_unsent(slice);
			continue;
		}
		slice->need = slice_need_unknown(slice);
		wants_intent = wants_intent || (slice->need == SLICE_NEEDS_SUBMIT && !slice->is_intent_stored);
	}
	return wants_intent;
}

/* Stores that slices known as not sent are about to be, so that whoever takes over looks for them first. */
static void store_intent(struct block *block)
{
	for (size_t i = 0; i < block->slice_count; i++) {
		struct slice *slice = &block->slices[i];

		if (slice->need != SLICE_NEEDS_SUBMIT || slice->is_intent_stored)
			continue;
		slice->maybe_sent = true;
		slice->is_changed = true;
	}
	FAULT_POINT(INTENT_READY, block->symbol);
	block_record_as(block, -1, BLOCK_WAITS_FOR_INTENT);
}

void block_on_intent(struct block *block, const redisReply *reply)
{
	(void)reply;
	FAULT_POINT_OR(INTENT_STORED, block->symbol, block_drop(block); return);
	for (size_t i = 0; i < block->slice_count; i++) {
		struct slice *slice = &block->slices[i];

		if (slice->need != SLICE_NEEDS_SUBMIT || slice->is_intent_stored)
			continue;
		slice->is_intent_stored = true;
		slice->maybe_sent = false; /* as far as we know, until it is handed over */
	}
	block_start_round(block, BLOCK_WAITS_FOR_SUBMITS);
}

/* What is to be recorded once a round has nothing more to ask. */
static void record_learnt(struct block *block, int64_t pause_ms)
{
	int64_t next_ms = -1;

	if (block_has_unknown(block))
		next_ms = pause_ms;
	else if (block_has_open(block) && block->resolution != RESOLUTION_CANCEL)
		next_ms = FIRST_FOLLOW_MS;
	block->polls = 0;
	block_record(block, next_ms);
}

void block_start_submit(struct block *block)
{
	if (plan_round(block))
		store_intent(block);
	else if (block_has_unknown(block))
		block_start_round(block, BLOCK_WAITS_FOR_SUBMITS);
	else
		record_learnt(block, 0);
}

/* Says that a slice is not known to be at the broker; one line a second at most. */
static void warn_unknown(struct block *block, const struct slice *slice)
{
	struct log_limit *limit = &block->worker->unknown_limit;

	if (!log_limit_allows(limit))
		return;
	log_event(LOG_WARN, slice->status == SLICE_AMBIGUOUS ? "slice_ambiguous" : "slice_not_sent", "block_id",
		  block->id, "client_order_id", slice->client_order_id, "submits", log_int(slice->submits), "lookups",
		  log_int(slice->lookups), "tries", log_int(slice->tries), "why", slice->result.why.message,
		  "suppressed", log_int(log_limit_suppressed(limit)), NULL);
}

void block_on_submits(struct block *block, const redisReply *reply)
{
	const struct slice *doubtful = NULL;
	const char *why = NULL;
	bool is_at_once = false;
	int64_t pause_ms = 0;

	(void)reply;
	FAULT_POINT(SUBMITS_ANSWERED, block->symbol);
	for (size_t i = 0; i < block->slice_count; i++) {
		struct slice *slice = &block->slices[i];
		struct slice_verdict verdict;

		if (!slice->is_asked)
			continue;
		verdict = slice_judge(slice, block->broker->ops->duplicates, block->resolution);
		if (slice_is_unknown(slice))
			warn_unknown(block, slice);
		is_at_once = is_at_once || verdict.next == SLICE_AT_ONCE;
		pause_ms = verdict.pause_ms > pause_ms ? verdict.pause_ms : pause_ms;
		if (verdict.next == SLICE_TO_REVIEW) {
			doubtful = slice;
			why = verdict.why;
		}
	}
	/* Slices that must wait hold up the others: a round would ask them again too early. */
	if (doubtful)
		block_review(block, why, doubtful);
	else if (is_at_once && pause_ms == 0 && !block->worker->is_draining)
		block_start_submit(block);
	else
		record_learnt(block, pause_ms);
}
