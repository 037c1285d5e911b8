/* Chunks on their way into Redis. The script takes them in order only and skips what it has, so that sending one twice
 * is harmless: after a NOSCRIPT two of them can change places, and the one that came too early is sent again. */
#include "api/bulk_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/admission.h"
#include "api/app.h"
#include "api/hours.h"
#include "api/redis_time.h"
#include "shared/fault.h"
#include "shared/log.h"
#include "shared/metrics.h"
#include "shared/status.h"

#define CHUNK_ORDERS 50 /* about a millisecond of Redis */
#define CHUNKS_OUT   2	/* one is written while the other one runs */
#define GAPS_MAX     8
#define ABANDON_MS   60000

enum storing_state {
	STORING_CHUNKS,	 /* waits for the chunks that are out */
	STORING_REPLICAS /* waits until replicas have them, where the configuration asks for it */
};

struct storing;

struct chunk {
	struct storing *storing;
	size_t from, end;
	bool is_out;
};

struct storing {
	enum storing_state state;
	struct bulk_store_source source;
	struct script_args *args;
	const char *user; /* whose all orders are, or "" */
	size_t next;	  /* the first order that was not sent yet */
	unsigned chunks_out;
	unsigned gaps;
	bool has_to_settle; /* nothing is sent until all that is out has been answered */
	bool is_stored;
	bool has_failed;
	struct err why;
	struct chunk chunks[CHUNKS_OUT];
	bulk_store_fn *fn;
	void *arg;
};

static void storing_end(struct storing *storing)
{
	bulk_store_fn *fn = storing->fn;
	void *arg = storing->arg;
	struct err why = storing->why;
	bool has_failed = storing->has_failed;
	char key[80];
	snprintf(key, sizeof key, "window:bulk-%s", storing->source.idempotency->queue_id);
	if (!has_failed)
		redis_link_note_write(storing->source.app->write, key, "queue_id");
	script_args_free(storing->args);
	free(storing);
	fn(has_failed ? &why : NULL, arg);
}

/* The first failure decides. */
static void storing_fail(struct storing *storing, const struct err *err)
{
	if (storing->has_failed)
		return;
	storing->has_failed = true;
	storing->why = *err;
	if (err->code != ERR_INTERNAL)
		return;
	storing->why.code = ERR_OUTCOME_UNKNOWN; /* a script that failed halfway has written the first half */
	log_event(LOG_ERROR, "bulk_failed", "queue_id", storing->source.idempotency->queue_id, "reason", err->message,
		  NULL);
}

/* Goes back to an order that Redis does not have, once nothing is out any more. */
static void storing_go_back(struct storing *storing, size_t to)
{
	struct err err;
	if (to < storing->next)
		storing->next = to;
	storing->has_to_settle = true;
	if (++storing->gaps <= GAPS_MAX)
		return;
	err_set(&err, ERR_INTERNAL, "the chunks of a bulk call got lost %d times", GAPS_MAX);
	storing_fail(storing, &err);
}

/* The call is stored whole, and this was its last chunk. A replay stops at its first one; where that is the last, it looks
 * the same and is counted again. */
static void count_stored(const struct storing *storing, const struct chunk *chunk)
{
	const struct bulk_body *body = storing->source.body;
	size_t rejected = 0, lane = metrics_lane_index("bulk");
	if (chunk->end != body->order_count)
		return;
	for (size_t i = 0; i < body->order_count; i++)
		rejected += body->orders[i].reason != NULL;
	metrics_add(storing->source.app->metrics, (struct metric_at){METRIC_ORDERS, {lane, ORDER_QUEUED}},
		    (double)(body->order_count - rejected));
	metrics_add(storing->source.app->metrics, (struct metric_at){METRIC_ORDERS, {lane, ORDER_REJECTED}},
		    (double)rejected);
}

/* Takes what lua/bulk.lua says of one chunk. */
static void chunk_judge(struct storing *storing, const struct chunk *chunk, const redisReply *reply)
{
	struct err err;
	const char *word = reply_text(reply_at(reply, 0));
	size_t received = (size_t)reply_int(reply_at(reply, 3), 0);
	if (strcmp(word, "conflict") == 0) {
		err_set(&err, ERR_IDEMPOTENCY_CONFLICT, "another body is stored under this key");
		storing_fail(storing, &err);
	} else if (strcmp(word, "gap") == 0) {
		storing_go_back(storing, chunk->from);
	} else if (strcmp(word, "stored") != 0) {
		err_set(&err, ERR_INTERNAL, "script bulk said what it never says");
		storing_fail(storing, &err);
	} else if (strcmp(reply_text(reply_at(reply, 2)), "filling") != 0) {
		count_stored(storing, chunk);
		storing->is_stored = true;
	} else if (received < chunk->end) {
		storing_go_back(storing, received);
	}
}

