/* What can be made to happen at the paper broker: fills in parts, none, late; limits, keys, restarts, signals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/clock.h"
#include "tests/support/json_at.h"
#include "tests/support/paper_fixture.h"
#include "tests/support/source_folder.h"
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

static void fills_come_in_parts_each_at_its_price(void **state)
{
	struct paper_fixture *paper = *state;
	paper_set(paper, "{\"fill\":\"in_parts\",\"parts\":3,\"delay_ms\":5,\"price_step\":\"0.01\","
			 "\"commission_per_order\":\"1.25\"}");
	assert_json_text(paper_submit(paper, "p", "AAPL", "buy", "10"), "/commission", "0");
	json_t *order = paper_wait_status(paper, "p", "filled");
	assert_json_text(order, "/commission", "1.25");
	assert_json_text(order, "/filled_avg_price", "190.261"); /* 3 at .25, 3 at .26, 4 at .27 */
	json_t *fills = paper_get(paper, "/v2/account/activities/FILL?direction=asc");
	assert_int_equal(json_array_size(fills), 3);
	static const char *const quantities[] = {"3", "3", "4"}, *const prices[] = {"190.25", "190.26", "190.27"};
	static const char *const leaves[] = {"7", "4", "0"};
	for (size_t i = 0; i < 3; i++) {
		json_t *fill = json_array_get(fills, i);
		assert_json_text(fill, "/qty", quantities[i]);
		assert_json_text(fill, "/price", prices[i]);
		assert_json_text(fill, "/leaves_qty", leaves[i]);
		assert_json_text(fill, "/type", i < 2 ? "partial_fill" : "fill");
	}
	(void)paper_submit(paper, "f", "F", "buy", "0.000000002");
	order = paper_wait_status(paper, "f", "filled");
	assert_int_equal(json_array_size(paper_get(paper, "/v2/account/activities/FILL")), 5);
	paper->passed = true;
}

static void a_partial_fill_ends_as_the_settings_say(void **state)
{
	struct paper_fixture *paper = *state;
	paper_set(paper,
		  "{\"fill_quantity\":\"4\",\"symbols\":{\"F\":{\"then\":\"canceled\"},\"MSFT\":{\"then\":\"expired\","
		  "\"fill_quantity\":0},\"PENNY\":{\"fill\":\"none\",\"then\":\"canceled\",\"delay_ms\":5}}}");
	(void)paper_submit(paper, "open", "AAPL", "buy", "10");
	(void)paper_submit(paper, "cut", "F", "buy", "10");
	(void)paper_submit(paper, "late", "MSFT", "buy", "10");
	(void)paper_submit(paper, "none", "PENNY", "buy", "10");
	assert_json_text(paper_wait_status(paper, "open", "partially_filled"), "/filled_qty", "4");
	json_t *cut = paper_wait_status(paper, "cut", "canceled");
	assert_json_text(cut, "/filled_qty", "4");
	assert_string_not_equal(json_text(cut, "/canceled_at"), "null");
	json_t *late = paper_wait_status(paper, "late", "expired");
	assert_json_text(late, "/filled_qty", "0");
	assert_string_not_equal(json_text(late, "/expired_at"), "null");
	(void)paper_wait_status(paper, "none", "canceled");
	assert_int_equal(paper_ledger_count(paper, "canceled", NULL), 2);
	assert_int_equal(paper_ledger_count(paper, "expired", NULL), 1);
	/* What rests is looked at again when the settings change. */
	paper_set(paper, "{\"fill_quantity\":null}");
	assert_json_text(paper_wait_status(paper, "open", "filled"), "/filled_qty", "10");
	paper->passed = true;
}

static void orders_that_wait_are_filled_once_the_settings_say_so(void **state)
{
	struct paper_fixture *paper = *state;
	paper_set(paper, "{\"fill\":\"after_delay\",\"delay_ms\":600000}");
	(void)paper_submit(paper, "w", "AAPL", "buy", "10");
	paper_set(paper, "{\"rate_per_min\":0}");
	(void)paper_wait_status(paper, "w", "new");
	paper_set(paper, "{\"delay_ms\":1}");
	(void)paper_wait_status(paper, "w", "filled");
	paper->passed = true;
}

