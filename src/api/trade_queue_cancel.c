/* Cancels what is still queued. Orders whose window is sealed are executed: a request can be canceled in part, and its
 * answer shows each order as it is. */
#include "api/trade_queue_cancel.h"

#include <stdlib.h>
#include <string.h>

#include "api/access.h"
#include "api/app.h"
#include "api/order_view.h"
#include "api/request_view.h"
#include "shared/fault.h"
#include "shared/ids.h"
#include "shared/metrics.h"
#include "shared/status.h"

enum cancellation_state {
	CANCELLATION_SCRIPT,   /* waits for lua/cancel.lua */
	CANCELLATION_REPLICAS, /* waits until replicas have it, where the configuration asks for it */
	CANCELLATION_VIEW      /* waits for the orders as they are now */
};

struct cancellation {
	enum cancellation_state state;
	struct app *app;
	struct http_request *http;
	char queue_id[QUEUE_ID_LENGTH + 1];
};

/* The words of lua/cancel.lua that refuse. */
static const struct {
	const char *word;
	enum err_code code;
	const char *message;
} refusals[] = {
    {"already_sealed", ERR_ALREADY_SEALED, "its orders are being executed, or have been"},
    {"not_found", ERR_NOT_FOUND, "there is no request of this queue_id"},
};

/* Ends it with an error. */
static void cancellation_fail(struct cancellation *cancellation, const struct err *err)
{
	failure_answer(cancellation->http, err);
	free(cancellation);
}

/* Ends it with the orders. */
static void on_view(const struct request_view *view, const struct err *err, void *arg)
{
	struct cancellation *cancellation = arg;
	struct err gone;
	if (err) {
		cancellation_fail(cancellation, err);
		return;
	}
	if (view->kind == REQUEST_NOT_FOUND) {
		err_set(&gone, ERR_NOT_FOUND, "there is no request of this queue_id");
		cancellation_fail(cancellation, &gone);
		return;
	}
	order_views_for(view->orders, access_user(cancellation->http));
	json_t *json =
	    json_pack("{s:s, s:s, s:O}", "queue_id", view->queue_id, "status", "canceled", "orders", view->orders);
	if (!json)
		abort();
	http_answer_json(cancellation->http, 200, json);
	free(cancellation);
}

/* The cancellation is safe: loads what to answer. */
static void cancellation_show(struct cancellation *cancellation)
{
	cancellation->state = CANCELLATION_VIEW;
	request_view_load(cancellation->app, cancellation->queue_id, on_view, cancellation);
}

/* Replicas have it. */
static void on_replicas(const redisReply *reply, const struct err *err, void *arg)
{
	(void)reply;
	if (err)
		cancellation_fail(arg, err);
	else
		cancellation_show(arg);
}

/* Counts what is canceled now, each order under its lane: they follow as `LANE HOW_MANY`. */
static void count_canceled(struct metrics *metrics, const redisReply *reply)
{
	for (size_t i = 3; i + 1 < reply->elements; i += 2)
		metrics_add(metrics,
			    (struct metric_at){METRIC_ORDERS,
					       {metrics_lane_index(reply_text(reply_at(reply, i))), ORDER_CANCELED}},
			    (double)reply_int(reply_at(reply, i + 1), 0));
}

/* The script has decided. */
static void on_script(const redisReply *reply, const struct err *err, void *arg)
{
	struct cancellation *cancellation = arg;
	struct err refusal;
	FAULT_POINT_OR(CANCEL_STORED, NULL, err = fault_error());
	if (err) {
		cancellation_fail(cancellation, err);
		return;
	}
	const char *word = reply_text(reply_at(reply, 0));
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		if (strcmp(word, refusals[i].word) == 0) {
			err_set(&refusal, refusals[i].code, "%s", refusals[i].message);
			cancellation_fail(cancellation, &refusal);
			return;
		}
	}
	count_canceled(cancellation->app->metrics, reply);
	if (redis_link_needs_wait(cancellation->app->write)) {
		cancellation->state = CANCELLATION_REPLICAS;
		redis_link_wait_replicas(cancellation->app->write, on_replicas, cancellation);
	} else {
		cancellation_show(cancellation);
	}
}

void trade_queue_cancel(struct http_request *http, void *arg)
{
	struct err err;
	struct app *app = arg;
	const char *queue_id = http_param(http, "queue_id");
	if (!ids_is_queue_id(queue_id)) {
		err_set(&err, ERR_NOT_FOUND, "there is no request of this queue_id");
		failure_answer(http, &err);
		return;
	}
	struct cancellation *cancellation = calloc(1, sizeof *cancellation);
	struct script_args *args = script_args_new();
	if (!cancellation)
		abort();
	cancellation->app = app;
	cancellation->http = http;
	memcpy(cancellation->queue_id, queue_id, sizeof cancellation->queue_id);
	script_args_add(args, queue_id);
	script_args_add_int(args, app->config->orders.retention_s * 1000);
	script_args_add(args, access_user(http) ? access_user(http) : "");
	FAULT_POINT(CANCEL_READY, NULL);
	redis_link_script(app->write, SCRIPT_CANCEL, args, on_script, cancellation);
	script_args_free(args);
}
