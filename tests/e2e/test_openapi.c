/* The routes, real answers, and GET /openapi.json, held against each other so that none can drift from the others. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/routes.h"
#include "tests/support/json_at.h"
#include "tests/support/schema.h"
#include "tests/support/source_folder.h"
#include "tests/support/stack.h"

static const char *const method_words[] = {
    [HTTP_GET] = "get", [HTTP_POST] = "post", [HTTP_PUT] = "put", [HTTP_DELETE] = "delete"};

/* The document as it stands in the tree. */
static json_t *document_read(void)
{
	char *text = source_read("src/api/page/openapi.json");
	json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	free(text);
	assert_non_null(document);
	return document;
}

static void every_route_is_in_the_document_and_no_other(void **state)
{
	json_t *document = document_read(), *paths = json_object_get(document, "paths"), *item;
	size_t count = 0, described = 0;
	const char *path;

	(void)state;
	for (const struct http_route *row = routes(); row->pattern; row++, count++)
		if (!json_object_get(json_object_get(paths, row->pattern), method_words[row->method]))
			fail_msg("%s %s is not in the document", method_words[row->method], row->pattern);
	json_object_foreach (paths, path, item)
		described += json_object_size(item);
	assert_int_equal(described, count);
	json_decref(document);
}

static void every_error_code_is_in_the_document_and_no_other(void **state)
{
	static const char *const words[] = {
#define X(constant, word, http, title) word,
	    ERR_CODES(X)
#undef X
	};
	json_t *document = document_read();
	const json_t *listed = json_at(document, "/components/schemas/Problem/properties/code/enum");
	size_t count = sizeof words / sizeof words[0];

	(void)state;
	for (size_t i = 1; i < count; i++) { /* the first is no error */
		bool is_found = false;

		for (size_t j = 0; j < json_array_size(listed); j++)
			is_found = is_found || strcmp(words[i], json_string_value(json_array_get(listed, j))) == 0;
		if (!is_found)
			fail_msg("the code %s is not in the document", words[i]);
	}
	assert_int_equal(json_array_size(listed), count - 1);
	json_decref(document);
}

static void every_example_fits_its_schema(void **state)
{
	json_t *document = document_read(), *item, *operation;
	const char *path, *method;
	size_t examples = 0;

	(void)state;
	json_object_foreach (json_object_get(document, "paths"), path, item)
		json_object_foreach (item, method, operation) {
			const json_t *content = json_find(operation, "/requestBody/content/application~1json");

			if (!content)
				continue;
			schema_check(document, json_object_get(content, "schema"), json_at(content, "/example"), path);
			examples++;
		}
	assert_true(examples >= 8);
	json_decref(document);
}

struct calls {
	struct stack *stack;
	json_t *document;
	json_t *seen; /* "METHOD PATTERN" of JSON answers that were held against their schema */
};

/* Makes one call of a described route and holds the answer against the document. */
static json_t *check_call(struct calls *calls, const char *method, const char *pattern, const char *path,
			  const char *body, int status)
{
	const struct http_call call = {.method = method, .url = path, .body = body};
	const struct http_reply *reply = stack_call(calls->stack, 0, &call);
	const json_t *operation, *answer;
	const char *to;
	char word[8] = "", name[16];

	for (size_t i = 0; method[i]; i++)
		word[i] = (char)tolower((unsigned char)method[i]);
	if (reply->status != status)
		fail_msg("%s %s: %d, not %d: %.600s", method, path, reply->status, status, reply->body);
	operation = json_object_get(json_object_get(json_object_get(calls->document, "paths"), pattern), word);
	assert_non_null(operation);
	(void)snprintf(name, sizeof name, "%d", status);
	answer = json_object_get(json_object_get(operation, "responses"), name);
	if (!answer)
		fail_msg("%s %s: the document knows no answer %d", method, pattern, status);
	to = json_string_value(json_object_get(answer, "$ref"));
	if (to)
		answer = json_at(calls->document, to + 1);
	schema_check(
	    calls->document,
	    json_at(answer, to ? "/content/application~1problem+json/schema" : "/content/application~1json/schema"),
	    reply->json, stack_text(calls->stack, "%s %s", method, path));
	json_object_set_new(calls->seen, stack_text(calls->stack, "%s %s", word, pattern), json_true());
	return reply->json;
}

#define ONE_ORDER                                                                                                      \
	"{\"user_id\":\"u\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"buy\","        \
	"\"quantity\":5}]}"

