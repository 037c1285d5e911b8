/* Alpaca's words: orders, fills, statuses, refusals and waits, as brokers in the field write them. */
#include "worker/alpaca_errors.h"
#include "worker/alpaca_order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ORDER(more)                                                                                                    \
	"{\"id\":\"61e69015-8549-4bfd-b9c3-01e75843f47d\",\"client_order_id\":\"muster-1\",\"symbol\":\"AAPL\","       \
	"\"side\":\"buy\",\"created_at\":\"2021-03-16T18:38:01.937734Z\","                                             \
	"\"submitted_at\":\"2021-03-16T18:38:01.942282123Z\",\"notional\":null," more "}"

static json_t *json(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
	assert_non_null(value);
	return value;
}

static struct alpaca_order order_of(const char *text, json_t **keep)
{
	struct alpaca_order order;
	struct err err;
	*keep = json(text);
	if (!alpaca_order_parse(*keep, &order, &err))
		fail_msg("%s: %s", text, err.message);
	return order;
}

static void an_order_is_read_from_strings(void **state)
{
	(void)state;
	json_t *keep;
	struct alpaca_order order =
		order_of(ORDER("\"qty\":\"15\",\"filled_qty\":\"4.5\",\"filled_avg_price\":\"190.123456789123\","
			       "\"status\":\"pending_cancel\",\"commission\":\"-0.25\",\"replaced_by\":null"),
			 &keep);
	assert_string_equal(order.order.broker_order_id, "61e69015-8549-4bfd-b9c3-01e75843f47d");
	assert_string_equal(order.order.client_order_id, "muster-1");
	assert_string_equal(order.symbol, "AAPL");
	assert_false(order.is_sell);
	assert_null(order.replaced_by);
	assert_true(order.order.quantity_nano == 15 * NANO);
	assert_true(order.order.filled_nano == 4500000000);
	assert_true(order.order.average_price_nano == 190123456789);
	assert_true(order.order.fee_nano == -250000000);
	assert_true(order.order.submitted_at_ms == 1615919881942);
	assert_int_equal(order.order.status, SLICE_PARTIALLY_FILLED);
	assert_string_equal(order.order.broker_status, "pending_cancel");
	json_decref(keep);
}

static void an_order_is_read_from_numbers_and_nulls(void **state)
{
	(void)state;
	json_t *keep;
	struct alpaca_order order =
		order_of(ORDER("\"qty\":0.123456789,\"filled_qty\":0,\"filled_avg_price\":null,\"status\":\"new\""), &keep);
	assert_true(order.order.quantity_nano == 123456789);
	assert_true(order.order.filled_nano == 0);
	assert_true(order.order.average_price_nano == 0);
	assert_true(order.order.fee_nano == 0);
	assert_int_equal(order.order.status, SLICE_ACKED);
	json_decref(keep);
	order = order_of(ORDER("\"qty\":2,\"filled_qty\":2,\"filled_avg_price\":10.123456789123,\"status\":\"filled\""), &keep);
	assert_int_equal(order.order.status, SLICE_FILLED);
	assert_true(order.order.average_price_nano == 10123456789);
	json_decref(keep);
}

