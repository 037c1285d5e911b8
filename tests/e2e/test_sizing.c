/* From money and percentages to whole lots, and the lines that the project's users type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/check.h"
#include "tests/support/json_at.h"

#define REQUEST(more) "{\"user_id\":\"u1\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"AAPL\"," more "}]}"

/* AAPL costs 190.25. Rounded down to the lot, always. */
static void test_amounts_and_weights_become_whole_lots(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	static const struct {
		const char *body, *quantity;
	} rows[] = {
	    {REQUEST("\"action\":\"buy\",\"amount\":1000"), "5"},
	    {REQUEST("\"action\":\"buy\",\"amount\":\"190.25\""), "1"},
	    {REQUEST("\"action\":\"sell\",\"amount\":\"380.499999999\""), "1"},
	    {REQUEST("\"action\":\"buy\",\"weight_change\":5.0"), "26"}, /* 5000 / 190.25 = 26.28 */
	    {REQUEST("\"action\":\"buy\",\"weight_change\":\"+5\""), "26"},
	    {REQUEST("\"action\":\"sell\",\"weight_change\":-12.5"), "65"}, /* 12500 / 190.25 = 65.7 */
	    {REQUEST("\"action\":\"sell\",\"weight_change\":100"), "525"},
	    {REQUEST("\"action\":\"buy\",\"quantity\":\"7.000\""), "7"},
	};
	const json_t *answer = stack_put(stack, 200, "/users/u1/investments/sc1", "{\"value\":\"100000\"}");

	assert_json_text(answer, "/value", "100000");
	assert_json_text(stack_get(stack, 200, "/users/u1/investments/sc1"), "/value", "100000");
	(void)stack_get(stack, 404, "/users/u2/investments/sc1");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_json_text(stack_queue(stack, "%s", rows[i].body), "/orders/0/quantity", rows[i].quantity);
	(void)stack_process(stack);
	stack_finish(stack);
}

/* The broker takes fractions; a stock may be traded in larger lots than its broker's, not in smaller ones. */
static void test_a_stock_has_its_own_lot(void **state)
{
	struct stack *stack = *state =
	    stack_start(&(struct stack_options){.workers = 1, .settings = {"broker.paper.lot=0.001"}});
	const json_t *order;

	(void)stack_put(stack, 200, "/stocks", "[{\"symbol\":\"MSFT\",\"price\":410.5,\"lot\":10}]");
	(void)stack_put(stack, 422, "/stocks", "[{\"symbol\":\"MSFT\",\"price\":410.5,\"lot\":\"0.0001\"}]");
	order = stack_queue(stack, "%s", REQUEST("\"action\":\"buy\",\"amount\":1000"));
	assert_json_text(order, "/orders/0/quantity", "5.256");
	(void)stack_post(
	    stack, 422, "/trade-queue/queue/order",
	    "{\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"MSFT\",\"action\":\"buy\",\"quantity\":15}]}");
	(void)stack_queue(stack, "{\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"MSFT\",\"action\":\"buy\","
				 "\"amount\":9000}]}");
	(void)stack_process(stack);
	order = stack_wait_final(stack, order);
	assert_json_text(order, "/orders/0/filled_quantity", "5.256");
	assert_json_text(order, "/orders/0/gross_amount",
			 "999.95"); /* 999.954: what is smaller than a cent is the house's */
	stack_finish(stack);
}

/* A price that changed is what the next order is sized with, in every process. */
static void test_a_new_price_holds_for_the_next_order(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.apis = 2, .workers = 1});
	const struct http_call call = {
	    .method = "POST", .url = "/trade-queue/queue/order", .body = REQUEST("\"action\":\"buy\",\"amount\":1000")};

	(void)stack_put(stack, 200, "/stocks/AAPL", "{\"price\":\"500\"}");
	assert_json_text(stack_queue(stack, "%s", (const char *)call.body), "/orders/0/quantity", "2");
	for (const char *quantity = "5"; strcmp(quantity, "2") != 0;) /* 5 by the old price, until the news has come */
		quantity = json_text(stack_call(stack, 1, &call)->json, "/orders/0/quantity");
	(void)stack_process(stack);
	stack_finish(stack);
}

/* The lines of the project's description, with curl's own Content-Type. */
static void test_the_lines_that_users_type_work(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	struct http_call call = {.method = "POST", .content_type = HTTP_CALL_CURL_TYPE};
	const struct http_reply *reply;

	(void)stack_put(stack, 200, "/users/demo/investments/sc1", "{\"value\":50000}");
	call.url = "/smallcases/bulk/rebalance";
	call.body =
	    "[{\"user_id\":\"user1\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"buy\","
	    "\"quantity\":10}]},{\"user_id\":\"user2\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"AAPL\","
	    "\"action\":\"buy\",\"quantity\":5}]}]";
	reply = stack_call(stack, 0, &call);
	assert_int_equal(reply->status, 200);
	assert_json_text(reply->json, "/orders/1/filled_quantity", "5");
	call.url = "/trade-queue/queue/order";
	call.body = "{\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"buy\",\"weight_"
		    "change\":5.0}],"
		    "\"priority\":\"normal\"}";
	reply = stack_call(stack, 0, &call);
	assert_int_equal(reply->status, 202);
	assert_json_text(reply->json, "/orders/0/user_id", "demo");
	assert_json_text(reply->json, "/orders/0/quantity", "13");
	assert_json_int(stack_get(stack, 200, "/trade-queue/queue/status"), "/orders/queued", 1);
	assert_json_text(stack_get(stack, 200, "/trade-queue/queue/aggregation-preview"),
			 "/windows/0/groups/0/quantity", "13");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_amounts_and_weights_become_whole_lots, stack_teardown),
	    cmocka_unit_test_teardown(test_a_stock_has_its_own_lot, stack_teardown),
	    cmocka_unit_test_teardown(test_a_new_price_holds_for_the_next_order, stack_teardown),
	    cmocka_unit_test_teardown(test_the_lines_that_users_type_work, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
