/* Every row of the table of bad input: its status, its code, its place, and that nothing was stored: the digest of all
 * that Redis holds is the same before and after. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/clock.h"
#include "tests/support/json_at.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

#define QUEUE "/trade-queue/queue/order"
#define BULK  "/smallcases/bulk/rebalance"

/* A request of one order: the suggestion's text. */
#define ONE(suggestion) "{\"user_id\":\"u1\",\"smallcase_id\":\"sc1\",\"suggestions\":[" suggestion "]}"
/* A sound one with one more field. */
#define WITH(field)                                                                                                    \
	"{\"user_id\":\"u1\",\"smallcase_id\":\"sc1\"," field                                                          \
	",\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":1}]}"
/* A sound one whose user is given as JSON. */
#define BY(user)                                                                                                       \
	"{\"user_id\":" user                                                                                           \
	",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":1}]}"
#define AAPL(size) ONE("{\"symbol\":\"AAPL\",\"action\":\"buy\"" size "}")
#define OF(symbol) ONE("{\"symbol\":\"" symbol "\",\"action\":\"buy\",\"quantity\":1}")
#define GOOD	   AAPL(",\"quantity\":1")

#define X32  "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
#define K64  "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
#define K256 K64 K64 K64 K64

struct row {
	const char *body;
	int status;
	const char *code;
	const char *pointer; /* of the first problem; NULL: not looked at */
	size_t length;	     /* of the body; 0: it is a text */
	const char *type;    /* Content-Type; NULL: application/json */
	const char *header;
	const char *path;
};

