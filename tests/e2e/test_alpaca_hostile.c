/* The Alpaca adapter against a broker that fails in every way that brokers fail: what it may conclude, and what not. */
#include "tests/support/broker_fixture.h"
#include "tests/support/hostile_broker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/clock.h"

static const struct broker_submit order = {"muster-d-b-1", "AAPL", false, "225", NULL, 0};

#define ECHO(client_order_id, symbol, side, qty)                                                                       \
	"{\"id\":\"b-1\",\"client_order_id\":\"" client_order_id "\",\"symbol\":\"" symbol "\",\"side\":\"" side       \
	"\",\"qty\":" qty ",\"filled_qty\":\"0\",\"filled_avg_price\":null,\"status\":\"accepted\","                   \
	"\"submitted_at\":\"2026-11-22T13:20:00.5Z\"}"
#define OURS	 ECHO("muster-d-b-1", "AAPL", "buy", "\"225\"")
#define SHORT_MS 600 /* for calls that are meant to run out of time; all others have the patience of the fixture */

static struct hostile_broker *hostile_of(void **state)
{
	return ((struct broker_fixture *)*state)->own;
}

static int set_up(void **state)
{
	struct broker_fixture *fixture = broker_fixture_new();
	fixture->own = hostile_broker_new(fixture->base);
	snprintf(fixture->config.key_id, sizeof fixture->config.key_id, "PKTEST");
	snprintf(fixture->config.key_secret, sizeof fixture->config.key_secret, "hush");
	broker_fixture_connect(fixture, hostile_broker_port(fixture->own), NULL);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct broker_fixture *fixture = *state;
	struct hostile_broker *hostile = fixture->own;
	broker_free(fixture->broker);
	http_client_free(fixture->client);
	fixture->broker = NULL;
	fixture->client = NULL;
	hostile_broker_free(hostile);
	broker_fixture_free(fixture);
	return 0;
}

/* Connects again, to another address. */
static void reconnect(struct broker_fixture *fixture, const char *base_url)
{
	broker_free(fixture->broker);
	http_client_free(fixture->client);
	broker_fixture_connect(fixture, 0, base_url);
}

