/* The hours of the paper broker's market, where paper.calendar names any: when an order can be filled, and when day
 * orders expire. Without a calendar it is always open, and no order expires by itself.
 *
 * Its time is the book's: the host's clock, or ahead of it by what PUT /paper/clock said, so that a session can be
 * rehearsed at any time of the day. */
#ifndef MUSTER_PAPER_MARKET_H
#define MUSTER_PAPER_MARKET_H

#include <stdbool.h>

#include <event2/event.h>

#include "paper/book.h"
#include "paper/engine.h"
#include "shared/calendar.h"

struct paper_market;

struct paper_market_parts {
	struct event_base *base;
	const struct calendar *calendar; /* NULL: none */
	struct paper_book *book;
	struct paper_engine *engine;
	void (*failed)(const struct err *err, void *arg);
	void *arg;
};

/* Everything in `parts` is borrowed. Day orders whose close has passed meanwhile expire from the loop. */
struct paper_market *paper_market_new(const struct paper_market_parts *parts);
void paper_market_free(struct paper_market *market);

/* The clock has been set: a bell may have rung. */
void paper_market_look(struct paper_market *market);

#endif
