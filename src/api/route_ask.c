#include "api/route_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/app.h"
#include "api/redis_time.h"
#include "api/view_json.h"
#include "shared/decimal.h"

#define REPEATS_MAX 3

struct asking {
	struct app *app;
	struct routes *routes;
	int64_t now_ms; /* Redis's clock as last told: the sessions around it go with the call */
	int repeats;
	route_ask_fn *fn;
	void *arg;
};

static void asking_end(struct asking *asking, const struct err *err)
{
	asking->fn(err, asking->arg);
	free(asking);
}

/* Takes what lua/route.lua says of each. */
static void take_places(struct routes *routes, const redisReply *reply)
{
	for (size_t i = 0; i < routes->count; i++) {
		struct route_place *place = &routes->list[i].place;
		const redisReply *slot = reply_at(reply, i + 1);

		if (strcmp(reply_text(reply_at(slot, 0)), "bad_window") == 0) {
			route_read_refusal(slot, place);
			continue;
		}
		place->due_ms = reply_int(reply_at(slot, 0), 0);
		(void)snprintf(place->lane, sizeof place->lane, "%s", reply_text(reply_at(slot, 1)));
		(void)snprintf(place->rule, sizeof place->rule, "%s", reply_text(reply_at(slot, 2)));
	}
}

static void asking_send(struct asking *asking);

static void on_routed(const redisReply *reply, const struct err *err, void *arg)
{
	struct asking *asking = arg;
	struct err late;

	if (err) {
		asking_end(asking, err);
	} else if (strcmp(reply_text(reply_at(reply, 0)), "routed") == 0) {
		take_places(asking->routes, reply);
		asking_end(asking, NULL);
	} else if (asking->repeats++ < REPEATS_MAX) {
		asking->now_ms = reply_int(reply_at(reply, 1), 0);
		asking_send(asking);
	} else {
		(void)err_set(&late, ERR_REDIS_UNAVAILABLE, "Redis's clock does not stand still");
		asking_end(asking, &late);
	}
}

static void asking_send(struct asking *asking)
{
	struct script_args *args = script_args_new();

	route_write_options(asking->app->config, args);
	script_args_add_int(args, (int64_t)asking->routes->count);
	for (size_t i = 0; i < asking->routes->count; i++)
		route_write_wish(&asking->routes->list[i].wish, asking->now_ms, args);
	redis_link_script(asking->app->read, SCRIPT_ROUTE, args, on_routed, asking);
	script_args_free(args);
}

void route_ask(struct app *app, struct routes *routes, route_ask_fn *fn, void *arg)
{
	struct asking *asking = calloc(1, sizeof *asking);

	if (!asking)
		abort();
	*asking =
	    (struct asking){.app = app, .routes = routes, .now_ms = redis_time_now_ms(app->time), .fn = fn, .arg = arg};
	asking_send(asking);
}

/* Where an order would go, into its view. */
static void add_place(json_t *view, const struct route_place *place)
{
	view_set(view, "lane", json_string(place->lane));
	view_set(view, "execution_window", view_time(place->due_ms));
	view_set(view, "rule", json_string(place->rule));
	view_set(view, "why", json_string(route_why(place->lane, place->rule)));
}

static json_t *order_answer(const struct route *route, const struct suggestion *suggestion,
			    const struct sized_order *order)
{
	json_t *view = json_object();
	char limit[DECIMAL_TEXT];

	view_set(view, "symbol", json_string(suggestion->symbol));
	view_set(view, "side", json_string(suggestion->is_sell ? "sell" : "buy"));
	view_set(view, "broker_type", json_string(order->broker_type));
	view_set(view, "order_type", json_string(suggestion->is_limit ? "limit" : "market"));
	view_set(view, "limit_price",
		 suggestion->is_limit ? json_string(decimal_format(suggestion->limit_nano, limit)) : json_null());
	view_set(view, "quantity", json_string(order->quantity));
	add_place(view, &route->place);
	view_set(view, "calendar", route->wish.calendar ? json_string(route->wish.calendar->name) : json_null());
	return view;
}

json_t *route_answer(const struct routes *routes, const struct order_request *request, const struct sized_order *orders)
{
	json_t *answer = json_object(), *list = json_array();

	view_set(answer, "dry_run", json_true());
	add_place(answer, routes_first(routes));
	for (size_t i = 0; i < request->count; i++)
		json_array_append_new(
		    list, order_answer(&routes->list[routes->of_order[i]], &request->suggestions[i], &orders[i]));
	view_set(answer, "orders", list);
	return answer;
}
