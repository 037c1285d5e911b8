/* Totals are kept as orders arrive, so a preview reads groups and never walks orders. */
#include "api/trade_queue_preview.h"

#include <stdlib.h>
#include <string.h>

#include "api/app.h"
#include "api/read_answer.h"
#include "api/stock_table.h"
#include "api/view_json.h"
#include "api/window_choice.h"
#include "shared/decimal.h"

#define GROUPS_A_CALL 250

/* Where the fields of one window, and of one of its groups, stand in the reply of preview.lua. */
enum { WINDOW_ID, WINDOW_LANE, WINDOW_DUE_AT, WINDOW_STATUS, WINDOW_ORDERS, WINDOW_GROUPS, WINDOW_FIRST_GROUP };
enum { GROUP_SYMBOL, GROUP_SIDE, GROUP_BROKER, GROUP_TYPE, GROUP_LIMIT, GROUP_ORDERS, GROUP_QUANTITY };

/* What a window or all of them come to. */
struct totals {
	int64_t orders;
	int64_t broker_calls;
};

struct preview_flow {
	struct app *app;
	struct http_request *request; /* NULL: for preview_load */
	size_t groups_most;	      /* of a window that are shown; its totals are of all */
	preview_fn *fn;
	void *arg;
	int64_t now_ms;
	json_t *ids;	/* of the windows to show */
	size_t window;	/* index of the one that is being read */
	int64_t from;	/* its first group of the next call */
	json_t *groups; /* of it, so far */
	struct totals in_window, in_all;
	json_t *windows; /* that are complete */
};

/* Answers and frees. */
static void preview_end(struct preview_flow *flow, json_t *take_answer, const struct err *err);

/* Ends the flow, which has answered. */
static void preview_free(struct preview_flow *flow)
{
	json_decref(flow->ids);
	json_decref(flow->groups);
	json_decref(flow->windows);
	free(flow);
}

/* Adds "broker_calls" and "broker_calls_saved" to an object. */
static void add_calls(json_t *object, const struct totals *totals)
{
	view_set(object, "broker_calls", json_integer(totals->broker_calls));
	view_set(object, "broker_calls_saved", json_integer(totals->orders - totals->broker_calls));
}

/* Slices that a block of this quantity takes at its broker. */
static int64_t calls_of(const struct config *config, const char *broker_type, int128 quantity_nano)
{
	const struct config_broker *broker = config_broker(config, broker_type);
	int64_t most = broker ? broker->max_slice_quantity_nano : 0;

	return most > 0 ? (int64_t)((quantity_nano + most - 1) / most) : 1;
}

/* What one unit will cost about: the limit, or what the stock stands at; 0 where neither is known. */
static int64_t price_of(const struct preview_flow *flow, const redisReply *group)
{
	const struct stock *stock = stock_table_find(flow->app->stocks, reply_text(reply_at(group, GROUP_SYMBOL)));
	const char *limit = reply_text(reply_at(group, GROUP_LIMIT));
	int64_t price_nano = stock ? stock->price_nano : 0;
	struct err err;

	if (*limit && !decimal_parse(limit, &price_nano, &err))
		price_nano = 0;
	return price_nano;
}

/* Price x quantity, exact but for what is below a nano. Neither is negative. */
static int128 notional_of(int64_t price_nano, int128 quantity_nano)
{
	return decimal_mul_div(quantity_nano, price_nano, NANO);
}

/* Adds the estimates to a group. */
static void add_estimates(json_t *view, int64_t price_nano, int128 quantity_nano)
{
	char text[DECIMAL_TEXT];

	view_set(view, "estimated_price", price_nano ? json_string(decimal_format(price_nano, text)) : json_null());
	view_set(view, "estimated_notional",
		 price_nano ? json_string(decimal_format_wide(notional_of(price_nano, quantity_nano), text))
			    : json_null());
}

/* Takes one group; one whose orders were all canceled sends nothing and is left out. */
static void preview_take_group(struct preview_flow *flow, const redisReply *window, const redisReply *group)
{
	static const struct {
		const char *name;
		size_t at;
	} texts[] = {{"order_type", GROUP_TYPE}, {"limit_price", GROUP_LIMIT}};
	const char *broker = reply_text(reply_at(group, GROUP_BROKER));
	const char *quantity = reply_text(reply_at(group, GROUP_QUANTITY));
	int64_t orders = reply_int(reply_at(group, GROUP_ORDERS), 0);
	int128 quantity_nano = 0;
	json_t *view;
	struct err err;

	if (orders <= 0 || !decimal_parse_wide(quantity, &quantity_nano, &err))
		return;
	view = json_object();
	view_set(view, "symbol", view_value(VIEW_TEXT, reply_text(reply_at(group, GROUP_SYMBOL))));
	view_set(view, "side", view_value(VIEW_TEXT, reply_text(reply_at(group, GROUP_SIDE))));
	view_set(view, "broker_type", view_value(VIEW_TEXT, broker));
	view_set(view, "lane", view_value(VIEW_TEXT, reply_text(reply_at(window, WINDOW_LANE))));
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		view_set(view, texts[i].name, view_value(VIEW_TEXT, reply_text(reply_at(group, texts[i].at))));
	view_set(view, "orders", json_integer(orders));
	view_set(view, "quantity", json_string(quantity));
	add_estimates(view, price_of(flow, group), quantity_nano);
	if (json_array_size(flow->groups) < flow->groups_most)
		json_array_append(flow->groups, view);
	json_decref(view);
	flow->in_window.orders += orders;
	flow->in_window.broker_calls += calls_of(flow->app->config, broker, quantity_nano);
}

