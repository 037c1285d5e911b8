/* Taking back what is queued: before the seal, after it, twice, in part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/check.h"
#include "tests/support/json_at.h"
#include "tests/support/ledger.h"

#define ORDER "/trade-queue/queue/order/%s"

/* What is taken back before the seal is not executed; the others of its group are. */
static void test_a_canceled_order_does_not_reach_the_broker(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *gone = stack_queue_one(stack, "A", "buy", "AAPL", "100");
	const json_t *kept = stack_queue_one(stack, "B", "buy", "AAPL", "50"), *answer, *again;
	struct ledger *ledger;

	answer = stack_delete(stack, 200, ORDER, json_text(gone, "/queue_id"));
	assert_json_text(answer, "/orders/0/status", "canceled");
	assert_json_text(answer, "/orders/0/filled_quantity", "0");
	answer = stack_get(stack, 200, "/trade-queue/queue/aggregation-preview");
	assert_json_text(answer, "/windows/0/groups/0/quantity", "50");
	assert_json_int(answer, "/windows/0/groups/0/orders", 1);
	answer = stack_delete(stack, 200, ORDER, json_text(gone, "/queue_id"));

	(void)stack_process(stack);
	again = stack_delete(stack, 200, ORDER,
			     json_text(gone, "/queue_id")); /* once canceled, always 200, the same answer */
	assert_true(json_equal(answer, again));
	assert_json_text(stack_wait_final(stack, kept), "/orders/0/filled_quantity", "50");
	ledger = ledger_read(stack->ledger_path);
	assert_int_equal(ledger->count, 1);
	assert_true(ledger->orders[0].quantity_nano == 50 * NANO);
	ledger_free(ledger);
	stack_finish(stack);
}

/* A block whose orders were all taken back is never sent. */
static void test_a_group_of_canceled_orders_is_not_sent(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *one = stack_queue_one(stack, "A", "buy", "AAPL", "1");
	const json_t *two = stack_queue_one(stack, "B", "buy", "AAPL", "2"), *done;
	struct ledger *ledger;

	(void)stack_delete(stack, 200, ORDER, json_text(one, "/queue_id"));
	(void)stack_delete(stack, 200, ORDER, json_text(two, "/queue_id"));
	done = stack_process(stack);
	assert_json_text(done, "/windows/0/status", "done");
	ledger = ledger_read(stack->ledger_path);
	assert_int_equal(ledger->count, 0);
	ledger_free(ledger);
	stack_finish(stack);
}

/* After the seal it is too late. */
static void test_a_sealed_order_cannot_be_canceled(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *order = stack_queue_one(stack, "A", "buy", "AAPL", "100"), *answer;

	(void)stack_process(stack);
	answer = stack_delete(stack, 409, ORDER, json_text(order, "/queue_id"));
	assert_json_text(answer, "/code", "already_sealed");
	assert_json_text(stack_wait_final(stack, order), "/orders/0/status", "filled");
	answer = stack_delete(stack, 404, ORDER, "00000000000000000000");
	assert_json_text(answer, "/code", "not_found");
	stack_finish(stack);
}

/* A request of several orders is taken back whole. */
static void test_all_orders_of_a_request_are_canceled(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *request = stack_queue(stack, "{\"user_id\":\"A\",\"smallcase_id\":\"sc1\",\"suggestions\":["
						   "{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":1},"
						   "{\"symbol\":\"MSFT\",\"action\":\"sell\",\"quantity\":2},"
						   "{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":3}]}");
	const json_t *answer = stack_delete(stack, 200, ORDER, json_text(request, "/queue_id"));

	assert_int_equal(json_array_size(json_at(answer, "/orders")), 3);
	for (size_t i = 0; i < 3; i++)
		assert_json_text(json_array_get(json_at(answer, "/orders"), i), "/status", "canceled");
	answer = stack_get(stack, 200, ORDER, json_text(request, "/queue_id"));
	assert_json_text(answer, "/status", "canceled");
	(void)stack_process(stack);
	answer = stack_get(stack, 200, "/trade-queue/queue/status");
	assert_json_int(answer, "/orders/canceled", 3);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_a_canceled_order_does_not_reach_the_broker, stack_teardown),
	    cmocka_unit_test_teardown(test_a_group_of_canceled_orders_is_not_sent, stack_teardown),
	    cmocka_unit_test_teardown(test_a_sealed_order_cannot_be_canceled, stack_teardown),
	    cmocka_unit_test_teardown(test_all_orders_of_a_request_are_canceled, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
