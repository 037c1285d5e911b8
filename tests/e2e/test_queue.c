/* The trade queue from end to end: orders of many users in, one broker order out, everyone's exact share back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/clock.h"
#include "tests/support/check.h"
#include "tests/support/json_at.h"
#include "tests/support/ledger.h"
#include "tests/support/wait_until.h"

/* The broker's only order must be this one. */
static void assert_one_broker_order(struct stack *stack, const char *symbol, const char *side, int64_t quantity)
{
	struct ledger *ledger = ledger_read(stack->ledger_path);

	assert_int_equal(ledger->count, 1);
	assert_int_equal(ledger->orders[0].accepted, 1);
	assert_int_equal(ledger->orders[0].refused, 0);
	assert_string_equal(ledger->orders[0].symbol, symbol);
	assert_string_equal(ledger->orders[0].side, side);
	assert_true(ledger->orders[0].quantity_nano == quantity * NANO);
	ledger_free(ledger);
}

/* Now by Redis's clock, as the API tells it, and some milliseconds more. */
static char *time_after(struct stack *stack, int64_t ms, char *text)
{
	struct err err;
	int64_t now_ms;

	assert_true(clock_parse(json_text(stack_get(stack, 200, "/trade-queue/queue/status"), "/now"), &now_ms, &err));
	return clock_format(now_ms + ms, text);
}

/* The founding scenario: A, B and C buy 100, 50 and 75 AAPL; the broker sees 225; they get 100, 50 and 75. */
static void test_three_users_share_one_broker_order(void **state)
{
	static const struct {
		const char *user, *quantity, *gross;
	} users[] = {{"A", "100", "19025"}, {"B", "50", "9512.5"}, {"C", "75", "14268.75"}};
	struct stack *stack = *state =
	    stack_start(&(struct stack_options){.workers = 1, .settings = {"window.length_s=60"}});
	const json_t *answers[3], *final;
	char at[CLOCK_TEXT];

	(void)time_after(stack, 300000, at);
	for (size_t i = 0; i < 3; i++) {
		answers[i] = stack_queue(stack,
					 "{\"user_id\":\"%s\",\"smallcase_id\":\"sc1\",\"execution_window\":\"%s\","
					 "\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":%s}]}",
					 users[i].user, at, users[i].quantity);
		assert_json_text(answers[i], "/status", "queued");
		assert_json_text(answers[i], "/lane", "window");
		assert_json_text(answers[i], "/orders/0/status", "queued");
		assert_json_text(answers[i], "/orders/0/user_id", users[i].user);
		assert_json_text(answers[i], "/orders/0/block_id", "null");
	}
	(void)stack_process(stack);
	for (size_t i = 0; i < 3; i++) {
		final = stack_wait_final(stack, answers[i]);
		assert_json_text(final, "/orders/0/status", "filled");
		assert_json_text(final, "/orders/0/filled_quantity", users[i].quantity);
		assert_json_text(final, "/orders/0/average_price", "190.25");
		assert_json_text(final, "/orders/0/gross_amount", users[i].gross);
		assert_json_text(final, "/orders/0/fee", "0");
	}
	final = stack_get(stack, 200, "/blocks/%s", json_text(final, "/orders/0/block_id"));
	assert_json_text(final, "/quantity", "225");
	assert_json_int(final, "/orders", 3);
	assert_json_text(final, "/outcome", "filled");
	assert_one_broker_order(stack, "AAPL", "buy", 225);
	stack_finish(stack);
}

/* Nobody has to ask: windows fall due one after the other. */
static void test_windows_fall_due_by_themselves_for_ever(void **state)
{
	struct stack *stack = *state =
	    stack_start(&(struct stack_options){.workers = 1, .settings = {"window.length_s=1"}});
	const char *last = "";

	for (int i = 0; i < 3; i++) {
		const json_t *answer = stack_queue_one(stack, "u1", "buy", "AAPL", "1");
		const json_t *final = stack_wait_final(stack, answer);

		assert_json_text(final, "/orders/0/status", "filled");
		assert_string_not_equal(json_text(final, "/orders/0/block_id"), last);
		last = json_text(final, "/orders/0/block_id");
	}
	stack_finish(stack);
}