static void what_is_no_order_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"[]",
		"{}",
		"\"order\"",
		ORDER("\"qty\":\"1\""),					    /* no status */
		ORDER("\"status\":\"new\""),				    /* no quantity */
		ORDER("\"status\":\"new\",\"qty\":null"),		    /* of money */
		ORDER("\"status\":\"new\",\"qty\":\"-1\""),		    /* negative */
		ORDER("\"status\":\"new\",\"qty\":\"1e3\""),		    /* no decimal */
		ORDER("\"status\":\"new\",\"qty\":\"1\",\"filled_qty\":true"),
		ORDER("\"status\":\"new\",\"qty\":\"1\",\"filled_avg_price\":\"1.2.3\""),
		ORDER("\"status\":\"new\",\"qty\":\"1\",\"side\":\"short\""),
		ORDER("\"status\":\"new\",\"qty\":\"1\",\"id\":7"),
		ORDER("\"status\":\"new\",\"qty\":\"1\",\"id\":\"\""),
		ORDER("\"status\":\"new\",\"qty\":\"1\",\"client_order_id\":null"),
		ORDER("\"status\":\"new\",\"qty\":\"1\",\"symbol\":null"),
		ORDER("\"qty\":\"1\",\"status\":\"a word that is longer than any status could ever be\""),
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct alpaca_order order;
		struct err err = {0};
		json_t *value = json(texts[i]);
		if (alpaca_order_parse(value, &order, &err))
			fail_msg("taken: %s", texts[i]);
		assert_int_not_equal(err.code, ERR_NONE);
		json_decref(value);
	}
}

static void every_status_has_its_meaning(void **state)
{
	(void)state;
	static const struct {
		const char *word;
		enum slice_status status;
		bool is_known;
	} rows[] = {
		{"filled", SLICE_FILLED, true},		     {"canceled", SLICE_CANCELED, true},
		{"expired", SLICE_EXPIRED, true},	     {"rejected", SLICE_REJECTED, true},
		{"replaced", SLICE_CANCELED, true},	     {"accepted", SLICE_ACKED, true},
		{"pending_new", SLICE_ACKED, true},	     {"new", SLICE_ACKED, true},
		{"partially_filled", SLICE_ACKED, true},     {"pending_cancel", SLICE_ACKED, true},
		{"pending_replace", SLICE_ACKED, true},	     {"accepted_for_bidding", SLICE_ACKED, true},
		{"stopped", SLICE_ACKED, true},		     {"suspended", SLICE_ACKED, true},
		{"held", SLICE_ACKED, true},		     {"pending_review", SLICE_ACKED, true},
		{"done_for_day", SLICE_ACKED, true},	     {"calculated", SLICE_ACKED, true},
		{"Filled", SLICE_ACKED, false},		     {"", SLICE_ACKED, false},
		{"something_new_in_2031", SLICE_ACKED, false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool is_known = !rows[i].is_known;
		assert_int_equal(alpaca_status_of(rows[i].word, &is_known), rows[i].status);
		assert_int_equal(is_known, rows[i].is_known);
	}
}

static void an_order_is_ours_by_symbol_side_and_quantity(void **state)
{
	(void)state;
	json_t *keep;
	struct err err;
	struct alpaca_order order = order_of(ORDER("\"qty\":\"15.0\",\"status\":\"new\""), &keep);
	struct alpaca_expected expected = {"muster-1", "AAPL", false, 15 * NANO};
	assert_true(alpaca_order_matches(&order, &expected, &err));
	expected.quantity_nano++;
	assert_false(alpaca_order_matches(&order, &expected, &err));
	assert_string_equal(err.message, "the broker has buy 15 AAPL under our id, we sent buy 15.000000001 AAPL");
	expected = (struct alpaca_expected){"muster-1", "AAPL", true, 15 * NANO};
	assert_false(alpaca_order_matches(&order, &expected, &err));
	expected = (struct alpaca_expected){"muster-1", "AAP", false, 15 * NANO};
	assert_false(alpaca_order_matches(&order, &expected, &err));
	json_decref(keep);
}

static void a_fill_is_read_exactly_or_not_at_all(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"{\"id\":\"f\",\"qty\":\"1\",\"price\":\"1\"}",
		"{\"id\":\"f\",\"qty\":\"0\",\"price\":\"1\",\"transaction_time\":\"2019-05-24T15:34:06Z\"}",
		"{\"id\":\"f\",\"qty\":\"1\",\"price\":\"0\",\"transaction_time\":\"2019-05-24T15:34:06Z\"}",
		"{\"id\":\"f\",\"qty\":\"1\",\"price\":\"1.0000000001\",\"transaction_time\":\"2019-05-24T15:34:06Z\"}",
		"{\"id\":\"f\",\"qty\":\"1\",\"price\":null,\"transaction_time\":\"2019-05-24T15:34:06Z\"}",
		"{\"id\":null,\"qty\":\"1\",\"price\":\"1\",\"transaction_time\":\"2019-05-24T15:34:06Z\"}",
		"{\"id\":\"f\",\"qty\":\"1\",\"price\":\"1\",\"transaction_time\":\"yesterday\"}",
	};
	struct broker_fill fill;
	struct err err;
	json_t *value = json("{\"activity_type\":\"FILL\",\"id\":\"20190524113406977::8efc7b9a-8b2b-4000-9955-d36e7db0df74\","
			     "\"cum_qty\":\"1\",\"leaves_qty\":\"0\",\"price\":\"1.63\",\"qty\":2.5,\"side\":\"buy\","
			     "\"transaction_time\":\"2019-05-24T15:34:06.977Z\",\"order_id\":\"x\",\"type\":\"fill\"}");
	assert_true(alpaca_fill_parse(value, &fill, &err));
	assert_string_equal(fill.fill_id, "20190524113406977::8efc7b9a-8b2b-4000-9955-d36e7db0df74");
	assert_true(fill.quantity_nano == 2500000000 && fill.price_nano == 1630000000 && fill.at_ms == 1558712046977);
	json_decref(value);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		value = json(bad[i]);
		if (alpaca_fill_parse(value, &fill, &err))
			fail_msg("taken: %s", bad[i]);
		json_decref(value);
	}
}

