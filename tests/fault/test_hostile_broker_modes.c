/* The modes of failure themselves: each does on the wire what it is named after, and the ledger tells what happened
 * behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/json_at.h"
#include "tests/support/paper_fixture.h"
#include "tests/support/wait_until.h"

#define PATIENCE_MS 20000

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

static json_t *put_faults(struct paper_fixture *paper, const char *faults)
{
	return paper_call(paper, 200, "PUT", "/paper/faults", faults);
}

/* What comes back, byte by byte, for an order of 10 under this id; `closed` (may be NULL): the broker closed the
 * connection. */
static char *submit_raw(struct paper_fixture *paper, const char *id, int wait_ms, bool *closed)
{
	char body[256], text[512];
	int length = snprintf(body, sizeof body,
			      "{\"symbol\":\"AAPL\",\"qty\":\"10\",\"side\":\"buy\",\"type\":\"market\","
			      "\"time_in_force\":\"day\",\"client_order_id\":\"%s\"}",
			      id);

	length = snprintf(text, sizeof text,
			  "POST /v2/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
			  "Content-Length: %d\r\n\r\n%s",
			  length, body);
	return http_raw(paper->port, text, (size_t)length, wait_ms, closed);
}

/* Whether the ledger has an order of this id with this outcome. */
static bool ledger_has(struct paper_fixture *paper, const char *id, const char *outcome)
{
	size_t i;
	json_t *event;

	json_array_foreach (paper_ledger(paper), i, event)
		if (strcmp(json_text(event, "/event"), "order") == 0 &&
		    strcmp(json_text(event, "/client_order_id"), id) == 0)
			return strcmp(json_text(event, "/outcome"), outcome) == 0;
	return false;
}

/* One row a mode of submit: how the reply begins, what else is in it, whether the connection ends with it. */
static const struct {
	const char *fault, *begin, *has;
	bool is_closed;
	const char *outcome;
} replies[] = {
    {"{\"mode\":\"silent\"}", "", "", false, "accepted"},
    {"{\"mode\":\"slow\",\"ms\":5000}", "", "", false, "accepted"},
    {"{\"mode\":\"close\"}", "", "", true, "accepted"},
    {"{\"mode\":\"cut\"}", "HTTP/1.1 200", "\"client_order_id\"", true, "accepted"},
    {"{\"mode\":\"answer\"}", "HTTP/1.1 500", "\"code\":50010000", false, "accepted"},
    {"{\"mode\":\"answer\",\"status\":504}", "HTTP/1.1 504", "<html>", false, "accepted"},
    {"{\"mode\":\"garbage\"}", "HTTP/1.1 200", "application/json", false, "accepted"},
    {"{\"mode\":\"html\"}", "HTTP/1.1 200", "It works!", false, "accepted"},
    {"{\"mode\":\"duplicate\"}", "HTTP/1.1 422", "must be unique", false, "accepted"},
    {"{\"mode\":\"wrong_symbol\"}", "HTTP/1.1 200", "\"symbol\":\"WRONG\"", false, "accepted"},
    {"{\"mode\":\"wrong_side\"}", "HTTP/1.1 200", "\"side\":\"sell\"", false, "accepted"},
    {"{\"mode\":\"wrong_quantity\"}", "HTTP/1.1 200", "\"qty\":\"11\"", false, "accepted"},
    {"{\"mode\":\"wrong_id\"}", "HTTP/1.1 200", "-x\"", false, "accepted"},
    {"{\"mode\":\"refuse\"}", "HTTP/1.1 500", "", false, "refused"},
    {"{\"mode\":\"refuse\",\"status\":503}", "HTTP/1.1 503", "", false, "refused"},
    {"{\"mode\":\"rate_limit\",\"ms\":5000}", "HTTP/1.1 429", "X-RateLimit-Reset: ", false, "refused"},
    {"{\"mode\":\"false_duplicate\"}", "HTTP/1.1 422", "must be unique", false, "refused"},
};

static void each_mode_does_what_it_is_named_after(void **state)
{
	struct paper_fixture *paper = *state;

	for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
		char id[16], *reply;
		bool closed;

		(void)put_faults(paper, replies[i].fault);
		snprintf(id, sizeof id, "m%zu", i);
		/* A reply is waited for; that none comes shows in a while. */
		reply = submit_raw(paper, id, *replies[i].begin || replies[i].is_closed ? -PATIENCE_MS : 200, &closed);
		WAIT_UNTIL(ledger_has(paper, id, replies[i].outcome));
		if (strncmp(reply, replies[i].begin, strlen(replies[i].begin)) != 0 || !strstr(reply, replies[i].has) ||
		    (!*replies[i].begin && *reply) || closed != replies[i].is_closed)
			fail_msg("%s: closed %d, ledger %s: %s", replies[i].fault, closed, replies[i].outcome, reply);
		assert_json_int(paper_get(paper, "/paper/faults"), "/0/struck", 1);
		free(reply);
	}
	paper->passed = true;
}

