/* The bulk call: checks, sizes and stores, then waits for the end and answers with every user's result.
 *
 * The workers execute it like any other window. A client that leaves loses only the answer: the same Idempotency-Key
 * finds it again. */
#include "api/bulk_rebalance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/access.h"
#include "api/app.h"
#include "api/bulk_body.h"
#include "api/bulk_store.h"
#include "api/idempotency.h"
#include "api/investment_value.h"
#include "api/query.h"
#include "api/readiness.h"
#include "api/redis_time.h"
#include "api/request_log.h"
#include "api/request_view.h"
#include "api/waiter.h"
#include "shared/fault.h"

#define LOCATION	"/trade-queue/queue/order/"
#define WAIT_DEFAULT_MS 10000
#define ASKS_OUT	64 /* investments asked for at a time */

/* Whose Idempotency-Keys they are: all services share theirs, each user has its own. No user has a colon in the name.
 */
#define WHO_SERVICE "service"
#define WHO_USER    "user:%s"
#define WHO_SIZE    (sizeof WHO_USER + NAME_SIZE)

enum bulk_state {
	BULK_KNOWN,	  /* waits whether its key was used before */
	BULK_INVESTMENTS, /* waits for the values of investments */
	BULK_STORE,	  /* waits for the orders to be stored */
	BULK_REPLICAS,	  /* they were before: waits until replicas have them, where the configuration asks for it */
	BULK_RESULT	  /* waits for the orders to end */
};

struct bulk;

/* One question for an investment. */
struct ask {
	struct bulk *bulk;
	struct bulk_request *request;
};

struct bulk {
	enum bulk_state state;
	struct app *app;
	struct http_request *http;
	int64_t wait_ms;
	struct bulk_body body;
	struct idempotency idempotency;
	bool is_replay;
	size_t next_ask; /* the first request whose investment was not asked for yet */
	unsigned asks_out;
	bool has_failed; /* a question was not answered */
	struct err why;
	struct ask asks[ASKS_OUT];
};

/* The one end of every bulk call; its request has been answered. */
static void bulk_free(struct bulk *bulk)
{
	bulk_body_free(&bulk->body);
	free(bulk);
}

/* Ends it with an error. */
static void bulk_fail(struct bulk *bulk, const struct err *err)
{
	if (err->code == ERR_IDEMPOTENCY_CONFLICT)
		idempotency_refuse(bulk->http);
	else
		failure_answer(bulk->http, err);
	bulk_free(bulk);
}

/* Ends it with the orders: 200 where they have ended, else 202. */
static void bulk_answer(struct bulk *bulk, const struct request_view *view)
{
	char location[sizeof LOCATION + QUEUE_ID_LENGTH] = LOCATION;
	json_t *json = request_view_answer(view);
	FAULT_POINT(BULK_RESULT, NULL);
	if (bulk->is_replay)
		json_object_set_new(json, "replayed", json_true());
	if (!view->all_final) {
		json_object_set_new(json, "status", json_string("working"));
		memcpy(location + sizeof LOCATION - 1, bulk->idempotency.queue_id, QUEUE_ID_LENGTH + 1);
		http_set_header(bulk->http, "Location", location);
	}
	http_answer_json(bulk->http, view->all_final ? 200 : 202, json);
	bulk_free(bulk);
}

/* The orders have ended, or the time is over. */
static void on_result(const struct request_view *view, const struct err *err, void *arg)
{
	struct bulk *bulk = arg;
	struct err gone;
	if (err) {
		bulk_fail(bulk, err);
	} else if (view->kind == REQUEST_NOT_FOUND) {
		err_set(&gone, ERR_OUTCOME_UNKNOWN, "the orders were stored, but are not there any more");
		bulk_fail(bulk, &gone);
	} else {
		bulk_answer(bulk, view);
	}
}

/* Waits for the orders to end. */
static void bulk_wait(struct bulk *bulk)
{
	const struct waiter_options options = {
	    .queue_id = bulk->idempotency.queue_id,
	    .wait_ms = bulk->wait_ms,
	    .client = bulk->http,
	};
	bulk->state = BULK_RESULT;
	waiter_new_for_request(bulk->app, &options, on_result, bulk);
}

/* All is stored, or not. */
static void on_stored(const struct err *err, void *arg)
{
	struct bulk *bulk = arg;
	FAULT_POINT(BULK_STORED, NULL);
	if (err) {
		bulk_fail(bulk, err);
		return;
	}
	request_log_bulk_stored(bulk->http, bulk->body.order_count);
	bulk_wait(bulk);
}

/* All that sizing needs is there. */
static void bulk_size_and_store(struct bulk *bulk)
{
	const struct bulk_store_source source = {bulk->app, &bulk->body, &bulk->idempotency};
	const struct bulk_facts facts = {bulk->app->config, bulk->app->stocks, redis_time_now_ms(bulk->app->time)};
	bulk_body_size(&bulk->body, &facts);
	bulk->state = BULK_STORE;
	bulk_store(&source, on_stored, bulk);
}

