/* Follow: asks the broker after slices that work until each is final, with pauses that grow.
 *
 * Final slices are asked once more where their fills did not add up: more may have been filled after the end was told.
 */
#include "shared/fault.h"
#include "shared/log.h"
#include "worker/backoff.h"
#include "worker/block_call.h"
#include "worker/block_step.h"
#include "worker/order_aggregation.h"
#include "worker/worker.h"

/* A cancellation is mostly done by then. */
#define AFTER_CANCEL_MS 50

/* It is at the broker and may be filled (further). */
static bool is_working(const struct slice *slice)
{
	return !slice_status_is_final(slice->status) && !slice_is_unknown(slice);
}

/* Some slice still works. */
static bool has_working(const struct block *block)
{
	for (size_t i = 0; i < block->slice_count; i++)
		if (is_working(&block->slices[i]))
			return true;
	return false;
}

/* All are final, and an earlier look at the fills found that they do not add up. */
static bool wants_recheck(const struct block *block)
{
	if (block->polls == 0 || block->is_rechecked || has_working(block) || block_has_unknown(block))
		return false;
	for (size_t i = 0; i < block->slice_count; i++)
		if (block->slices[i].broker_order_id[0])
			return true;
	return false;
}

bool block_has_open(const struct block *block)
{
	return has_working(block) || wants_recheck(block);
}

/* What a slice that is at the broker needs. */
static enum slice_need need_of(const struct block *block, const struct slice *slice)
{
	if (slice_status_is_final(slice->status))
		return block->is_rechecked && slice->broker_order_id[0] ? SLICE_NEEDS_FOLLOW : SLICE_NEEDS_NOTHING;
	if (!is_working(slice))
		return SLICE_NEEDS_NOTHING;
	if ((block_is_stopped(block) || block->is_yielding) && !slice->is_cancel_asked)
		return SLICE_NEEDS_CANCEL;
	return SLICE_NEEDS_FOLLOW;
}

void block_start_follow(struct block *block)
{
	block->is_rechecked = wants_recheck(block);
	for (size_t i = 0; i < block->slice_count; i++)
		block->slices[i].need = need_of(block, &block->slices[i]);
	block_start_round(block, BLOCK_WAITS_FOR_FOLLOWS);
}

/* Records what was told and when to ask again, or goes on to the fills. */
static void record_followed(struct block *block, int64_t pause_ms, bool is_at_once)
{
	int64_t follow_ms;

	if (pause_ms == 0 && !has_working(block)) {
		if (!block->is_rechecked)
			block->polls = 0; /* from here on they count looks at the fills */
		block_record(block, -1);
		return;
	}
	if (!block->is_rechecked)
		block->polls++;
	follow_ms = is_at_once ? AFTER_CANCEL_MS : backoff_follow_ms(block->polls);
	follow_ms = pause_ms > follow_ms ? pause_ms : follow_ms;
	if (block->gate_ms >= 0 && block->gate_ms < follow_ms)
		follow_ms = block->gate_ms;
	block_record(block, follow_ms);
}

void block_on_follows(struct block *block, const redisReply *reply)
{
	const struct slice *doubtful = NULL;
	const char *why = NULL;
	bool is_at_once = false;
	int64_t pause_ms = 0;

	(void)reply;
	FAULT_POINT(FOLLOWED, block->symbol);
	for (size_t i = 0; i < block->slice_count; i++) {
		struct slice *slice = &block->slices[i];
		struct slice_verdict verdict;

		if (!slice->is_asked)
			continue;
		verdict = slice_judge(slice, block->broker->ops->duplicates, block->resolution);
		is_at_once = is_at_once || verdict.next == SLICE_AT_ONCE;
		pause_ms = verdict.pause_ms > pause_ms ? verdict.pause_ms : pause_ms;
		if (verdict.next == SLICE_TO_REVIEW) {
			doubtful = slice;
			why = verdict.why;
		}
		if (verdict.next == SLICE_LATER && log_limit_allows(&block->worker->follow_limit))
			log_event(LOG_WARN, "follow_failed", "block_id", block->id, "client_order_id",
				  slice->client_order_id, "tries", log_int(slice->tries), "why",
				  slice->result.why.message, "suppressed",
				  log_int(log_limit_suppressed(&block->worker->follow_limit)), NULL);
	}
	if (doubtful)
		block_review(block, why, doubtful);
	else
		record_followed(block, pause_ms, is_at_once);
}