static void storing_step(struct storing *storing);

static void on_chunk(const redisReply *reply, const struct err *err, void *arg)
{
	struct chunk *chunk = arg;
	struct storing *storing = chunk->storing;
	chunk->is_out = false;
	storing->chunks_out--;
	FAULT_POINT_OR(BULK_CHUNK_STORED, NULL, err = fault_error());
	if (err)
		storing_fail(storing, err);
	else
		chunk_judge(storing, chunk, reply);
	storing_step(storing);
}

static void on_replicas(const redisReply *reply, const struct err *err, void *arg)
{
	struct storing *storing = arg;
	(void)reply;
	if (err)
		storing_fail(storing, err);
	storing_end(storing);
}

/* Sends the next chunk. */
static void chunk_send(struct storing *storing, struct chunk *chunk)
{
	const struct bulk_body *body = storing->source.body;
	const struct idempotency *idempotency = storing->source.idempotency;
	struct app *app = storing->source.app;
	struct script_args *args = storing->args;
	struct admission *admission;
	chunk->from = storing->next;
	chunk->end = chunk->from + CHUNK_ORDERS < body->order_count ? chunk->from + CHUNK_ORDERS : body->order_count;
	script_args_reset(args);
	script_args_add(args, idempotency->queue_id);
	script_args_add(args, idempotency->digest);
	script_args_add_int(args, (int64_t)body->order_count);
	script_args_add_int(args, (int64_t)body->request_count);
	script_args_add_int(args, (int64_t)chunk->from);
	script_args_add_int(args, ABANDON_MS);
	script_args_add_int(args, app->config->orders.retention_s * 1000);
	script_args_add(args, storing->user);
	hours_write(program_calendars(app->program), app->config, redis_time_now_ms(app->time), args);
	admission = admission_new(app->config);
	for (size_t i = chunk->from; i < chunk->end; i++) {
		const struct bulk_order *order = &body->orders[i];
		script_args_add(args, order->from->request.user_id);
		script_args_add(args, order->from->request.smallcase_id);
		script_args_add(args, order->sized.signature);
		script_args_add(args, order->sized.quantity);
		script_args_add(args, order->reason ? order->reason : "");
		admission_add(admission, &order->sized);
	}
	admission_end(admission, args);
	storing->next = chunk->end;
	storing->chunks_out++;
	chunk->is_out = true;
	FAULT_POINT(BULK_CHUNK_READY, NULL);
	if (chunk->end == body->order_count)
		FAULT_POINT(BULK_LAST_READY, NULL);
	redis_link_script(app->write, SCRIPT_BULK, args, on_chunk, chunk);
}

/* Sends as many chunks as may be out. */
static void chunks_send(struct storing *storing)
{
	if (storing->has_to_settle && storing->chunks_out)
		return;
	storing->has_to_settle = false;
	for (size_t i = 0; i < CHUNKS_OUT && storing->next < storing->source.body->order_count; i++)
		if (!storing->chunks[i].is_out)
			chunk_send(storing, &storing->chunks[i]);
}

static void storing_step(struct storing *storing)
{
	struct app *app = storing->source.app;
	if (!storing->has_failed && !storing->is_stored)
		chunks_send(storing);
	if (storing->chunks_out)
		return;
	if (storing->has_failed || !redis_link_needs_wait(app->write)) {
		storing_end(storing);
		return;
	}
	storing->state = STORING_REPLICAS;
	redis_link_wait_replicas(app->write, on_replicas, storing);
}

void bulk_store(const struct bulk_store_source *source, bulk_store_fn *fn, void *arg)
{
	struct storing *storing = calloc(1, sizeof *storing);
	if (!storing)
		abort();
	storing->source = *source;
	storing->user = bulk_body_user(source->body);
	storing->args = script_args_new();
	storing->fn = fn;
	storing->arg = arg;
	for (size_t i = 0; i < CHUNKS_OUT; i++)
		storing->chunks[i].storing = storing;
	storing_step(storing);
}
