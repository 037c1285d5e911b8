/* The paper broker: Alpaca's Trading API v2 over a stock list, with fills as the settings say.
 *
 * Muster's Alpaca adapter talks to it as it talks to Alpaca, so that simulation is no second path through the code. */
#ifndef MUSTER_PAPER_H
#define MUSTER_PAPER_H

#include "paper/book.h"
#include "paper/engine.h"
#include "paper/fault.h"
#include "paper/ledger.h"
#include "paper/market.h"
#include "paper/rate.h"
#include "paper/settings.h"
#include "paper/stock.h"
#include "paper/wire.h"
#include "shared/config.h"
#include "shared/http.h"
#include "shared/program.h"

/* What is handed to every handler. */
struct paper {
	struct program *program;
	struct event_base *base;
	struct paper_stocks *stocks;
	struct paper_settings *settings;
	struct paper_book *book;
	struct paper_ledger *ledger;
	struct paper_engine *engine;
	const struct calendar *calendar; /* of paper.calendar; NULL: always open */
	struct paper_market *market;
	struct http_server *http;
	struct paper_faults *faults;
	struct paper_wire *wire;
	struct paper_rate rate;
	int64_t rate_period_ms;
	const char *key_id, *key_secret; /* the configuration's; NULL: anybody may call */
};

/* Builds everything and listens; false with `err` set, and nothing left, where it cannot. */
bool paper_start(struct program *program, struct err *err) MUST_USE;
void paper_drain(struct program *program);
void paper_end(struct program *program);

/* Stops the program: something happened after which it must not go on. */
void paper_fail(struct paper *paper, const struct err *err);

#endif