static void the_request_is_alpacas(void **state)
{
	struct broker_fixture *fixture = *state;
	struct hostile_broker *hostile = hostile_of(state);
	hostile_broker_answer(hostile, 200, "", OURS);
	const struct broker_result *result = say_submit(fixture, &order);
	assert_int_equal(result->outcome, BROKER_ACCEPTED);
	assert_string_equal(result->order.broker_order_id, "b-1");
	assert_int_equal(result->order.status, SLICE_ACKED);
	const char *sent = hostile_broker_last(hostile);
	assert_ptr_equal(strstr(sent, "POST /v2/orders HTTP/1.1\r\n"), sent);
	assert_non_null(strstr(sent, "\r\nAPCA-API-KEY-ID: PKTEST\r\n"));
	assert_non_null(strstr(sent, "\r\nAPCA-API-SECRET-KEY: hush\r\n"));
	assert_non_null(strstr(sent, "\r\nUser-Agent: muster/0.1\r\n"));
	assert_non_null(strstr(sent, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(sent,
			       "\r\n\r\n{\"symbol\":\"AAPL\",\"qty\":\"225\",\"side\":\"buy\",\"type\":\"market\","
			       "\"time_in_force\":\"day\",\"client_order_id\":\"muster-d-b-1\"}"));
	const struct broker_submit limited = {"a&b=c d", "AAPL", true, "2.5", "190.25", 0};
	(void)say_submit(fixture, &limited);
	assert_non_null(strstr(hostile_broker_last(hostile),
			       "\"side\":\"sell\",\"type\":\"limit\",\"time_in_force\":\"day\",\"client_order_id\":"
			       "\"a&b=c d\",\"limit_price\":\"190.25\"}"));
	(void)say_look_up(fixture, &limited);
	sent = hostile_broker_last(hostile);
	assert_ptr_equal(strstr(sent, "GET /v2/orders:by_client_order_id?client_order_id=a%26b%3Dc%20d HTTP/1.1\r\n"),
			 sent);
}

static void only_our_own_echo_is_an_acceptance(void **state)
{
	static const struct {
		const char *body;
		enum broker_outcome submit, look_up;
	} rows[] = {
	    {OURS, BROKER_ACCEPTED, BROKER_ACCEPTED},
	    {ECHO("muster-d-b-1", "AAPL", "buy", "225.000"), BROKER_ACCEPTED, BROKER_ACCEPTED},
	    {ECHO("muster-d-b-2", "AAPL", "buy", "225"), BROKER_AMBIGUOUS, BROKER_AMBIGUOUS},
	    {ECHO("muster-d-b-1", "MSFT", "buy", "225"), BROKER_AMBIGUOUS, BROKER_CONTRADICTION},
	    {ECHO("muster-d-b-1", "AAPL", "sell", "225"), BROKER_AMBIGUOUS, BROKER_CONTRADICTION},
	    {ECHO("muster-d-b-1", "AAPL", "buy", "224"), BROKER_AMBIGUOUS, BROKER_CONTRADICTION},
	    {ECHO("muster-d-b-1", "AAPL", "buy", "null"), BROKER_AMBIGUOUS, BROKER_AMBIGUOUS},
	    {"[" OURS "]", BROKER_AMBIGUOUS, BROKER_ACCEPTED},
	    {"[" ECHO("other", "AAPL", "buy", "225") "," OURS "]", BROKER_AMBIGUOUS, BROKER_ACCEPTED},
	    {"[" ECHO("other", "AAPL", "buy", "225") "]", BROKER_AMBIGUOUS, BROKER_AMBIGUOUS},
	    {"[]", BROKER_AMBIGUOUS, BROKER_NOT_FOUND},
	    {"{}", BROKER_AMBIGUOUS, BROKER_AMBIGUOUS},
	    {"null", BROKER_AMBIGUOUS, BROKER_AMBIGUOUS},
	    {"", BROKER_AMBIGUOUS, BROKER_AMBIGUOUS},
	    {"<html>It works!</html>", BROKER_AMBIGUOUS, BROKER_AMBIGUOUS},
	    {"\x01\xff\xfe", BROKER_AMBIGUOUS, BROKER_AMBIGUOUS},
	    {OURS "x", BROKER_AMBIGUOUS, BROKER_AMBIGUOUS},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		hostile_broker_answer(hostile_of(state), 200, "", rows[i].body);
		enum broker_outcome submit = say_submit(*state, &order)->outcome;
		enum broker_outcome look_up = say_look_up(*state, &order)->outcome;
		if (submit != rows[i].submit || look_up != rows[i].look_up)
			fail_msg("%s: submit %d, look_up %d", rows[i].body, (int)submit, (int)look_up);
	}
}

/* Submits against these bytes: it must come out as ambiguous, after one request. (The fixture does not wait for ever.)
 */
static void assert_ambiguous(void **state, const char *bytes, enum hostile_then then)
{
	struct broker_fixture *fixture = *state;
	struct hostile_broker *hostile = hostile_of(state);
	size_t before = hostile_broker_requests(hostile);
	fixture->config.timeout_ms = SHORT_MS;
	hostile_broker_say(hostile, bytes, then);
	const struct broker_result *result = say_submit(*state, &order);
	if (result->outcome != BROKER_AMBIGUOUS)
		fail_msg("%.60s: outcome %d (%s)", bytes, (int)result->outcome, result->why.message);
	assert_int_equal(result->why.code, ERR_BROKER);
	assert_int_equal(hostile_broker_requests(hostile), before + 1);
}

static void a_reply_that_proves_nothing_is_ambiguous(void **state)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n";
	char cut[1024];
	snprintf(cut, sizeof cut, "%s%s", head, OURS);
	assert_ambiguous(state, "", HOSTILE_KEEP);			    /* never answers */
	assert_ambiguous(state, "", HOSTILE_CLOSE);			    /* hangs up */
	assert_ambiguous(state, "HTTP/1.1 200", HOSTILE_CLOSE);		    /* in mid-head */
	assert_ambiguous(state, cut, HOSTILE_CLOSE);			    /* in mid-body */
	assert_ambiguous(state, cut, HOSTILE_DRIP);			    /* a byte now and then */
	assert_ambiguous(state, "HTTP/1.1 200 OK\r\n\r\n{", HOSTILE_FLOOD); /* endless body */
	assert_ambiguous(state, "HTTP/1.1 200 OK\r\nX: ", HOSTILE_FLOOD);   /* endless head */
	assert_ambiguous(state, "no HTTP at all\r\n", HOSTILE_CLOSE);
	assert_ambiguous(state, "HTTP/1.1 500 Error\r\nContent-Length: 0\r\n\r\n", HOSTILE_KEEP);
	assert_ambiguous(state, "HTTP/1.1 307 Go\r\nLocation: /v2/orders\r\nContent-Length: 0\r\n\r\n", HOSTILE_KEEP);
	assert_ambiguous(state, "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n{", HOSTILE_KEEP);
}