static const struct row json_rows[] = {
    {"this is not JSON", 400, "bad_json", .path = QUEUE},
    {"", 400, "bad_json", .path = QUEUE},
    {"   ", 400, "bad_json", .path = QUEUE},
    {"{\"user_id\":\"u1\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"AA", 400, "bad_json", .path = QUEUE},
    {GOOD " x", 400, "bad_json", .path = QUEUE},
    {GOOD "{}", 400, "bad_json", .path = QUEUE},
    {"{\"user_id\":\"u\0001\"}", 400, "bad_json", .length = 17, .path = QUEUE},
    {GOOD "\0", 400, "bad_json", .length = sizeof GOOD, .path = QUEUE},
    {"{\"user_id\":\"\xff\xfe\"}", 400, "bad_json", .path = QUEUE},
    {"{\"user_id\":\"a\\u0000b\"}", 400, "bad_json", .path = QUEUE},
    {"NaN", 400, "bad_json", .path = QUEUE},
    {"[]", 400, "bad_json", .path = QUEUE},
    {"\"text\"", 400, "bad_json", .path = QUEUE},
    {"7", 400, "bad_json", .path = QUEUE},
    {"null", 400, "bad_json", .path = QUEUE},
    {"{}", 400, "bad_json", .path = BULK},
    {"null", 400, "bad_json", .path = BULK},
    {"{\"user_id\":\"u1\",\"user_id\":\"u2\"}", 400, "duplicate_key", .path = QUEUE},
    {ONE("{\"symbol\":\"AAPL\",\"symbol\":\"MSFT\",\"action\":\"buy\",\"quantity\":1}"), 400, "duplicate_key",
     .path = QUEUE},
    {"[[[[[[[[[1]]]]]]]]]", 400, "too_deep", .path = QUEUE},
    {"{\"user_id\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}", 400, "too_deep", .path = QUEUE},
    {"[[[[[[[[[]]]]]]]]]", 400, "too_deep", .path = BULK},
};

static const struct row form_rows[] = {
    {WITH("\"colour\":1"), 400, "unknown_field", "/colour", .path = QUEUE},
    {AAPL(",\"quantity\":1,\"side\":\"buy\""), 400, "unknown_field", "/suggestions/0/side", .path = QUEUE},
    {"{\"user_id\":\"u1\",\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":1}]}", 400,
     "missing_field", "/smallcase_id", .path = QUEUE},
    {"{\"user_id\":\"u1\",\"smallcase_id\":\"sc1\"}", 400, "missing_field", "/suggestions", .path = QUEUE},
    {"{\"smallcase_id\":null,\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":1}]}", 400,
     "missing_field", "/smallcase_id", .path = QUEUE},
    {BY("null"), 400, "missing_field", "/user_id", .path = QUEUE},
    {ONE(""), 400, "missing_field", "/suggestions", .path = QUEUE},
    {ONE("{\"action\":\"buy\",\"quantity\":1}"), 400, "missing_field", "/suggestions/0/symbol", .path = QUEUE},
    {ONE("{\"symbol\":\"AAPL\",\"quantity\":1}"), 400, "missing_field", "/suggestions/0/action", .path = QUEUE},
    {ONE("{\"symbol\":null,\"action\":\"buy\",\"quantity\":1}"), 400, "missing_field", "/suggestions/0/symbol",
     .path = QUEUE},
    {WITH("\"priority\":7"), 400, "bad_type", "/priority", .path = QUEUE},
    {WITH("\"priority\":\"urgent\""), 400, "bad_type", "/priority", .path = QUEUE},
    {WITH("\"execution_window\":7"), 400, "bad_type", "/execution_window", .path = QUEUE},
    {BY("7"), 400, "bad_type", "/user_id", .path = QUEUE},
    {BY("\"a b\""), 400, "bad_type", "/user_id", .path = QUEUE},
    {BY("\"a:b\""), 400, "bad_type", "/user_id", .path = QUEUE},
    {"{\"smallcase_id\":\"\",\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":1}]}", 400,
     "bad_type", "/smallcase_id", .path = QUEUE},
    {"{\"smallcase_id\":\"sc1\",\"suggestions\":{}}", 400, "bad_type", "/suggestions", .path = QUEUE},
    {ONE("7"), 400, "bad_type", "/suggestions/0", .path = QUEUE},
    {ONE("{\"symbol\":\"AAPL\",\"action\":\"hold\",\"quantity\":1}"), 400, "bad_type", "/suggestions/0/action",
     .path = QUEUE},
    {AAPL(",\"quantity\":true"), 400, "bad_type", "/suggestions/0/quantity", .path = QUEUE},
    {AAPL(",\"quantity\":1,\"order_type\":\"stop\""), 400, "bad_type", "/suggestions/0/order_type", .path = QUEUE},
    {"[7]", 400, "bad_type", "/0", .path = BULK},
    {"[" WITH("\"priority\":\"high\"") "]", 400, "unknown_field", "/0/priority", .path = BULK},
    {OF("aapl"), 400, "bad_symbol", "/suggestions/0/symbol", .path = QUEUE},
    {OF(""), 400, "bad_symbol", "/suggestions/0/symbol", .path = QUEUE},
    {OF(".A"), 400, "bad_symbol", "/suggestions/0/symbol", .path = QUEUE},
    {OF("A A"), 400, "bad_symbol", "/suggestions/0/symbol", .path = QUEUE},
    {OF("A:A"), 400, "bad_symbol", "/suggestions/0/symbol", .path = QUEUE},
    {OF("X" X32), 400, "bad_symbol", "/suggestions/0/symbol", .path = QUEUE},
};