/* An explicit time picks the first window at or after it; nothing is sent before. */
static void test_an_order_waits_for_the_window_it_names(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *soon = stack_queue_one(stack, "u1", "buy", "AAPL", "1"), *late, *status;
	char at[CLOCK_TEXT];
	struct err err;
	int64_t due_ms, asked_ms;

	(void)time_after(stack, INT64_C(2) * 86400000, at);
	late = stack_queue(stack,
			   "{\"user_id\":\"u1\",\"smallcase_id\":\"sc1\",\"execution_window\":\"%s\","
			   "\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":2}]}",
			   at);
	assert_true(clock_parse(at, &asked_ms, &err));
	assert_true(clock_parse(json_text(late, "/execution_window"), &due_ms, &err));
	assert_true(due_ms >= asked_ms && due_ms < asked_ms + 86400000 && due_ms % 86400000 == 0);
	assert_string_not_equal(json_text(soon, "/execution_window"), json_text(late, "/execution_window"));
	status = stack_get(stack, 200, "/trade-queue/queue/status");
	assert_int_equal(json_array_size(json_at(status, "/windows")), 2);

	(void)stack_post(
	    stack, 200,
	    stack_text(stack, "/trade-queue/queue/process?wait=30&window=%s", json_text(soon, "/orders/0/window_id")),
	    NULL);
	assert_json_text(stack_wait_final(stack, soon), "/orders/0/status", "filled");
	status = stack_get(stack, 200, "/trade-queue/queue/order/%s", json_text(late, "/queue_id"));
	assert_json_text(status, "/orders/0/status", "queued");
	assert_one_broker_order(stack, "AAPL", "buy", 1);
	(void)stack_process(stack);
	stack_finish(stack);
}

/* Without ?wait the windows come back at once; the orders go out all the same. */
static void test_windows_are_processed_by_hand(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *order = stack_queue_one(stack, "u1", "buy", "AAPL", "3"), *answer;

	answer = stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	assert_int_equal(json_array_size(json_at(answer, "/windows")), 1);
	assert_json_text(answer, "/windows/0/window_id", json_text(order, "/orders/0/window_id"));
	assert_json_text(stack_wait_final(stack, order), "/orders/0/status", "filled");

	order = stack_queue_one(stack, "u2", "sell", "MSFT", "4");
	answer = stack_process(stack);
	assert_int_equal(json_array_size(json_at(answer, "/blocks")), 1);
	assert_json_text(answer, "/blocks/0/symbol", "MSFT");
	assert_json_text(answer, "/blocks/0/side", "sell");
	assert_json_text(answer, "/blocks/0/status", "allocated");
	assert_json_text(answer, "/blocks/0/filled_quantity", "4");
	(void)stack_post(stack, 404, "/trade-queue/queue/process?window=window-1", NULL);
	stack_finish(stack);
}

/* The preview's row of a symbol and side. */
static const json_t *group_of(const json_t *window, const char *symbol, const char *side)
{
	const json_t *group;
	size_t i;

	json_array_foreach (json_at(window, "/groups"), i, group)
		if (strcmp(json_text(group, "/symbol"), symbol) == 0 && strcmp(json_text(group, "/side"), side) == 0)
			return group;
	fail_msg("the preview has no group of %s %s", symbol, side);
	return NULL;
}

/* The preview of the four orders below. */
static void check_preview(const json_t *preview)
{
	const json_t *window = json_at(preview, "/windows/0"), *group = group_of(window, "AAPL", "buy");

	assert_int_equal(json_array_size(json_at(preview, "/windows")), 1);
	assert_int_equal(json_array_size(json_at(window, "/groups")), 3);
	assert_json_text(group, "/quantity", "15");
	assert_json_int(group, "/orders", 2);
	assert_json_text(group, "/estimated_price", "190.25");
	assert_json_text(group, "/estimated_notional", "2853.75");
	assert_json_text(group, "/broker_type", "paper");
	assert_json_text(group, "/lane", "window");
	assert_json_int(window, "/broker_calls", 3);
	assert_json_int(window, "/broker_calls_saved", 1);
}