static void a_submit_leaves_once_where_a_kept_connection_dies(void **state)
{
	struct broker_fixture *fixture = *state;
	struct hostile_broker *hostile = hostile_of(state);
	hostile_broker_answer(hostile, 200, "", OURS);
	assert_int_equal(say_submit(fixture, &order)->outcome, BROKER_ACCEPTED);
	assert_int_equal(say_submit(fixture, &order)->outcome, BROKER_ACCEPTED);
	assert_int_equal(hostile_broker_connections(hostile), 1); /* it is kept */
	assert_ambiguous(state, "", HOSTILE_CLOSE);
	assert_int_equal(hostile_broker_requests(hostile), 3);
	broker_fixture_turn(fixture, 100);
	assert_int_equal(hostile_broker_requests(hostile), 3);
}

static void what_never_left_is_not_sent(void **state)
{
	struct broker_fixture *fixture = *state;
	struct hostile_broker *hostile = hostile_of(state);
	char tls[64];
	snprintf(tls, sizeof tls, "https://127.0.0.1:%d", hostile_broker_port(hostile));
	fixture->config.timeout_ms = SHORT_MS; /* looking for a name may take for ever */
	hostile_broker_say(hostile, "HTTP/1.1 200 OK\r\n\r\n", HOSTILE_KEEP);
	const char *const urls[] = {"http://127.0.0.1:1", "http://no-such-broker.invalid", tls};
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		reconnect(fixture, urls[i]);
		const struct broker_result *result = say_submit(fixture, &order);
		if (result->outcome != BROKER_NOT_SENT)
			fail_msg("%s: outcome %d (%s)", urls[i], (int)result->outcome, result->why.message);
		assert_ptr_equal(strstr(result->why.message, "the broker was not reached: "), result->why.message);
	}
	assert_int_equal(hostile_broker_requests(hostile), 0);
}

static void refused_keys_are_not_tried_again_and_not_told(void **state)
{
	struct hostile_broker *hostile = hostile_of(state);
	hostile_broker_answer(hostile, 401, "", "{\"message\":\"PKTEST hush is unknown\"}");
	const struct broker_result *result = say_submit(*state, &order);
	assert_int_equal(result->outcome, BROKER_NOT_SENT);
	assert_int_equal(result->retry_after_ms, 500); /* soon: at the gate it finds the broker halted */
	assert_null(strstr(result->why.message, "hush"));
	hostile_broker_answer(hostile, 200, "", OURS);
	result = say_look_up(*state, &order);
	assert_int_equal(result->outcome, BROKER_NOT_SENT);
	assert_in_range(result->retry_after_ms, 1, 500);
	assert_int_equal(say_follow(*state, "b-1", 0)->outcome, BROKER_NOT_SENT);
	assert_int_equal(say_cancel(*state, "b-1")->outcome, BROKER_NOT_SENT);
	struct broker_said *fills = say_fills(*state, "b-1", 0);
	assert_int_equal(fills->result.outcome, BROKER_AMBIGUOUS);
	broker_said_clear(fills);
	assert_int_equal(hostile_broker_requests(hostile), 1);
}

