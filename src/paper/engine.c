/* See engine.h. An order is either due at some time or rests; a step looks at what holds now (settings, price) and
 * makes the next fill, ends the order, or lets it rest. */
#include "paper/engine.h"

#include <stdlib.h>

#include "paper/due.h"
#include "shared/clock.h"

#define STEPS_MAX 500 /* in one turn of the loop, so that requests are still served */

struct paper_engine {
	struct paper_engine_parts parts;
	struct paper_due due;
	struct event *timer;
	int64_t armed_ms; /* what the timer is set to; 0: it is not */
	bool has_failed;
};

/* The clock of due times: it never jumps. */
static int64_t now_ms(void)
{
	return clock_monotonic_us() / 1000;
}

/* What the settings say about an order now. */
static const struct paper_rule *rule_of(const struct paper_engine *engine, const struct paper_order *order)
{
	return paper_settings_rule(engine->parts.settings, order->stock->symbol);
}

/* Sets the timer to the soonest order. */
static void timer_arm(struct paper_engine *engine)
{
	const struct paper_order *first = paper_due_first(&engine->due);
	if (!first || engine->has_failed || first->due_ms == engine->armed_ms)
		return;
	int64_t wait_ms = first->due_ms - now_ms();
	if (wait_ms < 0)
		wait_ms = 0;
	const struct timeval wait = {wait_ms / 1000, wait_ms % 1000 * 1000};
	engine->armed_ms = first->due_ms;
	evtimer_add(engine->timer, &wait);
}

/* The first look at an order, or the next one after a change: sooner than it was, but never later. */
static void schedule(struct paper_engine *engine, struct paper_order *order)
{
	const struct paper_rule *rule = rule_of(engine, order);
	bool at_once = rule->value[PAPER_RULE_FILL] == PAPER_FILL_AT_ONCE;
	int64_t due_ms = now_ms() + (at_once ? 0 : rule->value[PAPER_RULE_DELAY_MS]);
	if (order->due_place == PAPER_NOT_DUE || due_ms < order->due_ms)
		paper_due_put(&engine->due, order, due_ms);
}

/* How much of the order may ever be filled. */
static int64_t most_to_fill(const struct paper_order *order, const struct paper_rule *rule)
{
	int64_t most_nano = rule->value[PAPER_RULE_FILL_QUANTITY];
	if (order->has_fate)
		most_nano = order->fate_nano;
	else if (rule->value[PAPER_RULE_FILL] == PAPER_FILL_NONE)
		most_nano = 0;
	return most_nano < order->quantity_nano ? most_nano : order->quantity_nano;
}

/* Orders that take what they get at the first look, and no more. */
static bool is_once(const struct paper_order *order)
{
	return order->tif == PAPER_IOC || order->tif == PAPER_FOK;
}

/* How many fills are still to come, with the next one. */
static int64_t parts_left(const struct paper_order *order, const struct paper_rule *rule)
{
	if (rule->value[PAPER_RULE_FILL] != PAPER_FILL_IN_PARTS || is_once(order))
		return 1;
	int64_t left = rule->value[PAPER_RULE_PARTS] - order->parts_done;
	return left > 1 ? left : 1;
}

/* The size of the next fill: an even share of what is left, in whole shares where the order is in whole shares. */
static int64_t part_size(const struct paper_order *order, const struct paper_rule *rule, int64_t most_nano)
{
	int64_t remaining = most_nano - order->filled_nano, left = parts_left(order, rule);
	int64_t lot = most_nano % NANO == 0 && order->filled_nano % NANO == 0 ? NANO : 1;
	int64_t part = decimal_floor_to_lot(remaining / left, lot);
	if (left == 1)
		part = remaining;
	return part ? part : lot;
}

/* The price of the next fill: the stock's, moved by each part, and never worse than the limit. */
static int64_t part_price(const struct paper_order *order, const struct paper_rule *rule)
{
	int64_t price = order->stock->price_nano + order->parts_done * rule->value[PAPER_RULE_PRICE_STEP];
	if (price <= 0)
		price = order->stock->price_nano;
	if (order->type == PAPER_MARKET)
		return price;
	bool is_worse = order->side == PAPER_BUY ? price > order->limit_nano : price < order->limit_nano;
	return is_worse ? order->limit_nano : price;
}

/* Whether the market would take the order at the price of now. */
static bool is_marketable(const struct paper_engine *engine, const struct paper_order *order,
			  const struct paper_rule *rule)
{
	const struct calendar *calendar = engine->parts.calendar;
	if (!order->stock->is_listed)
		return false;
	if (calendar && rule->value[PAPER_RULE_OUTSIDE_HOURS] != PAPER_OUTSIDE_FILL &&
	    calendar_status(calendar, paper_book_now_ms(engine->parts.book)).state != CALENDAR_OPEN)
		return false;
	if (order->type == PAPER_MARKET)
		return true;
	return order->side == PAPER_BUY ? order->limit_nano >= order->stock->price_nano
					: order->limit_nano <= order->stock->price_nano;
}

/* Stops for good: what the ledger does not hold must not happen. */
static void engine_fail(struct paper_engine *engine, const struct err *err)
{
	if (engine->has_failed)
		return;
	engine->has_failed = true;
	evtimer_del(engine->timer);
	engine->parts.failed(err, engine->parts.arg);
}

