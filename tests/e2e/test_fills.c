/* What the broker fills, and does not, and how it is shared: parts, fractions, prices, commission, refusals, limits. */
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
#include "tests/support/wait_until.h"

/* A stack with one worker and the paper broker set so. */
static struct stack *start(void **state, const char *settings)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});

	stack_set_paper(stack, "%s", settings);
	return stack;
}

/* 160 of 225 shares: 71 + 36 + 53 by largest remainder (71.11, 35.55, 53.33), and the orders' states say so. */
static void test_a_partial_fill_is_shared_in_whole_lots(void **state)
{
	struct stack *stack = start(state, "{\"fill_quantity\":\"160\",\"then\":\"canceled\"}");
	static const struct {
		const char *user, *quantity, *share;
	} rows[] = {{"A", "100", "71"}, {"B", "50", "36"}, {"C", "75", "53"}};
	const json_t *orders[3], *done;

	for (size_t i = 0; i < 3; i++)
		orders[i] = stack_queue_one(stack, rows[i].user, "buy", "AAPL", rows[i].quantity);
	done = stack_process(stack);
	assert_json_text(done, "/blocks/0/filled_quantity", "160");
	assert_json_text(done, "/blocks/0/outcome", "partially_filled");
	assert_json_text(done, "/blocks/0/gross_amount", "30440");
	assert_json_text(done, "/blocks/0/slices/0/status", "canceled");
	assert_json_text(done, "/blocks/0/house/quantity", "0");
	for (size_t i = 0; i < 3; i++) {
		const json_t *final = stack_wait_final(stack, orders[i]);

		assert_json_text(final, "/orders/0/status", "partially_filled");
		assert_json_text(final, "/orders/0/filled_quantity", rows[i].share);
		assert_json_text(final, "/orders/0/average_price", "190.25");
	}
	stack_finish(stack);
}

/* The broker fills a fraction that no lot holds: it goes to the house account, with its money. */
static void test_what_no_lot_holds_goes_to_the_house(void **state)
{
	struct stack *stack =
	    start(state, "{\"fill_quantity\":\"8.75\",\"then\":\"canceled\",\"commission_per_order\":\"0.33\"}");
	const json_t *one = stack_queue_one(stack, "A", "buy", "AAPL", "6");
	const json_t *two = stack_queue_one(stack, "B", "buy", "AAPL", "6"), *block;

	(void)stack_process(stack);
	one = stack_wait_final(stack, one);
	two = stack_wait_final(stack, two);
	assert_json_text(one, "/orders/0/filled_quantity", "4");
	assert_json_text(two, "/orders/0/filled_quantity", "4");
	block = stack_get(stack, 200, "/blocks/%s", json_text(one, "/orders/0/block_id"));
	assert_json_text(block, "/filled_quantity", "8.75");
	assert_json_text(block, "/gross_amount", "1664.6875");
	assert_json_text(block, "/house/quantity", "0.75");
	assert_int_equal(stack_redis_int(stack, "XLEN muster:{0}:house"), 1);
	stack_finish(stack);
}

/* Fewer shares than orders: who gets none is unfilled, with no transaction. */
static void test_an_order_that_gets_no_lot_is_unfilled(void **state)
{
	struct stack *stack = start(state, "{\"fill_quantity\":\"1\",\"then\":\"expired\"}");
	const json_t *one = stack_queue_one(stack, "A", "buy", "AAPL", "3");
	const json_t *two = stack_queue_one(stack, "B", "buy", "AAPL", "1"), *page;

	(void)stack_process(stack);
	assert_json_text(stack_wait_final(stack, one), "/orders/0/status", "partially_filled");
	assert_json_text(stack_wait_final(stack, two), "/orders/0/status", "unfilled");
	page = stack_get(stack, 200, "/users/B/transactions");
	assert_int_equal(json_array_size(json_at(page, "/items")), 0);
	stack_finish(stack);
}

/* Nothing filled before the session ended: unfilled is not rejected. */
static void test_a_block_that_expires_unfilled_leaves_its_orders_unfilled(void **state)
{
	struct stack *stack = start(state, "{\"fill\":\"none\",\"then\":\"expired\"}");
	const json_t *order = stack_queue_one(stack, "A", "buy", "AAPL", "3"), *done = stack_process(stack);

	assert_json_text(done, "/blocks/0/outcome", "unfilled");
	assert_json_text(done, "/blocks/0/filled_quantity", "0");
	assert_json_text(done, "/blocks/0/slices/0/status", "expired");
	order = stack_wait_final(stack, order);
	assert_json_text(order, "/orders/0/status", "unfilled");
	assert_json_text(order, "/orders/0/average_price", "null");
	stack_finish(stack);
}

