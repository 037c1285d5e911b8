/* The 202 answer is written by hand for speed: it must be what GET shows of the same orders, to the byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/accepted_answer.h"
#include "api/order_view.h"
#include "api/request_view.h"

#define QUEUE_ID   "vt9x3a08ct6r75hm57w0"
#define FIELDS_MAX 64

/* A row of what lua/order.lua returns, held in plain arrays. */
struct row {
	redisReply reply;
	redisReply texts[FIELDS_MAX];
	redisReply *elements[FIELDS_MAX];
};

/* Makes the row of texts that end with NULL. */
static const redisReply *row_of(struct row *row, const char *const *texts)
{
	memset(row, 0, sizeof *row);
	row->reply.type = REDIS_REPLY_ARRAY;
	row->reply.element = row->elements;
	for (size_t i = 0; texts[i]; i++) {
		assert_true(i < FIELDS_MAX);
		row->texts[i].type = REDIS_REPLY_STRING;
		row->texts[i].str = (char *)(uintptr_t)texts[i];
		row->texts[i].len = strlen(texts[i]);
		row->elements[i] = &row->texts[i];
		row->reply.elements++;
	}
	return &row->reply;
}

/* What GET answers for two orders that are queued, one market and one limit. */
static char *get_answer(void)
{
	static const char *const market[] = {"order_id",
					     QUEUE_ID "-0",
					     "queue_id",
					     QUEUE_ID,
					     "user_id",
					     "user1",
					     "smallcase_id",
					     "sc1",
					     "symbol",
					     "AAPL",
					     "side",
					     "buy",
					     "broker_type",
					     "paper",
					     "order_type",
					     "market",
					     "limit_price",
					     "",
					     "quantity",
					     "26",
					     "lane",
					     "window",
					     "execution_window",
					     "1795356600000",
					     "status",
					     "queued",
					     "filled_quantity",
					     "0",
					     "average_price",
					     "",
					     "gross_amount",
					     "0",
					     "fee",
					     "0",
					     "block_id",
					     "",
					     "reason",
					     "",
					     "created_at",
					     "1795356517563",
					     "updated_at",
					     "1795356517563",
					     "window_id",
					     "window-1795356600000",
					     NULL};
	static const char *const limit[] = {"order_id",
					    QUEUE_ID "-1",
					    "queue_id",
					    QUEUE_ID,
					    "user_id",
					    "user1",
					    "smallcase_id",
					    "sc1",
					    "symbol",
					    "BRK.B",
					    "side",
					    "sell",
					    "broker_type",
					    "fine",
					    "order_type",
					    "limit",
					    "limit_price",
					    "421.5",
					    "quantity",
					    "0.5",
					    "lane",
					    "window",
					    "execution_window",
					    "1795356600000",
					    "status",
					    "queued",
					    "filled_quantity",
					    "0",
					    "average_price",
					    "",
					    "gross_amount",
					    "0",
					    "fee",
					    "0",
					    "block_id",
					    "",
					    "reason",
					    "",
					    "created_at",
					    "1795356517564",
					    "updated_at",
					    "1795356517564",
					    "window_id",
					    "window-1795356600000",
					    NULL};
	struct row row;
	struct request_view view = {.kind = REQUEST_QUEUE, .queue_id = QUEUE_ID, .total = 2, .received = 2};
	view.orders = json_array();
	json_array_append_new(view.orders, order_view(row_of(&row, market)));
	json_array_append_new(view.orders, order_view(row_of(&row, limit)));
	json_t *json = request_view_answer(&view);
	char *text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	json_decref(view.orders);
	assert_non_null(text);
	return text;
}

static void the_answer_is_what_get_shows(void **state)
{
	struct suggestion suggestions[] = {
	    {.symbol = "AAPL"},
	    {.symbol = "BRK.B", .is_sell = true, .is_limit = true, .limit_nano = INT64_C(421500000000)},
	};
	const struct order_request request = {.count = 2, .suggestions = suggestions};
	const struct sized_order orders[] = {
	    {.broker_type = "paper", .quantity = "26"},
	    {.broker_type = "fine", .quantity = "0.5"},
	};
	size_t of_order[] = {0, 0};
	struct route route = {.place = {.lane = "window",
					.rule = "next",
					.window_id = "window-1795356600000",
					.due_ms = INT64_C(1795356600000)}};
	struct routes routes = {&route, 1, of_order};
	const struct commit_request stored = {
	    .queue_id = QUEUE_ID,
	    .user_id = "user1",
	    .smallcase_id = "sc1",
	    .routes = &routes,
	    .orders = orders,
	    .order_count = 2,
	    .outcome = {.result = COMMIT_QUEUED, .arrival_us = INT64_C(1795356517563999)},
	};
	(void)state;
	struct evbuffer *buffer = accepted_answer(&stored, &request);
	size_t length = evbuffer_get_length(buffer);
	char *text = malloc(length + 1), *expected = get_answer();
	assert_non_null(text);
	assert_int_equal(evbuffer_remove(buffer, text, length), (int)length);
	text[length] = '\0';
	assert_string_equal(text, expected);
	evbuffer_free(buffer);
	free(text);
	free(expected);
}

/* The longest that each part can be still fits. */
static void the_longest_order_fits(void **state)
{
	char name[NAME_SIZE], long_window[64];
	struct suggestion suggestion = {.is_limit = true, .limit_nano = INT64_MAX};
	struct sized_order order = {.quantity_nano = INT64_MAX};
	const struct order_request request = {.count = 1, .suggestions = &suggestion};
	size_t of_order[] = {0};
	struct route route = {.place = {.lane = "immediate", .rule = "large_notional"}};
	struct routes routes = {&route, 1, of_order};
	struct commit_request stored = {.queue_id = QUEUE_ID, .routes = &routes, .orders = &order, .order_count = 1};
	(void)state;
	memset(name, 'x', sizeof name);
	name[sizeof name - 1] = '\0';
	memset(long_window, 'w', sizeof long_window);
	long_window[sizeof long_window - 1] = '\0';
	memset(suggestion.symbol, 'S', sizeof suggestion.symbol - 1);
	memcpy(order.broker_type, name, sizeof name);
	decimal_format(INT64_MAX, order.quantity);
	memcpy(route.place.window_id, long_window, sizeof long_window);
	stored.user_id = stored.smallcase_id = name;
	struct evbuffer *buffer = accepted_answer(&stored, &request);
	json_t *json = json_loadb((const char *)evbuffer_pullup(buffer, -1), evbuffer_get_length(buffer), 0, NULL);
	assert_non_null(json);
	assert_true(evbuffer_get_length(buffer) < 1500);
	json_decref(json);
	evbuffer_free(buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_answer_is_what_get_shows),
	    cmocka_unit_test(the_longest_order_fits),
	};
	return cmocka_run_group_tests_name("accepted_answer", tests, NULL, NULL);
}