static void on_investment(const redisReply *reply, const struct err *err, void *arg);

/* Asks for the next investment that is needed; false where there is none. */
static bool ask_next(struct bulk *bulk, struct ask *ask)
{
	struct bulk_body *body = &bulk->body;
	while (bulk->next_ask < body->request_count &&
	       !order_request_needs_investment(&body->requests[bulk->next_ask].request))
		bulk->next_ask++;
	if (bulk->next_ask == body->request_count || bulk->has_failed)
		return false;
	ask->bulk = bulk;
	ask->request = &body->requests[bulk->next_ask++];
	bulk->asks_out++;
	investment_value_ask(bulk->app, &ask->request->request, on_investment, ask);
	return true;
}

/* One investment's value has come. */
static void on_investment(const redisReply *reply, const struct err *err, void *arg)
{
	struct ask *ask = arg;
	struct bulk *bulk = ask->bulk;
	bulk->asks_out--;
	if (!err) {
		ask->request->investment_nano = investment_value_of(reply);
	} else if (!bulk->has_failed) {
		bulk->has_failed = true;
		bulk->why = *err;
	}
	if (ask_next(bulk, ask) || bulk->asks_out)
		return;
	if (bulk->has_failed) {
		struct err why = bulk->why;
		bulk_fail(bulk, &why);
	} else {
		bulk_size_and_store(bulk);
	}
}

/* Asks for all investments that are needed, a number at a time. */
static void bulk_ask(struct bulk *bulk)
{
	bulk->state = BULK_INVESTMENTS;
	for (size_t i = 0; i < ASKS_OUT && ask_next(bulk, &bulk->asks[i]); i++)
		continue;
	if (!bulk->asks_out)
		bulk_size_and_store(bulk);
}

/* Replicas have what was stored before, or not. */
static void on_replicas(const redisReply *reply, const struct err *err, void *arg)
{
	(void)reply;
	if (err)
		bulk_fail(arg, err);
	else
		bulk_wait(arg);
}

/* What the key was used for before has come. One that was cut short is completed. */
static void on_known(const struct request_view *view, const struct err *err, void *arg)
{
	struct bulk *bulk = arg;
	struct err conflict;
	if (err) {
		bulk_fail(bulk, err);
	} else if (view->kind != REQUEST_NOT_FOUND && strcmp(view->digest, bulk->idempotency.digest) != 0) {
		err_set(&conflict, ERR_IDEMPOTENCY_CONFLICT, "another body is stored under this key");
		bulk_fail(bulk, &conflict);
	} else if (view->kind == REQUEST_NOT_FOUND || strcmp(view->window_status, "filling") == 0) {
		bulk_ask(bulk);
	} else if (redis_link_needs_wait(bulk->app->write)) {
		bulk->is_replay = true;
		bulk->state = BULK_REPLICAS;
		redis_link_wait_all(bulk->app->write, on_replicas, bulk);
	} else {
		bulk->is_replay = true;
		bulk_wait(bulk);
	}
}

/* Reads parameters and body; false once the request has been refused. */
static bool bulk_read(struct bulk *bulk)
{
	struct err err;
	struct problems problems = {0};
	json_t *json = NULL;
	const struct bulk_users users = {access_default_user(bulk->http), access_user(bulk->http)};
	char who[WHO_SIZE] = WHO_SERVICE;
	if (users.only)
		(void)snprintf(who, sizeof who, WHO_USER, users.only);
	bool good = query_wait(bulk->http, WAIT_DEFAULT_MS, &bulk->wait_ms, &err) &&
		    idempotency_read(bulk->http, "bulk", who, &bulk->idempotency, &err) &&
		    (json = http_body_json(bulk->http, &err)) != NULL;
	if (good && !bulk_body_parse(json, users, &bulk->body, &problems)) {
		json_decref(json);
		problems_answer(&problems, bulk->http);
		bulk_free(bulk);
		return false;
	}
	json_decref(json);
	good = good && readiness_takes_orders(bulk->app, &err);
	if (!good)
		bulk_fail(bulk, &err);
	else
		request_log_queue_id(bulk->http, bulk->idempotency.queue_id);
	return good;
}

void bulk_rebalance(struct http_request *http, void *arg)
{
	struct bulk *bulk = calloc(1, sizeof *bulk);
	if (!bulk)
		abort();
	bulk->app = arg;
	bulk->http = http;
	if (!bulk_read(bulk))
		return;
	FAULT_POINT(BULK_READ, NULL);
	if (bulk->idempotency.has_key) {
		bulk->state = BULK_KNOWN;
		request_view_load_head(bulk->app, bulk->idempotency.queue_id, on_known, bulk);
	} else {
		bulk_ask(bulk);
	}
}
