/* The paper broker's orders, as a client of Alpaca's Trading API sees them, and its ledger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/json_at.h"
#include "tests/support/paper_fixture.h"
#include "tests/support/wait_until.h"

static int setup(void **state)
{
	*state = paper_fixture_new();
	return 0;
}

static int teardown(void **state)
{
	paper_fixture_free(*state);
	return 0;
}

static void a_market_order_is_answered_pending_and_then_filled(void **state)
{
	struct paper_fixture *paper = *state;
	json_t *order = paper_submit(paper, "a-1", "AAPL", "buy", "225");
	assert_json_text(order, "/status", "pending_new");
	assert_json_text(order, "/filled_qty", "0");
	assert_json_text(order, "/filled_avg_price", "null");
	assert_json_text(order, "/qty", "225");
	order = paper_wait_status(paper, "a-1", "filled");
	assert_json_text(order, "/filled_qty", "225");
	assert_json_text(order, "/filled_avg_price", "190.25");
	assert_null(json_find(order, "/commission"));
	assert_json_text(paper_get(paper, "/v2/orders/%s", json_text(order, "/id")), "/client_order_id", "a-1");
	json_t *fills = paper_get(paper, "/v2/account/activities/FILL");
	assert_int_equal(json_array_size(fills), 1);
	assert_json_text(fills, "/0/order_id", json_text(order, "/id"));
	assert_json_text(fills, "/0/type", "fill");
	assert_json_text(fills, "/0/qty", "225");
	assert_json_text(fills, "/0/price", "190.25");
	assert_json_text(fills, "/0/leaves_qty", "0");
	json_t *ledger = paper_ledger(paper);
	assert_int_equal(json_array_size(ledger), 2);
	assert_json_text(ledger, "/0/outcome", "accepted");
	assert_json_text(ledger, "/0/client_order_id", "a-1");
	assert_json_text(ledger, "/1/event", "fill");
	assert_json_text(ledger, "/1/id", json_text(fills, "/0/id"));
	paper->passed = true;
}

#define ORDER(fields) "{\"symbol\":\"AAPL\",\"side\":\"buy\",\"type\":\"market\",\"time_in_force\":\"day\"," fields "}"
#define LIMIT(fields) "{\"symbol\":\"PENNY\",\"side\":\"buy\",\"type\":\"limit\",\"time_in_force\":\"gtc\"," fields "}"

static void orders_that_are_not_good_are_refused_and_recorded(void **state)
{
	struct paper_fixture *paper = *state;
	static const struct {
		const char *body, *message;
		int status, code;
	} rows[] = {
	    {"x", "request body format is invalid", 400, 40010000},
	    {"[]", "request body format is invalid", 400, 40010000},
	    {"{\"qty\":\"1\"}", "symbol is required", 422, 40010001},
	    {"{\"symbol\":\"NOPE\"}", "asset \"NOPE\" not found", 422, 42210000},
	    {"{\"symbol\":\"AAPL\",\"side\":\"hold\"}", "invalid side", 422, 40010001},
	    {"{\"symbol\":\"AAPL\",\"side\":\"buy\",\"type\":\"stop\"}", "invalid type", 422, 40010001},
	    {ORDER("\"x\":1"), "qty or notional is required", 422, 40010001},
	    {ORDER("\"qty\":\"1\",\"notional\":\"1\""), "only one of qty or notional is accepted", 422, 40010001},
	    {ORDER("\"qty\":\"0\""), "qty must be > 0", 422, 40010001},
	    {ORDER("\"qty\":\"-1\""), "qty must be > 0", 422, 40010001},
	    {ORDER("\"qty\":\"0.0000000001\""), "qty is invalid", 422, 40010001},
	    {ORDER("\"qty\":\"1\",\"limit_price\":\"5\""), "market orders require no", 422, 40010001},
	    {LIMIT("\"qty\":\"1\""), "limit orders require limit_price", 422, 40010001},
	    {LIMIT("\"qty\":\"1.5\",\"limit_price\":\"0.5\""), "fractional orders must be DAY orders", 422, 42210000},
	    {LIMIT("\"qty\":\"1\",\"limit_price\":\"1.001\""), "sub-penny increment", 422, 42210000},
	    {LIMIT("\"qty\":\"1\",\"limit_price\":\"0.12345\""), "sub-penny increment", 422, 42210000},
	    {LIMIT("\"notional\":\"5\",\"limit_price\":\"0.5\""), "notional is only accepted for market", 422,
	     42210000},
	    {"{\"symbol\":\"WHOLE\",\"side\":\"buy\",\"type\":\"market\",\"time_in_force\":\"day\",\"qty\":\"0.5\"}",
	     "asset \"WHOLE\" is not fractionable", 403, 40310000},
	};
	const size_t count = sizeof rows / sizeof *rows;
	for (size_t i = 0; i < count; i++) {
		json_t *answer = paper_call(paper, rows[i].status, "POST", "/v2/orders", rows[i].body);
		if (json_int(answer, "/code") != rows[i].code ||
		    !strstr(json_text(answer, "/message"), rows[i].message))
			fail_msg("%s: %s", rows[i].body, json_text(answer, "/message"));
	}
	assert_int_equal(json_array_size(paper_get(paper, "/v2/orders?status=all")), 0);
	assert_int_equal(paper_ledger_count(paper, "order", "refused"), count);
	assert_int_equal(json_array_size(paper_ledger(paper)), count);
	paper->passed = true;
}

static void good_orders_of_every_kind_are_taken(void **state)
{
	struct paper_fixture *paper = *state;
	static const char *const bodies[] = {
	    ORDER("\"qty\":0.000000001"),
	    ORDER("\"qty\":5,\"client_order_id\":\"\""),
	    ORDER("\"notional\":\"100\",\"client_order_id\":\"money\""),
	    LIMIT("\"qty\":\"1\",\"limit_price\":\"0.1234\""),
	    LIMIT("\"qty\":\"1\",\"limit_price\":1.25"),
	};
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		(void)paper_call(paper, 200, "POST", "/v2/orders", bodies[i]);
	json_t *order = paper_wait_status(paper, "money", "filled");
	assert_json_text(order, "/notional", "100");
	assert_json_text(order, "/qty", "null");
	assert_json_text(order, "/filled_qty", "0.525624178"); /* 100 / 190.25 */
	paper->passed = true;
}

