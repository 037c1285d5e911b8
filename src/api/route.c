/* The table of rules. In the order in which they are looked at: the first that matches decides. */
#include "api/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/decimal.h"

#define MS_A_SECOND 1000
#define PERCENT	    100
#define FAR_MS	    INT64_C(9000000000000000) /* beyond all times, and exact in Lua */

/* One order, as rules look at it. */
struct look {
	const struct config *config;
	const struct order_request *request;
	const struct suggestion *suggestion;
	const struct sized_order *order;
	const struct stock *stock; /* may be NULL */
};

static bool has_time(const struct look *look)
{
	return look->request->execution_window_ms > 0;
}

static bool has_large_quantity(const struct look *look)
{
	return look->order->quantity_nano >= look->config->lanes.large_quantity_nano;
}

/* At its limit, or at the last price. */
static bool has_large_notional(const struct look *look)
{
	int64_t price = look->suggestion->is_limit ? look->suggestion->limit_nano : 0;

	if (look->stock && look->stock->price_nano > price)
		price = look->stock->price_nano;
	return (int128)look->order->quantity_nano * price >= (int128)look->config->lanes.large_notional_nano * NANO;
}

static bool has_large_volume(const struct look *look)
{
	int64_t volume = look->stock ? look->stock->average_daily_volume_nano : 0;

	return volume > 0 && (int128)look->order->quantity_nano * PERCENT * NANO >=
				 (int128)volume * look->config->lanes.large_adv_pct_nano;
}

static bool is_urgent(const struct look *look)
{
	return look->request->is_high;
}

static bool is_any(const struct look *look)
{
	(void)look;
	return true;
}

/* `matches` NULL: it looks at the clock, so lua/lib/slot.lua applies it. What is large is sent in slices also where
 * such a rule decides when: its lane is `large` then. */
static const struct rule {
	const char *rule, *lane;
	bool (*matches)(const struct look *look);
	const char *why;
} rules[] = {
    {"closed", "window", NULL, "The market is closed: it goes to the first window after the next open."},
    {"closing", "window", NULL,
     "The market is about to close, too soon for a new order: it goes to the first window of the next session."},
    {"rush", "rush", NULL, "The market closes soon: until then windows are short."},
    {"large_quantity", "large", has_large_quantity,
     "It has lanes.large_quantity shares or more: it is sent in slices, in a block apart."},
    {"large_notional", "large", has_large_notional,
     "It comes to lanes.large_notional in money or more: it is sent in slices, in a block apart."},
    {"large_volume", "large", has_large_volume,
     "It is lanes.large_adv_pct percent of the stock's average daily volume or more: it is sent in slices, in a block "
     "apart."},
    {"asked", "window", has_time, "It names its time: it goes to the first window at or after it."},
    {"high", "immediate", is_urgent, "It has high priority: it is executed at once."},
    {"next", "window", is_any, "Nothing speaks against the next timed window."},
    {"bulk", "bulk", NULL, "It came with a bulk call, which is executed at once in a window of its own."},
};

#define RULES (sizeof rules / sizeof *rules)

/* The usual rules of lanes that have one; see USUAL_RULE in lua/lib/store_order.lua. */
static const char *usual_rule(const char *lane)
{
	if (strcmp(lane, "window") == 0)
		return "next";
	if (strcmp(lane, "immediate") == 0)
		return "high";
	return strcmp(lane, "large") == 0 ? "large_quantity" : lane;
}

const char *route_why(const char *lane, const char *rule)
{
	const char *sought = *rule ? rule : usual_rule(lane);

	for (size_t i = 0; i < RULES; i++)
		if (strcmp(rules[i].rule, sought) == 0)
			return rules[i].why;
	return "";
}

static struct route_wish wish_choose(const struct route_facts *facts, size_t i)
{
	const struct look look = {
	    .config = facts->config,
	    .request = facts->request,
	    .suggestion = &facts->request->suggestions[i],
	    .order = &facts->orders[i],
	    .stock = stock_table_find(facts->stocks, facts->request->suggestions[i].symbol),
	};
	size_t row = 0;

	while (!rules[row].matches || !rules[row].matches(&look))
		row++;
	return (struct route_wish){
	    .lane = rules[row].lane,
	    .rule = rules[row].rule,
	    .calendar = calendars_of(facts->calendars, facts->config, look.order->broker_type),
	    .asked_ms = facts->request->execution_window_ms,
	};
}