static const struct row size_rows[] = {
    {AAPL(",\"quantity\":0"), 422, "bad_quantity", "/suggestions/0/quantity", .path = QUEUE},
    {AAPL(",\"quantity\":\"0.000\""), 422, "bad_quantity", "/suggestions/0/quantity", .path = QUEUE},
    {AAPL(",\"quantity\":-1"), 422, "bad_quantity", "/suggestions/0/quantity", .path = QUEUE},
    {AAPL(",\"quantity\":\"1e3\""), 422, "bad_quantity", "/suggestions/0/quantity", .path = QUEUE},
    {AAPL(",\"quantity\":\"+1\""), 422, "bad_quantity", "/suggestions/0/quantity", .path = QUEUE},
    {AAPL(",\"quantity\":\"ten\""), 422, "bad_quantity", "/suggestions/0/quantity", .path = QUEUE},
    {AAPL(",\"quantity\":\"\""), 422, "bad_quantity", "/suggestions/0/quantity", .path = QUEUE},
    {AAPL(",\"quantity\":1000000001"), 422, "bad_quantity", "/suggestions/0/quantity", .path = QUEUE},
    {AAPL(",\"quantity\":\"99999999999999999999\""), 422, "bad_quantity", "/suggestions/0/quantity", .path = QUEUE},
    {AAPL(",\"quantity\":\"1.0000000001\""), 422, "bad_quantity", "/suggestions/0/quantity", .path = QUEUE},
    {AAPL(",\"quantity\":\"1.5\""), 422, "bad_quantity", "/suggestions/0/quantity", .path = QUEUE},
    {AAPL(",\"quantity\":1.0000000000000001"), 422, "bad_number", .path = QUEUE},
    {AAPL(""), 422, "bad_sizing", "/suggestions/0", .path = QUEUE},
    {AAPL(",\"quantity\":1,\"amount\":5"), 422, "bad_sizing", "/suggestions/0", .path = QUEUE},
    {AAPL(",\"quantity\":1,\"weight_change\":5"), 422, "bad_sizing", "/suggestions/0", .path = QUEUE},
    {AAPL(",\"quantity\":1,\"amount\":5,\"weight_change\":5"), 422, "bad_sizing", "/suggestions/0", .path = QUEUE},
    {AAPL(",\"amount\":0"), 422, "bad_sizing", "/suggestions/0/amount", .path = QUEUE},
    {AAPL(",\"amount\":-5"), 422, "bad_sizing", "/suggestions/0/amount", .path = QUEUE},
    {AAPL(",\"amount\":190.24"), 422, "bad_quantity", "/suggestions/0/amount", .path = QUEUE},
    {AAPL(",\"weight_change\":-5"), 422, "bad_sizing", "/suggestions/0/weight_change", .path = QUEUE},
    {AAPL(",\"weight_change\":0"), 422, "bad_sizing", "/suggestions/0/weight_change", .path = QUEUE},
    {ONE("{\"symbol\":\"AAPL\",\"action\":\"sell\",\"weight_change\":\"+5\"}"), 422, "bad_sizing",
     "/suggestions/0/weight_change", .path = QUEUE},
    {AAPL(",\"weight_change\":5"), 422, "no_investment", "/suggestions/0/weight_change", .path = QUEUE},
    {AAPL(",\"quantity\":1,\"order_type\":\"limit\""), 422, "bad_price", "/suggestions/0/limit_price", .path = QUEUE},
    {AAPL(",\"quantity\":1,\"order_type\":\"limit\",\"limit_price\":0"), 422, "bad_price", "/suggestions/0/limit_price",
     .path = QUEUE},
    {AAPL(",\"quantity\":1,\"limit_price\":5"), 422, "bad_price", "/suggestions/0/limit_price", .path = QUEUE},
    {OF("NOPE"), 422, "unknown_symbol", "/suggestions/0/symbol", .path = QUEUE},
    {OF("HALT"), 422, "not_tradable", "/suggestions/0/symbol", .path = QUEUE},
    {AAPL(",\"quantity\":1,\"broker_type\":\"nobody\""), 422, "unknown_broker", "/suggestions/0/broker_type",
     .path = QUEUE},
    {ONE("{\"symbol\":\"FREE\",\"action\":\"buy\",\"amount\":5}"), 422, "no_price", "/suggestions/0/symbol",
     .path = QUEUE},
    {WITH("\"execution_window\":\"2020-01-01T00:00:00Z\""), 422, "bad_window", "/execution_window", .path = QUEUE},
    {WITH("\"execution_window\":\"2099-01-01T00:00:00Z\""), 422, "bad_window", "/execution_window", .path = QUEUE},
    {WITH("\"execution_window\":\"tomorrow\""), 422, "bad_window", "/execution_window", .path = QUEUE},
    {WITH("\"execution_window\":\"2099-02-30T00:00:00Z\""), 422, "bad_window", "/execution_window", .path = QUEUE},
    {WITH("\"execution_window\":\"2099-01-01\""), 422, "bad_window", "/execution_window", .path = QUEUE},
};