/* Fractions: to the ninth decimal, the sum exact, what no cent divides with the house. */
static void test_a_partial_fill_is_shared_in_fractions(void **state)
{
	struct stack *stack = *state =
	    stack_start(&(struct stack_options){.workers = 1, .settings = {"broker.paper.lot=0.000000001"}});
	const json_t *one, *two, *three, *done;
	int64_t sum;

	stack_set_paper(stack,
			"{\"fill\":\"in_parts\",\"parts\":3,\"price_step\":\"0.03\",\"fill_quantity\":\"3.333333331\","
			"\"then\":\"canceled\"}");
	one = stack_queue_one(stack, "A", "buy", "AAPL", "1.000000001");
	two = stack_queue_one(stack, "B", "buy", "AAPL", "2.5");
	three = stack_queue_one(stack, "C", "buy", "AAPL", "0.333333333");
	done = stack_process(stack);
	assert_json_text(done, "/blocks/0/quantity", "3.833333334");
	assert_json_text(done, "/blocks/0/filled_quantity", "3.333333331");
	one = stack_wait_final(stack, one);
	two = stack_wait_final(stack, two);
	three = stack_wait_final(stack, three);
	sum = json_nano(one, "/orders/0/filled_quantity") + json_nano(two, "/orders/0/filled_quantity") +
	      json_nano(three, "/orders/0/filled_quantity");
	assert_true(sum == INT64_C(3333333331));
	/* 2.5 * 3.333333331 / 3.833333334 = 2.173913041 and a little; within one lot of that. */
	assert_in_range(json_nano(two, "/orders/0/filled_quantity"), INT64_C(2173913041), INT64_C(2173913042));
	stack_finish(stack);
}

/* Several fills at different prices and a commission: one average price for all, money and fee exact to the cent. */
static void test_prices_and_commission_are_shared_exactly(void **state)
{
	struct stack *stack = start(state, "{\"fill\":\"in_parts\",\"parts\":3,\"delay_ms\":20,\"price_step\":\"0.37\","
					   "\"commission_per_order\":\"1\"}");
	const json_t *one = stack_queue_one(stack, "A", "buy", "AAPL", "4");
	const json_t *two = stack_queue_one(stack, "B", "buy", "AAPL", "3"), *done = stack_process(stack), *block;

	/* 2 at 190.25, 2 at 190.62, 3 at 190.99 */
	assert_json_text(done, "/blocks/0/gross_amount", "1334.71");
	assert_json_text(done, "/blocks/0/fee", "1");
	assert_json_text(done, "/blocks/0/average_price", "190.672857143");
	one = stack_wait_final(stack, one);
	two = stack_wait_final(stack, two);
	assert_json_text(one, "/orders/0/gross_amount", "762.69");
	assert_json_text(two, "/orders/0/gross_amount", "572.02");
	assert_json_text(one, "/orders/0/fee", "0.57");
	assert_json_text(two, "/orders/0/fee", "0.43");
	assert_json_text(two, "/orders/0/average_price", "190.672857143");
	block = stack_get(stack, 200, "/blocks/%s", json_text(one, "/orders/0/block_id"));
	assert_int_equal(json_array_size(json_at(block, "/fills")), 3);
	assert_json_text(block, "/fills/0/price", "190.25");
	assert_json_text(block, "/fills/2/price", "190.99");
	stack_finish(stack);
}

/* The broker's own words reach everyone who is concerned. */
static void test_the_reason_of_a_refusal_reaches_the_users(void **state)
{
	struct stack *stack = start(state, "{\"reject_symbols\":[\"AAPL\"]}");
	const json_t *one = stack_queue_one(stack, "A", "buy", "AAPL", "4");
	const json_t *two = stack_queue_one(stack, "B", "buy", "AAPL", "3");
	const json_t *other = stack_queue_one(stack, "B", "buy", "MSFT", "1"), *block;

	(void)stack_process(stack);
	one = stack_wait_final(stack, one);
	two = stack_wait_final(stack, two);
	assert_json_text(one, "/orders/0/status", "rejected");
	assert_json_text(two, "/orders/0/status", "rejected");
	assert_non_null(strstr(json_text(one, "/orders/0/reason"), "insufficient buying power"));
	assert_non_null(strstr(json_text(two, "/orders/0/reason"), "insufficient buying power"));
	assert_json_text(one, "/orders/0/filled_quantity", "0");
	assert_json_text(stack_wait_final(stack, other), "/orders/0/status", "filled");
	block = stack_get(stack, 200, "/blocks/%s", json_text(one, "/orders/0/block_id"));
	assert_json_text(block, "/outcome", "rejected");
	assert_json_text(block, "/slices/0/status", "rejected");
	stack_finish(stack);
}

