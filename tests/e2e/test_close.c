/* The close of a market, with both clocks moved there: what works at the broker is followed to its last word, day
 * orders expire, and what was filled until then is shared out; what could not leave before it ends unfilled. */
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
#include "tests/support/source_folder.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

static char calendars[512]; /* "calendars.dir=..." */

/* Five minutes before the close of a Monday, for Redis and for the broker. */
static struct stack *start_with(void **state, int workers)
{
	struct stack *stack;

	*state = stack = stack_start(
	    &(struct stack_options){.workers = workers,
				    .at = "2026-12-07T20:55:00Z",
				    .settings = {calendars, "broker.paper.calendar=XNYS", "paper.calendar=XNYS",
						 "window.length_s=300", "window.max_ahead_s=604800"}});
	stack_set_paper_clock(stack, "2026-12-07T20:55:00Z");
	return stack;
}

static struct stack *start_before_close(void **state)
{
	return start_with(state, 1);
}

static const json_t *queue_limit(struct stack *stack, const char *user, const char *action, int quantity,
				 const char *price)
{
	return stack_queue(
	    stack,
	    "{\"user_id\":\"%s\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"%s\","
	    "\"quantity\":%d,\"order_type\":\"limit\",\"limit_price\":\"%s\"}]}",
	    user, action, quantity, price);
}

/* How many orders are at the broker, and how many shares they have got. */
static bool broker_has(const struct stack *stack, size_t orders, int64_t filled)
{
	struct ledger *ledger = ledger_read(stack->ledger_path);
	int64_t filled_nano = 0;
	bool yes;

	for (size_t i = 0; i < ledger->count; i++)
		filled_nano += ledger->orders[i].filled_nano;
	yes = ledger->count == orders && filled_nano == filled * NANO;
	ledger_free(ledger);
	return yes;
}

/* 60 and 40 wanted, 50 filled when the market closes: 30 and 20. */
static void test_a_day_order_that_expires_is_shared_out_as_far_as_filled(void **state)
{
	struct stack *stack = start_before_close(state);
	const json_t *one, *two, *block;

	stack_set_paper(stack, "{\"fill_quantity\":\"50\"}");
	one = stack_queue_one(stack, "A", "buy", "AAPL", "60");
	two = stack_queue_one(stack, "B", "buy", "AAPL", "40");
	assert_json_text(one, "/lane", "rush");
	stack_set_clock(stack, "2026-12-07T20:55:30Z");
	WAIT_UNTIL(broker_has(stack, 1, 50));
	assert_json_text(stack_get(stack, 200, "/trade-queue/queue/order/%s", json_text(one, "/queue_id")),
			 "/orders/0/status", "working");
	stack_set_clock(stack, "2026-12-07T21:00:01Z");
	stack_set_paper_clock(stack, "2026-12-07T21:00:01Z");
	one = stack_wait_final(stack, one);
	two = stack_wait_final(stack, two);
	assert_json_text(one, "/orders/0/status", "partially_filled");
	assert_json_text(one, "/orders/0/filled_quantity", "30");
	assert_json_text(two, "/orders/0/status", "partially_filled");
	assert_json_text(two, "/orders/0/filled_quantity", "20");
	block = stack_get(stack, 200, "/blocks/%s", json_text(one, "/orders/0/block_id"));
	assert_json_text(block, "/slices/0/status", "expired");
	assert_json_text(block, "/outcome", "partially_filled");
	stack_finish(stack);
}

