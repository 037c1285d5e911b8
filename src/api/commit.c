/* Group commit: a queue of requests, and a fixed number of batches that carry them to Redis.
 *
 * Why two batches: with one, Redis would idle while we read its reply and write the next call; more of them would only
 * be smaller. Why the second waits for so many orders: what a call costs by itself is as much as a dozen orders, and
 * the first one's reply is never far. Why a batch is bounded: a script call must stay near a millisecond, whatever
 * arrives. */
#include "api/commit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/commit_call.h"
#include "shared/clock.h"
#include "shared/fault.h"
#include "shared/log.h"
#include "shared/metrics.h"
#include "shared/status.h"

#define BATCHES		  2
#define BATCH_ORDERS	  64	 /* a batch takes whole requests: one, and more up to this */
#define SECOND_ORDERS	  24	 /* a batch leaves beside another only if so many wait */
#define QUEUED_ORDERS_MAX 100000 /* waiting for a batch */
#define REPEATS_MAX	  3
#define US_A_MS		  1000
#define US_A_SECOND	  1000000

/* One script call, and the WAIT behind it where replicas must acknowledge. */
struct batch {
	struct commit *commit;
	struct commit_call call;
	unsigned repeats; /* calls that came back because the sessions in them did not reach to now */
	bool has_to_repeat;
	unsigned replies_out; /* 0: the batch is free */
	bool has_failed;
	struct err why;
};

struct commit {
	const struct config *config;
	struct redis_link *write;
	struct metrics *metrics;
	struct script_args *args;
	int64_t now_ms; /* Redis's clock when it last told it: sessions around it go with each call */
	struct commit_request_list queue;
	size_t queued_orders;
	struct batch batches[BATCHES];
	struct event *flush;   /* when all that arrived in this turn of the loop is queued */
	struct event *expired; /* when the first in the queue has waited too long */
};

/* Takes the first of the queue. */
static struct commit_request *queue_take(struct commit *commit)
{
	struct commit_request *request = STAILQ_FIRST(&commit->queue);
	STAILQ_REMOVE_HEAD(&commit->queue, entry);
	commit->queued_orders -= request->order_count;
	return request;
}

/* Moves whole requests from the queue into the batch. */
static void batch_fill(struct commit *commit, struct batch *batch)
{
	struct commit_call *call = &batch->call;
	struct commit_request *next;
	call->request_count = call->order_count = 0;
	while ((next = STAILQ_FIRST(&commit->queue)) &&
	       (!call->request_count || call->order_count + next->order_count <= BATCH_ORDERS))
		commit_call_put(call, queue_take(commit));
}

/* The first failure of a batch decides. A script that failed in the middle has written what came before. */
static void batch_fail(struct batch *batch, const struct err *err)
{
	if (batch->has_failed)
		return;
	batch->has_failed = true;
	batch->why = *err;
	if (err->code != ERR_REDIS_UNAVAILABLE)
		batch->why.code = ERR_OUTCOME_UNKNOWN;
	if (err->code == ERR_INTERNAL)
		log_event(LOG_ERROR, "commit_failed", "reason", err->message, NULL);
}

/* What is acknowledged now must be there for as long as Redis has its history. */
static void batch_note(const struct batch *batch)
{
	const struct commit_request *request, *last = NULL;
	char key[80];
	STAILQ_FOREACH(request, &batch->call.requests, entry)
	if (request->outcome.result == COMMIT_QUEUED)
		last = request;
	if (!last)
		return;
	snprintf(key, sizeof key, "order:%s-0", last->queue_id);
	redis_link_note_write(batch->commit->write, key, "user");
}

static void commit_flush(struct commit *commit);

