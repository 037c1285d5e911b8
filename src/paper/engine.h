/* The engine: fills, cancels and expires orders as the settings say, at their time.
 *
 * Each change is written to the ledger first and then made in the book. Where the ledger cannot be written, the engine
 * changes nothing any more and tells its owner once. */
#ifndef MUSTER_PAPER_ENGINE_H
#define MUSTER_PAPER_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

#include "paper/book.h"
#include "paper/ledger.h"
#include "paper/settings.h"
#include "shared/calendar.h"

struct paper_engine;

struct paper_engine_parts {
	struct event_base *base;
	struct paper_book *book;
	struct paper_ledger *ledger;
	const struct paper_settings *settings;
	const struct calendar *calendar; /* NULL: always open */
	void (*failed)(const struct err *err, void *arg);
	void *arg;
};

/* Everything in `parts` is borrowed. Open orders of the book are taken up. */
struct paper_engine *paper_engine_new(const struct paper_engine_parts *parts);
void paper_engine_free(struct paper_engine *engine);

/* Writes a new order to the ledger, puts it into the book and starts to work it; it owns `take_order` in any case. */
bool paper_engine_accept(struct paper_engine *engine, struct paper_order *take_order, struct err *err) MUST_USE;

/* Ends one open order, or all of them (how many is put into `*count`). */
bool paper_engine_end(struct paper_engine *engine, struct paper_order *order, enum paper_state state,
		      struct err *err) MUST_USE;
bool paper_engine_expire_all(struct paper_engine *engine, size_t *count, struct err *err) MUST_USE;

/* Settings changed: every open order is looked at again, as soon as they now say. The price of a stock changed: its
 * orders that rest are. */
void paper_engine_wake_all(struct paper_engine *engine);
void paper_engine_wake_stock(struct paper_engine *engine, const struct paper_stock *stock);

#endif
