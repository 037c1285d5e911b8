/* Group commit: a queue of requests, and a fixed number of batches that carry them to Redis.
 *
 * Why two batches: with one, Redis would idle while we read its reply and write the next call; more of them would only
 * be smaller. Why a batch is bounded: a script call must stay near a millisecond, whatever arrives. */
#include "api/commit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/admission.h"
#include "shared/clock.h"
#include "shared/fault.h"
#include "shared/log.h"
#include "shared/metrics.h"
#include "shared/status.h"

#define BATCHES		  2
#define BATCH_ORDERS	  64	 /* a batch takes whole requests: one, and more up to this */
#define QUEUED_ORDERS_MAX 100000 /* waiting for a batch */
#define REPEATS_MAX	  3
#define US_A_MS		  1000
#define US_A_SECOND	  1000000

STAILQ_HEAD(commit_request_list, commit_request);

/* One script call, and the WAIT behind it where replicas must acknowledge. */
struct batch {
	struct commit *commit;
	struct commit_request_list requests;
	size_t count;
	struct route_wish *wishes; /* of all requests, each once; grown as needed */
	size_t wish_count, wish_room;
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
	size_t orders = 0;
	struct commit_request *next = STAILQ_FIRST(&commit->queue);
	batch->count = 0;
	while (next && (!batch->count || orders + next->order_count <= BATCH_ORDERS)) {
		struct commit_request *request = queue_take(commit);
		STAILQ_INSERT_TAIL(&batch->requests, request, entry);
		orders += request->order_count;
		batch->count++;
		next = STAILQ_FIRST(&commit->queue);
	}
}

/* The number of a wish in the batch, from 1; it is added where it is new. */
static size_t wish_number(struct batch *batch, const struct route_wish *wish)
{
	for (size_t i = 0; i < batch->wish_count; i++)
		if (route_wish_equal(&batch->wishes[i], wish))
			return i + 1;
	if (batch->wish_count == batch->wish_room) {
		batch->wish_room = batch->wish_room ? batch->wish_room * 2 : 8;
		batch->wishes = realloc(batch->wishes, batch->wish_room * sizeof *batch->wishes);
		if (!batch->wishes)
			abort();
	}
	batch->wishes[batch->wish_count++] = *wish;
	return batch->wish_count;
}

/* How many orders a request has, and their slots: one number for all, or one for each. */
static void shape_write(struct batch *batch, const struct commit_request *request, struct script_args *args)
{
	const struct routes *routes = request->routes;
	char text[24 + SUGGESTIONS_MAX * 8], *at = text;
	size_t count = routes->count > 1 ? request->order_count : 1;

	at += sprintf(at, "%zu", request->order_count);
	for (size_t i = 0; i < count; i++)
		at += sprintf(at, "%c%zu", i ? ',' : ' ', wish_number(batch, &routes->list[routes->of_order[i]].wish));
	script_args_add(args, text);
}

/* The arguments of one request; see lua/enqueue.lua. */
static void request_write(struct batch *batch, const struct commit_request *request, struct script_args *args)
{
	script_args_add(args, request->queue_id);
	script_args_add(args, request->user_id);
	script_args_add(args, request->smallcase_id);
	script_args_add(args, request->digest);
	shape_write(batch, request, args);
	for (size_t i = 0; i < request->order_count; i++) {
		script_args_add(args, request->orders[i].signature);
		script_args_add(args, request->orders[i].quantity);
	}
}

/* Caps that are checked where orders are stored. */
static void caps_write(struct commit *commit, const struct batch *batch)
{
	struct admission *admission = admission_new(commit->config);
	const struct commit_request *request;
	STAILQ_FOREACH(request, &batch->requests, entry)
	for (size_t i = 0; i < request->order_count; i++)
		admission_add(admission, &request->orders[i]);
	admission_end(admission, commit->args);
}

/* The words of lua/enqueue.lua; a number says that the request is queued. */
static const struct {
	const char *word;
	enum commit_result result;
} results[] = {
    {"replayed", COMMIT_REPLAYED},
    {"conflict", COMMIT_CONFLICT},
    {"over_cap", COMMIT_OVER_CAP},
    {"bad_window", COMMIT_BAD_WINDOW},
};