static const struct row http_rows[] = {
    {GOOD, 400, "bad_idempotency_key", .header = "Idempotency-Key: " K256, .path = QUEUE},
    {GOOD, 400, "bad_idempotency_key", .header = "Idempotency-Key: caf\xc3\xa9", .path = QUEUE},
    {GOOD, 400, "bad_idempotency_key", .header = "Idempotency-Key: a\tb", .path = QUEUE},
    {GOOD, 400, "bad_idempotency_key", .header = "Idempotency-Key;", .path = QUEUE}, /* curl: an empty one */
    {"[" GOOD "]", 400, "bad_idempotency_key", .header = "Idempotency-Key: " K256, .path = BULK},
    {GOOD, 415, "bad_media_type", .type = "text/plain", .path = QUEUE},
    {GOOD, 415, "bad_media_type", .type = "application/xml", .path = QUEUE},
    {GOOD, 415, "bad_media_type", .type = "text/csv", .path = QUEUE},
    {GOOD, 415, "bad_media_type", .header = "Content-Encoding: gzip", .path = QUEUE},
    {"[" GOOD "]", 415, "bad_media_type", .type = "multipart/form-data", .path = BULK},
    {GOOD, 404, "not_found", .path = "/trade-queue/queue/orders"},
    {GOOD, 405, "method_not_allowed", .path = "/"}, /* the page */
    {GOOD, 404, "not_found", .path = QUEUE "/"},
    {GOOD, 405, "method_not_allowed", .path = "/trade-queue/queue/status"},
    {GOOD, 400, "bad_parameter", .path = "/trade-queue/queue/process?wait=61"},
    {GOOD, 400, "bad_parameter", .path = "/trade-queue/queue/process?wait=soon"},
    {"[" GOOD "]", 400, "bad_parameter", .path = BULK "?wait=-1"},
};

static char *digest_of(struct stack *stack)
{
	redisReply *reply = redis_server_command(stack->redis, "DEBUG DIGEST");
	char *digest = strdup(reply->str);

	freeReplyObject(reply);
	assert_non_null(digest);
	return digest;
}

/* Sends one row and says what is wrong with the answer. */
static bool row_is_refused(struct stack *stack, const struct row *row)
{
	const struct http_call call = {.method = "POST",
				       .url = row->path,
				       .body = row->body,
				       .length = row->length,
				       .content_type = row->type,
				       .headers = {row->header}};
	const struct http_reply *reply = stack_call(stack, 0, &call);
	const char *code = json_string_value(json_object_get(reply->json, "code"));
	const char *pointer = json_string_value(json_find(reply->json, "/errors/0/pointer"));

	if (reply->status == row->status && code && strcmp(code, row->code) == 0 &&
	    (!row->pointer || (pointer && strcmp(pointer, row->pointer) == 0)) &&
	    strcmp(reply->content_type, "application/problem+json") == 0 &&
	    json_int(reply->json, "/status") == row->status && *json_text(reply->json, "/title") &&
	    *json_text(reply->json, "/detail") && *json_text(reply->json, "/type"))
		return true;
	print_error("%s %s\n  wanted %d %s %s\n  got %d %s\n", row->path, row->body, row->status, row->code,
		    row->pointer ? row->pointer : "", reply->status, reply->body ? reply->body : "");
	return false;
}

/* Sends all rows; shows every one that is not refused as it should be. */
static void assert_refused(void **state, const struct row *rows, size_t count)
{
	struct stack *stack = *state;
	char *before = digest_of(stack), *after;
	size_t wrong = 0;

	for (size_t i = 0; i < count; i++)
		wrong += !row_is_refused(stack, &rows[i]);
	after = digest_of(stack);
	assert_string_equal(before, after);
	free(before);
	free(after);
	assert_int_equal(wrong, 0);
}

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static void test_what_is_no_json_is_refused(void **state)
{
	assert_refused(state, json_rows, COUNT(json_rows));
}

static void test_what_has_the_wrong_form_is_refused(void **state)
{
	assert_refused(state, form_rows, COUNT(form_rows));
}

static void test_what_cannot_be_sized_or_traded_is_refused(void **state)
{
	assert_refused(state, size_rows, COUNT(size_rows));
}