static void keys_in_what_a_broker_says_are_taken_out(void **state)
{
	static const char far[] = "{\"code\":42210000,\"message\":\"%0*d PKLONGTEST12 hush/hush hush\"}";
	static const struct {
		int status;
		const char *body;
		enum broker_outcome outcome;
		const char *why;
	} rows[] = {
	    {422, "{\"code\":42210000,\"message\":\"no order for PKLONGTEST12/hush\\/hush+hush!\"}", BROKER_REJECTED,
	     "no order for ************/***************! (HTTP 422, code 42210000)"},
	    {422, "{\"code\":42210000,\"message\":\"no\",\"reject_reason\":\"hush/hush+hush\"}", BROKER_REJECTED,
	     "no: ************** (HTTP 422, code 42210000)"},
	    {403, "{\"code\":40310000,\"message\":\"funds of PKLONGTEST12\"}", BROKER_REJECTED,
	     "funds of ************ (HTTP 403, code 40310000)"},
	    {500, "{\"message\":\"PKLONGTEST12PKLONGTEST12\"}", BROKER_AMBIGUOUS,
	     "************************ (HTTP 500)"},
	};
	struct broker_fixture *fixture = *state;
	char text[1024];
	snprintf(fixture->config.key_id, sizeof fixture->config.key_id, "PKLONGTEST12");
	snprintf(fixture->config.key_secret, sizeof fixture->config.key_secret, "hush/hush+hush");
	broker_free(fixture->broker);
	http_client_free(fixture->client);
	broker_fixture_connect(fixture, hostile_broker_port(hostile_of(state)), NULL);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		hostile_broker_answer(hostile_of(state), rows[i].status, "", rows[i].body);
		const struct broker_result *result = say_submit(fixture, &order);
		assert_int_equal(result->outcome, rows[i].outcome);
		assert_string_equal(result->why.message, rows[i].why);
	}
	/* No half of one is left where a long reason is cut off. */
	for (int at = 225; at < 260; at++) {
		snprintf(text, sizeof text, far, at, 0);
		hostile_broker_answer(hostile_of(state), 422, "", text);
		assert_null(strstr(say_submit(fixture, &order)->why.message, "PK"));
	}
}

static void redirects_are_not_followed(void **state)
{
	size_t requests = hostile_broker_requests(hostile_of(state));
	hostile_broker_answer(hostile_of(state), 307, "Location: /v2/elsewhere\r\n", "");
	assert_int_equal(say_submit(*state, &order)->outcome, BROKER_AMBIGUOUS);
	assert_int_equal(say_look_up(*state, &order)->outcome, BROKER_AMBIGUOUS);
	assert_int_equal(hostile_broker_requests(hostile_of(state)), requests + 2);
}

static void a_used_up_rate_holds_calls_back_until_the_reset(void **state)
{
	struct broker_fixture *fixture = *state;
	struct hostile_broker *hostile = hostile_of(state);
	char headers[96];
	snprintf(headers, sizeof headers, "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: %lld\r\n",
		 (long long)(clock_wall_ms() / 1000 + 3));
	hostile_broker_answer(hostile, 200, headers, OURS);
	assert_int_equal(say_submit(fixture, &order)->outcome, BROKER_ACCEPTED);
	const struct broker_result *result = say_submit(fixture, &order);
	assert_int_equal(result->outcome, BROKER_NOT_SENT);
	assert_in_range(result->retry_after_ms, 1, 3001);
	assert_int_equal(hostile_broker_requests(hostile), 1);
	broker_fixture_turn(fixture, result->retry_after_ms);
	hostile_broker_answer(hostile, 429, "Retry-After: 7\r\n", "{\"message\":\"too many requests\"}");
	result = say_submit(fixture, &order);
	assert_int_equal(result->outcome, BROKER_NOT_SENT);
	assert_int_equal(result->retry_after_ms, 7000);
	assert_int_equal(hostile_broker_requests(hostile), 2);
}

