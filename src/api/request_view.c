/* First what the queue_id names, then the orders, then (of a bulk call) the blocks that they are in. */
#include "api/request_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/app.h"
#include "api/block_view.h"
#include "api/order_view.h"
#include "api/view_json.h"
#include "shared/redis_link.h"
#include "shared/status.h"

enum request_load_state {
	REQUEST_LOAD_HEAD,   /* waits for request.lua */
	REQUEST_LOAD_ORDERS, /* waits for the orders */
	REQUEST_LOAD_BLOCKS, /* waits for the blocks, of a bulk call */
};

struct request_load {
	struct app *app;
	enum request_load_state state;
	bool head_only;
	struct request_view view;
	request_view_fn *fn;
	void *arg;
};

/* Answers and frees; `err` is NULL where all went well. */
static void load_end(struct request_load *load, const struct err *err)
{
	load->fn(err ? NULL : &load->view, err, load->arg);
	json_decref(load->view.orders);
	json_decref(load->view.blocks);
	free(load);
}

/* Copies the text of one element of the head. */
static void take_text(char *text, size_t size, const redisReply *reply, size_t i)
{
	(void)snprintf(text, size, "%s", reply_text(reply_at(reply, i)));
}

/* Takes what request.lua says. */
static void take_head(struct request_view *view, const redisReply *reply)
{
	const char *kind = reply_text(reply_at(reply, 0));

	if (strcmp(kind, "bulk") != 0 && strcmp(kind, "queue") != 0)
		return;
	view->kind = REQUEST_QUEUE;
	view->total = view->received = reply_int(reply_at(reply, 1), 0);
	take_text(view->digest, sizeof view->digest, reply, 2);
	take_text(view->user_id, sizeof view->user_id, reply, strcmp(kind, "bulk") == 0 ? 7 : 3);
	if (strcmp(kind, "bulk") != 0)
		return;
	view->kind = REQUEST_BULK;
	take_text(view->window_id, sizeof view->window_id, reply, 3);
	take_text(view->window_status, sizeof view->window_status, reply, 4);
	view->received = reply_int(reply_at(reply, 5), 0);
	view->requests = reply_int(reply_at(reply, 6), 0);
	view->all_final = strcmp(view->window_status, "done") == 0;
}

/* The ids of the orders that are stored. */
static json_t *order_ids(const struct request_view *view)
{
	json_t *ids = json_array();
	char id[REQUEST_TEXT_SIZE + 24];

	for (int64_t i = 0; i < view->received; i++) {
		(void)snprintf(id, sizeof id, "%s-%lld", view->queue_id, (long long)i);
		json_array_append_new(ids, json_string(id));
	}
	return ids;
}

/* The blocks that the orders are in, each once, in the order of the orders. */
static json_t *block_ids(const json_t *orders)
{
	json_t *seen = json_object(), *ids = json_array();

	for (size_t i = 0; i < json_array_size(orders); i++) {
		const char *id = view_get_text(json_array_get(orders, i), "block_id");

		if (*id && !json_object_get(seen, id)) {
			view_set(seen, id, json_true());
			json_array_append_new(ids, json_string(id));
		}
	}
	json_decref(seen);
	return ids;
}

/* Whether every order is final. One whose parts have expired has ended too. */
static bool orders_are_final(const json_t *orders)
{
	for (size_t i = 0; i < json_array_size(orders); i++) {
		if (!order_view_is_final(json_array_get(orders, i)))
			return false;
	}
	return true;
}

static void request_load_step(struct request_load *load);

/* Orders or blocks have come. */
static void on_views(json_t *views, const struct err *err, void *arg)
{
	struct request_load *load = arg;

	if (err) {
		load_end(load, err);
		return;
	}
	if (load->state == REQUEST_LOAD_ORDERS)
		load->view.orders = json_incref(views);
	else
		load->view.blocks = json_incref(views);
	request_load_step(load);
}

/* The head has come. */
static void on_head(const redisReply *reply, const struct err *err, void *arg)
{
	struct request_load *load = arg;

	if (err) {
		load_end(load, err);
		return;
	}
	take_head(&load->view, reply);
	request_load_step(load);
}