#undef ORDER
#undef LIMIT

static void a_client_order_id_is_unique_for_ever(void **state)
{
	struct paper_fixture *paper = *state;
	static const char again[] = "{\"symbol\":\"F\",\"qty\":\"1\",\"side\":\"buy\",\"type\":\"market\","
				    "\"time_in_force\":\"day\",\"client_order_id\":\"once\"}";
	char id[160], body[400];
	(void)paper_submit(paper, "once", "AAPL", "buy", "1");
	(void)paper_wait_status(paper, "once", "filled");
	for (int round = 0; round < 2; round++) {
		json_t *answer = paper_call(paper, 422, "POST", "/v2/orders", again);
		assert_json_int(answer, "/code", 40010001);
		assert_json_text(answer, "/message", "client_order_id must be unique");
		process_kill(paper->process);
		paper_fixture_start(paper);
	}
	for (size_t length = 128; length < 130; length++) {
		memset(id, 'a', length);
		id[length] = '\0';
		snprintf(body, sizeof body,
			 "{\"symbol\":\"F\",\"qty\":\"1\",\"side\":\"buy\",\"type\":\"market\","
			 "\"time_in_force\":\"day\",\"client_order_id\":\"%s\"}",
			 id);
		(void)paper_call(paper, length > 128 ? 422 : 200, "POST", "/v2/orders", body);
	}
	assert_int_equal(paper_ledger_count(paper, "order", "accepted"), 2);
	paper->passed = true;
}

