/* The present state of orders: a walk over GET /v2/orders, and GET /v2/orders/{id} for those that it does not show. */
#include "worker/alpaca_private.h"

#include <stdio.h>
#include <string.h>

#include "shared/clock.h"

#define PAGE_ROWS 500

/* Answers with an order that must be the call's own. */
static void read_state(struct alpaca_call *call, const json_t *json, struct broker_result *result)
{
	struct alpaca_order order;
	*result = (struct broker_result){.outcome = BROKER_AMBIGUOUS};
	if (!alpaca_order_parse(json, &order, &result->why))
		return;
	if (strcmp(order.order.broker_order_id, call->broker_order_id) != 0) {
		(void)err_set(&result->why, ERR_BROKER, "the broker answers about another order");
		return;
	}
	alpaca_heed_status(call->alpaca, &order);
	result->outcome = BROKER_ACCEPTED;
	result->order = order.order;
}

static void single_replied(const struct http_client_reply *reply, void *arg)
{
	struct alpaca_call *call = arg;
	struct broker_result result = {0};
	call->http = NULL;
	alpaca_heed_limits_of(call, reply);
	if (reply->status == 200) {
		json_t *json = json_loadb(reply->body, reply->length, JSON_REJECT_DUPLICATES, NULL);
		read_state(call, json, &result);
		json_decref(json);
	} else {
		alpaca_refused(call->alpaca, ALPACA_FOLLOW, reply, &result);
	}
	alpaca_answer(call, &result);
}

/* What the walk did not show is asked for alone. */
static void ask_alone(struct alpaca_call *call, bool is_whole)
{
	(void)is_whole;
	char path[ALPACA_PATH_SIZE];
	if (!alpaca_order_path(call->broker_order_id, path)) {
		call->result.outcome = BROKER_NOT_FOUND;
		(void)err_set(&call->result.why, ERR_INTERNAL, "the order has no usable id at the broker");
		alpaca_answer_later(call);
		return;
	}
	alpaca_send_call(call, HTTP_CLIENT_GET, path, single_replied);
}

static void page_path(const struct alpaca_walk *walk, char *path)
{
	char after[sizeof walk->after * 3];
	snprintf(path, ALPACA_PATH_SIZE, "/v2/orders?status=all&direction=asc&limit=%d&after=%s", PAGE_ROWS,
		 alpaca_escape(walk->after, after, sizeof after));
}

static void take_row(struct alpaca_walk *walk, const json_t *row)
{
	const char *id = alpaca_text(row, "id");
	struct alpaca_waiter *waiter = id ? alpaca_walk_find(walk, id) : NULL;
	for (; waiter && waiter < walk->waiters + walk->count && strcmp(waiter->broker_order_id, id) == 0; waiter++) {
		struct broker_result result;
		if (!waiter->call)
			continue;
		read_state(waiter->call, row, &result);
		alpaca_walk_answer(walk, waiter, &result);
	}
}

/* `after` is exclusive and by submitted_at, which many orders can share: the next page begins a millisecond before the
 * last row, so that none of them is lost. A page full of one instant moves on exactly; whom that skips is asked alone.
 */
static bool advance(struct alpaca_walk *walk, const json_t *last_row)
{
	const char *at = alpaca_text(last_row, "submitted_at");
	int64_t at_ms;
	if (!at || strlen(at) >= sizeof walk->after || !clock_parse(at, &at_ms, NULL) || strcmp(at, walk->after) == 0)
		return false;
	if (at_ms - 1 > walk->after_ms) {
		walk->after_ms = at_ms - 1;
		clock_format(walk->after_ms, walk->after);
	} else {
		walk->after_ms = at_ms;
		memcpy(walk->after, at, strlen(at) + 1);
	}
	return true;
}

const struct alpaca_walk_kind alpaca_follow_walk = {
    .page_rows = PAGE_ROWS,
    .has_singles = true,
    .path = page_path,
    .take = take_row,
    .advance = advance,
    .finish = ask_alone,
};

void alpaca_follow(struct broker *broker, const char *broker_order_id, int64_t since_ms, broker_fn *fn, void *arg)
{
	struct alpaca *alpaca = (struct alpaca *)broker;
	struct alpaca_call *call = alpaca_call_new(alpaca, ALPACA_FOLLOW, fn, arg);
	snprintf(call->broker_order_id, sizeof call->broker_order_id, "%s", broker_order_id);
	call->since_ms = since_ms;
	alpaca_walk_join(alpaca->orders, call);
}