/* Limit orders of one price are one group; one that rests is followed, also while the price comes to it. */
static void test_a_limit_order_rests_until_its_price_comes(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	static const char body[] =
	    "{\"user_id\":\"%s\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":"
	    "\"buy\",\"quantity\":%d,\"order_type\":\"limit\",\"limit_price\":\"%s\"}]}";
	const json_t *one = stack_queue(stack, body, "A", 3, "180.00"), *two = stack_queue(stack, body, "B", 2, "180");
	const json_t *market = stack_queue_one(stack, "C", "buy", "AAPL", "1"), *order;
	struct http_call call = {.method = "POST", .body = "{\"symbol\":\"AAPL\",\"price\":\"179.5\"}"};
	struct http_reply *reply;

	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	assert_json_text(stack_wait_final(stack, market), "/orders/0/status", "filled");
	WAIT_UNTIL(strcmp(json_text(stack_get(stack, 200, "/trade-queue/queue/order/%s", json_text(one, "/queue_id")),
				    "/orders/0/status"),
			  "working") == 0);
	call.url = stack_text(stack, "http://127.0.0.1:%d/paper/price", stack->paper_port);
	reply = http_call(&call);
	assert_int_equal(reply->status, 200);
	http_reply_free(reply);
	order = stack_wait_final(stack, one);
	assert_json_text(order, "/orders/0/filled_quantity", "3");
	assert_json_text(order, "/orders/0/limit_price", "180");
	assert_json_text(order, "/orders/0/average_price", "179.5");
	assert_json_text(stack_wait_final(stack, two), "/orders/0/block_id", json_text(order, "/orders/0/block_id"));
	stack_finish(stack);
}

/* A working order shows what is filled so far, and is followed to its end. */
static void test_a_slow_fill_is_followed_to_its_end(void **state)
{
	struct stack *stack = start(state, "{\"fill\":\"none\"}");
	const json_t *order = stack_queue_one(stack, "A", "buy", "AAPL", "8"), *now;
	const char *path = stack_text(stack, "/orders/%s", json_text(order, "/orders/0/order_id"));

	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(strcmp(json_text(stack_get(stack, 200, "%s", path), "/status"), "working") == 0);
	now = stack_get(stack, 200, "%s", path);
	for (int part = 1; part <= 3; part++) { /* the next part comes when this one was seen */
		stack_set_paper(stack, "{\"fill\":\"at_once\",\"fill_quantity\":\"%d\"}", 2 * part);
		WAIT_UNTIL(json_nano(stack_get(stack, 200, "/blocks/%s", json_text(now, "/block_id")),
				     "/filled_quantity") == 2 * part * NANO);
	}
	now = stack_get(stack, 200, "/blocks/%s", json_text(now, "/block_id"));
	assert_json_text(now, "/status", "working");
	assert_json_text(now, "/slices/0/status", "partially_filled");
	assert_json_text(stack_get(stack, 200, "%s", path), "/filled_quantity",
			 "0"); /* nobody's before it is allocated */
	stack_set_paper(stack, "{\"fill_quantity\":null}");
	order = stack_wait_final(stack, order);
	assert_json_text(order, "/orders/0/status", "filled");
	assert_json_text(order, "/orders/0/filled_quantity", "8");
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_a_partial_fill_is_shared_in_whole_lots, stack_teardown),
	    cmocka_unit_test_teardown(test_what_no_lot_holds_goes_to_the_house, stack_teardown),
	    cmocka_unit_test_teardown(test_an_order_that_gets_no_lot_is_unfilled, stack_teardown),
	    cmocka_unit_test_teardown(test_a_block_that_expires_unfilled_leaves_its_orders_unfilled, stack_teardown),
	    cmocka_unit_test_teardown(test_a_partial_fill_is_shared_in_fractions, stack_teardown),
	    cmocka_unit_test_teardown(test_prices_and_commission_are_shared_exactly, stack_teardown),
	    cmocka_unit_test_teardown(test_the_reason_of_a_refusal_reaches_the_users, stack_teardown),
	    cmocka_unit_test_teardown(test_a_limit_order_rests_until_its_price_comes, stack_teardown),
	    cmocka_unit_test_teardown(test_a_slow_fill_is_followed_to_its_end, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
