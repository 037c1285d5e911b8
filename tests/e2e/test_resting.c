/* What rests at the broker, such as a limit order far from the price, gives way to the other side of its stock, and goes
 * again when its turn comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/json_at.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

static struct stack *start(void **state, int workers)
{
	*state = stack_start(
	    &(struct stack_options){.workers = workers, .settings = {"lanes.turn_s=0.2", "lanes.coalesce_ms=1"}});
	return *state;
}

static json_t *queue_limit(struct stack *stack, const char *action, const char *quantity, const char *limit)
{
	return stack_queue(stack,
			   "{\"user_id\":\"A\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":"
			   "\"%s\",\"quantity\":\"%s\",\"order_type\":\"limit\",\"limit_price\":\"%s\"}]}",
			   action, quantity, limit);
}

/* Makes all windows due; the id of the block that this order of a request is in, once there is one. */
static const char *process(struct stack *stack, const json_t *request)
{
	const char *order_id = json_text(request, "/orders/0/order_id");

	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(stack_redis_int(stack, "EXISTS muster:{0}:windows") == 0);
	return stack_text(stack, "%s", json_text(stack_get(stack, 200, "/orders/%s", order_id), "/block_id"));
}

/* Whether slice `i` has this status; false while it is not there. */
static bool slice_is(struct stack *stack, const char *id, size_t i, const char *status)
{
	const json_t *slices = json_at(stack_get(stack, 200, "/blocks/%s", id), "/slices");

	return i < json_array_size(slices) && strcmp(json_text(json_array_get(slices, i), "/status"), status) == 0;
}

/* Whether slice `i` has been at the broker, which it may have left by now. */
static bool slice_was_there(struct stack *stack, const char *id, size_t i)
{
	const json_t *slices = json_at(stack_get(stack, 200, "/blocks/%s", id), "/slices");

	return i < json_array_size(slices) &&
	       strcmp(json_text(json_array_get(slices, i), "/broker_order_id"), "null") != 0;
}

/* What an order has in the end. */
static void assert_ends(struct stack *stack, const json_t *request, const char *status, const char *filled)
{
	const json_t *ended = stack_wait_final(stack, request);

	assert_json_text(ended, "/orders/0/status", status);
	assert_json_text(ended, "/orders/0/filled_quantity", filled);
}

static void set_price(struct stack *stack, const char *price)
{
	const struct http_call call = {
	    .method = "POST",
	    .url = stack_text(stack, "http://127.0.0.1:%d/paper/price", stack->paper_port),
	    .body = stack_text(stack, "{\"symbol\":\"AAPL\",\"price\":\"%s\"}", price)};
	struct http_reply *reply = http_call(&call);

	assert_int_equal(reply->status, 200);
	http_reply_free(reply);
}

static void test_a_limit_order_that_rests_does_not_keep_the_other_side_away(void **state)
{
	struct stack *stack = start(state, 2);
	const json_t *buy = queue_limit(stack, "buy", "10", "1"), *sell;
	const char *id = process(stack, buy);

	WAIT_UNTIL(slice_is(stack, id, 0, "acked"));
	sell = stack_queue_one(stack, "B", "sell", "AAPL", "6");
	(void)process(stack, sell);
	assert_ends(stack, sell, "filled", "6");
	/* It rests again, and is filled once the price comes to it. */
	WAIT_UNTIL(slice_is(stack, id, 1, "acked"));
	assert_true(slice_is(stack, id, 0, "canceled"));
	assert_json_text(stack_get(stack, 200, "/blocks/%s", id), "/slices/0/carried", "10");
	assert_json_text(stack_get(stack, 200, "/blocks/%s", id), "/slices/1/quantity", "10");
	set_price(stack, "0.99");
	assert_ends(stack, buy, "filled", "10");
	stack_finish(stack); /* the auditor looks for both sides at the broker together */
}

static void test_nobody_gives_way_while_nobody_waits(void **state)
{
	struct stack *stack = start(state, 1);
	const json_t *buy = queue_limit(stack, "buy", "10", "1"), *more;
	const char *id = process(stack, buy);

	WAIT_UNTIL(stack_redis_int(stack, stack_text(stack, "HGET muster:{0}:block:%s polls", id)) >= 4);
	more = stack_queue_one(stack, "B", "buy", "AAPL", "6");
	(void)process(stack, more);
	assert_ends(stack, more, "filled", "6");
	assert_int_equal(json_array_size(json_at(stack_get(stack, 200, "/blocks/%s", id), "/slices")), 1);
	(void)stack_post(stack, 200, stack_text(stack, "/blocks/%s/cancel", id), "{\"note\":\"enough\"}");
	assert_ends(stack, buy, "canceled", "0");
	stack_finish(stack);
}

/* A part of it is filled before it gives way, the rest after: shares and money add up over both. */
static void test_what_is_filled_before_counts(void **state)
{
	struct stack *stack = start(state, 2);
	const json_t *buys[3], *sell;
	const char *id;
	static const char *const quantities[] = {"100", "50", "75"};

	stack_set_paper(stack, "{\"fill_quantity\":\"130\",\"price_step\":\"0.01\",\"commission_per_order\":\"0.33\"}");
	for (size_t i = 0; i < 3; i++)
		buys[i] = stack_queue_one(stack, "A", "buy", "AAPL", quantities[i]);
	id = process(stack, buys[0]);
	WAIT_UNTIL(slice_is(stack, id, 0, "partially_filled"));
	sell = stack_queue_one(stack, "B", "sell", "AAPL", "6");
	(void)process(stack, sell);
	assert_ends(stack, sell, "filled", "6");
	for (size_t i = 0; i < 3; i++)
		assert_ends(stack, buys[i], "filled", quantities[i]);
	assert_json_text(stack_get(stack, 200, "/blocks/%s", id), "/slices/0/carried", "95");
	assert_true(slice_is(stack, id, 1, "filled"));
	stack_finish(stack);
}

/* A buy and a sell that both rest have turns; one that is canceled meanwhile goes no more. */
static void test_two_that_rest_take_turns(void **state)
{
	struct stack *stack = start(state, 2);
	const json_t *buy = queue_limit(stack, "buy", "10", "1"), *sell;
	const char *buy_id = process(stack, buy), *sell_id;

	WAIT_UNTIL(slice_is(stack, buy_id, 0, "acked"));
	sell = queue_limit(stack, "sell", "5", "9999");
	sell_id = process(stack, sell);
	WAIT_UNTIL(slice_was_there(stack, sell_id, 0));
	WAIT_UNTIL(slice_was_there(stack, buy_id, 1));
	WAIT_UNTIL(slice_was_there(stack, sell_id, 1));
	(void)stack_post(stack, 200, stack_text(stack, "/blocks/%s/cancel", buy_id), "{\"note\":\"enough\"}");
	assert_ends(stack, buy, "canceled", "0");
	(void)stack_post(stack, 200, stack_text(stack, "/blocks/%s/cancel", sell_id), "{\"note\":\"enough\"}");
	assert_ends(stack, sell, "canceled", "0");
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_a_limit_order_that_rests_does_not_keep_the_other_side_away, stack_teardown),
	    cmocka_unit_test_teardown(test_nobody_gives_way_while_nobody_waits, stack_teardown),
	    cmocka_unit_test_teardown(test_what_is_filled_before_counts, stack_teardown),
	    cmocka_unit_test_teardown(test_two_that_rest_take_turns, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