/* Answers the whole batch; it is free before, because an answer can bring the next request. */
static void batch_answer(struct batch *batch)
{
	struct commit_request_list requests = STAILQ_HEAD_INITIALIZER(requests);
	struct commit_request *request;
	bool has_failed = batch->has_failed;
	struct err why;
	batch->repeats = 0;
	if (has_failed)
		why = batch->why;
	else
		batch_note(batch);
	STAILQ_CONCAT(&requests, &batch->call.requests);
	batch->has_failed = false;
	commit_flush(batch->commit);
	while ((request = STAILQ_FIRST(&requests))) {
		STAILQ_REMOVE_HEAD(&requests, entry);
		request->fn(request, has_failed ? &why : NULL);
	}
}

/* Each order by the lane that it got. Replays were counted when they were stored. */
static void count_queued(const struct commit *commit, const struct commit_request *request)
{
	const struct routes *routes = request->routes;
	for (size_t i = 0; i < request->order_count; i++) {
		size_t lane = metrics_lane_index(routes->list[routes->of_order[i]].place.lane);
		metrics_add(commit->metrics, (struct metric_at){METRIC_ORDERS, {lane, ORDER_QUEUED}}, 1);
	}
}

static void batch_send(struct commit *commit, struct batch *batch);

/* All replies are there: the answers, or the same call again with other sessions. */
static void batch_end(struct batch *batch)
{
	bool has_to_repeat = batch->has_to_repeat && !batch->has_failed;
	batch->has_to_repeat = false;
	if (has_to_repeat)
		batch_send(batch->commit, batch);
	else
		batch_answer(batch);
}

/* The script wants the sessions around this time. Nothing was written. */
static void batch_take_time(struct batch *batch, int64_t now_ms)
{
	struct err err;
	batch->commit->now_ms = now_ms;
	batch->has_to_repeat = true;
	if (++batch->repeats <= REPEATS_MAX)
		return;
	err_set(&err, ERR_REDIS_UNAVAILABLE, "Redis's clock does not stand still");
	batch_fail(batch, &err);
}

/* What the script says of each request. */
static void batch_take_outcomes(struct batch *batch, const redisReply *reply)
{
	const struct commit_request *request;
	struct err bad;
	if (!commit_call_read(&batch->call, reply)) {
		err_set(&bad, ERR_INTERNAL, "script enqueue said what it never says");
		batch_fail(batch, &bad);
		return;
	}
	STAILQ_FOREACH(request, &batch->call.requests, entry)
	if (request->outcome.result == COMMIT_QUEUED)
		count_queued(batch->commit, request);
}

/* The reply to the script. */
static void batch_stored(const redisReply *reply, const struct err *err, void *arg)
{
	struct batch *batch = arg;
	FAULT_POINT_OR(BATCH_STORED, NULL, err = fault_error());
	if (err)
		batch_fail(batch, err);
	else if (strcmp(reply_text(reply_at(reply, 0)), "schedule") == 0)
		batch_take_time(batch, reply_int(reply_at(reply, 1), 0));
	else
		batch_take_outcomes(batch, reply);
	if (!--batch->replies_out)
		batch_end(batch);
}

/* The reply to WAIT. */
static void batch_replicated(const redisReply *reply, const struct err *err, void *arg)
{
	struct batch *batch = arg;
	(void)reply;
	if (err)
		batch_fail(batch, err);
	if (!--batch->replies_out)
		batch_end(batch);
}

/* Sends what the batch holds. */
static void batch_send(struct commit *commit, struct batch *batch)
{
	commit_call_write(&batch->call, commit->config, commit->now_ms, commit->args);
	metrics_observe(commit->metrics, (struct metric_at){METRIC_BATCH_ORDERS, {0}}, (double)batch->call.order_count);
	batch->replies_out = 1;
	FAULT_POINT(BATCH_READY, NULL);
	redis_link_script(commit->write, SCRIPT_ENQUEUE, commit->args, batch_stored, batch);
	if (redis_link_needs_wait(commit->write)) {
		batch->replies_out++;
		redis_link_wait_replicas(commit->write, batch_replicated, batch);
	}
}

static bool batch_is_free(const struct batch *batch)
{
	return !batch->replies_out && STAILQ_EMPTY(&batch->call.requests);
}