static void a_dripping_reply_comes_whole_and_an_endless_one_does_not_end(void **state)
{
	struct paper_fixture *paper = *state;
	char *reply;
	bool closed;

	(void)put_faults(paper, "[{\"mode\":\"drip\",\"ms\":1,\"times\":1},{\"mode\":\"endless\"}]");
	reply = submit_raw(paper, "drip", PATIENCE_MS, &closed);
	assert_true(closed);
	assert_non_null(strstr(reply, "\"extended_hours\":false}"));
	free(reply);
	reply = submit_raw(paper, "endless", PATIENCE_MS, &closed);
	assert_false(closed);
	assert_non_null(strstr(reply, "\"client_order_id\":\"endless\""));
	assert_non_null(strstr(reply, "Content-Length: 1000000000000"));
	free(reply);
	paper->passed = true;
}

static void a_look_up_is_hidden_while_the_order_is_young(void **state)
{
	struct paper_fixture *paper = *state;

	(void)put_faults(paper, "{\"mode\":\"hide\",\"on\":\"all\",\"ms\":3600000}");
	json_t *order = paper_submit(paper, "h", "AAPL", "buy", "10");
	(void)paper_call(paper, 404, "GET", "/v2/orders:by_client_order_id?client_order_id=h", NULL);
	(void)paper_call(paper, 404, "GET", "/v2/orders:by_client_order_id?client_order_id=none", NULL);
	assert_int_equal(json_array_size(paper_get(paper, "/v2/orders?status=all")), 0);
	assert_json_int(paper_get(paper, "/paper/faults"), "/0/struck", 2);
	char path[128];
	snprintf(path, sizeof path, "/v2/orders/%s", json_text(order, "/id"));
	(void)paper_call(paper, 404, "GET", path, NULL);
	(void)put_faults(paper, "{\"mode\":\"hide\",\"on\":\"all\",\"ms\":100}");
	WAIT_UNTIL(json_array_size(paper_get(paper, "/v2/orders?status=all")) == 1);
	(void)paper_call(paper, 200, "GET", path, NULL);
	paper->passed = true;
}

static void an_order_is_cut_or_overfilled_and_the_ledger_can_be_read_back(void **state)
{
	struct paper_fixture *paper = *state;

	paper_set(paper, "{\"fill\":\"in_parts\",\"parts\":3,\"delay_ms\":1}");
	(void)put_faults(
	    paper,
	    "[{\"mode\":\"partial\",\"percent\":45,\"times\":1},{\"mode\":\"partial\",\"percent\":0,\"times\":1},"
	    "{\"mode\":\"overfill\",\"symbol\":\"F\"}]");
	(void)paper_submit(paper, "part", "AAPL", "buy", "10");
	(void)paper_submit(paper, "zero", "AAPL", "buy", "10");
	(void)paper_submit(paper, "over", "F", "buy", "10");
	(void)paper_submit(paper, "over2", "F", "buy", "1");
	(void)paper_submit(paper, "whole", "AAPL", "buy", "10");
	for (int round = 0; round < 2; round++) {
		assert_json_text(paper_wait_status(paper, "part", "canceled"), "/filled_qty", "4");
		assert_json_text(paper_wait_status(paper, "zero", "canceled"), "/filled_qty", "0");
		assert_json_text(paper_wait_status(paper, "over", "filled"), "/filled_qty", "12");
		assert_json_text(paper_wait_status(paper, "over2", "filled"), "/filled_qty", "2");
		assert_json_text(paper_wait_status(paper, "whole", "filled"), "/filled_qty", "10");
		assert_int_equal(process_end(paper->process), 0);
		paper_fixture_start(paper);
		assert_int_equal(json_array_size(paper_get(paper, "/paper/faults")), 0);
	}
	paper->passed = true;
}

