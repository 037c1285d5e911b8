/* Submit: until every slice that is due is known to be at the broker, or known not to be.
 *
 * Whatever is to leave comes to the gate first, each time. One round then sends what may leave and looks for what may
 * have left before. Slices that are known already wait: following begins when all are known, or when the gate holds the
 * others back. Where the slices of a round want different pauses the longest counts, so that no look-up schedule is cut
 * short. */
#include <stdio.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/fault.h"
#include "shared/log.h"
#include "worker/block_call.h"
#include "worker/block_step.h"
#include "worker/log_limit.h"
#include "worker/order_aggregation.h"
#include "worker/worker.h"

/* Market orders are mostly filled at the first look, if that is not too early. */
#define FIRST_FOLLOW_MS 30

/* Whoever keeps a slice from leaving (the opposite side, a halt) wakes it when that ends. This is for those that no
 * wake reaches; shorter, and thousands of waiting blocks would keep the workers from the very blocks that they wait
 * for. */
#define GATE_RETRY_MS 5000

/* How long the gate's word counts, from before it was asked, until a slice is handed to the adapter. After a halt
 * nothing may leave within a second: see SEND_MOST_US for the rest of it. */
#define PERMIT_US INT64_C(500000)

bool block_has_unknown(const struct block *block)
{
	for (size_t i = 0; i < block->slice_count; i++)
		if (slice_is_unknown(&block->slices[i]))
			return true;
	return false;
}

/* Decides what each slice needs; how many would leave. */
static size_t plan_round(struct block *block)
{
	size_t leaving = 0;

	for (size_t i = 0; i < block->slice_count; i++) {
		struct slice *slice = &block->slices[i];

		slice->need = SLICE_NEEDS_NOTHING;
		if (!slice_is_unknown(slice))
			continue;
		if (!slice->maybe_sent && (block_is_stopped(block) || block->is_market_closed)) {
			slice_cancel_unsent(slice, block->is_market_closed ? "the market closed before it could leave"
									   : "canceled before it was sent");
			continue;
		}
		slice->need = slice_need_unknown(slice);
		leaving += slice->need == SLICE_NEEDS_SUBMIT;
	}
	return leaving;
}

/* The limits that the gate is to keep, as its head has them: the rate, and caps where there are any. */
static void add_limits(const struct block *block, struct script_args *args)
{
	const struct config *config = block->worker->config;
	const struct config_broker *broker = block->broker->config;
	char text[256], caps[3][DECIMAL_TEXT];
	int length = snprintf(text, sizeof text, "%lld %lld %lld", (long long)broker->rate_per_min,
			      (long long)broker->rate_period_ms, (long long)RATE_OUT_MS(broker));

	if (config->caps.max_block_notional_nano > 0 || config->caps.price_collar_pct_nano > 0 ||
	    config->caps.max_price_age_s > 0 || broker->max_daily_notional_nano > 0)
		(void)snprintf(text + length, sizeof text - (size_t)length, " %s %s %lld %s",
			       decimal_format(config->caps.max_block_notional_nano, caps[0]),
			       decimal_format(config->caps.price_collar_pct_nano, caps[1]),
			       (long long)config->caps.max_price_age_s,
			       decimal_format(broker->max_daily_notional_nano, caps[2]));
	script_args_add(args, text);
}

/* Asks whether slices may leave, no more than can be handed over at once: permission does not keep. (Of a large block
 * only one will.) */
static void ask_gate(struct block *block, size_t leaving)
{
	struct script_args *args = block_args(block);
	size_t asked = 0, most = block->is_large ? SLICES_MAX : BLOCK_CALLS_MAX;

	script_args_add_int(args, block->worker->config->worker.lease_ms);
	script_args_add_int(args, GATE_RETRY_MS);
	add_limits(block, args);
	if (block->is_large && !block->is_merged && leaving > 0)
		script_args_add(args, "strict");
	for (size_t i = 0; i < block->slice_count && asked < most; i++) {
		if (block->slices[i].need != SLICE_NEEDS_SUBMIT)
			continue;
		script_args_add(args, block->slices[i].client_order_id);
		asked++;
	}
	block->gate_asked_us = clock_monotonic_us();
	FAULT_POINT(GATE_READY, block->symbol);
	block_call(block, SCRIPT_GATE, args, BLOCK_WAITS_FOR_GATE);
}

/* Notes which slices may leave; the others need nothing in this round. */
static void take_permits(struct block *block, const redisReply *reply)
{
	size_t next = 1;

	for (size_t i = 0; i < block->slice_count; i++) {
		struct slice *slice = &block->slices[i];

		if (slice->need != SLICE_NEEDS_SUBMIT)
			continue;
		if (strcmp(reply_text(reply_at(reply, next)), slice->client_order_id) != 0) {
			slice->need = SLICE_NEEDS_NOTHING;
			continue;
		}
		next++;
		slice->permit_ends_us = block->gate_asked_us + PERMIT_US;
		if (slice->status == SLICE_CREATED)
			slice->status = SLICE_SUBMITTING;
	}
}

/* What is to be recorded once a round has nothing more to ask. */
static void record_learnt(struct block *block, int64_t pause_ms)
{
	int64_t next_ms = -1;

	if (block_has_unknown(block))
		next_ms = pause_ms > 0 ? pause_ms : -1;
	else if (block_has_open(block) && !block_is_stopped(block))
		next_ms = FIRST_FOLLOW_MS;
	block->polls = 0;
	block_record(block, next_ms);
}

