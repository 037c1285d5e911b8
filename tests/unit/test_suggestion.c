/* Bodies that carry orders: what is read of a good one, and every reason that a bad one gets, with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/bulk_body.h"
#include "api/order_request.h"
#include "shared/decimal.h"
#include "shared/http.h"

#define GOOD_SUGGESTION "{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":5}"
#define TEXT_SIZE	32768

/* Reads a body of POST /trade-queue/queue/order. */
static bool parse(const char *body, struct order_request *request, struct problems *problems)
{
	struct err err;
	json_t *json = http_json_parse(body, strlen(body), &err);
	assert_non_null(json);
	const struct order_request_source source = {
	    json, ORDER_REQUEST_QUEUE, "demo", NULL, {.element = -1, .suggestion = -1}};
	*problems = (struct problems){0};
	bool good = order_request_parse(&source, request, problems);
	json_decref(json);
	assert_int_equal(good, problems->count == 0);
	return good;
}

/* "pointer code", joined by "; ". */
static char *problems_text(const struct problems *problems, char *text)
{
	size_t i;
	json_t *row;
	*text = '\0';
	json_array_foreach (problems->list, i, row) {
		const char *detail = json_string_value(json_object_get(row, "detail"));
		assert_non_null(detail);
		assert_true(strlen(detail) > 3);
		sprintf(text + strlen(text), "%s%s %s", i ? "; " : "",
			json_string_value(json_object_get(row, "pointer")),
			json_string_value(json_object_get(row, "code")));
	}
	return text;
}

/* The body is refused with exactly these problems; the code is that of the answer. */
static void refuses(const char *body, const char *expected, enum err_code code)
{
	struct order_request request;
	struct problems problems;
	char text[TEXT_SIZE];
	assert_false(parse(body, &request, &problems));
	assert_string_equal(problems_text(&problems, text), expected);
	assert_string_equal(err_word(problems.first.code), err_word(code));
	problems_free(&problems);
	order_request_free(&request);
}

/* One suggestion, given by its fields, is refused with exactly these problems. */
static void refuses_suggestion(const char *fields, const char *expected, enum err_code code)
{
	char body[TEXT_SIZE];
	snprintf(body, sizeof body, "{\"smallcase_id\":\"sc1\",\"suggestions\":[{%s}]}", fields);
	refuses(body, expected, code);
}

static void reads_a_whole_request(void **state)
{
	struct order_request request;
	struct problems problems;
	(void)state;
	assert_true(parse("{\"user_id\":\"user1\",\"smallcase_id\":\"sc1\",\"priority\":\"normal\","
			  "\"execution_window\":\"2026-11-22T13:20:00+01:00\",\"suggestions\":["
			  "{\"symbol\":\"BRK.B\",\"action\":\"sell\",\"amount\":\"1000.50\",\"broker_type\":\"paper\"},"
			  "{\"symbol\":\"M&M\",\"action\":\"buy\",\"quantity\":0.5,\"order_type\":\"limit\",\"limit_"
			  "price\":190.25}]}",
			  &request, &problems));
	assert_string_equal(request.user_id, "user1");
	assert_string_equal(request.smallcase_id, "sc1");
	assert_false(request.is_high);
	assert_int_equal(request.execution_window_ms, INT64_C(1795350000000));
	assert_int_equal(request.count, 2);
	const struct suggestion *first = &request.suggestions[0], *second = &request.suggestions[1];
	assert_string_equal(first->symbol, "BRK.B");
	assert_true(first->is_sell);
	assert_false(first->is_limit);
	assert_string_equal(first->broker_type, "paper");
	assert_int_equal(first->sizing, SIZING_AMOUNT);
	assert_int_equal(first->size_nano, INT64_C(1000500000000));
	assert_string_equal(second->symbol, "M&M");
	assert_false(second->is_sell);
	assert_string_equal(second->broker_type, "");
	assert_int_equal(second->sizing, SIZING_QUANTITY);
	assert_int_equal(second->size_nano, NANO / 2);
	assert_true(second->is_limit);
	assert_int_equal(second->limit_nano, INT64_C(190250000000));
	order_request_free(&request);
}