static void fills_are_listed_twice_reversed_late_and_beyond(void **state)
{
	struct paper_fixture *paper = *state;
	json_t *fills;

	paper_set(paper, "{\"fill\":\"in_parts\",\"parts\":2}");
	(void)paper_submit(paper, "f", "F", "buy", "4");
	(void)paper_wait_status(paper, "f", "filled");
	(void)paper_submit(paper, "a", "AAPL", "buy", "10");
	(void)paper_wait_status(paper, "a", "filled");
	json_t *honest = paper_get(paper, "/v2/account/activities/FILL");
	assert_int_equal(json_array_size(honest), 4);

	(void)put_faults(paper, "{\"mode\":\"fills_twice\",\"symbol\":\"F\"}");
	fills = paper_get(paper, "/v2/account/activities/FILL");
	assert_int_equal(json_array_size(fills), 6);
	assert_true(json_equal(json_array_get(fills, 2), json_array_get(fills, 3)));

	(void)put_faults(paper, "{\"mode\":\"fills_unordered\"}");
	fills = paper_get(paper, "/v2/account/activities/FILL");
	for (size_t i = 0; i < 4; i++)
		assert_true(json_equal(json_array_get(fills, i), json_array_get(honest, 3 - i)));

	(void)put_faults(paper, "{\"mode\":\"fills_beyond\"}");
	fills = paper_get(paper, "/v2/account/activities/FILL");
	assert_int_equal(json_array_size(fills), 5);
	assert_string_not_equal(json_text(fills, "/3/id"), json_text(fills, "/4/id"));

	(void)put_faults(paper, "[{\"mode\":\"fills_late\",\"ms\":60000},{\"mode\":\"fills_after_end\",\"ms\":60000,"
				"\"on\":\"all\"}]");
	assert_int_equal(json_array_size(paper_get(paper, "/v2/account/activities/FILL")), 0);
	assert_json_text(paper_wait_status(paper, "a", "filled"), "/filled_qty", "5");
	assert_int_equal(paper_ledger_count(paper, "fill", NULL), 4);
	(void)paper_call(paper, 200, "DELETE", "/paper/faults", NULL);
	assert_true(json_equal(paper_get(paper, "/v2/account/activities/FILL"), honest));
	assert_json_text(paper_wait_status(paper, "a", "filled"), "/filled_qty", "10");
	paper->passed = true;
}

static void a_fault_strikes_its_symbol_its_times_and_its_calls_only(void **state)
{
	struct paper_fixture *paper = *state;
	static const char f[] =
	    "{\"symbol\":\"F\",\"qty\":\"1\",\"side\":\"buy\",\"type\":\"market\",\"time_in_force\":\"day\"}";

	json_t *faults = put_faults(paper, "{\"mode\":\"refuse\",\"status\":503,\"symbol\":\"F\",\"times\":2}");
	assert_json_text(faults, "/0/on/0", "submit");
	assert_json_int(faults, "/0/times_left", 2);
	(void)paper_submit(paper, "other", "AAPL", "buy", "1");
	for (int i = 0; i < 4; i++)
		(void)paper_call(paper, i < 2 ? 503 : 200, "POST", "/v2/orders", f);
	faults = paper_get(paper, "/paper/faults");
	assert_json_int(faults, "/0/times_left", 0);
	assert_json_int(faults, "/0/struck", 2);
	(void)put_faults(paper, "{\"mode\":\"refuse\",\"on\":\"fills\"}");
	(void)paper_call(paper, 200, "POST", "/v2/orders", f);
	(void)paper_call(paper, 500, "GET", "/v2/account/activities/FILL", NULL);
	(void)paper_call(paper, 200, "GET", "/v2/account", NULL);
	paper->passed = true;
}

/* Which of twenty calls a fault strikes, as bits. */
static unsigned strikes(struct paper_fixture *paper, const char *fault)
{
	unsigned bits = 0;

	(void)put_faults(paper, fault);
	for (int i = 0; i < 20; i++) {
		char url[64];
		snprintf(url, sizeof url, "http://127.0.0.1:%d/v2/orders", paper->port);
		struct http_reply *reply = http_call(&(struct http_call){.method = "GET", .url = url});
		bits = bits << 1 | (reply->status == 500);
		http_reply_free(reply);
	}
	return bits;
}

static void the_same_seed_strikes_the_same_calls(void **state)
{
	struct paper_fixture *paper = *state;
	static const char one[] = "{\"mode\":\"refuse\",\"on\":\"follow\",\"probability\":0.5,\"seed\":1}";
	unsigned first = strikes(paper, one);

	assert_int_not_equal(first, 0);
	assert_int_not_equal(first, 0xfffff);
	assert_int_equal(strikes(paper, one), first);
	assert_int_not_equal(strikes(paper, "{\"mode\":\"refuse\",\"on\":\"follow\",\"probability\":0.5,\"seed\":2}"),
			     first);
	assert_int_equal(strikes(paper, "{\"mode\":\"refuse\",\"on\":\"follow\",\"probability\":0}"), 0);
	paper->passed = true;
}

