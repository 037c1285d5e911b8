/* Caps that all API processes share: orders of one user within a minute, and the day's money at a broker, checked when
 * orders are taken and again before a block leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/json_at.h"
#include "tests/support/ledger.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

#define QUEUE "/trade-queue/queue/order"
#define BULK  "/smallcases/bulk/rebalance?wait=30"

/* Queues one order of AAPL (190.25 each) at API `api`; "" where it was accepted, else the code of the refusal. */
static const char *queue_at(struct stack *stack, int api, const char *user, int quantity)
{
	const struct http_reply *reply = stack_call(
	    stack, api,
	    &(struct http_call){
		.method = "POST",
		.url = QUEUE,
		.body = stack_text(stack,
				   "{\"user_id\":\"%s\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"AAPL\","
				   "\"action\":\"buy\",\"quantity\":%d}]}",
				   user, quantity)});

	if (reply->status == 202)
		return "";
	assert_int_equal(reply->status, 422);
	return json_text(reply->json, "/code");
}

static void test_orders_of_a_user_are_counted_over_all_apis(void **state)
{
	struct stack *stack = *state = stack_start(
	    &(struct stack_options){.apis = 2, .workers = 1, .settings = {"caps.orders_per_min_per_user=5"}});
	const json_t *answer;

	for (int i = 0; i < 5; i++)
		assert_string_equal(queue_at(stack, i % 2, "A", 1), "");
	assert_string_equal(queue_at(stack, 0, "A", 1), "over_cap");
	assert_string_equal(queue_at(stack, 1, "A", 1), "over_cap");
	assert_string_equal(queue_at(stack, 1, "B", 1), "");
	answer = stack_post(
	    stack, 200, BULK,
	    "[{\"user_id\":\"A\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"F\",\"action\":\"buy\","
	    "\"quantity\":1}]},{\"user_id\":\"C\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"F\","
	    "\"action\":\"buy\",\"quantity\":1}]}]");
	assert_json_text(answer, "/orders/0/status", "rejected");
	assert_non_null(strstr(json_text(answer, "/orders/0/reason"), "over_cap: 5 orders came from the user"));
	assert_json_text(answer, "/orders/1/status", "filled");
	(void)stack_process(stack);
	stack_finish(stack);
}

static void test_a_day_has_only_so_much_money_for_a_broker(void **state)
{
	struct stack *stack = *state = stack_start(
	    &(struct stack_options){.apis = 2, .workers = 1, .settings = {"broker.paper.max_daily_notional=10000"}});
	const json_t *canceled, *block;
	struct ledger *ledger;

	canceled = stack_queue_one(stack, "A", "buy", "AAPL", "30"); /* 5707.5 */
	assert_string_equal(queue_at(stack, 1, "B", 20), "");	     /* 3805; 9512.5 */
	assert_string_equal(queue_at(stack, 0, "C", 3), "over_cap");
	assert_string_equal(queue_at(stack, 0, "C", 2), "");
	assert_string_equal(queue_at(stack, 1, "D", 1), "over_cap");
	(void)stack_delete(stack, 200, QUEUE "/%s", json_text(canceled, "/queue_id"));
	assert_string_equal(queue_at(stack, 1, "D", 29), "");
	(void)stack_process(stack);

	/* What was accepted at a lower price is more money now than the day has left. */
	(void)stack_put(stack, 200, "/stocks/F", "{\"price\":\"0.01\"}");
	canceled = stack_queue_one(stack, "E", "buy", "F", "100");
	(void)stack_put(stack, 200, "/stocks/F", "{\"price\":\"12.34\"}");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(json_array_size(json_at(stack_get(stack, 200, "/blocks?status=needs_review"), "/items")) == 1);
	block = json_at(stack_get(stack, 200, "/blocks?status=needs_review"), "/items/0");
	assert_non_null(strstr(json_text(block, "/reason"), "more than its max_daily_notional (10000)"));
	(void)stack_post(stack, 200, stack_text(stack, "/blocks/%s/resolve", json_text(block, "/block_id")),
			 "{\"action\":\"retry\",\"note\":\"agreed with the bank\"}");
	assert_json_text(stack_wait_final(stack, canceled), "/orders/0/status", "filled");
	ledger = ledger_read(stack->ledger_path);
	assert_int_equal(ledger_accepted(ledger), 2);
	ledger_free(ledger);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_orders_of_a_user_are_counted_over_all_apis, stack_teardown),
	    cmocka_unit_test_teardown(test_a_day_has_only_so_much_money_for_a_broker, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