static void expire_all_ends_every_open_order(void **state)
{
	struct paper_fixture *paper = *state;
	paper_set(paper, "{\"fill\":\"after_delay\",\"delay_ms\":600000}");
	(void)paper_submit(paper, "e1", "AAPL", "buy", "10");
	(void)paper_submit(paper, "e2", "F", "sell", "10");
	assert_json_int(paper_call(paper, 200, "POST", "/paper/expire_all", ""), "/expired", 2);
	(void)paper_wait_status(paper, "e1", "expired");
	(void)paper_wait_status(paper, "e2", "expired");
	assert_int_equal(json_array_size(paper_get(paper, "/v2/orders")), 0);
	paper->passed = true;
}

static void settings_that_are_not_good_change_nothing(void **state)
{
	struct paper_fixture *paper = *state;
	static const struct {
		const char *change, *message;
		int status;
	} rows[] = {
	    {"{\"fill\":\"none\",\"fil\":1}", "there is no setting \"fil\"", 400},
	    {"{\"delay_ms\":5,\"fill\":\"soon\"}", "at_once, after_delay, in_parts, none", 400},
	    {"{\"delay_ms\":-1}", "\"delay_ms\" must be a whole number", 400},
	    {"{\"parts\":0}", "\"parts\" must be a whole number from 1", 400},
	    {"{\"parts\":\"2\"}", "\"parts\" must be a whole number from 1", 400},
	    {"{\"price_step\":\"1e3\"}", "\"price_step\"", 422},
	    {"{\"fill_quantity\":\"-1\"}", "\"fill_quantity\" must be from 0", 422},
	    {"{\"reject_symbols\":[\"a b\"]}", "\"reject_symbols\"", 400},
	    {"{\"symbols\":{\"a b\":{}}}", "is no symbol", 400},
	    {"{\"symbols\":{\"F\":{\"x\":1}}}", "F: there is no setting \"x\"", 400},
	    {"{\"symbols\":{\"F\":{\"fill\":1}}}", "F: \"fill\" must be one of", 400},
	    {"{\"symbols\":{\"F\":5}}", "F must have an object", 400},
	    {"[]", "settings are an object", 400},
	};
	json_t *before = paper_get(paper, "/paper/settings");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *answer = paper_call(paper, rows[i].status, "PUT", "/paper/settings", rows[i].change);
		if (!strstr(json_text(answer, "/message"), rows[i].message))
			fail_msg("%s: %s", rows[i].change, json_text(answer, "/message"));
	}
	assert_true(json_equal(before, paper_get(paper, "/paper/settings")));
	paper_set(
	    paper,
	    "{\"fill\":\"none\",\"symbols\":{\"F\":{\"fill\":\"at_once\",\"parts\":3}},\"reject_symbols\":[\"F\"]}");
	paper_set(paper, "{\"symbols\":{\"F\":{\"parts\":null}},\"reject_symbols\":null}");
	json_t *after = paper_get(paper, "/paper/settings");
	assert_json_text(after, "/symbols/F/fill", "at_once");
	assert_null(json_find(after, "/symbols/F/parts"));
	paper_set(paper, "{\"fill\":null,\"symbols\":{\"F\":null}}");
	assert_true(json_equal(before, paper_get(paper, "/paper/settings")));
	paper->passed = true;
}

static void every_setting_is_in_the_manual(void **state)
{
	struct paper_fixture *paper = *state;
	json_t *settings = paper_get(paper, "/paper/settings"), *value;
	char *manual = source_read("conf/man/muster-paper.8");
	const char *name;
	json_object_foreach(settings, name, value)
		if (!strstr(manual, name) && strcmp(name, "rate_refused") != 0)
			fail_msg("conf/man/muster-paper.8 says nothing of %s", name);
	free(manual);
	paper->passed = true;
}

static void symbols_can_be_rejected_for_lack_of_funds(void **state)
{
	struct paper_fixture *paper = *state;
	paper_set(paper, "{\"reject_symbols\":[\"F\"]}");
	static const char *const sides[] = {"buy", "sell"};
	static const char *const messages[] = {"insufficient buying power",
					       "insufficient qty available for order (requested: 7, available: 0)"};
	for (size_t i = 0; i < 2; i++) {
		char body[200];
		snprintf(
		    body, sizeof body,
		    "{\"symbol\":\"F\",\"qty\":\"7\",\"side\":\"%s\",\"type\":\"market\",\"time_in_force\":\"day\"}",
		    sides[i]);
		json_t *answer = paper_call(paper, 403, "POST", "/v2/orders", body);
		assert_json_int(answer, "/code", 40310000);
		assert_json_text(answer, "/message", messages[i]);
	}
	assert_int_equal(paper_ledger_count(paper, "order", "refused"), 2);
	paper->passed = true;
}