bool paper_engine_end(struct paper_engine *engine, struct paper_order *order, enum paper_state state, struct err *err)
{
	int64_t at_ms = paper_book_now_ms(engine->parts.book);
	if (!paper_ledger_ended(engine->parts.ledger, order, state, at_ms, err)) {
		engine_fail(engine, err);
		return false;
	}
	paper_due_remove(&engine->due, order);
	paper_book_end(engine->parts.book, order, state, at_ms);
	return true;
}

/* Nothing more is to be filled: what becomes of the rest. */
static bool step_finish(struct paper_engine *engine, struct paper_order *order, enum paper_then then, struct err *err)
{
	if (is_once(order))
		then = PAPER_THEN_CANCELED;
	if (then == PAPER_THEN_OPEN)
		return true;
	return paper_engine_end(engine, order, then == PAPER_THEN_EXPIRED ? PAPER_EXPIRED : PAPER_CANCELED, err);
}

/* Makes the next fill. */
static bool step_fill(struct paper_engine *engine, struct paper_order *order, const struct paper_rule *rule,
		      int64_t most_nano, struct err *err)
{
	int64_t size_nano = part_size(order, rule, most_nano);
	if (order->has_fate && order->filled_nano + size_nano == order->quantity_nano)
		size_nano = order->fate_nano - order->filled_nano; /* with what is filled beyond it */
	struct paper_fill fill = paper_book_make_fill(engine->parts.book, order, size_nano, part_price(order, rule));
	if (!paper_ledger_filled(engine->parts.ledger, &fill, err))
		return false;
	paper_book_add_fill(engine->parts.book, &fill);
	return true;
}

/* Moves one order on. */
static bool step(struct paper_engine *engine, struct paper_order *order, struct err *err)
{
	const struct paper_rule *rule = rule_of(engine, order);
	enum paper_then then = order->has_fate ? PAPER_THEN_CANCELED : (enum paper_then)rule->value[PAPER_RULE_THEN];
	int64_t most_nano = most_to_fill(order, rule);
	if (order->tif == PAPER_FOK && most_nano < order->quantity_nano)
		most_nano = 0;
	if (order->filled_nano < most_nano) {
		if (!is_marketable(engine, order, rule)) /* it rests until the price comes to it */
			return step_finish(engine, order, PAPER_THEN_OPEN, err);
		if (!step_fill(engine, order, rule, most_nano, err))
			return false;
		if (order->state != PAPER_OPEN)
			return true;
		if (order->filled_nano < most_nano) {
			paper_due_put(&engine->due, order, now_ms() + rule->value[PAPER_RULE_DELAY_MS]);
			return true;
		}
	}
	return step_finish(engine, order, then, err);
}

/* The timer: every order that is due by now. */
static void due_now(evutil_socket_t unused, short what, void *arg)
{
	(void)unused, (void)what;
	struct paper_engine *engine = arg;
	struct paper_order *order;
	struct err err;
	int64_t until_ms = now_ms();
	engine->armed_ms = 0;
	for (int i = 0; i < STEPS_MAX && (order = paper_due_first(&engine->due)) && order->due_ms <= until_ms; i++) {
		paper_due_remove(&engine->due, order);
		if (!step(engine, order, &err)) {
			engine_fail(engine, &err);
			return;
		}
	}
	timer_arm(engine);
}

struct paper_engine *paper_engine_new(const struct paper_engine_parts *parts)
{
	struct paper_engine *engine = calloc(1, sizeof *engine);
	if (!engine)
		abort();
	engine->parts = *parts;
	engine->timer = evtimer_new(parts->base, due_now, engine);
	if (!engine->timer)
		abort();
	paper_engine_wake_all(engine);
	return engine;
}

void paper_engine_free(struct paper_engine *engine)
{
	if (!engine)
		return;
	event_free(engine->timer);
	paper_due_free(&engine->due);
	free(engine);
}

bool paper_engine_accept(struct paper_engine *engine, struct paper_order *take_order, struct err *err)
{
	bool ok = engine->has_failed ? err_set(err, ERR_INTERNAL, "the ledger cannot be written")
				     : paper_ledger_accepted(engine->parts.ledger, take_order, err);
	if (!ok) {
		free(take_order);
		engine_fail(engine, err);
		return false;
	}
	paper_book_add(engine->parts.book, take_order);
	schedule(engine, take_order);
	timer_arm(engine);
	return true;
}

bool paper_engine_expire_all(struct paper_engine *engine, size_t *count, struct err *err)
{
	struct paper_order *order;
	*count = 0;
	while ((order = paper_book_open_first(engine->parts.book))) {
		if (!paper_engine_end(engine, order, PAPER_EXPIRED, err))
			return false;
		(*count)++;
	}
	return true;
}

void paper_engine_wake_all(struct paper_engine *engine)
{
	struct paper_order *order = paper_book_open_first(engine->parts.book);
	for (; order; order = order->open_next)
		schedule(engine, order);
	timer_arm(engine);
}

void paper_engine_wake_stock(struct paper_engine *engine, const struct paper_stock *stock)
{
	for (struct paper_order *order = stock->open; order; order = order->stock_next)
		if (order->due_place == PAPER_NOT_DUE) /* the others see the price when they are due */
			paper_due_put(&engine->due, order, now_ms());
	timer_arm(engine);
}
