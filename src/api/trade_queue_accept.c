/* The trade queue's entrance: checks a request, sizes its orders, stores them through the group commit, answers 202.
 *
 * Nothing is answered before it is stored, and nothing is stored that was refused. A request that was stored before
 * under its Idempotency-Key gets the first answer again, even where its orders could not be sized any more. */
#include "api/trade_queue_accept.h"

#include <stdlib.h>
#include <string.h>

#include "api/accepted_answer.h"
#include "api/access.h"
#include "api/app.h"
#include "api/commit.h"
#include "api/idempotency.h"
#include "api/investment_value.h"
#include "api/order_request.h"
#include "api/order_view.h"
#include "api/readiness.h"
#include "api/redis_time.h"
#include "api/request_log.h"
#include "api/request_view.h"
#include "api/route.h"
#include "api/route_ask.h"
#include "api/sizing.h"
#include "shared/fault.h"
#include "shared/log.h"

#define LOCATION "/trade-queue/queue/order/"

static const struct place whole_body = {.element = -1, .suggestion = -1};

enum acceptance_state {
	ACCEPTANCE_INVESTMENT, /* waits for the investment's value */
	ACCEPTANCE_KNOWN,      /* its orders cannot be sized: waits whether they are stored already */
	ACCEPTANCE_REPLICAS,   /* they are: waits until replicas have them, where the configuration asks for it */
	ACCEPTANCE_ROUTE,      /* a dry run: waits for where its orders would go */
	ACCEPTANCE_STORE,      /* waits for the group commit */
	ACCEPTANCE_REPLAY      /* stored before: waits for what is stored */
};

/* One request on its way from arrival to answer. */
struct acceptance {
	enum acceptance_state state;
	struct app *app;
	struct http_request *http;
	struct order_request request;
	struct idempotency idempotency;
	struct problems problems; /* of sizing */
	int64_t investment_nano;
	struct sized_order *orders;
	struct routes routes;
	struct commit_request commit;
};

/* The one end of every acceptance; its request has been answered. */
static void acceptance_free(struct acceptance *acceptance)
{
	order_request_free(&acceptance->request);
	problems_free(&acceptance->problems);
	routes_free(&acceptance->routes);
	free(acceptance->orders);
	free(acceptance);
}

/* Ends it with an error. */
static void acceptance_fail(struct acceptance *acceptance, const struct err *err)
{
	failure_answer(acceptance->http, err);
	acceptance_free(acceptance);
}

/* Ends it with what is wrong with its orders. */
static void acceptance_refuse(struct acceptance *acceptance)
{
	problems_answer(&acceptance->problems, acceptance->http);
	acceptance_free(acceptance);
}

/* Ends it: the key was used with another body. */
static void acceptance_conflict(struct acceptance *acceptance)
{
	idempotency_refuse(acceptance->http);
	acceptance_free(acceptance);
}

/* Says where the request can be looked at. */
static void set_location(struct acceptance *acceptance)
{
	char location[sizeof LOCATION + QUEUE_ID_LENGTH] = LOCATION;
	memcpy(location + sizeof LOCATION - 1, acceptance->idempotency.queue_id, QUEUE_ID_LENGTH + 1);
	http_set_header(acceptance->http, "Location", location);
}

/* Ends it with 202. */
static void acceptance_answer(struct acceptance *acceptance)
{
	FAULT_POINT(ACCEPTED, NULL);
	request_log_stored(acceptance->http, &acceptance->routes);
	set_location(acceptance);
	http_answer_buffer(acceptance->http, 202, "application/json",
			   accepted_answer(&acceptance->commit, &acceptance->request));
	FAULT_POINT(ANSWERED, NULL);
	acceptance_free(acceptance);
}

/* Ends it with the first answer again. */
static void acceptance_answer_again(struct acceptance *acceptance, const struct request_view *view)
{
	struct request_view first = *view;
	json_t *order, *json;
	size_t i;
	first.all_final = false;
	json_array_foreach (first.orders, i, order)
		order_view_as_first_answered(order);
	json = request_view_answer(&first);
	json_object_set_new(json, "replayed", json_true());
	set_location(acceptance);
	http_answer_json(acceptance->http, 202, json);
	acceptance_free(acceptance);
}

static void on_view(const struct request_view *view, const struct err *err, void *arg);

/* Loads what was stored before. */
static void acceptance_replay(struct acceptance *acceptance)
{
	acceptance->state = ACCEPTANCE_REPLAY;
	request_log_queue_id(acceptance->http, acceptance->idempotency.queue_id);
	request_view_load(acceptance->app, acceptance->idempotency.queue_id, on_view, acceptance);
}