static void a_request_without_user_is_the_default_users(void **state)
{
	struct order_request request;
	struct problems problems;
	(void)state;
	assert_true(parse("{\"smallcase_id\":\"sc1\",\"suggestions\":[" GOOD_SUGGESTION "]}", &request, &problems));
	assert_string_equal(request.user_id, "demo");
	assert_int_equal(request.execution_window_ms, 0);
	order_request_free(&request);
}

static void a_weight_change_agrees_with_its_action(void **state)
{
	static const struct {
		const char *action, *weight;
		bool good;
	} cases[] = {
	    {"buy", "5.0", true},     {"sell", "5", true},	  {"sell", "-5", true},
	    {"buy", "-5", false},     {"buy", "\"+5\"", true},	  {"sell", "\"+5\"", false},
	    {"buy", "\"-5\"", false}, {"sell", "\"-2.5\"", true}, {"sell", "\"+-5\"", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct order_request request;
		struct problems problems;
		char body[256], text[TEXT_SIZE];
		snprintf(body, sizeof body,
			 "{\"smallcase_id\":\"s\",\"suggestions\":[{\"symbol\":\"A\",\"action\":\"%s\",\"weight_"
			 "change\":%s}]}",
			 cases[i].action, cases[i].weight);
		assert_int_equal(parse(body, &request, &problems), cases[i].good);
		if (cases[i].good) {
			assert_int_equal(request.suggestions[0].sizing, SIZING_WEIGHT);
			assert_true(request.suggestions[0].size_nano > 0);
			assert_true(order_request_needs_investment(&request));
		} else {
			assert_string_equal(problems_text(&problems, text), "/suggestions/0/weight_change bad_sizing");
		}
		problems_free(&problems);
		order_request_free(&request);
	}
}

static void each_mistake_of_a_suggestion_is_told_with_its_place(void **state)
{
	static const struct {
		const char *fields, *expected;
		enum err_code code;
	} cases[] = {
	    {"\"action\":\"buy\",\"quantity\":1", "/suggestions/0/symbol missing_field", ERR_MISSING_FIELD},
	    {"\"symbol\":null,\"action\":\"buy\",\"quantity\":1", "/suggestions/0/symbol missing_field",
	     ERR_MISSING_FIELD},
	    {"\"symbol\":7,\"action\":\"buy\",\"quantity\":1", "/suggestions/0/symbol bad_type", ERR_BAD_TYPE},
	    {"\"symbol\":\"aapl\",\"action\":\"buy\",\"quantity\":1", "/suggestions/0/symbol bad_symbol",
	     ERR_BAD_SYMBOL},
	    {"\"symbol\":\"\",\"action\":\"buy\",\"quantity\":1", "/suggestions/0/symbol bad_symbol", ERR_BAD_SYMBOL},
	    {"\"symbol\":\"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456\",\"action\":\"buy\",\"quantity\":1",
	     "/suggestions/0/symbol bad_symbol", ERR_BAD_SYMBOL},
	    {"\"symbol\":\"A\",\"quantity\":1", "/suggestions/0/action missing_field", ERR_MISSING_FIELD},
	    {"\"symbol\":\"A\",\"action\":\"hold\",\"quantity\":1", "/suggestions/0/action bad_type", ERR_BAD_TYPE},
	    {"\"symbol\":\"A\",\"action\":\"buy\"", "/suggestions/0 bad_sizing", ERR_BAD_SIZING},
	    {"\"symbol\":\"A\",\"action\":\"buy\",\"quantity\":1,\"amount\":5", "/suggestions/0 bad_sizing",
	     ERR_BAD_SIZING},
	    {"\"symbol\":\"A\",\"action\":\"buy\",\"quantity\":0", "/suggestions/0/quantity bad_quantity",
	     ERR_BAD_QUANTITY},
	    {"\"symbol\":\"A\",\"action\":\"buy\",\"quantity\":-1", "/suggestions/0/quantity bad_quantity",
	     ERR_BAD_QUANTITY},
	    {"\"symbol\":\"A\",\"action\":\"buy\",\"quantity\":\"0.0000000001\"",
	     "/suggestions/0/quantity bad_quantity", ERR_BAD_QUANTITY},
	    {"\"symbol\":\"A\",\"action\":\"buy\",\"quantity\":1000000000.1", "/suggestions/0/quantity bad_quantity",
	     ERR_BAD_QUANTITY},
	    {"\"symbol\":\"A\",\"action\":\"buy\",\"quantity\":\"99999999999999999999\"",
	     "/suggestions/0/quantity bad_quantity", ERR_BAD_QUANTITY},
	    {"\"symbol\":\"A\",\"action\":\"buy\",\"quantity\":\"five\"", "/suggestions/0/quantity bad_quantity",
	     ERR_BAD_QUANTITY},
	    {"\"symbol\":\"A\",\"action\":\"buy\",\"quantity\":true", "/suggestions/0/quantity bad_type", ERR_BAD_TYPE},
	    {"\"symbol\":\"A\",\"action\":\"buy\",\"amount\":0", "/suggestions/0/amount bad_sizing", ERR_BAD_SIZING},
	    {"\"symbol\":\"A\",\"action\":\"sell\",\"weight_change\":0", "/suggestions/0/weight_change bad_sizing",
	     ERR_BAD_SIZING},
	    {"\"symbol\":\"A\",\"action\":\"sell\",\"weight_change\":-1000.5",
	     "/suggestions/0/weight_change bad_sizing", ERR_BAD_SIZING},
	    {"\"symbol\":\"A\",\"action\":\"buy\",\"quantity\":1,\"broker_type\":\"a b\"",
	     "/suggestions/0/broker_type bad_type", ERR_BAD_TYPE},
	    {"\"symbol\":\"A\",\"action\":\"buy\",\"quantity\":1,\"order_type\":\"stop\"",
	     "/suggestions/0/order_type bad_type", ERR_BAD_TYPE},
	    {"\"symbol\":\"A\",\"action\":\"buy\",\"quantity\":1,\"order_type\":\"limit\"",
	     "/suggestions/0/limit_price bad_price", ERR_BAD_PRICE},
	    {"\"symbol\":\"A\",\"action\":\"buy\",\"quantity\":1,\"limit_price\":5",
	     "/suggestions/0/limit_price bad_price", ERR_BAD_PRICE},
	    {"\"symbol\":\"A\",\"action\":\"buy\",\"quantity\":1,\"order_type\":\"market\",\"limit_price\":5",
	     "/suggestions/0/limit_price bad_price", ERR_BAD_PRICE},
	    {"\"symbol\":\"A\",\"action\":\"buy\",\"quantity\":1,\"order_type\":\"limit\",\"limit_price\":0",
	     "/suggestions/0/limit_price bad_price", ERR_BAD_PRICE},
	    {"\"symbol\":\"A\",\"action\":\"buy\",\"quantity\":1,\"order_type\":\"limit\",\"limit_price\":\"-1\"",
	     "/suggestions/0/limit_price bad_price", ERR_BAD_PRICE},
	    {"\"symbol\":\"A\",\"action\":\"buy\",\"quantity\":1,\"a/b~c\":1", "/suggestions/0/a~1b~0c unknown_field",
	     ERR_UNKNOWN_FIELD},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		refuses_suggestion(cases[i].fields, cases[i].expected, cases[i].code);
}

static void each_mistake_of_a_request_is_told_with_its_place(void **state)
{
	static const struct {
		const char *body, *expected;
		enum err_code code;
	} cases[] = {
	    {"[]", " bad_json", ERR_BAD_JSON},
	    {"{}", "/smallcase_id missing_field; /suggestions missing_field", ERR_MISSING_FIELD},
	    {"{\"smallcase_id\":\"s\",\"suggestions\":[]}", "/suggestions missing_field", ERR_MISSING_FIELD},
	    {"{\"smallcase_id\":\"s\",\"suggestions\":{}}", "/suggestions bad_type", ERR_BAD_TYPE},
	    {"{\"smallcase_id\":\"s\",\"suggestions\":[1]}", "/suggestions/0 bad_type", ERR_BAD_TYPE},
	    {"{\"smallcase_id\":\"s p\",\"suggestions\":[" GOOD_SUGGESTION "]}", "/smallcase_id bad_type",
	     ERR_BAD_TYPE},
	    {"{\"user_id\":\"a:b\",\"smallcase_id\":\"s\",\"suggestions\":[" GOOD_SUGGESTION "]}", "/user_id bad_type",
	     ERR_BAD_TYPE},
	    {"{\"user_id\":null,\"smallcase_id\":\"s\",\"suggestions\":[" GOOD_SUGGESTION "]}",
	     "/user_id missing_field", ERR_MISSING_FIELD},
	    {"{\"smallcase_id\":\"s\",\"priority\":\"low\",\"suggestions\":[" GOOD_SUGGESTION "]}",
	     "/priority bad_type", ERR_BAD_TYPE},
	    {"{\"smallcase_id\":\"s\",\"execution_window\":\"soon\",\"suggestions\":[" GOOD_SUGGESTION "]}",
	     "/execution_window bad_window", ERR_BAD_WINDOW},
	    {"{\"smallcase_id\":\"s\",\"execution_window\":\"1960-01-01T00:00:00Z\",\"suggestions\":[" GOOD_SUGGESTION
	     "]}",
	     "/execution_window bad_window", ERR_BAD_WINDOW},
	    {"{\"smallcase_id\":\"s\",\"priority\":\"high\",\"execution_window\":\"2030-01-01T00:00:00Z\","
	     "\"suggestions\":[" GOOD_SUGGESTION "]}",
	     "/execution_window bad_window", ERR_BAD_WINDOW},
	    {"{\"smallcase_id\":\"s\",\"extra\":{},\"suggestions\":[" GOOD_SUGGESTION "]}", "/extra unknown_field",
	     ERR_UNKNOWN_FIELD},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		refuses(cases[i].body, cases[i].expected, cases[i].code);
}

static void all_mistakes_are_told_at_once_and_those_of_form_lead(void **state)
{
	(void)state;
	refuses("{\"smallcase_id\":\"s\",\"suggestions\":["
		"{\"symbol\":\"A\",\"action\":\"buy\",\"quantity\":0},"
		"{\"symbol\":\"a\",\"action\":\"buy\",\"quantity\":1},"
		"{\"symbol\":\"B\",\"action\":\"buy\"}]}",
		"/suggestions/0/quantity bad_quantity; /suggestions/1/symbol bad_symbol; /suggestions/2 bad_sizing",
		ERR_BAD_SYMBOL);
}

/* A request of `count` good suggestions. */
static char *many_suggestions(size_t count)
{
	char *body = malloc(count * sizeof GOOD_SUGGESTION + 64);
	assert_non_null(body);
	strcpy(body, "{\"smallcase_id\":\"s\",\"suggestions\":[");
	char *at = body + strlen(body);
	for (size_t i = 0; i < count; i++)
		at = stpcpy(at, i ? "," GOOD_SUGGESTION : GOOD_SUGGESTION);
	strcpy(at, "]}");
	return body;
}

static void a_request_has_at_most_200_suggestions(void **state)
{
	struct order_request request;
	struct problems problems;
	char *body = many_suggestions(SUGGESTIONS_MAX);
	(void)state;
	assert_true(parse(body, &request, &problems));
	assert_int_equal(request.count, SUGGESTIONS_MAX);
	order_request_free(&request);
	free(body);
	body = many_suggestions(SUGGESTIONS_MAX + 1);
	refuses(body, "/suggestions too_many", ERR_TOO_MANY);
	free(body);
}

static void a_body_full_of_mistakes_lists_the_first_hundred(void **state)
{
	struct order_request request;
	struct problems problems;
	char body[TEXT_SIZE], *at = body;
	(void)state;
	at = stpcpy(at, "{\"smallcase_id\":\"s\",\"suggestions\":[");
	for (size_t i = 0; i < 150; i++)
		at = stpcpy(at, i ? ",1" : "1");
	strcpy(at, "]}");
	assert_false(parse(body, &request, &problems));
	assert_int_equal(problems.count, 150);
	assert_int_equal(json_array_size(problems.list), PROBLEMS_LISTED);
	problems_free(&problems);
	order_request_free(&request);
}

/* A long name of an unknown field is cut between characters, so that the answer stays UTF-8. */
static void a_long_field_name_is_cut_cleanly(void **state)
{
	struct order_request request;
	struct problems problems;
	char body[TEXT_SIZE], *at = body;
	(void)state;
	at = stpcpy(at, "{\"smallcase_id\":\"s\",\"suggestions\":[" GOOD_SUGGESTION "],\"x");
	for (size_t i = 0; i < 200; i++)
		at = stpcpy(at, "\xe2\x82\xac");
	strcpy(at, "\":1}");
	assert_false(parse(body, &request, &problems));
	assert_int_equal(json_array_size(problems.list), 1);
	const char *pointer = json_string_value(json_object_get(json_array_get(problems.list, 0), "pointer"));
	assert_non_null(pointer);
	assert_true(strlen(pointer) > 100);
	problems_free(&problems);
	order_request_free(&request);
}

/* Reads the body of a bulk call. */
static bool parse_bulk(const char *text, struct bulk_body *body, struct problems *problems)
{
	struct err err;
	json_t *json = http_json_parse(text, strlen(text), &err);
	assert_non_null(json);
	*problems = (struct problems){0};
	bool good = bulk_body_parse(json, (struct bulk_users){"demo", NULL}, body, problems);
	json_decref(json);
	return good;
}

static void a_bulk_call_is_read_and_refused_whole(void **state)
{
	static const struct {
		const char *body, *expected;
	} cases[] = {
	    {"{}", " bad_json"},
	    {"[]", " missing_field"},
	    {"[{\"smallcase_id\":\"s\",\"suggestions\":[" GOOD_SUGGESTION "]},7]", "/1 bad_type"},
	    {"[{\"smallcase_id\":\"s\",\"priority\":\"normal\",\"suggestions\":[" GOOD_SUGGESTION "]}]",
	     "/0/priority unknown_field"},
	    {"[{\"smallcase_id\":\"s\",\"suggestions\":[" GOOD_SUGGESTION
	     ",{\"symbol\":\"A\",\"action\":\"buy\",\"quantity\":0}]}]",
	     "/0/suggestions/1/quantity bad_quantity"},
	};
	struct bulk_body body;
	struct problems problems;
	char text[TEXT_SIZE];
	(void)state;
	assert_true(parse_bulk("[{\"user_id\":\"u1\",\"smallcase_id\":\"s\",\"suggestions\":[" GOOD_SUGGESTION
			       "," GOOD_SUGGESTION "]},{\"smallcase_id\":\"t\",\"suggestions\":[" GOOD_SUGGESTION "]}]",
			       &body, &problems));
	assert_int_equal(body.request_count, 2);
	assert_int_equal(body.order_count, 3);
	assert_string_equal(body.requests[1].request.user_id, "demo");
	bulk_body_free(&body);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_false(parse_bulk(cases[i].body, &body, &problems));
		assert_string_equal(problems_text(&problems, text), cases[i].expected);
		problems_free(&problems);
		bulk_body_free(&body);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_a_whole_request),
	    cmocka_unit_test(a_request_without_user_is_the_default_users),
	    cmocka_unit_test(a_weight_change_agrees_with_its_action),
	    cmocka_unit_test(each_mistake_of_a_suggestion_is_told_with_its_place),
	    cmocka_unit_test(each_mistake_of_a_request_is_told_with_its_place),
	    cmocka_unit_test(all_mistakes_are_told_at_once_and_those_of_form_lead),
	    cmocka_unit_test(a_request_has_at_most_200_suggestions),
	    cmocka_unit_test(a_body_full_of_mistakes_lists_the_first_hundred),
	    cmocka_unit_test(a_long_field_name_is_cut_cleanly),
	    cmocka_unit_test(a_bulk_call_is_read_and_refused_whole),
	};
	return cmocka_run_group_tests_name("suggestion", tests, NULL, NULL);
}