static void calls_beyond_the_rate_get_429_with_its_headers(void **state)
{
	struct paper_fixture *paper = *state;
	static const char request[] = "GET /v2/account HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
	paper_set(paper, "{\"rate_per_min\":3}");
	int refused = 0;
	/* A minute may end on the way: then it takes up to three calls more. */
	for (int i = 0; i < 7 && !refused; i++) {
		char *answer = http_raw(paper->port, request, sizeof request - 1, 5000, NULL);
		assert_non_null(strstr(answer, "X-RateLimit-Limit: 3\r\n"));
		const char *reset = strstr(answer, "X-RateLimit-Reset: ");
		assert_non_null(reset);
		int64_t seconds = strtoll(reset + strlen("X-RateLimit-Reset: "), NULL, 10) - clock_wall_ms() / 1000;
		assert_true(seconds >= -1 && seconds <= 60);
		refused = strncmp(answer, "HTTP/1.1 429 ", 13) == 0;
		if (refused)
			assert_non_null(strstr(answer, "X-RateLimit-Remaining: 0\r\n"));
		free(answer);
	}
	assert_true(refused);
	assert_json_int(paper_get(paper, "/paper/settings"), "/rate_per_min", 3);
	assert_int_equal(json_array_size(paper_ledger(paper)), 0);
	paper->passed = true;
}

static void keys_are_asked_for_where_the_broker_has_one(void **state)
{
	struct paper_fixture *paper = *state;
	static const struct {
		const char *id, *secret;
		int status;
	} rows[] = {
	    {"X: y", "X: z", 401},
	    {"APCA-API-KEY-ID: me", "X: z", 401},
	    {"APCA-API-KEY-ID: me", "APCA-API-SECRET-KEY: wrong", 403},
	    {"APCA-API-KEY-ID: you", "APCA-API-SECRET-KEY: hush", 403},
	    {"APCA-API-KEY-ID: me", "APCA-API-SECRET-KEY: hush", 200},
	};
	assert_int_equal(process_end(paper->process), 0);
	setenv("MUSTER_BROKER_PAPER_KEY_ID", "me", 1);
	setenv("MUSTER_BROKER_PAPER_KEY_SECRET", "hush", 1);
	paper_fixture_start(paper);
	unsetenv("MUSTER_BROKER_PAPER_KEY_ID");
	unsetenv("MUSTER_BROKER_PAPER_KEY_SECRET");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char url[64];
		snprintf(url, sizeof url, "http://127.0.0.1:%d/v2/account", paper->port);
		const struct http_call call = {.method = "GET", .url = url, .headers = {rows[i].id, rows[i].secret}};
		struct http_reply *reply = http_call(&call);
		assert_int_equal(reply->status, rows[i].status);
		assert_true(reply->status == 200 || !json_find(reply->json, "/code"));
		http_reply_free(reply);
	}
	assert_false(process_log_has(paper->process, "hush"));
	paper->passed = true;
}

static const char delayed[] = "{\"symbol\":\"F\",\"qty\":\"7\",\"side\":\"buy\",\"type\":\"market\","
			      "\"time_in_force\":\"day\",\"client_order_id\":\"slow\"}";

static void a_delayed_reply_leaves_also_while_draining(void **state)
{
	struct paper_fixture *paper = *state;
	char url[64];
	snprintf(url, sizeof url, "http://127.0.0.1:%d/v2/orders", paper->port);
	paper_set(paper, "{\"reply_delay_ms\":400}");
	const struct http_call call = {.method = "POST", .url = url, .body = delayed};
	struct http_task *task = http_task_start(&call);
	WAIT_UNTIL(json_array_size(paper_ledger(paper)) == 2); /* it fills before its reply leaves */
	process_signal(paper->process, SIGTERM);
	struct http_reply *reply = http_task_end(task);
	assert_int_equal(reply->status, 200);
	assert_json_text(reply->json, "/status", "pending_new");
	http_reply_free(reply);
	assert_int_equal(process_wait(paper->process), 0);
	paper->passed = true;
}

static void a_client_that_leaves_before_its_reply_harms_nothing(void **state)
{
	struct paper_fixture *paper = *state;
	char request[512];
	paper_set(paper, "{\"reply_delay_ms\":100}");
	int length =
	    snprintf(request, sizeof request, "POST /v2/orders HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n%s",
		     strlen(delayed), delayed);
	free(http_raw(paper->port, request, (size_t)length, 20, NULL));
	(void)paper_wait_status(paper, "slow", "filled");
	int64_t until_us = clock_monotonic_us() + 200000;
	WAIT_UNTIL(clock_monotonic_us() > until_us);
	assert_true(process_is_running(paper->process));
	paper->passed = true;
}