/* Replicas have it, or not. */
static void on_replicas(const redisReply *reply, const struct err *err, void *arg)
{
	(void)reply;
	if (err)
		acceptance_fail(arg, err);
	else
		acceptance_replay(arg);
}

/* What is stored under the queue_id has come, whole or its head only. */
static void on_view(const struct request_view *view, const struct err *err, void *arg)
{
	struct acceptance *acceptance = arg;
	struct err gone;
	if (err) {
		acceptance_fail(acceptance, err);
	} else if (acceptance->state == ACCEPTANCE_KNOWN && view->kind == REQUEST_NOT_FOUND) {
		acceptance_refuse(acceptance);
	} else if (acceptance->state == ACCEPTANCE_KNOWN && strcmp(view->digest, acceptance->idempotency.digest) != 0) {
		acceptance_conflict(acceptance);
	} else if (acceptance->state == ACCEPTANCE_KNOWN && redis_link_needs_wait(acceptance->app->write)) {
		acceptance->state = ACCEPTANCE_REPLICAS;
		redis_link_wait_all(acceptance->app->write, on_replicas, acceptance);
	} else if (acceptance->state == ACCEPTANCE_KNOWN) {
		acceptance_replay(acceptance);
	} else if (view->kind == REQUEST_NOT_FOUND) {
		/* It expired between two calls. */
		err_set(&gone, ERR_REDIS_UNAVAILABLE, "the first request with this key is just being forgotten");
		acceptance_fail(acceptance, &gone);
	} else {
		acceptance_answer_again(acceptance, view);
	}
}

/* The group commit knows what became of it. */
static void on_commit(struct commit_request *commit, const struct err *err)
{
	struct acceptance *acceptance = commit->arg;
	struct place place = whole_body;
	if (err) {
		acceptance_fail(acceptance, err);
		return;
	}
	switch (commit->outcome.result) {
	case COMMIT_QUEUED:
		acceptance_answer(acceptance);
		break;
	case COMMIT_REPLAYED:
		acceptance_replay(acceptance);
		break;
	case COMMIT_CONFLICT:
		acceptance_conflict(acceptance);
		break;
	case COMMIT_OVER_CAP:
		place.suggestion = commit->outcome.order;
		problems_add(&acceptance->problems, place, ERR_OVER_CAP, "%s", commit->outcome.why);
		acceptance_refuse(acceptance);
		break;
	case COMMIT_BAD_WINDOW:
		place.field = "execution_window";
		problems_add(&acceptance->problems, place, ERR_BAD_WINDOW, "%s", commit->outcome.refusal.why_not);
		acceptance_refuse(acceptance);
		break;
	}
}

/* Hands the orders to the group commit. */
static void acceptance_store(struct acceptance *acceptance)
{
	struct err err;
	acceptance->state = ACCEPTANCE_STORE;
	request_log_queue_id(acceptance->http, acceptance->idempotency.queue_id);
	acceptance->commit = (struct commit_request){
	    .queue_id = acceptance->idempotency.queue_id,
	    .user_id = acceptance->request.user_id,
	    .smallcase_id = acceptance->request.smallcase_id,
	    .digest = acceptance->idempotency.digest,
	    .routes = &acceptance->routes,
	    .orders = acceptance->orders,
	    .order_count = acceptance->request.count,
	    .fn = on_commit,
	    .arg = acceptance,
	};
	if (!commit_put(acceptance->app->commit, &acceptance->commit, &err))
		acceptance_fail(acceptance, &err);
}

/* Sizes all orders, and collects the reasons of those that cannot be. */
static void orders_size(struct acceptance *acceptance)
{
	struct err err;
	struct place place = whole_body;
	const struct order_request *request = &acceptance->request;
	acceptance->orders = malloc(request->count * sizeof *acceptance->orders);
	if (!acceptance->orders)
		abort();
	for (size_t i = 0; i < request->count; i++) {
		const struct sizing_facts facts = {
		    .config = acceptance->app->config,
		    .stock = stock_table_find(acceptance->app->stocks, request->suggestions[i].symbol),
		    .investment_nano = acceptance->investment_nano,
		    .now_ms = redis_time_now_ms(acceptance->app->time),
		};
		if (sizing_compute(&request->suggestions[i], &facts, &acceptance->orders[i], &err))
			continue;
		place.suggestion = (long)i;
		place.field = sizing_field(&request->suggestions[i], err.code);
		problems_add_err(&acceptance->problems, place, &err);
	}
}