static void an_open_order_of_the_other_side_refuses_as_wash_trade(void **state)
{
	struct paper_fixture *paper = *state;
	paper_set(paper, "{\"fill\":\"none\"}");
	json_t *open = paper_submit(paper, "b", "AAPL", "buy", "1");
	static const char sell[] = "{\"symbol\":\"AAPL\",\"qty\":\"1\",\"side\":\"sell\",\"type\":\"market\","
				   "\"time_in_force\":\"day\",\"client_order_id\":\"s\"}";
	json_t *answer = paper_call(paper, 403, "POST", "/v2/orders", sell);
	assert_json_int(answer, "/code", 40310000);
	assert_json_text(answer, "/message", "potential wash trade detected. use complex orders");
	assert_json_text(answer, "/reject_reason", "opposite side market/stop order exists");
	assert_json_text(answer, "/existing_order_id", json_text(open, "/id"));
	(void)paper_submit(paper, "b2", "AAPL", "buy", "1");
	(void)paper_submit(paper, "s2", "MSFT", "sell", "1");
	assert_int_equal(json_array_size(paper_get(paper, "/v2/orders")), 3);
	paper_set(paper, "{\"fill\":null}");
	(void)paper_wait_status(paper, "b", "filled");
	(void)paper_wait_status(paper, "b2", "filled");
	(void)paper_call(paper, 200, "POST", "/v2/orders", sell);
	paper->passed = true;
}

static void limit_orders_wait_for_their_price(void **state)
{
	struct paper_fixture *paper = *state;
	(void)paper_call(
	    paper, 200, "POST", "/v2/orders",
	    "{\"symbol\":\"AAPL\",\"qty\":\"3\",\"side\":\"buy\",\"type\":\"limit\",\"limit_price\":\"190\","
	    "\"time_in_force\":\"day\",\"client_order_id\":\"low\"}");
	(void)paper_call(
	    paper, 200, "POST", "/v2/orders",
	    "{\"symbol\":\"AAPL\",\"qty\":\"3\",\"side\":\"buy\",\"type\":\"limit\",\"limit_price\":\"200\","
	    "\"time_in_force\":\"day\",\"client_order_id\":\"high\"}");
	(void)paper_call(
	    paper, 200, "POST", "/v2/orders",
	    "{\"symbol\":\"AAPL\",\"qty\":\"3\",\"side\":\"buy\",\"type\":\"limit\",\"limit_price\":\"190\","
	    "\"time_in_force\":\"ioc\",\"client_order_id\":\"ioc\"}");
	assert_json_text(paper_wait_status(paper, "high", "filled"), "/filled_avg_price", "190.25");
	assert_json_text(paper_wait_status(paper, "ioc", "canceled"), "/filled_qty", "0");
	assert_json_text(paper_wait_status(paper, "low", "new"), "/limit_price", "190");
	(void)paper_call(paper, 200, "POST", "/paper/price", "{\"symbol\":\"AAPL\",\"price\":\"189.5\"}");
	assert_json_text(paper_wait_status(paper, "low", "filled"), "/filled_avg_price", "189.5");
	(void)paper_call(paper, 422, "POST", "/paper/price", "{\"symbol\":\"NOPE\",\"price\":\"1\"}");
	(void)paper_call(paper, 422, "POST", "/paper/price", "{\"symbol\":\"AAPL\",\"price\":\"0\"}");
	(void)paper_call(paper, 400, "POST", "/paper/price", "{\"symbol\":\"AAPL\"}");
	paper->passed = true;
}

static void orders_can_be_canceled_once_while_open(void **state)
{
	struct paper_fixture *paper = *state;
	char path[128];
	paper_set(paper, "{\"fill\":\"none\"}");
	snprintf(path, sizeof path, "/v2/orders/%s", json_text(paper_submit(paper, "c", "AAPL", "buy", "1"), "/id"));
	(void)paper_call(paper, 204, "DELETE", path, NULL);
	assert_json_text(paper_get(paper, "%s", path), "/status", "canceled");
	json_t *answer = paper_call(paper, 422, "DELETE", path, NULL);
	assert_json_text(answer, "/message", "order is already in \"canceled\" state");
	(void)paper_call(paper, 404, "DELETE", "/v2/orders/00000000-0000-4000-8000-000000000000", NULL);
	answer = paper_call(paper, 404, "GET", "/v2/orders:by_client_order_id?client_order_id=none", NULL);
	assert_json_int(answer, "/code", 40410000);
	assert_int_equal(paper_ledger_count(paper, "canceled", NULL), 1);
	paper->passed = true;
}