static void the_ledger_is_read_back_and_a_cut_line_dropped(void **state)
{
	struct paper_fixture *paper = *state;
	paper_set(
	    paper,
	    "{\"fill_quantity\":\"4\",\"symbols\":{\"F\":{\"then\":\"expired\"}},\"commission_per_order\":\"1\"}");
	(void)paper_submit(paper, "open", "AAPL", "buy", "10");
	(void)paper_submit(paper, "over", "F", "sell", "10");
	json_t *open = paper_wait_status(paper, "open", "partially_filled");
	json_t *over = paper_wait_status(paper, "over", "expired");
	process_kill(paper->process);
	FILE *file = fopen(paper->ledger_path, "a");
	assert_non_null(file);
	assert_true(fputs("{\"event\":\"fill\",\"at\":\"2026-", file) >= 0 && fclose(file) == 0);
	paper_fixture_start(paper);
	assert_true(process_log_has(paper->process, "event=ledger_cut dropped_bytes=27"));
	assert_true(json_equal(over, paper_get(paper, "/v2/orders/%s", json_text(over, "/id"))));
	/* The defaults hold again, so that what was open is filled. */
	json_t *filled = paper_wait_status(paper, "open", "filled");
	assert_json_text(filled, "/id", json_text(open, "/id"));
	assert_json_text(filled, "/commission", "1");
	assert_int_equal(paper_ledger_count(paper, "fill", NULL), 3);
	paper->passed = true;
}

static void a_ledger_has_one_broker_and_must_be_whole(void **state)
{
	struct paper_fixture *paper = *state;
	char build[512], program[600], stocks[160], ledger[160], log[96];
	process_find_build(build, sizeof build);
	snprintf(program, sizeof program, "%s/muster-paper", build);
	snprintf(stocks, sizeof stocks, "paper.stocks_file=%s/stocks.csv", paper->folder);
	snprintf(ledger, sizeof ledger, "paper.ledger_file=%s", paper->ledger_path);
	snprintf(log, sizeof log, "%s/log", paper->folder);
	const char *const argv[] = {program, "-o", "paper.listen=127.0.0.1:0", "-o", stocks, "-o", ledger, NULL};
	struct process *second = process_start(argv, log);
	assert_int_equal(process_wait(second), 1);
	assert_true(process_log_has(second, "another paper broker uses it"));
	process_free(second);
	assert_int_equal(process_end(paper->process), 0);
	FILE *file = fopen(paper->ledger_path, "a");
	assert_non_null(file);
	assert_true(fputs("{\"event\":\"order\"}\n", file) >= 0 && fclose(file) == 0);
	second = process_start(argv, log);
	assert_int_equal(process_wait(second), 1);
	assert_true(process_log_has(second, "line 1: \\\"outcome\\\" is missing"));
	process_free(second);
	const char *const bare[] = {program, "-o", "paper.listen=127.0.0.1:0", "-o", ledger, NULL};
	second = process_start(bare, log);
	assert_int_equal(process_wait(second), 1);
	assert_true(process_log_has(second, "paper.stocks_file is needed"));
	process_free(second);
	paper->passed = true;
}

int main(void)
{
#define PAPER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    PAPER_TEST(fills_come_in_parts_each_at_its_price),
	    PAPER_TEST(a_partial_fill_ends_as_the_settings_say),
	    PAPER_TEST(orders_that_wait_are_filled_once_the_settings_say_so),
	    PAPER_TEST(expire_all_ends_every_open_order),
	    PAPER_TEST(settings_that_are_not_good_change_nothing),
	    PAPER_TEST(every_setting_is_in_the_manual),
	    PAPER_TEST(symbols_can_be_rejected_for_lack_of_funds),
	    PAPER_TEST(calls_beyond_the_rate_get_429_with_its_headers),
	    PAPER_TEST(keys_are_asked_for_where_the_broker_has_one),
	    PAPER_TEST(a_delayed_reply_leaves_also_while_draining),
	    PAPER_TEST(a_client_that_leaves_before_its_reply_harms_nothing),
	    PAPER_TEST(the_ledger_is_read_back_and_a_cut_line_dropped),
	    PAPER_TEST(a_ledger_has_one_broker_and_must_be_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
