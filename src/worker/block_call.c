/* The one place where a block's calls go out and their answers come in, so that no step has to think of a lost lease, a
 * dropped block or a failed call. */
#include "worker/block_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/fault.h"
#include "shared/log.h"
#include "worker/order_aggregation.h"
#include "worker/worker.h"

#define US_A_MS 1000

struct script_args *block_args(struct block *block)
{
	struct script_args *args = block->worker->args;

	script_args_reset(args);
	script_args_add(args, block->id);
	script_args_add(args, block->fence);
	return args;
}

/* A call failed. What Redis holds is not known, or the script is at fault: either way the lease is left to end, so that
 * somebody begins anew from what is stored, and a block that always fails is set aside by claim.lua. */
static void forget_block(struct block *block, const struct err *err)
{
	if (err->code == ERR_INTERNAL)
		log_event(LOG_ERROR, "block_failed", "block_id", block->id, "reason", err->message, NULL);
	block_drop(block);
}

/* One script call that is out. */
struct block_reply {
	struct block *block;
	enum script_id script;
	size_t tag;
	int64_t lease_from_us; /* 0: the call does not prolong the lease */
};

/* Redis has acknowledged a step: should it not be there one day, then history was lost. */
static void note_write(const struct block *block, const struct block_reply *call, const redisReply *reply)
{
	struct redis_generation *generation = block->worker->generation;
	bool may_leave =
	    call->script == SCRIPT_GATE && strcmp(reply_text(reply_at(reply, 0)), "go") == 0 && reply->elements > 1;
	char key[160];

	if (may_leave)
		(void)snprintf(key, sizeof key, "slice:%s", reply_text(reply_at(reply, reply->elements - 1)));
	else
		(void)snprintf(key, sizeof key, "block:%s", block->id);
	if (may_leave)
		redis_generation_note_write(generation, key, "sent", -1);
	else if (call->script == SCRIPT_ALLOCATE)
		redis_generation_note_write(generation, key, "allocated", reply_int(reply_at(reply, 1), 0));
	else
		redis_generation_note_write(generation, key, "fence", strtoll(block->fence, NULL, 10));
}

/* A reply that is ours to act upon. */
static void take_reply(struct block *block, const struct block_reply *call, const redisReply *reply)
{
	int64_t lease_ends_us = call->lease_from_us + block->worker->config->worker.lease_ms * US_A_MS;

	if (strcmp(reply_text(reply_at(reply, 0)), "stale") == 0) {
		worker_metrics_fence_refused(block);
		log_event(LOG_INFO, "block_lost", "block_id", block->id, "why", "another worker has it", NULL);
		block_drop(block);
		return;
	}
	note_write(block, call, reply);
	if (call->lease_from_us > 0 && lease_ends_us > block->lease_ends_us)
		block->lease_ends_us = lease_ends_us;
	block->reply_tag = call->tag;
	order_aggregation_step(block, reply);
}

/* Any script's reply. */
static void on_reply(const redisReply *reply, const struct err *err, void *arg)
{
	struct block_reply *call = arg;
	struct block *block = call->block;

	block->replies_due--;
	if (!block->is_dropped && err)
		forget_block(block, err);
	else if (!block->is_dropped)
		take_reply(block, call, reply);
	free(call);
	block_let_go(block);
}

void block_call_tagged(struct block *block, enum script_id script, const struct script_args *args,
		       enum block_waits_for waits_for, size_t tag)
{
	bool prolongs = script == SCRIPT_PLAN || script == SCRIPT_REPLAN || script == SCRIPT_GATE ||
			(script == SCRIPT_RECORD && block->next_ms < 0);
	struct block_reply *call = malloc(sizeof *call);

	if (!call)
		abort();
	*call = (struct block_reply){block, script, tag, prolongs ? clock_monotonic_us() : 0};
	block->waits_for = waits_for;
	block->replies_due++;
	block_hold(block);
	redis_link_script(block->worker->calls, script, args, on_reply, call);
}

void block_call(struct block *block, enum script_id script, const struct script_args *args,
		enum block_waits_for waits_for)
{
	block_call_tagged(block, script, args, waits_for, 0);
}