/* Takes what the script says of the slots that a request's orders went to. */
static void places_read(const struct batch *batch, const redisReply *slots, struct routes *routes)
{
	for (size_t i = 0; i < routes->count; i++) {
		struct route_place *place = &routes->list[i].place;
		size_t number = 0;

		while (!route_wish_equal(&batch->wishes[number], &routes->list[i].wish))
			number++;
		const redisReply *slot = reply_at(slots, number);
		snprintf(place->window_id, sizeof place->window_id, "%s", reply_text(reply_at(slot, 0)));
		place->due_ms = reply_int(reply_at(slot, 1), 0);
		snprintf(place->lane, sizeof place->lane, "%s", reply_text(reply_at(slot, 2)));
		snprintf(place->rule, sizeof place->rule, "%s", reply_text(reply_at(slot, 3)));
	}
}

/* Takes what the script says of one request. */
static bool outcome_read(const redisReply *reply, struct commit_outcome *outcome)
{
	if (reply && reply->type == REDIS_REPLY_INTEGER) {
		outcome->result = COMMIT_QUEUED;
		outcome->arrival_us = reply->integer;
		return true;
	}
	const char *word = reply_text(reply_at(reply, 0));
	size_t i = 0;
	while (i < sizeof results / sizeof *results && strcmp(results[i].word, word) != 0)
		i++;
	if (i == sizeof results / sizeof *results)
		return false;
	outcome->result = results[i].result;
	if (outcome->result == COMMIT_OVER_CAP) {
		outcome->order = (long)reply_int(reply_at(reply, 1), -1);
		snprintf(outcome->why, sizeof outcome->why, "%s", reply_text(reply_at(reply, 2)));
	} else if (outcome->result == COMMIT_BAD_WINDOW) {
		route_read_refusal(reply, &outcome->refusal);
	}
	return true;
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
	STAILQ_FOREACH(request, &batch->requests, entry)
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
	STAILQ_CONCAT(&requests, &batch->requests);
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
	struct commit_request *request;
	struct err bad;
	size_t i = 2;
	STAILQ_FOREACH(request, &batch->requests, entry)
	{
		if (!outcome_read(reply_at(reply, i++), &request->outcome)) {
			err_set(&bad, ERR_INTERNAL, "script enqueue said what it never says");
			batch_fail(batch, &bad);
		} else if (request->outcome.result == COMMIT_QUEUED) {
			places_read(batch, reply_at(reply, 1), request->routes);
			count_queued(batch->commit, request);
		}
	}
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

/* The slots that its orders ask for. */
static void wishes_write(const struct commit *commit, struct batch *batch, struct script_args *args)
{
	const struct commit_request *request;
	batch->wish_count = 0;
	STAILQ_FOREACH(request, &batch->requests, entry)
	for (size_t i = 0; i < request->routes->count; i++)
		(void)wish_number(batch, &request->routes->list[i].wish);
	script_args_add_int(args, (int64_t)batch->wish_count);
	for (size_t i = 0; i < batch->wish_count; i++)
		route_write_wish(&batch->wishes[i], commit->now_ms, args);
}

/* Sends what the batch holds. */
static void batch_send(struct commit *commit, struct batch *batch)
{
	const struct config *config = commit->config;
	const struct commit_request *request;
	struct script_args *args = commit->args;
	size_t orders = 0;
	script_args_reset(args);
	route_write_options(config, args);
	wishes_write(commit, batch, args);
	script_args_add_int(args, (int64_t)batch->count);
	STAILQ_FOREACH(request, &batch->requests, entry)
	{
		request_write(batch, request, args);
		orders += request->order_count;
	}
	metrics_observe(commit->metrics, (struct metric_at){METRIC_BATCH_ORDERS, {0}}, (double)orders);
	caps_write(commit, batch);
	batch->replies_out = 1;
	FAULT_POINT(BATCH_READY, NULL);
	redis_link_script(commit->write, SCRIPT_ENQUEUE, args, batch_stored, batch);
	if (redis_link_needs_wait(commit->write)) {
		batch->replies_out++;
		redis_link_wait_replicas(commit->write, batch_replicated, batch);
	}
}

/* Gives the queue to the batches that are free. */
static void commit_flush(struct commit *commit)
{
	for (size_t i = 0; i < BATCHES && !STAILQ_EMPTY(&commit->queue); i++) {
		struct batch *batch = &commit->batches[i];
		if (batch->replies_out || !STAILQ_EMPTY(&batch->requests))
			continue;
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
		STAILQ_INIT(&commit->batches[i].requests);
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
		free(commit->batches[i].wishes);
	event_free(commit->flush);
	event_free(commit->expired);
	script_args_free(commit->args);
	free(commit);
}
