/* Caps before the broker: a block over one reaches no broker; a person sees why, and lets it go or cancels it. */
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

#define REVIEWS "/blocks?status=needs_review"

static int accepted_at_broker(struct stack *stack)
{
	struct ledger *ledger = ledger_read(stack->ledger_path);
	int accepted = ledger_accepted(ledger);

	ledger_free(ledger);
	return accepted;
}

/* The block that waits for a person, once there is one. */
static const json_t *wait_for_review(struct stack *stack)
{
	WAIT_UNTIL(json_array_size(json_at(stack_get(stack, 200, REVIEWS), "/items")) == 1);
	return json_at(stack_get(stack, 200, REVIEWS), "/items/0");
}

static void resolve(struct stack *stack, const json_t *block, const char *action)
{
	(void)stack_post(stack, 200, stack_text(stack, "/blocks/%s/resolve", json_text(block, "/block_id")),
			 "{\"action\":\"%s\",\"note\":\"seen\"}", action);
}

/* Orders that keep to every cap add up to a block that does not. */
static void test_a_block_over_its_notional_waits_and_is_let_go(void **state)
{
	struct stack *stack = *state =
	    stack_start(&(struct stack_options){.workers = 1, .settings = {"caps.max_block_notional=30000"}});
	const json_t *orders[3], *fine, *block;

	for (int i = 0; i < 3; i++)
		orders[i] = stack_queue_one(stack, stack_text(stack, "u%d", i), "buy", "AAPL", "60");
	fine = stack_queue_one(stack, "u9", "buy", "F", "10");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	block = wait_for_review(stack);
	assert_json_text(block, "/symbol", "AAPL");
	assert_json_text(block, "/reason", "it is worth 34245.00, more than caps.max_block_notional (30000)");
	assert_non_null(strstr(json_text(block, "/evidence"), "buy of 180 shares of AAPL, last price 190.25 of "));
	assert_json_text(stack_wait_final(stack, fine), "/orders/0/status", "filled");
	assert_int_equal(accepted_at_broker(stack), 1);
	resolve(stack, block, "retry");
	assert_json_text(stack_wait_final(stack, orders[2]), "/orders/0/filled_quantity", "60");

	orders[0] = stack_queue_one(stack, "u0", "buy", "MSFT", "80"); /* the word was for that block only */
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	block = wait_for_review(stack);
	assert_json_text(block, "/symbol", "MSFT");
	resolve(stack, block, "cancel");
	assert_json_text(stack_wait_final(stack, orders[0]), "/orders/0/status", "canceled");
	assert_int_equal(accepted_at_broker(stack), 2);
	stack_finish(stack);
}

/* The price was good when the orders were taken, and is not any more when they are to leave. */
static void test_a_block_on_a_price_that_became_wrong_waits(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){
	    .workers = 1, .settings = {"caps.price_collar_pct=5", "caps.max_price_age_s=3600"}});
	const json_t *limit, *market, *block;

	limit = stack_queue(
	    stack, "{\"user_id\":\"A\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":"
		   "\"buy\",\"quantity\":1,\"order_type\":\"limit\",\"limit_price\":195}]}");
	(void)stack_put(stack, 200, "/stocks/AAPL", "{\"price\":\"150\"}");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	block = wait_for_review(stack);
	assert_non_null(strstr(json_text(block, "/reason"), "caps.price_collar_pct"));
	(void)stack_put(stack, 200, "/stocks/AAPL", "{\"price\":\"190.25\"}");
	resolve(stack, block, "retry");
	assert_json_text(stack_wait_final(stack, limit), "/orders/0/status", "filled");

	market = stack_queue_one(stack, "A", "buy", "GOOG", "3");
	redis_server_run(stack->redis, "HSET muster:{0}:stocks GOOG %s",
			 "{\"price\":\"141.8\",\"priced_at\":1700000000000}");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	block = wait_for_review(stack);
	assert_non_null(strstr(json_text(block, "/reason"), "caps.max_price_age_s"));
	resolve(stack, block, "cancel");
	assert_json_text(stack_wait_final(stack, market), "/orders/0/status", "canceled");
	assert_int_equal(accepted_at_broker(stack), 1);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_a_block_over_its_notional_waits_and_is_let_go, stack_teardown),
	    cmocka_unit_test_teardown(test_a_block_on_a_price_that_became_wrong_waits, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