/* The window that was being read is complete. Its totals are the sums of what is shown, also where it grew meanwhile.
 */
static void preview_close_window(struct preview_flow *flow, const redisReply *window)
{
	json_t *view = json_object();
	const char *due_at = reply_text(reply_at(window, WINDOW_DUE_AT));

	view_set(view, "window_id", view_value(VIEW_TEXT, reply_text(reply_at(window, WINDOW_ID))));
	view_set(view, "execution_window", view_value(VIEW_TIME, due_at));
	view_set(view, "lane", view_value(VIEW_TEXT, reply_text(reply_at(window, WINDOW_LANE))));
	view_set(view, "orders", json_integer(flow->in_window.orders));
	view_set(view, "groups", json_incref(flow->groups));
	add_calls(view, &flow->in_window);
	json_array_append_new(flow->windows, view);
	flow->in_all.orders += flow->in_window.orders;
	flow->in_all.broker_calls += flow->in_window.broker_calls;
}

/* Goes to the next window. */
static void preview_next_window(struct preview_flow *flow)
{
	flow->window++;
	flow->from = 0;
	flow->in_window = (struct totals){0};
	json_decref(flow->groups);
	flow->groups = json_array();
}

static void preview_step(struct preview_flow *flow);

/* A stretch of a window's groups. A window that was sealed meanwhile is no longer shown. */
static void on_groups(const redisReply *reply, const struct err *err, void *arg)
{
	struct preview_flow *flow = arg;
	const redisReply *window = reply_at(reply, 0);

	if (err) {
		preview_end(flow, NULL, err);
		return;
	}
	if (strcmp(reply_text(reply_at(window, WINDOW_STATUS)), "open") != 0) {
		preview_next_window(flow);
		preview_step(flow);
		return;
	}
	for (size_t i = WINDOW_FIRST_GROUP; i < window->elements; i++)
		preview_take_group(flow, window, window->element[i]);
	flow->from += GROUPS_A_CALL;
	if (flow->from >= reply_int(reply_at(window, WINDOW_GROUPS), 0)) {
		preview_close_window(flow, window);
		preview_next_window(flow);
	}
	preview_step(flow);
}

/* Answers with all windows and frees. */
static void preview_answer(struct preview_flow *flow)
{
	json_t *answer = json_object();

	view_set(answer, "now", view_time(flow->now_ms));
	view_set(answer, "windows", json_incref(flow->windows));
	view_set(answer, "orders", json_integer(flow->in_all.orders));
	add_calls(answer, &flow->in_all);
	preview_end(flow, answer, NULL);
}

/* Asks for what is next, or answers. */
static void preview_step(struct preview_flow *flow)
{
	struct script_args *args;

	if (flow->window >= json_array_size(flow->ids)) {
		preview_answer(flow);
		return;
	}
	args = script_args_new();
	script_args_add(args, json_string_value(json_array_get(flow->ids, flow->window)));
	script_args_add_int(args, flow->from);
	script_args_add_int(args, GROUPS_A_CALL);
	redis_link_script(flow->app->read, SCRIPT_PREVIEW, args, on_groups, flow);
	script_args_free(args);
}

static void preview_end(struct preview_flow *flow, json_t *take_answer, const struct err *err)
{
	if (flow->fn)
		flow->fn(take_answer, err, flow->arg);
	else if (err)
		read_answer_error(flow->request, err);
	else
		http_answer_json(flow->request, 200, json_incref(take_answer));
	json_decref(take_answer);
	preview_free(flow);
}

/* The windows to show. */
static void on_choice(const struct window_choice *choice, const struct err *err, void *arg)
{
	struct preview_flow *flow = arg;

	if (err) {
		preview_end(flow, NULL, err);
		return;
	}
	if (choice->past_id) {
		read_answer_refuse(flow->request, ERR_NOT_FOUND, "window: %s is no longer open", choice->past_id);
		preview_free(flow);
		return;
	}
	flow->now_ms = choice->now_ms;
	flow->ids = json_incref(choice->open_ids);
	preview_step(flow);
}

/* A flow with nothing in it. */
static struct preview_flow *preview_new(struct app *app, size_t groups_most)
{
	struct preview_flow *flow = calloc(1, sizeof *flow);

	if (!flow)
		abort();
	flow->app = app;
	flow->groups_most = groups_most;
	flow->groups = json_array();
	flow->windows = json_array();
	return flow;
}

void trade_queue_preview_get(struct http_request *request, void *arg)
{
	struct preview_flow *flow = preview_new(arg, SIZE_MAX);

	flow->request = request;
	window_choice_load(arg, request, on_choice, flow);
}

void preview_load(struct app *app, size_t groups_most, preview_fn *fn, void *arg)
{
	struct preview_flow *flow = preview_new(app, groups_most);

	flow->fn = fn;
	flow->arg = arg;
	window_choice_load(app, NULL, on_choice, flow);
}