/* What preview and status say is what then happens. */
static void test_the_preview_agrees_with_what_then_happens(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *preview, *block, *status, *done;
	size_t i;

	(void)stack_queue_one(stack, "u1", "buy", "AAPL", "10");
	(void)stack_queue_one(stack, "u2", "buy", "AAPL", "5");
	(void)stack_queue_one(stack, "u3", "sell", "GOOG", "7");
	(void)stack_queue_one(stack, "u1", "sell", "AAPL", "2");
	preview = stack_get(stack, 200, "/trade-queue/queue/aggregation-preview");
	check_preview(preview);
	status = stack_get(stack, 200, "/trade-queue/queue/status");
	assert_json_int(status, "/orders/queued", 4);
	assert_json_int(status, "/windows/0/orders", 4);
	assert_json_int(status, "/windows/0/groups", 3);

	done = stack_process(stack);
	assert_int_equal(json_array_size(json_at(done, "/blocks")), 3);
	json_array_foreach (json_at(done, "/blocks"), i, block) {
		const json_t *group =
		    group_of(json_at(preview, "/windows/0"), json_text(block, "/symbol"), json_text(block, "/side"));

		assert_json_text(block, "/quantity", json_text(group, "/quantity"));
		assert_json_int(block, "/orders", json_int(group, "/orders"));
		assert_json_text(block, "/gross_amount", json_text(group, "/estimated_notional"));
	}
	status = stack_get(stack, 200, "/trade-queue/queue/status");
	assert_json_int(status, "/orders/filled", 4);
	assert_json_int(status, "/blocks/allocated", 3);
	assert_int_equal(json_array_size(json_at(status, "/workers")), 1);
	preview = stack_get(stack, 200, "/trade-queue/queue/aggregation-preview");
	assert_int_equal(json_array_size(json_at(preview, "/windows")), 0);
	stack_finish(stack);
}

/* Urgent orders still meet: those of one coalescing share are one block. */
static void test_urgent_orders_of_two_users_meet(void **state)
{
	struct stack *stack = *state =
	    stack_start(&(struct stack_options){.workers = 1, .settings = {"lanes.coalesce_ms=2000"}});
	static const char body[] = "{\"user_id\":\"%s\",\"smallcase_id\":\"sc1\",\"priority\":\"high\","
				   "\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":%d}]}";
	const json_t *one, *two, *block;

	do { /* another pair where the end of a share fell between the two: the answers tell */
		one = stack_queue(stack, body, "u1", 30);
		two = stack_queue(stack, body, "u2", 12);
	} while (strcmp(json_text(one, "/execution_window"), json_text(two, "/execution_window")) != 0);
	assert_json_text(one, "/lane", "immediate");
	one = stack_wait_final(stack, one);
	two = stack_wait_final(stack, two);
	assert_json_text(one, "/orders/0/filled_quantity", "30");
	assert_json_text(two, "/orders/0/filled_quantity", "12");
	block = stack_get(stack, 200, "/blocks/%s", json_text(one, "/orders/0/block_id"));
	assert_json_text(two, "/orders/0/block_id", json_text(block, "/block_id"));
	assert_json_text(block, "/quantity", "42");
	assert_int_equal(json_array_size(json_at(block, "/slices")), 1);
	stack_finish(stack);
}

/* A block above the broker's largest order goes out in slices, more than pass the gate at once, and is still allocated as
 * one. */
static void test_a_large_block_goes_out_in_slices(void **state)
{
	struct stack *stack = *state =
	    stack_start(&(struct stack_options){.workers = 1, .settings = {"broker.paper.max_slice_quantity=5"}});
	const json_t *one = stack_queue_one(stack, "u1", "buy", "AAPL", "70");
	const json_t *two = stack_queue_one(stack, "u2", "buy", "AAPL", "35"), *done;

	done = stack_process(stack);
	assert_json_text(done, "/blocks/0/quantity", "105");
	assert_int_equal(json_array_size(json_at(done, "/blocks/0/slices")), 21);
	for (int i = 0; i < 21; i++) {
		const json_t *slice = json_array_get(json_at(done, "/blocks/0/slices"), (size_t)i);

		assert_true(json_nano(slice, "/quantity") == 5 * NANO);
		assert_json_text(slice, "/status", "filled");
		assert_json_text(slice, "/average_price", "190.25");
	}
	assert_json_text(stack_wait_final(stack, one), "/orders/0/filled_quantity", "70");
	assert_json_text(stack_wait_final(stack, two), "/orders/0/filled_quantity", "35");
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_three_users_share_one_broker_order, stack_teardown),
	    cmocka_unit_test_teardown(test_windows_fall_due_by_themselves_for_ever, stack_teardown),
	    cmocka_unit_test_teardown(test_an_order_waits_for_the_window_it_names, stack_teardown),
	    cmocka_unit_test_teardown(test_windows_are_processed_by_hand, stack_teardown),
	    cmocka_unit_test_teardown(test_the_preview_agrees_with_what_then_happens, stack_teardown),
	    cmocka_unit_test_teardown(test_urgent_orders_of_two_users_meet, stack_teardown),
	    cmocka_unit_test_teardown(test_a_large_block_goes_out_in_slices, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
