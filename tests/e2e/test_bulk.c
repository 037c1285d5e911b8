/* The bulk call: executed at once as one window of its own, every user's result in the same answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/check.h"
#include "tests/support/json_at.h"
#include "tests/support/ledger.h"
#include "tests/support/wait_until.h"

#define BULK "/smallcases/bulk/rebalance"

/* How many orders reached the broker and were accepted. */
static int accepted_at_broker(const struct stack *stack)
{
	struct ledger *ledger = ledger_read(stack->ledger_path);
	int count = ledger_accepted(ledger);

	ledger_free(ledger);
	return count;
}

/* Two users: their buys of one stock are one broker order, and both results are in the answer. */
static void test_two_users_get_their_results_in_the_same_answer(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *answer = stack_post(stack, 200, BULK,
					  "[{\"user_id\":\"user1\",\"smallcase_id\":\"sc1\",\"suggestions\":["
					  "{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":100},{\"symbol\":"
					  "\"MSFT\",\"action\":\"sell\",\"quantity\":3}]},"
					  "{\"user_id\":\"user2\",\"smallcase_id\":\"sc2\",\"suggestions\":["
					  "{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":\"50\"}]}]");

	assert_json_text(answer, "/status", "completed");
	assert_json_int(answer, "/summary/requests", 2);
	assert_json_int(answer, "/summary/orders", 3);
	assert_json_int(answer, "/summary/blocks", 2);
	assert_json_int(answer, "/summary/rejected", 0);
	assert_int_equal(json_array_size(json_at(answer, "/orders")), 3);
	assert_int_equal(json_array_size(json_at(answer, "/blocks")), 2);
	assert_json_text(answer, "/orders/0/user_id", "user1");
	assert_json_text(answer, "/orders/0/lane", "bulk");
	assert_json_text(answer, "/orders/0/status", "filled");
	assert_json_text(answer, "/orders/0/filled_quantity", "100");
	assert_json_text(answer, "/orders/0/gross_amount", "19025");
	assert_json_text(answer, "/orders/1/symbol", "MSFT");
	assert_json_text(answer, "/orders/1/filled_quantity", "3");
	assert_json_text(answer, "/orders/2/user_id", "user2");
	assert_json_text(answer, "/orders/2/smallcase_id", "sc2");
	assert_json_text(answer, "/orders/2/filled_quantity", "50");
	assert_json_text(answer, "/orders/2/block_id", json_text(answer, "/orders/0/block_id"));
	assert_int_equal(accepted_at_broker(stack), 2);
	stack_finish(stack);
}

/* What cannot be sized or traded comes back with its reason; the others go on. */
static void test_an_order_that_cannot_be_sized_does_not_hold_up_the_others(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *answer =
	    stack_post(stack, 200, BULK,
		       "[{\"user_id\":\"u1\",\"smallcase_id\":\"sc1\",\"suggestions\":["
		       "{\"symbol\":\"NOPE\",\"action\":\"buy\",\"quantity\":1},"
		       "{\"symbol\":\"AAPL\",\"action\":\"buy\",\"weight_change\":5},"
		       "{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":\"0.5\"},"
		       "{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":7,\"broker_type\":\"nobody\"},"
		       "{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":7}]}]");

	for (size_t i = 0; i < 4; i++) {
		const json_t *order = json_array_get(json_at(answer, "/orders"), i);

		assert_json_text(order, "/status", "rejected");
		assert_string_not_equal(json_text(order, "/reason"), "null");
		assert_json_text(order, "/filled_quantity", "0");
		assert_json_text(order, "/block_id", "null");
	}
	assert_json_text(answer, "/orders/4/status", "filled");
	assert_json_text(answer, "/orders/4/filled_quantity", "7");
	assert_json_int(answer, "/summary/orders", 5);
	assert_json_int(answer, "/summary/rejected", 4);
	assert_json_int(answer, "/summary/blocks", 1);
	assert_int_equal(accepted_at_broker(stack), 1);
	stack_finish(stack);
}

/* Nothing is left to execute, but the answer is complete. */
static void test_a_bulk_call_of_rejected_orders_only_completes(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *answer = stack_post(stack, 200, BULK,
					  "[{\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"NOPE\","
					  "\"action\":\"buy\",\"quantity\":1}]}]");

	assert_json_text(answer, "/status", "completed");
	assert_json_text(answer, "/orders/0/status", "rejected");
	assert_json_int(answer, "/summary/blocks", 0);
	assert_int_equal(accepted_at_broker(stack), 0);
	stack_finish(stack);
}

/* The body of `users` users, each with `each` orders over the spare symbols; the caller frees it. */
static char *large_body(int users, int each)
{
	char *body;
	size_t size;
	FILE *out = open_memstream(&body, &size);

	if (!out)
		abort();
	for (int u = 0; u < users; u++) {
		(void)fprintf(out, "%s{\"user_id\":\"user%d\",\"smallcase_id\":\"sc1\",\"suggestions\":[",
			      u ? "," : "[", u);
		for (int i = 0; i < each; i++)
			(void)fprintf(out, "%s{\"symbol\":\"S%03d\",\"action\":\"%s\",\"quantity\":%d}", i ? "," : "",
				      (u + i) % 10, (u + i) % 10 < 5 ? "buy" : "sell", 1 + (u * 7 + i) % 20);
		(void)fputs("]}", out);
	}
	(void)fputs("]", out);
	if (fclose(out) != 0)
		abort();
	return body;
}

