/* Routing: which window an order goes to, and why. A list of rules (route.c), of which the first that matches wins.
 *
 * The rules that look at the order are applied here; those that look at the clock come before them and are applied in
 * lua/lib/slot.lua, because only Redis's clock counts. What is made here is the wish that the script turns into a
 * place. */
#ifndef MUSTER_API_ROUTE_H
#define MUSTER_API_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/order_request.h"
#include "api/sizing.h"
#include "api/stock_table.h"
#include "shared/calendars.h"
#include "shared/config.h"
#include "shared/redis_link.h"

#define ROUTE_WORD_SIZE 16
#define ROUTE_WHY_SIZE	224

/* What an order asks for, once it is sized. */
struct route_wish {
	const char *lane;		 /* "window", "immediate", "large": where it goes while nothing else matters */
	const char *rule;		 /* why */
	const struct calendar *calendar; /* NULL: always open */
	int64_t asked_ms;		 /* execution_window; 0: as soon as can be */
};

/* What came of it, as the scripts say. */
struct route_place {
	char lane[ROUTE_WORD_SIZE];
	char rule[ROUTE_WORD_SIZE];
	int64_t due_ms;
	char window_id[64];	      /* "": nothing was stored */
	char why_not[ROUTE_WHY_SIZE]; /* "": there is a place */
};

struct route {
	struct route_wish wish;
	struct route_place place;
};

/* The routes of the orders of one request: few, and often one for all. */
struct routes {
	struct route *list; /* owned */
	size_t count;
	size_t *of_order; /* owned: for each order its place in the list */
};

struct route_facts {
	const struct config *config;
	const struct calendars *calendars;
	const struct stock_table *stocks;
	const struct order_request *request;
	const struct sized_order *orders;
};

/* To be freed in any case. */
void routes_choose(const struct route_facts *facts, struct routes *routes);
void routes_free(struct routes *routes);

/* The first due place of all; there is one. */
const struct route_place *routes_first(const struct routes *routes);

bool route_wish_equal(const struct route_wish *a, const struct route_wish *b);

/* Adds the options, and one wish with the sessions that matter around `now_ms` (Redis's clock as last told), to the
 * arguments of a script. */
void route_write_options(const struct config *config, struct script_args *args);
void route_write_wish(const struct route_wish *wish, int64_t now_ms, struct script_args *args);

/* Reads {bad_window WHY BEFORE AFTER} into `why_not`. */
void route_read_refusal(const redisReply *reply, struct route_place *place);

/* In one sentence why an order is in this lane. `rule` "": the one that is usual there. */
const char *route_why(const char *lane, const char *rule);

#endif
