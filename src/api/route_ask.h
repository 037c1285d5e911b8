/* Asks Redis where orders would go now, and stores nothing. */
#ifndef MUSTER_API_ROUTE_ASK_H
#define MUSTER_API_ROUTE_ASK_H

#include <jansson.h>

#include "api/route.h"
#include "shared/err.h"

struct app;

typedef void route_ask_fn(const struct err *err, void *arg);

/* Calls `fn` once, never from inside; where `err` is NULL all places are filled in. `routes` is borrowed until then. */
void route_ask(struct app *app, struct routes *routes, route_ask_fn *fn, void *arg);

/* The answer: {dry_run, execution_window, lane, why, orders: [{symbol, side, broker_type, order_type, limit_price,
 * quantity, lane, execution_window, rule, why, calendar}]}. All places are there. A new reference. */
json_t *route_answer(const struct routes *routes, const struct order_request *request,
		     const struct sized_order *orders);

#endif