static void what_is_no_order_never_leaves(void **state)
{
	static const struct broker_submit bad[] = {
	    {"muster-1", "AAPL", false, "0", NULL, 0},
	    {"muster-1", "AAPL", false, "-1", NULL, 0},
	    {"muster-1", "AAPL", false, "1e3", NULL, 0},
	    {"", "AAPL", false, "1", NULL, 0},
	    {"muster-1", "", false, "1", NULL, 0},
	    {"muster-\xff", "AAPL", false, "1", NULL, 0},
	    {"a-client-order-id-that-is-longer-than-any-broker-would-ever-take-it", "AAPL", false, "1", NULL, 0},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(say_submit(*state, &bad[i])->outcome, BROKER_REJECTED);
	assert_int_equal(hostile_broker_requests(hostile_of(state)), 0);
	/* DELETE /v2/orders would cancel all of them. */
	assert_int_equal(say_cancel(*state, "")->outcome, BROKER_NOT_FOUND);
	assert_int_equal(say_cancel(*state, "..")->outcome, BROKER_NOT_FOUND);
	assert_int_equal(say_follow(*state, "", 0)->outcome, BROKER_NOT_FOUND);
	assert_int_equal(hostile_broker_requests(hostile_of(state)), 0);
}

/* The gate's word does not keep: what finds a connection only after it has run out stays here. */
static void what_may_not_leave_any_more_does_not(void **state)
{
	struct broker_submit late = order;
	const struct broker_result *result;

	late.send_by_us = clock_monotonic_us();
	result = say_submit(*state, &late);
	assert_int_equal(result->outcome, BROKER_NOT_SENT);
	assert_non_null(strstr(result->why.message, "as long as it was allowed"));
	assert_int_equal(hostile_broker_requests(hostile_of(state)), 0);
	late.send_by_us = clock_monotonic_us() + INT64_C(60000000);
	hostile_broker_answer(hostile_of(state), 200, "", OURS);
	assert_int_equal(say_submit(*state, &late)->outcome, BROKER_ACCEPTED);
	assert_int_equal(hostile_broker_requests(hostile_of(state)), 1);
}

static void an_end_answers_every_call_that_is_out(void **state)
{
	struct broker_fixture *fixture = *state;
	struct broker_said said[5] = {{0}};
	const struct broker_ops *ops = fixture->broker->ops;
	hostile_broker_say(hostile_of(state), "", HOSTILE_KEEP);
	ops->submit(fixture->broker, &order, broker_said_take, &said[0]);
	ops->follow(fixture->broker, "b-1", 0, broker_said_take, &said[1]);
	ops->follow(fixture->broker, "b-2", 0, broker_said_take, &said[2]);
	ops->fills(fixture->broker, &(struct broker_fills_query){.broker_order_id = "b-1", .since_ms = 0},
		   broker_said_take_fills, &said[3]);
	broker_fixture_turn(fixture, 50);
	ops->follow(fixture->broker, "b-3", 0, broker_said_take, &said[4]);
	broker_free(fixture->broker);
	fixture->broker = NULL;
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		assert_int_equal(said[i].answers, 1);
		assert_int_equal(said[i].result.outcome, BROKER_AMBIGUOUS);
		broker_said_clear(&said[i]);
	}
}

/* More calls than may be out at once, to a broker that never answers: all end, and those that waited never left. */
static void calls_beyond_the_limit_wait_and_end_in_time(void **state)
{
	enum { CALLS = 400 };
	struct broker_fixture *fixture = *state;
	static struct broker_said said[CALLS];
	int not_sent = 0;
	fixture->config.timeout_ms = SHORT_MS;
	memset(said, 0, sizeof said);
	hostile_broker_say(hostile_of(state), "", HOSTILE_KEEP);
	for (int i = 0; i < CALLS; i++)
		fixture->broker->ops->submit(fixture->broker, &order, broker_said_take, &said[i]);
	for (int i = 0; i < CALLS; i++) {
		broker_fixture_await(fixture, &said[i].answers, 1);
		not_sent += said[i].result.outcome == BROKER_NOT_SENT;
	}
	/* What was sent may still stand in a socket. */
	for (int i = 0; i < 200 && hostile_broker_requests(hostile_of(state)) < (size_t)(CALLS - not_sent); i++)
		broker_fixture_turn(fixture, 50);
	assert_int_equal(hostile_broker_requests(hostile_of(state)), CALLS - not_sent);
	assert_in_range(not_sent, CALLS - 256, CALLS - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(the_request_is_alpacas, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(only_our_own_echo_is_an_acceptance, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_reply_that_proves_nothing_is_ambiguous, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_submit_leaves_once_where_a_kept_connection_dies, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_never_left_is_not_sent, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(refused_keys_are_not_tried_again_and_not_told, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(keys_in_what_a_broker_says_are_taken_out, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(redirects_are_not_followed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_used_up_rate_holds_calls_back_until_the_reset, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_is_no_order_never_leaves, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_may_not_leave_any_more_does_not, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_end_answers_every_call_that_is_out, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(calls_beyond_the_limit_wait_and_end_in_time, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