/* How often it was followed; and how long its turn may last where what is left of it could go again. */
static void add_polls(const struct block *block, struct script_args *args)
{
	int64_t turn_ms = block->worker->config->lanes.turn_s_nano / (NANO / 1000);
	char text[64];

	if (block_is_stopped(block) || block->is_market_closed || block->is_yielding ||
	    block->slice_count >= SLICES_MAX)
		(void)snprintf(text, sizeof text, "%lld", (long long)block->polls);
	else
		(void)snprintf(text, sizeof text, "%lld %lld", (long long)block->polls, (long long)turn_ms);
	script_args_add(args, text);
}

void block_record_as(struct block *block, int64_t next_ms, enum block_waits_for waits_for)
{
	struct script_args *args = block_args(block);

	block->next_ms = next_ms;
	script_args_add_int(args, block->worker->config->worker.lease_ms);
	if (next_ms < 0)
		script_args_add(args, "");
	else
		script_args_add_int(args, next_ms);
	add_polls(block, args);
	for (size_t i = 0; i < block->slice_count; i++) {
		if (!block->slices[i].is_changed)
			continue;
		slice_add_record(&block->slices[i], args);
		block->slices[i].is_changed = false;
	}
	FAULT_POINT(RECORD_READY, block->symbol);
	block_call(block, SCRIPT_RECORD, args, waits_for);
}

void block_record(struct block *block, int64_t next_ms)
{
	block_record_as(block, next_ms, BLOCK_WAITS_FOR_RECORD);
}

bool block_has_news(const struct block *block)
{
	for (size_t i = 0; i < block->slice_count; i++)
		if (block->slices[i].is_changed)
			return true;
	return false;
}

/* What a person needs to judge: what was sent, and what the broker last said of it. */
static void describe_evidence(const struct slice *slice, char *text, size_t size)
{
	const struct broker_order *there = &slice->result.order;
	char sent[DECIMAL_TEXT], held[DECIMAL_TEXT], filled[DECIMAL_TEXT];

	if (slice->result.outcome == BROKER_CONTRADICTION || slice->result.outcome == BROKER_ACCEPTED)
		(void)snprintf(text, size,
			       "%s: sent was %s %s for %s; the broker's order %s is for %s, %s filled, status %s%s%s",
			       slice->client_order_id, slice->block->is_sell ? "sell" : "buy", slice->block->symbol,
			       slice->quantity, there->broker_order_id, decimal_format(there->quantity_nano, held),
			       decimal_format(there->filled_nano, filled), there->broker_status,
			       slice->result.why.message[0] ? "; " : "", slice->result.why.message);
	else
		(void)snprintf(text, size,
			       "%s: sent was %s %s for %s, %lld times; known: status %s, %s filled; the broker: %s",
			       slice->client_order_id, slice->block->is_sell ? "sell" : "buy", slice->block->symbol,
			       slice->quantity, (long long)slice->submits, slice_status_word(slice->status),
			       decimal_format(slice->filled_nano, sent), slice->result.why.message);
}

void block_review(struct block *block, const char *why, const struct slice *slice)
{
	struct script_args *args;
	char evidence[1024] = "";

	if (slice)
		describe_evidence(slice, evidence, sizeof evidence);
	log_event(LOG_WARN, "block_needs_review", "block_id", block->id, "symbol", block->symbol, "why", why,
		  "evidence", evidence, NULL);
	worker_metrics_review(block);
	/* The first of both replies ends it; should the record come second it finds nothing to do. */
	if (block_has_news(block))
		block_record_as(block, -1, BLOCK_WAITS_FOR_REVIEW);
	args = block_args(block);
	script_args_add(args, why);
	script_args_add(args, evidence);
	FAULT_POINT(REVIEW_READY, block->symbol);
	block_call(block, SCRIPT_REVIEW, args, BLOCK_WAITS_FOR_REVIEW);
}

static void ask_more(struct block *block);

/* One call of the round is answered. */
static void round_answered(struct block *block)
{
	block->round.out--;
	if (!block->is_dropped) {
		ask_more(block);
		if (block->round.out == 0 && !block->is_dropped)
			order_aggregation_step(block, NULL);
	}
	block_let_go(block);
}

/* The broker answered. */
static void on_broker(const struct broker_result *result, void *arg)
{
	struct slice *slice = arg;

	slice->result = *result;
	worker_metrics_called(slice);
	round_answered(slice->block);
}

