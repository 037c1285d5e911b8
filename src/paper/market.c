#include "paper/market.h"

#include <stdlib.h>

#define LOOK_MOST_MS 60000 /* the clock may be set, or drift */

struct paper_market {
	struct paper_market_parts parts;
	struct event *timer;
};

/* Whether the session that the order was for is over: the one it came in, or the next. */
static bool has_ended(const struct calendar *calendar, const struct paper_order *order, int64_t now_ms)
{
	size_t session = calendar_find(calendar, order->submitted_ms);

	return order->tif == PAPER_DAY && session < calendar->count && calendar->sessions[session].close_ms <= now_ms;
}

/* Ends the day orders of sessions that are over. */
static bool expire(struct paper_market *market, int64_t now_ms, struct err *err)
{
	struct paper_order *order = paper_book_open_first(market->parts.book), *next;

	for (; order; order = next) {
		next = order->open_next;
		if (has_ended(market->parts.calendar, order, now_ms) &&
		    !paper_engine_end(market->parts.engine, order, PAPER_EXPIRED, err))
			return false;
	}
	return true;
}

/* Sets the timer to the next bell. */
static void arm(struct paper_market *market, int64_t now_ms)
{
	struct calendar_status status = calendar_status(market->parts.calendar, now_ms);
	int64_t bell_ms = status.state == CALENDAR_OPEN ? status.next_close_ms : status.next_open_ms;
	int64_t wait_ms = bell_ms > now_ms && bell_ms - now_ms < LOOK_MOST_MS ? bell_ms - now_ms : LOOK_MOST_MS;
	const struct timeval wait = {wait_ms / 1000, wait_ms % 1000 * 1000};

	evtimer_add(market->timer, &wait);
}

/* The timer: a bell may have rung. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct paper_market *market = arg;
	int64_t now_ms = paper_book_now_ms(market->parts.book);
	struct err err;

	(void)fd;
	(void)what;
	if (!expire(market, now_ms, &err)) {
		market->parts.failed(&err, market->parts.arg);
		return;
	}
	paper_engine_wake_all(market->parts.engine);
	arm(market, now_ms);
}

void paper_market_look(struct paper_market *market)
{
	if (market->timer)
		event_active(market->timer, EV_TIMEOUT, 0);
}

struct paper_market *paper_market_new(const struct paper_market_parts *parts)
{
	struct paper_market *market = calloc(1, sizeof *market);

	if (!market)
		abort();
	market->parts = *parts;
	if (!parts->calendar || parts->calendar->is_always_open)
		return market;
	market->timer = evtimer_new(parts->base, on_timer, market);
	if (!market->timer)
		abort();
	paper_market_look(market);
	return market;
}

void paper_market_free(struct paper_market *market)
{
	if (!market)
		return;
	if (market->timer)
		event_free(market->timer);
	free(market);
}