static void orders_are_listed_by_status_time_and_direction(void **state)
{
	struct paper_fixture *paper = *state;
	(void)paper_submit(paper, "o1", "AAPL", "buy", "1");
	(void)paper_wait_status(paper, "o1", "filled");
	paper_set(paper, "{\"fill\":\"none\"}");
	wait_pause();
	(void)paper_submit(paper, "o2", "AAPL", "buy", "1");
	wait_pause();
	json_t *last = paper_submit(paper, "o3", "F", "buy", "1");
	json_t *list = paper_get(paper, "/v2/orders");
	assert_int_equal(json_array_size(list), 2);
	assert_json_text(list, "/0/client_order_id", "o3");
	assert_json_text(paper_get(paper, "/v2/orders?direction=asc&limit=1"), "/0/client_order_id", "o2");
	list = paper_get(paper, "/v2/orders?status=closed");
	assert_int_equal(json_array_size(list), 1);
	assert_json_text(list, "/0/client_order_id", "o1");
	list = paper_get(paper, "/v2/orders?status=all&direction=asc&until=%s", json_text(last, "/submitted_at"));
	assert_int_equal(json_array_size(list), 2);
	assert_json_text(list, "/0/client_order_id", "o1");
	list = paper_get(paper, "/v2/orders?status=all&after=%s", json_text(list, "/0/submitted_at"));
	assert_int_equal(json_array_size(list), 2);
	assert_json_text(list, "/1/client_order_id", "o2");
	static const char *const bad[] = {"status=x", "limit=0", "limit=501", "limit=a", "after=x", "direction=up"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char path[64];
		snprintf(path, sizeof path, "/v2/orders?%s", bad[i]);
		(void)paper_call(paper, 422, "GET", path, NULL);
	}
	paper->passed = true;
}

/* Walks all pages of the fills; how many fills there were. Each page goes on where the one before it ended. */
static size_t walk_fills(struct paper_fixture *paper, const char *direction)
{
	char token[80] = "";
	size_t count = 0;
	for (;;) {
		json_t *page = paper_get(paper, "/v2/account/activities/FILL?direction=%s&page_size=7&page_token=%s",
					 direction, token);
		size_t size = json_array_size(page);
		assert_true(size <= 7);
		for (size_t i = 0; i < size; i++) {
			const char *id = json_string_value(json_object_get(json_array_get(page, i), "id"));
			int order = strcmp(id, token);
			if (*token)
				assert_true(strcmp(direction, "asc") == 0 ? order > 0 : order < 0);
			snprintf(token, sizeof token, "%s", id);
		}
		count += size;
		if (!size)
			return count;
	}
}

static void fills_are_paged_by_their_ids_also_after_a_restart(void **state)
{
	struct paper_fixture *paper = *state;
	char id[16];
	for (int i = 0; i < 30; i++) {
		snprintf(id, sizeof id, "f%d", i);
		(void)paper_submit(paper, id, "F", "buy", "2");
	}
	(void)paper_wait_status(paper, "f29", "filled");
	assert_int_equal(walk_fills(paper, "asc"), 30);
	assert_int_equal(walk_fills(paper, "desc"), 30);
	process_kill(paper->process);
	paper_fixture_start(paper);
	(void)paper_submit(paper, "f30", "F", "buy", "2");
	(void)paper_wait_status(paper, "f30", "filled");
	assert_int_equal(walk_fills(paper, "asc"), 31);
	json_t *newest = paper_get(paper, "/v2/account/activities/FILL?page_size=1");
	assert_json_text(newest, "/0/order_id", json_text(paper_wait_status(paper, "f30", "filled"), "/id"));
	json_t *after = paper_get(paper, "/v2/account/activities/FILL?direction=asc&after=%s",
				  json_text(newest, "/0/transaction_time"));
	assert_int_equal(json_array_size(after), 0);
	paper->passed = true;
}

int main(void)
{
#define PAPER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    PAPER_TEST(a_market_order_is_answered_pending_and_then_filled),
	    PAPER_TEST(orders_that_are_not_good_are_refused_and_recorded),
	    PAPER_TEST(good_orders_of_every_kind_are_taken),
	    PAPER_TEST(a_client_order_id_is_unique_for_ever),
	    PAPER_TEST(an_open_order_of_the_other_side_refuses_as_wash_trade),
	    PAPER_TEST(limit_orders_wait_for_their_price),
	    PAPER_TEST(orders_can_be_canceled_once_while_open),
	    PAPER_TEST(orders_are_listed_by_status_time_and_direction),
	    PAPER_TEST(fills_are_paged_by_their_ids_also_after_a_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