/* Makes the round's calls, or goes on without any. */
static void go_round(struct block *block)
{
	bool has_need = false;

	for (size_t i = 0; i < block->slice_count; i++)
		has_need = has_need || block->slices[i].need != SLICE_NEEDS_NOTHING;
	if (has_need)
		block_start_round(block, BLOCK_WAITS_FOR_SUBMITS);
	else if (block_has_open(block))
		block_start_follow(block);
	else if (block->gate_ms >= 0)
		block_record(block, block->gate_ms);
	else
		record_learnt(block, 0);
}

/* Says that a halt holds back slices; one line a second at most. */
static void warn_halted(struct block *block, const char *why)
{
	struct log_limit *limit = &block->worker->halted_limit;

	if (log_limit_allows(limit))
		log_event(LOG_WARN, "slices_held_back", "why", why, "block_id", block->id, "suppressed",
			  log_int(log_limit_suppressed(limit)), NULL);
}

/* Something of it may leave now. */
static void begin_working(struct block *block)
{
	if (block->status != BLOCK_SUBMITTING)
		worker_metrics_orders(block, ORDER_WORKING, block->orders);
	block->status = BLOCK_SUBMITTING;
}

/* The market has closed: what has not left is not sent any more. An order is for the session of its window, as its price
 * and the money that it was sized with are; the broker would keep it for the next morning, which nobody asked for. What
 * may have left and would be sent again is for a person. */
static void end_unsent(struct block *block)
{
	for (size_t i = 0; i < block->slice_count; i++) {
		if (block->slices[i].need != SLICE_NEEDS_SUBMIT || !block->slices[i].maybe_sent)
			continue;
		block_review(block, "it may have been sent, is not found, and the market has closed",
			     &block->slices[i]);
		return;
	}
	block->is_market_closed = true;
	block_start_submit(block);
}

void block_on_gate(struct block *block, const redisReply *reply)
{
	const char *word = reply_text(reply_at(reply, 0));

	FAULT_POINT_OR(GATE_PASSED, block->symbol, block_drop(block); return);
	if (strcmp(reply_text(reply_at(reply, 3)), "halted") == 0)
		warn_halted(block, reply_text(reply_at(reply, 2)));
	if (strcmp(word, "needs_review") == 0) {
		log_event(LOG_WARN, "block_needs_review", "block_id", block->id, "symbol", block->symbol, "why",
			  reply_text(reply_at(reply, 1)), "evidence", reply_text(reply_at(reply, 2)), NULL);
		worker_metrics_review(block);
		block_drop(block);
		return;
	}
	if (strstr(reply_text(reply_at(reply, 2)), "takes no more calls"))
		worker_metrics_rate_wait(block);
	if (strcmp(word, "wait") == 0) {
		order_aggregation_leave(block, reply_int(reply_at(reply, 1), GATE_RETRY_MS));
		return;
	}
	if (strcmp(word, "missed") == 0) {
		block->is_merged = true;
		if (!block_start_merge(block, reply))
			block_start_submit(block);
		return;
	}
	if (strcmp(word, "closed") == 0) {
		end_unsent(block);
		return;
	}
	block->is_yielding = strcmp(word, "yield") == 0;
	if (block->is_yielding || strcmp(word, "hold") == 0)
		block->gate_ms = reply_int(reply_at(reply, 1), GATE_RETRY_MS);
	else if (block->status != BLOCK_WORKING)
		begin_working(block);
	take_permits(block, reply);
	go_round(block);
}

void block_start_submit(struct block *block)
{
	bool is_unsent = block->status == BLOCK_READY || block->status == BLOCK_WAITING;
	size_t leaving;

	block->gate_ms = -1;
	if (block->is_large && block_start_carry(block))
		return;
	leaving = plan_round(block);
	if (leaving > 0 || is_unsent)
		ask_gate(block, leaving);
	else
		go_round(block);
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

/* Says that a slice is known to be at the broker, or refused there. */
static void log_known(const struct block *block, const struct slice *slice)
{
	log_event(LOG_INFO, "slice_known", "block_id", block->id, "client_order_id", slice->client_order_id,
		  "broker_order_id", slice->broker_order_id, "status", slice_status_word(slice->status), "ms",
		  log_int((clock_monotonic_us() - slice->asked_us) / 1000), NULL);
}

void block_on_submits(struct block *block, const redisReply *reply)
{
	const struct slice *doubtful = NULL;
	const char *why = NULL;
	bool is_at_once = false, was_ambiguous;
	int64_t pause_ms = 0;

	(void)reply;
	FAULT_POINT(SUBMITS_ANSWERED, block->symbol);
	for (size_t i = 0; i < block->slice_count; i++) {
		struct slice *slice = &block->slices[i];
		struct slice_verdict verdict;

		if (!slice->is_asked)
			continue;
		was_ambiguous = slice->status == SLICE_AMBIGUOUS;
		verdict = slice_judge(slice, block->broker->ops->duplicates, block->resolution);
		if (slice->status == SLICE_AMBIGUOUS && !was_ambiguous)
			worker_metrics_ambiguous(slice);
		if (slice_is_unknown(slice))
			warn_unknown(block, slice);
		else
			log_known(block, slice);
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