static void test_what_is_wrong_in_http_is_refused(void **state)
{
	const struct http_call wrong_method = {.method = "PUT", .url = QUEUE, .body = "{}"};

	assert_refused(state, http_rows, COUNT(http_rows));
	assert_string_equal(stack_call(*state, 0, &wrong_method)->allow, "POST");
}

/* Every reason at once, and the whole request is refused for one of its orders. */
static void test_all_reasons_come_in_one_answer(void **state)
{
	struct stack *stack = *state;
	char *before = digest_of(stack), *after;
	const json_t *answer = stack_post(stack, 422, QUEUE, "%s",
					  ONE("{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":1},"
					      "{\"symbol\":\"NOPE\",\"action\":\"buy\",\"quantity\":1},"
					      "{\"symbol\":\"HALT\",\"action\":\"sell\",\"quantity\":1}"));

	assert_int_equal(json_array_size(json_at(answer, "/errors")), 2);
	assert_json_text(answer, "/errors/0/pointer", "/suggestions/1/symbol");
	assert_json_text(answer, "/errors/0/code", "unknown_symbol");
	assert_json_text(answer, "/errors/1/pointer", "/suggestions/2/symbol");
	assert_json_text(answer, "/errors/1/code", "not_tradable");
	after = digest_of(stack);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* Larger than the configuration takes; and more suggestions than a request may have. */
static void test_what_is_too_much_is_refused(void **state)
{
	struct stack *stack = *state;
	static const size_t sizes[] = {65537, 400000}; /* api.max_body_bytes is 65536 */
	char *large = malloc(400001), *before = digest_of(stack), *after;
	const struct row row = {.body = large, .status = 413, .code = "too_large", .path = QUEUE};
	const json_t *answer;
	size_t length;
	char *many;
	FILE *out = open_memstream(&many, &length);

	assert_true(large && out);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		memset(large, ' ', sizes[i]);
		large[sizes[i]] = '\0';
		assert_true(row_is_refused(stack, &row));
	}
	(void)fputs("{\"smallcase_id\":\"sc1\",\"suggestions\":[", out);
	for (int i = 0; i < 201; i++)
		(void)fprintf(out, "%s{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":1}", i ? "," : "");
	(void)fputs("]}", out);
	(void)fclose(out);
	answer = stack_post(stack, 422, QUEUE, "%s", many);
	assert_json_text(answer, "/code", "too_many");
	after = digest_of(stack);
	assert_string_equal(before, after);
	free(large);
	free(many);
	free(before);
	free(after);
}

/* One stack for all rows: nothing is ever stored in it. */
static int setup(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.settings = {"api.max_body_bytes=65536"}});
	const struct http_call probe = {
	    .method = "POST", .url = QUEUE, .body = ONE("{\"symbol\":\"FREE\",\"action\":\"buy\",\"amount\":5}")};

	(void)stack_put(stack, 200, "/stocks/HALT", "{\"price\":\"5\",\"tradable\":false}");
	/* A stock without a price can only come from elsewhere. */
	redis_server_run(stack->redis, "HSET muster:{0}:stocks FREE {}");
	redis_server_run(stack->redis, "PUBLISH muster:{0}:changes stocks");
	WAIT_UNTIL(strcmp(json_text(stack_call(stack, 0, &probe)->json, "/code"), "no_price") == 0);
	return 0;
}

/* The programs have survived all of it, and a sound order is still taken and executed: nothing else is there. */
static int teardown(void **state)
{
	struct stack *stack = *state;

	(void)stack_queue(stack, "%s", GOOD);
	stack_start_worker(stack, 0);
	(void)stack_process(stack);
	stack_finish(stack);
	return stack_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_no_json_is_refused),
	    cmocka_unit_test(test_what_has_the_wrong_form_is_refused),
	    cmocka_unit_test(test_what_cannot_be_sized_or_traded_is_refused),
	    cmocka_unit_test(test_what_is_wrong_in_http_is_refused),
	    cmocka_unit_test(test_all_reasons_come_in_one_answer),
	    cmocka_unit_test(test_what_is_too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