static void faults_that_make_no_sense_change_nothing(void **state)
{
	struct paper_fixture *paper = *state;
	static const struct {
		const char *faults, *message;
		int status;
	} rows[] = {
	    {"{\"mode\":\"silen\"}", "\"mode\" must be one of: silent, close", 400},
	    {"{}", "\"mode\" must be one of", 400},
	    {"[7]", "a fault is an object", 400},
	    {"{\"mode\":\"silent\",\"on\":\"never\"}", "\"on\" must be one of", 400},
	    {"{\"mode\":\"partial\",\"on\":\"fills\"}", "\"partial\" cannot happen on \"fills\"", 400},
	    {"{\"mode\":\"silent\",\"ms\":1}", "a fault \"silent\" has no \"ms\"", 400},
	    {"{\"mode\":\"slow\",\"ms\":0}", "\"ms\" must be a whole number from 1", 400},
	    {"{\"mode\":\"answer\",\"status\":200}", "\"status\" must be a whole number from 500", 400},
	    {"{\"mode\":\"silent\",\"times\":-1}", "\"times\" must be a whole number", 400},
	    {"{\"mode\":\"silent\",\"probability\":1.1}", "\"probability\" must be from 0 to 1", 422},
	    {"{\"mode\":\"silent\",\"seed\":\"x\"}", "\"seed\" must be a whole number", 400},
	    {"{\"mode\":\"silent\",\"symbol\":\"a b\"}", "\"symbol\" must be a symbol", 400},
	    {"[{\"mode\":\"silent\"},{\"mode\":\"x\"}]", "\"mode\" must be one of", 400},
	};

	json_t *before = put_faults(paper, "{\"mode\":\"hide\",\"symbol\":\"F\",\"times\":null}");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *message =
		    json_text(paper_call(paper, rows[i].status, "PUT", "/paper/faults", rows[i].faults), "/message");
		if (!strstr(message, rows[i].message))
			fail_msg("%s: %s", rows[i].faults, message);
		assert_true(json_equal(paper_get(paper, "/paper/faults"), before));
	}
	paper->passed = true;
}

static void a_broker_that_ends_leaves_nobody_hanging(void **state)
{
	struct paper_fixture *paper = *state;
	static const char *const struck[] = {"/0/struck", "/1/struck", "/2/struck", "/3/struck"};
	char url[64];
	struct http_task *tasks[4];

	(void)put_faults(paper, "[{\"mode\":\"silent\",\"on\":\"follow\",\"times\":1},"
				"{\"mode\":\"drip\",\"on\":\"follow\",\"times\":1,\"ms\":3000},"
				"{\"mode\":\"endless\",\"on\":\"follow\",\"times\":1},"
				"{\"mode\":\"slow\",\"on\":\"follow\",\"times\":1,\"ms\":3000000}]");
	snprintf(url, sizeof url, "http://127.0.0.1:%d/v2/orders", paper->port);
	for (int i = 0; i < 4; i++) {
		tasks[i] = http_task_start(&(struct http_call){.method = "GET", .url = url});
		WAIT_UNTIL(json_int(paper_get(paper, "/paper/faults"), struck[i]) == 1);
	}
	assert_int_equal(process_end(paper->process), 0);
	for (int i = 0; i < 4; i++) {
		struct http_reply *reply = http_task_end(tasks[i]);
		assert_int_equal(reply->status, i < 3 ? 0 : 200); /* the late one comes early */
		http_reply_free(reply);
	}
	paper_fixture_start(paper);
	paper->passed = true;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(each_mode_does_what_it_is_named_after),
	    TEST(a_dripping_reply_comes_whole_and_an_endless_one_does_not_end),
	    TEST(a_look_up_is_hidden_while_the_order_is_young),
	    TEST(an_order_is_cut_or_overfilled_and_the_ledger_can_be_read_back),
	    TEST(fills_are_listed_twice_reversed_late_and_beyond),
	    TEST(a_fault_strikes_its_symbol_its_times_and_its_calls_only),
	    TEST(the_same_seed_strikes_the_same_calls),
	    TEST(faults_that_make_no_sense_change_nothing),
	    TEST(a_broker_that_ends_leaves_nobody_hanging),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