bool route_wish_equal(const struct route_wish *a, const struct route_wish *b)
{
	return a->rule == b->rule && a->calendar == b->calendar && a->asked_ms == b->asked_ms;
}

void routes_choose(const struct route_facts *facts, struct routes *routes)
{
	size_t count = facts->request->count;

	routes->list = calloc(count, sizeof *routes->list);
	routes->of_order = calloc(count, sizeof *routes->of_order);
	routes->count = 0;
	if (!routes->list || !routes->of_order)
		abort();
	for (size_t i = 0; i < count; i++) {
		struct route_wish wish = wish_choose(facts, i);
		size_t at = 0;

		while (at < routes->count && !route_wish_equal(&routes->list[at].wish, &wish))
			at++;
		if (at == routes->count)
			routes->list[routes->count++].wish = wish;
		routes->of_order[i] = at;
	}
}

void routes_free(struct routes *routes)
{
	free(routes->list);
	free(routes->of_order);
	*routes = (struct routes){0};
}

const struct route_place *routes_first(const struct routes *routes)
{
	const struct route_place *first = &routes->list[0].place;

	for (size_t i = 1; i < routes->count; i++)
		if (routes->list[i].place.due_ms < first->due_ms)
			first = &routes->list[i].place;
	return first;
}

void route_write_options(const struct config *config, struct script_args *args)
{
	script_args_add_int(args, config->window.length_s * MS_A_SECOND);
	script_args_add_int(args, config->lanes.coalesce_ms);
	script_args_add_int(args, config->window.max_ahead_s * MS_A_SECOND);
	script_args_add_int(args, config->lanes.open_delay_s * MS_A_SECOND);
	script_args_add_int(args, config->lanes.rush_before_close_s * MS_A_SECOND);
	script_args_add_int(args, config->lanes.rush_length_s * MS_A_SECOND);
	script_args_add_int(args, config->lanes.last_before_close_s * MS_A_SECOND);
}

#define SESSIONS 3 /* the present or next one, and two more: the second may be too short to have windows */

/* The sessions that matter around a time, and for which times they are all that matters: with the one before in front
 * where that is asked for. */
static void write_sessions(const struct calendar *calendar, int64_t at_ms, bool with_before, struct script_args *args)
{
	size_t i = calendar_find(calendar, at_ms), end = i + SESSIONS;
	int64_t from_ms = i > 0 ? calendar->sessions[i - 1].close_ms : 0;

	if (end > calendar->count)
		end = calendar->count;
	script_args_add_int(args, from_ms);
	script_args_add_int(args, end < calendar->count ? calendar->sessions[end - 1].open_ms : FAR_MS);
	if (with_before && i > 0)
		i--;
	script_args_add_int(args, (int64_t)(end - i));
	for (; i < end; i++) {
		script_args_add_int(args, calendar->sessions[i].open_ms);
		script_args_add_int(args, calendar->sessions[i].close_ms);
	}
}

void route_write_wish(const struct route_wish *wish, int64_t now_ms, struct script_args *args)
{
	bool has_asked = wish->asked_ms > 0;

	script_args_add(args, wish->lane);
	script_args_add(args, wish->rule);
	if (has_asked)
		script_args_add_int(args, wish->asked_ms);
	else
		script_args_add(args, "");
	script_args_add(args, wish->calendar ? wish->calendar->name : "");
	if (wish->calendar) {
		write_sessions(wish->calendar, has_asked ? wish->asked_ms : now_ms, has_asked, args);
		return;
	}
	for (int i = 0; i < 3; i++)
		script_args_add_int(args, 0);
}

void route_read_refusal(const redisReply *reply, struct route_place *place)
{
	int64_t before_ms = reply_int(reply_at(reply, 2), 0), after_ms = reply_int(reply_at(reply, 3), 0);
	char before[CLOCK_TEXT] = "", after[CLOCK_TEXT] = "";
	const char *nearest = before_ms && after_ms   ? "; the nearest windows are at "
			      : before_ms || after_ms ? "; the nearest window is at "
						      : "";

	if (before_ms)
		(void)clock_format(before_ms, before);
	if (after_ms)
		(void)clock_format(after_ms, after);
	(void)snprintf(place->why_not, sizeof place->why_not, "%.96s%s%s%s%s", reply_text(reply_at(reply, 1)), nearest,
		       before, before_ms && after_ms ? " and " : "", after);
}