/* The broker listed fills, or could not. */
static void on_fills(const struct broker_fill *fills, size_t count, const struct err *err, void *arg)
{
	struct slice *slice = arg;

	slice_clear(slice);
	slice->result = (struct broker_result){.outcome = err ? BROKER_AMBIGUOUS : BROKER_ACCEPTED};
	if (err) {
		slice->result.why = *err;
	} else if (count > 0) {
		slice->fills = calloc(count, sizeof *fills);
		if (!slice->fills)
			abort();
		memcpy(slice->fills, fills, count * sizeof *fills);
		slice->fill_count = count;
	}
	worker_metrics_called(slice);
	round_answered(slice->block);
}

/* Whether the block is certainly still ours. A worker that was stopped for long may wake up here, with another one at
 * work on the same block. */
static bool lease_holds(const struct block *block)
{
	return clock_monotonic_us() < block->lease_ends_us;
}

/* Whether what the gate said still counts. */
static bool permit_holds(const struct slice *slice)
{
	return clock_monotonic_us() < slice->permit_ends_us;
}

/* A broker's clocks may differ among each other: what is not found is looked for from ever earlier on. */
static struct broker_fills_query fills_query(const struct slice *slice)
{
	int64_t earlier_ms = slice->tries > 0 ? INT64_C(1000) << (slice->tries < 7 ? slice->tries : 7) : 0;

	return (struct broker_fills_query){
	    .broker_order_id = slice->broker_order_id,
	    .since_ms = slice->submitted_at_ms - earlier_ms,
	    .expected_nano = slice->filled_nano,
	};
}

/* Hands one slice's need to the broker. */
static void ask_broker(struct block *block, struct slice *slice)
{
	struct broker *broker = block->broker;
	struct broker_submit order = block_order(block, slice);
	struct broker_fills_query query = fills_query(slice);

	block->round.out++;
	block_hold(block);
	slice->is_asked = true;
	slice->asked_us = clock_monotonic_us();
	switch (slice->need) {
	case SLICE_NEEDS_SUBMIT:
		FAULT_POINT(SUBMIT_READY, block->symbol);
		slice_note_submit(slice);
		if (slice->submits == 1) /* what goes again is told as what kept it from its goal */
			log_event(LOG_INFO, "slice_leaves", "block_id", block->id, "client_order_id", slice->client_order_id,
				  "quantity", slice->quantity, NULL);
		broker->ops->submit(broker, &order, on_broker, slice);
		break;
	case SLICE_NEEDS_LOOK_UP:
		broker->ops->look_up(broker, &order, on_broker, slice);
		break;
	case SLICE_NEEDS_FOLLOW:
		broker->ops->follow(broker, slice->broker_order_id, slice->submitted_at_ms, on_broker, slice);
		break;
	case SLICE_NEEDS_CANCEL:
		broker->ops->cancel(broker, slice->broker_order_id, on_broker, slice);
		break;
	case SLICE_NEEDS_FILLS:
		broker->ops->fills(broker, &query, on_fills, slice);
		break;
	case SLICE_NEEDS_NOTHING:
		break;
	}
}

/* Asks on behalf of further slices, as many as may be out. */
static void ask_more(struct block *block)
{
	for (; block->round.next < block->slice_count && block->round.out < BLOCK_CALLS_MAX; block->round.next++) {
		struct slice *slice = &block->slices[block->round.next];

		if (slice->need == SLICE_NEEDS_NOTHING)
			continue;
		if (slice->need == SLICE_NEEDS_SUBMIT && !lease_holds(block)) {
			log_event(LOG_WARN, "block_lost", "block_id", block->id, "why", "its lease has run out", NULL);
			block_drop(block);
			return;
		}
		if (slice->need == SLICE_NEEDS_SUBMIT && !permit_holds(slice)) {
			slice->is_changed = true; /* Redis has it as perhaps sent */
			continue;
		}
		ask_broker(block, slice);
	}
}

void block_start_round(struct block *block, enum block_waits_for waits_for)
{
	block->waits_for = waits_for;
	block->round = (struct block_round){0};
	for (size_t i = 0; i < block->slice_count; i++)
		block->slices[i].is_asked = false;
	ask_more(block);
	if (block->round.out == 0 && !block->is_dropped) /* nothing may leave any more */
		order_aggregation_step(block, NULL);
}