/* The trade queue: from an order to its transaction. */
static void check_queue(struct calls *calls)
{
	struct stack *stack = calls->stack;
	const char *queue = "/trade-queue/queue/order", *one = "/trade-queue/queue/order/{queue_id}", *id;
	json_t *answer = check_call(calls, "POST", queue, queue, ONE_ORDER, 202);

	id = stack_text(stack, "%s/%s", queue, json_text(answer, "/queue_id"));
	(void)check_call(calls, "POST", queue, queue, "{\"smallcase_id\":\"sc1\"}", 400);
	(void)check_call(calls, "DELETE", one, id, NULL, 200);
	answer = check_call(calls, "POST", queue, queue, ONE_ORDER, 202);
	id = stack_text(stack, "%s/%s", queue, json_text(answer, "/queue_id"));
	(void)check_call(calls, "GET", "/trade-queue/queue/route",
			 "/trade-queue/queue/route?symbol=AAPL&action=buy&quantity=1", NULL, 200);
	(void)check_call(calls, "GET", "/trade-queue/queue/aggregation-preview",
			 "/trade-queue/queue/aggregation-preview", NULL, 200);
	(void)check_call(calls, "GET", "/trade-queue/queue/status", "/trade-queue/queue/status", NULL, 200);
	(void)check_call(calls, "POST", "/trade-queue/queue/process", "/trade-queue/queue/process?wait=30", NULL, 200);
	answer = check_call(calls, "GET", one, stack_text(stack, "%s?wait=30", id), NULL, 200);
	(void)check_call(calls, "DELETE", one, id, NULL, 409);
	(void)check_call(calls, "GET", "/orders/{order_id}",
			 stack_text(stack, "/orders/%s", json_text(answer, "/orders/0/order_id")), NULL, 200);
	(void)check_call(calls, "GET", "/orders/{order_id}", "/orders/none", NULL, 404);
	id = stack_text(stack, "/blocks/%s", json_text(answer, "/orders/0/block_id"));
	(void)check_call(calls, "GET", "/blocks/{block_id}", id, NULL, 200);
	(void)check_call(calls, "GET", "/blocks/{block_id}/statement", stack_text(stack, "%s/statement", id), NULL,
			 200);
	(void)check_call(calls, "POST", "/blocks/{block_id}/cancel", stack_text(stack, "%s/cancel", id),
			 "{\"note\":\"x\"}", 409);
	(void)check_call(calls, "POST", "/blocks/{block_id}/resolve", stack_text(stack, "%s/resolve", id),
			 "{\"action\":\"retry\",\"note\":\"x\"}", 409);
	(void)check_call(calls, "GET", "/blocks", "/blocks?status=allocated", NULL, 200);
}

/* Users, stocks, halts, health. */
static void check_others(struct calls *calls)
{
	const char *investment = "/users/{user_id}/investments/{smallcase_id}";

	(void)check_call(calls, "POST", "/smallcases/bulk/rebalance", "/smallcases/bulk/rebalance?wait=30",
			 "[" ONE_ORDER
			 ",{\"user_id\":\"v\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"NOSUCH\","
			 "\"action\":\"buy\",\"quantity\":1}]}]",
			 200);
	(void)check_call(calls, "GET", "/users/{user_id}/orders", "/users/u/orders", NULL, 200);
	(void)check_call(calls, "GET", "/users/{user_id}/transactions", "/users/u/transactions", NULL, 200);
	(void)check_call(calls, "PUT", investment, "/users/u/investments/sc1", "{\"value\":\"25000\"}", 200);
	(void)check_call(calls, "GET", investment, "/users/u/investments/sc1", NULL, 200);
	(void)check_call(calls, "GET", "/stocks", "/stocks", NULL, 200);
	(void)check_call(calls, "PUT", "/stocks", "/stocks", "[{\"symbol\":\"ZZY\",\"price\":\"10\"}]", 200);
	(void)check_call(calls, "GET", "/stocks/{symbol}", "/stocks/AAPL", NULL, 200);
	(void)check_call(calls, "PUT", "/stocks/{symbol}", "/stocks/ZZZ", "{\"price\":\"10\"}", 200);
	(void)check_call(calls, "POST", "/admin/halt", "/admin/halt", "{\"reason\":\"a drill\"}", 200);
	(void)check_call(calls, "GET", "/trade-queue/queue/status", "/trade-queue/queue/status", NULL, 200);
	(void)check_call(calls, "POST", "/admin/resume", "/admin/resume", "{\"reason\":\"over\"}", 200);
	(void)check_call(calls, "GET", "/healthz", "/healthz", NULL, 200);
	(void)check_call(calls, "GET", "/readyz", "/readyz", NULL, 200);
}

static void real_answers_are_as_the_document_says(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	struct calls calls = {stack, stack_get(stack, 200, "/openapi.json"), json_object()};
	json_t *in_tree = document_read(), *item, *operation;
	const char *path, *method;

	assert_true(json_equal(calls.document, in_tree)); /* what is served is what is in the tree */
	assert_json_text(calls.document, "/openapi", "3.1.0");
	check_queue(&calls);
	check_others(&calls);
	json_object_foreach (json_object_get(in_tree, "paths"), path, item)
		json_object_foreach (item, method, operation)
			if (json_find(operation, "/responses/200/content/application~1json/schema/$ref") &&
			    !json_object_get(calls.seen, stack_text(stack, "%s %s", method, path)))
				fail_msg("%s %s was not called: call it in this test", method, path);
	json_decref(calls.seen);
	json_decref(in_tree);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_route_is_in_the_document_and_no_other),
	    cmocka_unit_test(every_error_code_is_in_the_document_and_no_other),
	    cmocka_unit_test(every_example_fits_its_schema),
	    cmocka_unit_test_teardown(real_answers_are_as_the_document_says, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