/* Limits group by price; one that the market never reaches ends unfilled at the close. */
static void test_limit_orders_group_by_price_and_end_with_the_day(void **state)
{
	struct stack *stack = start_before_close(state);
	const json_t *low[2], *high, *block;
	const char *price = NULL;

	low[0] = queue_limit(stack, "A", "buy", 10, "180.5");
	low[1] = queue_limit(stack, "B", "buy", 5, "180.50");
	high = queue_limit(stack, "C", "buy", 7, "191");
	stack_set_clock(stack, "2026-12-07T20:55:30Z");
	high = stack_wait_final(stack, high);
	assert_json_text(high, "/orders/0/status", "filled");
	assert_json_text(high, "/orders/0/average_price", "190.25");
	WAIT_UNTIL(broker_has(stack, 2, 7));
	stack_set_clock(stack, "2026-12-07T21:00:01Z");
	stack_set_paper_clock(stack, "2026-12-07T21:00:01Z");
	for (int i = 0; i < 2; i++) {
		low[i] = stack_wait_final(stack, low[i]);
		assert_json_text(low[i], "/orders/0/status", "unfilled");
		assert_json_text(low[i], "/orders/0/filled_quantity", "0");
	}
	assert_json_text(low[0], "/orders/0/block_id", json_text(low[1], "/orders/0/block_id"));
	assert_string_not_equal(json_text(low[0], "/orders/0/block_id"), json_text(high, "/orders/0/block_id"));
	block = stack_get(stack, 200, "/blocks/%s", json_text(low[0], "/orders/0/block_id"));
	assert_json_text(block, "/quantity", "15");
	assert_json_text(block, "/outcome", "unfilled");
	price = json_text(low[0], "/orders/0/limit_price");
	assert_string_equal(price, "180.5");
	stack_finish(stack);
}

/* One part is filled, then the price leaves the limit behind; the rest ends with the day. */
static void test_a_limit_order_that_is_filled_in_part_ends_partially_filled(void **state)
{
	struct stack *stack = start_before_close(state);
	const json_t *order;

	stack_set_paper(stack, "{\"fill_quantity\":\"8\"}");
	order = queue_limit(stack, "A", "sell", 20, "190");
	stack_set_clock(stack, "2026-12-07T20:55:30Z");
	WAIT_UNTIL(broker_has(stack, 1, 8));
	stack_set_clock(stack, "2026-12-07T21:00:01Z");
	stack_set_paper_clock(stack, "2026-12-07T21:00:01Z");
	order = stack_wait_final(stack, order);
	assert_json_text(order, "/orders/0/status", "partially_filled");
	assert_json_text(order, "/orders/0/filled_quantity", "8");
	assert_json_text(order, "/orders/0/gross_amount", "1522");
	stack_finish(stack);
}

/* The broker's clock is past the close already: it keeps an order for the next session, or turns it away, as it is set. */
static void test_a_broker_outside_of_its_hours_keeps_or_refuses(void **state)
{
	struct stack *stack = start_before_close(state);
	const json_t *kept, *refused;

	stack_set_paper_clock(stack, "2026-12-07T22:00:00Z");
	stack_set_paper(stack, "{\"symbols\":{\"MSFT\":{\"outside_hours\":\"reject\"}}}");
	kept = stack_queue_one(stack, "A", "buy", "AAPL", "6");
	refused = stack_queue_one(stack, "B", "buy", "MSFT", "4");
	stack_set_clock(stack, "2026-12-07T20:55:30Z");
	refused = stack_wait_final(stack, refused);
	assert_json_text(refused, "/orders/0/status", "rejected");
	assert_non_null(strstr(json_text(refused, "/orders/0/reason"), "the market is closed"));
	WAIT_UNTIL(broker_has(stack, 2, 0));
	stack_set_paper_clock(stack, "2026-12-08T14:30:00Z");
	kept = stack_wait_final(stack, kept);
	assert_json_text(kept, "/orders/0/filled_quantity", "6");
	stack_finish(stack);
}