/* A dry run knows where its orders would go, or why one cannot go anywhere. */
static void on_routed(const struct err *err, void *arg)
{
	struct acceptance *acceptance = arg;
	const struct routes *routes = &acceptance->routes;
	struct place place = whole_body;
	if (err) {
		acceptance_fail(acceptance, err);
		return;
	}
	place.field = "execution_window";
	for (size_t i = 0; i < routes->count; i++)
		if (*routes->list[i].place.why_not)
			problems_add(&acceptance->problems, place, ERR_BAD_WINDOW, "%s", routes->list[i].place.why_not);
	if (acceptance->problems.count) {
		acceptance_refuse(acceptance);
		return;
	}
	http_answer_json(acceptance->http, 200, route_answer(routes, &acceptance->request, acceptance->orders));
	acceptance_free(acceptance);
}

/* Finds out where each order wants to go. */
static void acceptance_route(struct acceptance *acceptance)
{
	const struct route_facts facts = {
	    .config = acceptance->app->config,
	    .calendars = program_calendars(acceptance->app->program),
	    .stocks = acceptance->app->stocks,
	    .request = &acceptance->request,
	    .orders = acceptance->orders,
	};
	routes_choose(&facts, &acceptance->routes);
	if (acceptance->request.is_dry_run) {
		acceptance->state = ACCEPTANCE_ROUTE;
		route_ask(acceptance->app, &acceptance->routes, on_routed, acceptance);
	} else {
		acceptance_store(acceptance);
	}
}

/* All that sizing needs is there: goes on to the store, or out. */
static void acceptance_size(struct acceptance *acceptance)
{
	orders_size(acceptance);
	if (!acceptance->problems.count) {
		acceptance_route(acceptance);
	} else if (acceptance->idempotency.has_key && !acceptance->request.is_dry_run) {
		acceptance->state = ACCEPTANCE_KNOWN;
		request_view_load_head(acceptance->app, acceptance->idempotency.queue_id, on_view, acceptance);
	} else {
		acceptance_refuse(acceptance);
	}
}

/* The investment's value has come. */
static void on_investment(const redisReply *reply, const struct err *err, void *arg)
{
	struct acceptance *acceptance = arg;
	if (err) {
		acceptance_fail(acceptance, err);
		return;
	}
	acceptance->investment_nano = investment_value_of(reply);
	acceptance_size(acceptance);
}

/* Reads the body (NULL: `why` it cannot be read); false once the request has been refused. */
static bool acceptance_read(struct acceptance *acceptance, json_t *take_body, const struct err *why)
{
	struct err err;
	struct order_request_source source = {
	    .kind = ORDER_REQUEST_QUEUE,
	    .default_user = access_default_user(acceptance->http),
	    .only_user = access_user(acceptance->http),
	    .place = whole_body,
	};
	if (!take_body) {
		acceptance_fail(acceptance, why);
		return false;
	}
	source.json = take_body;
	bool good = order_request_parse(&source, &acceptance->request, &acceptance->problems);
	json_decref(take_body);
	request_log_user(acceptance->http, acceptance->request.user_id);
	if (!good)
		acceptance_refuse(acceptance);
	else if (!idempotency_read(acceptance->http, "queue", acceptance->request.user_id, &acceptance->idempotency,
				   &err))
		acceptance_fail(acceptance, &err);
	else if (!readiness_takes_orders(acceptance->app, &err))
		acceptance_fail(acceptance, &err);
	else
		return true;
	return false;
}

/* Begins with a body, or why there is none. */
static void acceptance_begin(struct http_request *http, struct app *app, json_t *take_body, const struct err *why)
{
	struct acceptance *acceptance = calloc(1, sizeof *acceptance);
	if (!acceptance)
		abort();
	acceptance->app = app;
	acceptance->http = http;
	acceptance->investment_nano = INVESTMENT_UNKNOWN;
	if (!acceptance_read(acceptance, take_body, why))
		return;
	FAULT_POINT(REQUEST_READ, NULL);
	if (order_request_needs_investment(&acceptance->request)) {
		acceptance->state = ACCEPTANCE_INVESTMENT;
		investment_value_ask(acceptance->app, &acceptance->request, on_investment, acceptance);
	} else {
		acceptance_size(acceptance);
	}
}

void trade_queue_accept_body(struct http_request *request, struct app *app, json_t *take_body)
{
	acceptance_begin(request, app, take_body, NULL);
}

void trade_queue_accept(struct http_request *http, void *arg)
{
	struct err err;
	json_t *body = http_body_json(http, &err);
	acceptance_begin(http, arg, body, &err);
}