/* What the state waited for is there: goes on. */
static void request_load_step(struct request_load *load)
{
	switch (load->state) {
	case REQUEST_LOAD_HEAD:
		if (load->view.kind == REQUEST_NOT_FOUND || load->head_only)
			break;
		load->state = REQUEST_LOAD_ORDERS;
		order_views_load(load->app, order_ids(&load->view), on_views, load);
		return;
	case REQUEST_LOAD_ORDERS:
		if (load->view.kind != REQUEST_BULK) {
			load->view.all_final = orders_are_final(load->view.orders);
			break;
		}
		load->state = REQUEST_LOAD_BLOCKS;
		block_views_load(load->app, block_ids(load->view.orders), on_views, load);
		return;
	case REQUEST_LOAD_BLOCKS:
		break;
	}
	load_end(load, NULL);
}

/* Begins with the head. */
static void load_start(struct app *app, const char *queue_id, bool head_only, struct request_load *load)
{
	struct script_args *args = script_args_new();

	load->app = app;
	load->head_only = head_only;
	(void)snprintf(load->view.queue_id, sizeof load->view.queue_id, "%s", queue_id);
	script_args_add(args, queue_id);
	redis_link_script(app->read, SCRIPT_REQUEST, args, on_head, load);
	script_args_free(args);
}

/* A load with nothing in it. */
static struct request_load *load_new(request_view_fn *fn, void *arg)
{
	struct request_load *load = calloc(1, sizeof *load);

	if (!load)
		abort();
	load->fn = fn;
	load->arg = arg;
	return load;
}

void request_view_load(struct app *app, const char *queue_id, request_view_fn *fn, void *arg)
{
	load_start(app, queue_id, false, load_new(fn, arg));
}

void request_view_load_head(struct app *app, const char *queue_id, request_view_fn *fn, void *arg)
{
	load_start(app, queue_id, true, load_new(fn, arg));
}

/* How many orders have this status. */
static size_t count_orders(const struct request_view *view, enum order_status status)
{
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(view->orders); i++)
		count += order_status_of(view_get_text(json_array_get(view->orders, i), "status")) == status;
	return count;
}

/* The one word for all orders. */
static const char *request_status(const struct request_view *view)
{
	size_t count = json_array_size(view->orders);
	size_t ended = count_orders(view, ORDER_REJECTED);

	if (count > 0 && count_orders(view, ORDER_CANCELED) == count)
		return "canceled";
	if (view->all_final)
		return "completed";
	return count_orders(view, ORDER_QUEUED) + ended == count ? "queued" : "working";
}

/* {requests, orders, blocks, rejected} of a bulk call. */
static json_t *request_summary(const struct request_view *view)
{
	json_t *summary = json_object();

	view_set(summary, "requests", json_integer(view->requests));
	view_set(summary, "orders", json_integer(view->total));
	view_set(summary, "blocks", json_integer((json_int_t)json_array_size(view->blocks)));
	view_set(summary, "rejected", json_integer((json_int_t)count_orders(view, ORDER_REJECTED)));
	return summary;
}

/* The order that is due first. RFC 3339 in UTC sorts as text up to the seconds, and that is all windows differ in; NULL
 * where there is none. */
static const json_t *first_order(const json_t *orders)
{
	const json_t *first = json_array_get(orders, 0), *order;
	size_t i;

	json_array_foreach (orders, i, order) {
		const char *due = view_get_text(order, "execution_window");

		if (*due && strcmp(due, view_get_text(first, "execution_window")) < 0)
			first = order;
	}
	return first;
}

json_t *request_view_answer(const struct request_view *view)
{
	const json_t *first = first_order(view->orders);
	json_t *answer = json_object();

	view_set(answer, "queue_id", json_string(view->queue_id));
	view_set(answer, "status", json_string(request_status(view)));
	view_set(answer, "execution_window",
		 first ? json_incref(json_object_get(first, "execution_window")) : json_null());
	view_set(answer, "lane", first ? json_incref(json_object_get(first, "lane")) : json_null());
	view_set(answer, "why",
		 first && json_object_get(first, "why") ? json_incref(json_object_get(first, "why")) : json_null());
	view_set(answer, "orders", json_incref(view->orders));
	if (view->kind == REQUEST_BULK) {
		view_set(answer, "blocks", json_incref(view->blocks));
		view_set(answer, "summary", request_summary(view));
	}
	return answer;
}