static struct broker_result judged(enum alpaca_op op, int status, const char *body, bool *is_credentials)
{
	struct broker_result result = {0};
	struct http_client_reply reply = {.status = status, .body = body, .length = strlen(body), .was_sent = true};
	*is_credentials = alpaca_judge(op, &reply, &result);
	return result;
}

static void every_refusal_has_its_meaning(void **state)
{
	(void)state;
#define UNIQUE "client_order_id must be unique"
	static const struct {
		enum alpaca_op op;
		int status;
		const char *body;
		enum broker_outcome outcome;
		bool is_credentials;
	} rows[] = {
		{ALPACA_SUBMIT, 422, "{\"code\":40010001,\"message\":\"" UNIQUE "\"}", BROKER_DUPLICATE, false},
		{ALPACA_SUBMIT, 422, "{\"code\":42210000,\"message\":\"Client_Order_ID MUST be unique.\"}", BROKER_DUPLICATE, false},
		{ALPACA_SUBMIT, 409, "{\"message\":\"" UNIQUE "\"}", BROKER_DUPLICATE, false},
		{ALPACA_SUBMIT, 400, "{\"code\":\"40010001\",\"message\":\"" UNIQUE "\"}", BROKER_DUPLICATE, false},
		{ALPACA_SUBMIT, 403, "{\"code\":40310000,\"message\":\"insufficient buying power\"}", BROKER_REJECTED, false},
		{ALPACA_SUBMIT, 403, "{\"code\":40310100,\"message\":\"pattern day trading\"}", BROKER_REJECTED, false},
		{ALPACA_SUBMIT, 403, "{\"code\":1020,\"message\":\"a gateway\"}", BROKER_AMBIGUOUS, false},
		{ALPACA_SUBMIT, 403, "{\"message\":\"forbidden.\"}", BROKER_NOT_SENT, true},
		{ALPACA_SUBMIT, 403, "<html>", BROKER_NOT_SENT, true},
		{ALPACA_SUBMIT, 401, "{\"code\":40110000,\"message\":\"request is not authorized\"}", BROKER_NOT_SENT, true},
		{ALPACA_SUBMIT, 422, "{\"code\":42210000,\"message\":\"invalid limit_price\"}", BROKER_REJECTED, false},
		{ALPACA_SUBMIT, 400, "{\"code\":40010000,\"message\":\"bad\"}", BROKER_REJECTED, false},
		{ALPACA_SUBMIT, 422, "not JSON: perhaps it said duplicate", BROKER_AMBIGUOUS, false},
		{ALPACA_SUBMIT, 422, "{}", BROKER_AMBIGUOUS, false},
		{ALPACA_SUBMIT, 400, "", BROKER_AMBIGUOUS, false},
		{ALPACA_SUBMIT, 404, "{\"code\":40410000,\"message\":\"?\"}", BROKER_AMBIGUOUS, false},
		{ALPACA_SUBMIT, 409, "{\"message\":\"conflict\"}", BROKER_AMBIGUOUS, false},
		{ALPACA_SUBMIT, 408, "", BROKER_AMBIGUOUS, false},
		{ALPACA_SUBMIT, 201, "{}", BROKER_AMBIGUOUS, false},
		{ALPACA_SUBMIT, 307, "", BROKER_AMBIGUOUS, false},
		{ALPACA_SUBMIT, 500, "{\"code\":50010000,\"message\":\"" UNIQUE "\"}", BROKER_AMBIGUOUS, false},
		{ALPACA_SUBMIT, 502, "<html>bad gateway</html>", BROKER_AMBIGUOUS, false},
		{ALPACA_SUBMIT, 504, "", BROKER_AMBIGUOUS, false},
		{ALPACA_SUBMIT, 429, "", BROKER_NOT_SENT, false},
		{ALPACA_LIST, 429, "{\"code\":42910000}", BROKER_NOT_SENT, false},
		{ALPACA_LIST, 401, "", BROKER_NOT_SENT, true},
		{ALPACA_LIST, 422, "{\"code\":42210000,\"message\":\"bad\"}", BROKER_AMBIGUOUS, false},
		{ALPACA_LOOK_UP, 404, "{\"code\":40410000,\"message\":\"order not found\"}", BROKER_NOT_FOUND, false},
		{ALPACA_LOOK_UP, 404, "<html>not here</html>", BROKER_AMBIGUOUS, false},
		{ALPACA_LOOK_UP, 422, "{\"code\":40010001,\"message\":\"bad\"}", BROKER_AMBIGUOUS, false},
		{ALPACA_FOLLOW, 404, "{\"code\":40410000}", BROKER_NOT_FOUND, false},
		{ALPACA_CANCEL, 404, "{\"code\":40410000,\"message\":\"order not found\"}", BROKER_NOT_FOUND, false},
		{ALPACA_CANCEL, 422, "{\"code\":42210000,\"message\":\"already in filled state\"}", BROKER_REJECTED, false},
		{ALPACA_CANCEL, 500, "", BROKER_AMBIGUOUS, false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool is_credentials;
		struct broker_result result = judged(rows[i].op, rows[i].status, rows[i].body, &is_credentials);
		if (result.outcome != rows[i].outcome || is_credentials != rows[i].is_credentials)
			fail_msg("%d %s: %d, wanted %d", rows[i].status, rows[i].body, (int)result.outcome,
				 (int)rows[i].outcome);
		assert_int_not_equal(result.why.code, ERR_NONE);
		assert_int_equal(result.retry_after_ms, rows[i].is_credentials ? 30000 : rows[i].status == 429 ? 1000 : 0);
	}
}

static void the_brokers_words_are_kept_and_made_printable(void **state)
{
	(void)state;
	bool is_credentials;
	struct broker_result result =
		judged(ALPACA_SUBMIT, 403,
		       "{\"code\":40310000,\"message\":\"potential wash\\u001b trad\xc3\xa9\",\"reject_reason\":\"opposite\"}",
		       &is_credentials);
	assert_string_equal(result.why.message, "potential wash? trad??: opposite (HTTP 403, code 40310000)");
	result = judged(ALPACA_SUBMIT, 401, "{\"message\":\"key PKSECRET is unknown\"}", &is_credentials);
	assert_string_equal(result.why.message, "the broker refuses our credentials (HTTP 401)");
	char body[2000] = "{\"message\":\"";
	memset(body + strlen(body), 'x', 1900);
	strcat(body, "\"}");
	result = judged(ALPACA_SUBMIT, 400, body, &is_credentials);
	assert_int_equal(result.outcome, BROKER_REJECTED);
	assert_true(strlen(result.why.message) < 300);
}

static void a_call_that_never_left_is_told_from_one_that_may_have(void **state)
{
	(void)state;
	struct err err;
	struct broker_result result = {0};
	struct http_client_reply reply = {.body = "", .err = &err};
	(void)err_set(&err, ERR_BROKER, "Could not resolve host");
	assert_false(alpaca_judge(ALPACA_SUBMIT, &reply, &result));
	assert_int_equal(result.outcome, BROKER_NOT_SENT);
	assert_string_equal(result.why.message, "the broker was not reached: Could not resolve host");
	reply.was_sent = true;
	assert_false(alpaca_judge(ALPACA_SUBMIT, &reply, &result));
	assert_int_equal(result.outcome, BROKER_AMBIGUOUS);
}

static void the_broker_is_waited_for_as_it_asks(void **state)
{
	(void)state;
#define NOW_MS INT64_C(1767225600500) /* 2026-01-01T00:00:00.5Z */
#define DATE   "Thu, 01 Jan 2026 00:00:00 GMT"
	static const struct {
		const char *reset, *retry_after, *date;
		int64_t wall_ms, wait_ms;
	} rows[] = {
		{"1767225620", NULL, DATE, NOW_MS, 19500},
		{"1767225620", NULL, NULL, NOW_MS, 19500},
		{"1767225620", NULL, DATE, NOW_MS + 3600000, 20000}, /* our clock is an hour off: the broker's own counts */
		{"1767225620", NULL, DATE, NOW_MS - 3600000, 20000},
		{"1767225620", "25", DATE, NOW_MS, 25000},
		{"1767225620", "5", DATE, NOW_MS, 19500},
		{"1767225600", NULL, DATE, NOW_MS, 100},
		{"1767999999", NULL, DATE, NOW_MS, 60000},
		{NULL, "2", DATE, NOW_MS, 2000},
		{NULL, "Thu, 01 Jan 2026 00:00:10 GMT", DATE, NOW_MS, 9500},
		{NULL, "0", DATE, NOW_MS, 100},
		{NULL, NULL, DATE, NOW_MS, 1000},
		{"soon", "later", "now", NOW_MS, 1000},
		{"99999999999999999999", NULL, DATE, NOW_MS, 1000},
		{NULL, "1 Sep 1790000005", DATE, NOW_MS, 1000}, /* no calendar has that year */
		{"1767225620", NULL, "1 Sep 1790000005", NOW_MS, 19500},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(alpaca_retry_after_ms(rows[i].reset, rows[i].retry_after, rows[i].date, rows[i].wall_ms),
				 rows[i].wait_ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_order_is_read_from_strings),
		cmocka_unit_test(an_order_is_read_from_numbers_and_nulls),
		cmocka_unit_test(what_is_no_order_is_refused),
		cmocka_unit_test(every_status_has_its_meaning),
		cmocka_unit_test(an_order_is_ours_by_symbol_side_and_quantity),
		cmocka_unit_test(a_fill_is_read_exactly_or_not_at_all),
		cmocka_unit_test(every_refusal_has_its_meaning),
		cmocka_unit_test(the_brokers_words_are_kept_and_made_printable),
		cmocka_unit_test(a_call_that_never_left_is_told_from_one_that_may_have),
		cmocka_unit_test(the_broker_is_waited_for_as_it_asks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
