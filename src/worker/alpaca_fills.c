/* The fills of orders: a walk over GET /v2/account/activities/FILL, oldest first. There is no list by order. */
#include "worker/alpaca_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_ROWS 100

static void page_path(const struct alpaca_walk *walk, char *path)
{
	char after[sizeof walk->after * 3], token[sizeof walk->token * 3];
	snprintf(path, ALPACA_PATH_SIZE, "/v2/account/activities/FILL?direction=asc&page_size=%d&after=%s%s%s",
		 PAGE_ROWS, alpaca_escape(walk->after, after, sizeof after), *walk->token ? "&page_token=" : "",
		 alpaca_escape(walk->token, token, sizeof token));
}

static void add_fill(struct alpaca_call *call, const struct broker_fill *fill)
{
	if (call->fill_count == call->fill_capacity) {
		call->fill_capacity = call->fill_capacity ? call->fill_capacity * 2 : 4;
		call->fills = realloc(call->fills, call->fill_capacity * sizeof *call->fills);
		if (!call->fills)
			abort();
	}
	call->fills[call->fill_count++] = *fill;
	call->fills_nano += fill->quantity_nano;
}

/* A row is taken once by its id, also where pages overlap. One of ours that cannot be read spoils the answer for its
 * order: fewer fills than there are would look like the truth. */
static void take_row(struct alpaca_walk *walk, const json_t *row)
{
	const char *order_id = alpaca_text(row, "order_id"), *id = alpaca_text(row, "id");
	struct alpaca_waiter *waiter = order_id ? alpaca_walk_find(walk, order_id) : NULL;
	struct broker_fill fill = {0};
	struct err why;
	if (!waiter || (id && json_object_get(walk->seen, id)))
		return;
	bool is_fine = alpaca_fill_parse(row, &fill, &why);
	if (is_fine && json_object_set_new(walk->seen, fill.fill_id, json_true()) != 0)
		abort();
	for (; waiter < walk->waiters + walk->count && strcmp(waiter->broker_order_id, order_id) == 0; waiter++) {
		if (!waiter->call)
			continue;
		if (is_fine) {
			add_fill(waiter->call, &fill);
			continue;
		}
		waiter->call->result.outcome = BROKER_AMBIGUOUS;
		waiter->call->result.why = why;
	}
}

/* Whoever has enough need not wait for the rest. Not before the page is read to its end: an order may have been told as
 * final with less than was filled, and its other fills stand close by. */
static void settle(struct alpaca_walk *walk)
{
	for (size_t i = 0; i < walk->count; i++) {
		struct alpaca_call *call = walk->waiters[i].call;
		if (call && call->expected_nano && call->fills_nano >= call->expected_nano)
			alpaca_walk_answer(walk, &walk->waiters[i], &call->result);
	}
}

/* The next page begins behind the last row. */
static bool advance(struct alpaca_walk *walk, const json_t *last_row)
{
	const char *id = alpaca_text(last_row, "id");
	if (!id || !*id || strlen(id) >= sizeof walk->token || strcmp(id, walk->token) == 0)
		return false;
	memcpy(walk->token, id, strlen(id) + 1);
	return true;
}

static void answer(struct alpaca_call *call, bool is_whole)
{
	if (!is_whole) {
		call->result.outcome = BROKER_AMBIGUOUS;
		(void)err_set(&call->result.why, ERR_BROKER, "the broker's list of fills does not come to an end");
	}
	alpaca_answer(call, &call->result);
}

const struct alpaca_walk_kind alpaca_fills_walk = {
    .page_rows = PAGE_ROWS,
    .has_singles = false,
    .path = page_path,
    .take = take_row,
    .settle = settle,
    .advance = advance,
    .finish = answer,
};

void alpaca_fills(struct broker *broker, const struct broker_fills_query *query, broker_fills_fn *fn, void *arg)
{
	struct alpaca *alpaca = (struct alpaca *)broker;
	struct alpaca_call *call = alpaca_call_new(alpaca, ALPACA_LIST, NULL, arg);
	call->fills_fn = fn;
	call->result.outcome = BROKER_ACCEPTED;
	call->since_ms = query->since_ms;
	call->expected_nano = query->expected_nano;
	snprintf(call->broker_order_id, sizeof call->broker_order_id, "%s", query->broker_order_id);
	alpaca_walk_join(alpaca->fills, call);
}
