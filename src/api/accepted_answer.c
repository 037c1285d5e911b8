/* The 202 body, written as text. jansson took 8.5 us to build and write one order, more than parsing the request and
 * storing it together; this takes a fraction of one. Nothing here needs escaping: ids, names and symbols were checked
 * to hold neither quotes, backslashes nor control characters, and everything else is our own. The fields are those of
 * api/order_view.c, in its order; a test compares the two. */
#include "api/accepted_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/ids.h"

#define ORDER_TEXT_SIZE 2048 /* far above the sum of what can stand in one order */

static void buffer_add(struct evbuffer *buffer, const char *const *pieces, size_t count)
{
	char text[ORDER_TEXT_SIZE], *at = text;
	for (size_t i = 0; i < count; i++)
		at = stpcpy(at, pieces[i]);
	if (evbuffer_add(buffer, text, (size_t)(at - text)))
		abort();
}

/* Writes order `i`. */
static void order_add(struct evbuffer *buffer, const struct commit_request *stored, const struct suggestion *suggestion,
		      size_t i)
{
	const struct sized_order *order = &stored->orders[i];
	const struct route_place *place = &stored->routes->list[stored->routes->of_order[i]].place;
	char order_id[ORDER_ID_SIZE], limit[DECIMAL_TEXT], created_at[CLOCK_TEXT], execution_window[CLOCK_TEXT];
	const char *quote = suggestion->is_limit ? "\"" : "";
	snprintf(order_id, sizeof order_id, "%s-%zu", stored->queue_id, i);
	clock_format(place->due_ms, execution_window);
	clock_format((stored->outcome.arrival_us + (int64_t)i) / 1000, created_at);
	/* clang-format off */
	const char *const pieces[] = { /* a name and its value a line */
		i ? ",{\"order_id\":\"" : "{\"order_id\":\"", order_id,
		"\",\"queue_id\":\"", stored->queue_id,
		"\",\"user_id\":\"", stored->user_id,
		"\",\"smallcase_id\":\"", stored->smallcase_id,
		"\",\"symbol\":\"", suggestion->symbol,
		"\",\"side\":\"", suggestion->is_sell ? "sell" : "buy",
		"\",\"broker_type\":\"", order->broker_type,
		"\",\"order_type\":\"", suggestion->is_limit ? "limit" : "market",
		"\",\"limit_price\":", quote,
		suggestion->is_limit ? decimal_format(suggestion->limit_nano, limit) : "null", quote,
		",\"quantity\":\"", order->quantity,
		"\",\"lane\":\"", place->lane,
		"\",\"execution_window\":\"", execution_window,
		"\",\"status\":\"queued\",\"filled_quantity\":\"0\",\"average_price\":null,\"gross_amount\":\"0\","
		"\"fee\":\"0\",\"block_id\":null,\"reason\":null,\"created_at\":\"", created_at,
		"\",\"updated_at\":\"", created_at,
		"\",\"window_id\":\"", place->window_id,
		"\",\"why\":\"", route_why(place->lane, place->rule), "\"}",
	};
	/* clang-format on */
	buffer_add(buffer, pieces, sizeof pieces / sizeof *pieces);
}

struct evbuffer *accepted_answer(const struct commit_request *stored, const struct order_request *request)
{
	const struct route_place *first = routes_first(stored->routes);
	char execution_window[CLOCK_TEXT];
	struct evbuffer *buffer = evbuffer_new();
	if (!buffer)
		abort();
	clock_format(first->due_ms, execution_window);
	const char *const head[] = {
	    "{\"queue_id\":\"",
	    stored->queue_id,
	    "\",\"status\":\"queued\",\"execution_window\":\"",
	    execution_window,
	    "\",\"lane\":\"",
	    first->lane,
	    "\",\"why\":\"",
	    route_why(first->lane, first->rule),
	    "\",\"orders\":[",
	};
	buffer_add(buffer, head, sizeof head / sizeof *head);
	for (size_t i = 0; i < stored->order_count; i++)
		order_add(buffer, stored, &request->suggestions[i], i);
	if (evbuffer_add(buffer, "]}", 2))
		abort();
	return buffer;
}