/* Gives the queue to the batches that are free. What is left waits for the reply to one that is out. */
static void commit_flush(struct commit *commit)
{
	size_t out = 0;
	for (size_t i = 0; i < BATCHES; i++)
		out += !batch_is_free(&commit->batches[i]);
	for (size_t i = 0; i < BATCHES && !STAILQ_EMPTY(&commit->queue); i++) {
		struct batch *batch = &commit->batches[i];
		if (!batch_is_free(batch))
			continue;
		if (out++ && commit->queued_orders < SECOND_ORDERS)
			return;
		batch_fill(commit, batch);
		batch_send(commit, batch);
	}
}

static void on_flush(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	commit_flush(arg);
}

/* Sets the timer to when the first in the queue has waited too long. */
static void watch_first(struct commit *commit, int64_t now_us)
{
	const struct commit_request *first = STAILQ_FIRST(&commit->queue);
	if (!first)
		return;
	int64_t rest_us = first->deadline_us > now_us ? first->deadline_us - now_us : 0;
	struct timeval delay = {rest_us / US_A_SECOND, rest_us % US_A_SECOND};
	event_add(commit->expired, &delay);
}

/* Refuses those that waited too long for a batch: Redis is slower than what arrives, or does not answer. */
static void on_expired(evutil_socket_t fd, short what, void *arg)
{
	struct commit *commit = arg;
	struct commit_request *first;
	struct err err;
	int64_t now_us = clock_monotonic_us();
	(void)fd, (void)what;
	err_set(&err, ERR_REDIS_UNAVAILABLE, "Redis took no orders for %lld ms",
		(long long)commit->config->redis.timeout_ms);
	while ((first = STAILQ_FIRST(&commit->queue)) && first->deadline_us <= now_us)
		queue_take(commit)->fn(first, &err);
	watch_first(commit, now_us);
}

bool commit_put(struct commit *commit, struct commit_request *request, struct err *err)
{
	if (commit->queued_orders + request->order_count > QUEUED_ORDERS_MAX)
		return err_set(err, ERR_REDIS_UNAVAILABLE, "too many orders wait for Redis already");
	int64_t now_us = clock_monotonic_us();
	request->deadline_us = now_us + commit->config->redis.timeout_ms * US_A_MS;
	STAILQ_INSERT_TAIL(&commit->queue, request, entry);
	commit->queued_orders += request->order_count;
	event_active(commit->flush, EV_TIMEOUT, 0);
	if (!event_pending(commit->expired, EV_TIMEOUT, NULL))
		watch_first(commit, now_us);
	return true;
}

size_t commit_waiting(const struct commit *commit)
{
	return commit->queued_orders;
}

struct commit *commit_new(struct event_base *base, const struct config *config, struct redis_link *write,
			  struct metrics *metrics)
{
	struct commit *commit = calloc(1, sizeof *commit);
	if (!commit)
		abort();
	commit->config = config;
	commit->metrics = metrics;
	commit->write = write;
	commit->args = script_args_new();
	commit->flush = event_new(base, -1, 0, on_flush, commit);
	commit->expired = evtimer_new(base, on_expired, commit);
	if (!commit->flush || !commit->expired)
		abort();
	STAILQ_INIT(&commit->queue);
	for (size_t i = 0; i < BATCHES; i++) {
		commit->batches[i].commit = commit;
		commit_call_init(&commit->batches[i].call);
	}
	return commit;
}

void commit_free(struct commit *commit)
{
	struct err err;
	if (!commit)
		return;
	err_set(&err, ERR_REDIS_UNAVAILABLE, "the process ends");
	while (!STAILQ_EMPTY(&commit->queue)) {
		struct commit_request *request = queue_take(commit);
		request->fn(request, &err);
	}
	for (size_t i = 0; i < BATCHES; i++)
		commit_call_free(&commit->batches[i].call);
	event_free(commit->flush);
	event_free(commit->expired);
	script_args_free(commit->args);
	free(commit);
}