/* A thousand orders take several chunks on their way in and become ten blocks. */
static void test_a_thousand_orders_become_ten_blocks(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	char *body = large_body(100, 10);
	const json_t *answer = stack_post(stack, 200, BULK "?wait=30", "%s", body);

	free(body);
	assert_json_int(answer, "/summary/requests", 100);
	assert_json_int(answer, "/summary/orders", 1000);
	assert_json_int(answer, "/summary/blocks", 10);
	assert_int_equal(json_array_size(json_at(answer, "/orders")), 1000);
	for (size_t i = 0; i < 1000; i++) {
		const json_t *order = json_array_get(json_at(answer, "/orders"), i);

		assert_json_text(order, "/status", "filled");
		assert_json_text(order, "/user_id", stack_text(stack, "user%d", (int)(i / 10)));
		assert_json_text(order, "/filled_quantity", json_text(order, "/quantity"));
	}
	assert_int_equal(accepted_at_broker(stack), 10);
	stack_finish(stack);
}

/* Who does not want to wait gets 202 and where to look. */
static void test_a_bulk_call_that_does_not_wait_is_completed_later(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const struct http_call call = {.method = "POST",
				       .url = BULK "?wait=0",
				       .body = "[{\"user_id\":\"u1\",\"smallcase_id\":\"sc1\",\"suggestions\":["
					       "{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":4}]}]"};
	const struct http_reply *reply;
	const json_t *answer;

	stack_set_paper(stack, "{\"fill\":\"after_delay\",\"delay_ms\":200}");
	reply = stack_call(stack, 0, &call);
	assert_int_equal(reply->status, 202);
	assert_string_equal(reply->location,
			    stack_text(stack, "/trade-queue/queue/order/%s", json_text(reply->json, "/queue_id")));
	assert_string_not_equal(json_text(reply->json, "/status"), "completed");
	answer = stack_get(stack, 200, "%s?wait=30", reply->location);
	assert_json_text(answer, "/status", "completed");
	assert_json_text(answer, "/orders/0/filled_quantity", "4");
	assert_json_int(answer, "/summary/blocks", 1);
	stack_finish(stack);
}

/* A bulk call cannot be taken back: it is executed at once. */
static void test_a_bulk_call_cannot_be_canceled(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *answer = stack_post(stack, 200, BULK,
					  "[{\"user_id\":\"u1\",\"smallcase_id\":\"sc1\",\"suggestions\":["
					  "{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":4}]}]");

	answer = stack_delete(stack, 409, "/trade-queue/queue/order/%s", json_text(answer, "/queue_id"));
	assert_json_text(answer, "/code", "already_sealed");
	stack_finish(stack);
}

/* Malformed in one place: nothing of it is stored. */
static void test_a_malformed_bulk_call_stores_nothing(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	int64_t keys = stack_redis_int(stack, "DBSIZE");
	const json_t *answer = stack_post(stack, 422, BULK,
					  "[{\"user_id\":\"u1\",\"smallcase_id\":\"sc1\",\"suggestions\":["
					  "{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":4}]},"
					  "{\"user_id\":\"u2\",\"smallcase_id\":\"sc1\",\"suggestions\":["
					  "{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":4},"
					  "{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":-4}]}]");

	assert_json_text(answer, "/code", "bad_quantity");
	assert_json_text(answer, "/errors/0/pointer", "/1/suggestions/1/quantity");
	assert_int_equal(json_array_size(json_at(answer, "/errors")), 1);
	answer = stack_post(stack, 400, BULK, "{\"user_id\":\"u1\"}");
	assert_json_text(answer, "/code", "bad_json");
	(void)stack_post(stack, 400, BULK, "[]");
	(void)stack_post(stack, 400, BULK,
			 "[{\"smallcase_id\":\"sc1\",\"priority\":\"high\",\"suggestions\":["
			 "{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":4}]}]");
	/* The worker's own heartbeat is the only key that may have come. */
	assert_true(stack_redis_int(stack, "DBSIZE") - keys <= 2);
	assert_int_equal(stack_redis_int(stack, "EXISTS muster:{0}:windows"), 0);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_two_users_get_their_results_in_the_same_answer, stack_teardown),
	    cmocka_unit_test_teardown(test_an_order_that_cannot_be_sized_does_not_hold_up_the_others, stack_teardown),
	    cmocka_unit_test_teardown(test_a_bulk_call_of_rejected_orders_only_completes, stack_teardown),
	    cmocka_unit_test_teardown(test_a_thousand_orders_become_ten_blocks, stack_teardown),
	    cmocka_unit_test_teardown(test_a_bulk_call_that_does_not_wait_is_completed_later, stack_teardown),
	    cmocka_unit_test_teardown(test_a_bulk_call_cannot_be_canceled, stack_teardown),
	    cmocka_unit_test_teardown(test_a_malformed_bulk_call_stores_nothing, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