/* What has not left: the request's only order says so. */
static void assert_ended_unsent(struct stack *stack, const json_t *order)
{
	const json_t *block;

	order = stack_wait_final(stack, order);
	assert_json_text(order, "/orders/0/status", "unfilled");
	assert_json_text(order, "/orders/0/filled_quantity", "0");
	assert_json_text(order, "/orders/0/reason", "the market closed before it could leave");
	block = stack_get(stack, 200, "/blocks/%s", json_text(order, "/orders/0/block_id"));
	assert_json_text(block, "/status", "allocated");
	assert_json_text(block, "/outcome", "unfilled");
	assert_json_text(block, "/submitted_at", "null");
}

/* No worker from before the first of their windows until after the close: none of them leaves, late or the next day. */
static void test_what_no_worker_sealed_before_the_close_ends_unfilled(void **state)
{
	struct stack *stack = start_with(state, 0);
	const json_t *rush = stack_queue_one(stack, "A", "buy", "AAPL", "60"), *sell, *bulk, *next;

	assert_json_text(rush, "/lane", "rush");
	sell = stack_queue_one(stack, "B", "sell", "AAPL", "5");
	bulk = stack_post(stack, 202, "/smallcases/bulk/rebalance?wait=0",
			  "[{\"user_id\":\"C\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"GOOG\","
			  "\"action\":\"buy\",\"quantity\":3}]}]");
	stack_set_clock(stack, "2026-12-07T21:00:01Z");
	stack_set_paper_clock(stack, "2026-12-07T21:00:01Z");
	next = stack_queue_one(stack, "D", "buy", "AAPL", "7");
	assert_json_text(next, "/execution_window", "2026-12-08T14:35:00Z");
	stack_start_worker(stack, 0);
	assert_ended_unsent(stack, rush);
	assert_ended_unsent(stack, sell);
	assert_ended_unsent(stack, bulk);
	assert_true(broker_has(stack, 0, 0));
	stack_set_paper_clock(stack, "2026-12-08T14:35:00Z");
	stack_set_clock(stack, "2026-12-08T14:35:00Z");
	next = stack_wait_final(stack, next);
	assert_json_text(next, "/orders/0/filled_quantity", "7");
	assert_true(broker_has(stack, 1, 7));
	stack_finish(stack);
}

/* A halt over the close: sealed blocks end with the session, not with the halt. */
static void test_what_a_halt_held_back_until_the_close_ends_unfilled(void **state)
{
	struct stack *stack = start_before_close(state);
	const json_t *order = stack_queue_one(stack, "A", "buy", "AAPL", "60");

	(void)stack_post(stack, 200, "/admin/halt", "{\"reason\":\"a drill\",\"by\":\"ann\"}");
	stack_set_clock(stack, "2026-12-07T20:55:30Z");
	WAIT_UNTIL(stack_redis_int(stack, "ZCARD muster:{0}:blocks:waiting") == 1);
	stack_set_clock(stack, "2026-12-07T20:59:59.500Z"); /* it would be there too late */
	assert_ended_unsent(stack, order);
	assert_true(broker_has(stack, 0, 0));
	stack_set_clock(stack, "2026-12-07T21:00:01Z");
	(void)stack_post(stack, 200, "/admin/resume", "{\"reason\":\"over\",\"by\":\"ann\"}");
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_a_day_order_that_expires_is_shared_out_as_far_as_filled, stack_teardown),
	    cmocka_unit_test_teardown(test_limit_orders_group_by_price_and_end_with_the_day, stack_teardown),
	    cmocka_unit_test_teardown(test_a_limit_order_that_is_filled_in_part_ends_partially_filled, stack_teardown),
	    cmocka_unit_test_teardown(test_a_broker_outside_of_its_hours_keeps_or_refuses, stack_teardown),
	    cmocka_unit_test_teardown(test_what_no_worker_sealed_before_the_close_ends_unfilled, stack_teardown),
	    cmocka_unit_test_teardown(test_what_a_halt_held_back_until_the_close_ends_unfilled, stack_teardown),
	};
	char *folder = source_folder();

	(void)snprintf(calendars, sizeof calendars, "calendars.dir=%s/conf/calendars", folder);
	free(folder);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
