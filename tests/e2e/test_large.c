/* Large orders: sliced over time by a plan that is stored and shown; what a slice leaves goes to later ones,
 * and the other side of the stock has its turn between two slices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/json_at.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

/* Four slices, a quarter of an hour from one to the next: the tests themselves say when a slice is due. Orders of 50 or
 * more are large, and those of a minute share a window. */
static struct stack *start(void **state, int workers)
{
	*state =
	    stack_start(&(struct stack_options){.workers = workers,
						.settings = {"lanes.large_interval_s=900", "lanes.large_horizon_s=3600",
							     "lanes.large_quantity=50", "lanes.coalesce_ms=60000"}});
	return *state;
}

static json_t *see_block(struct stack *stack, const char *id)
{
	return stack_get(stack, 200, "/blocks/%s", id);
}

/* 100, 50 and 75 of a stock, one large block; its id. */
static const char *queue_three(struct stack *stack, const char *action, const json_t *orders[3])
{
	redisReply *reply;
	const char *id;

	orders[0] = stack_queue_one(stack, "A", action, "AAPL", "100");
	orders[1] = stack_queue_one(stack, "B", action, "AAPL", "50");
	orders[2] = stack_queue_one(stack, "C", action, "AAPL", "75");
	assert_json_text(orders[2], "/lane", "large");
	reply = redis_server_command(stack->redis, "HGET muster:{0}:order:%s block",
				     json_text(orders[0], "/orders/0/order_id"));
	assert_non_null(reply->str);
	id = stack_text(stack, "%s", reply->str);
	freeReplyObject(reply);
	return id;
}

/* Makes slice `i` due now; false while a worker has the block in hand. */
static bool is_made_due(struct stack *stack, const char *id, int i)
{
	static const char script[] =
	    "local P, block = 'muster:{0}:', ARGV[1] "
	    "if redis.call('HGET', P .. 'block:' .. block, 'worker') ~= '' then return 0 end "
	    "local time = redis.call('TIME') "
	    "local slice = redis.call('ZRANGE', P .. 'block:' .. block .. ':slices', ARGV[2], ARGV[2])[1] "
	    "redis.call('HSET', P .. 'slice:' .. slice, 'due_at', math.floor(time[1] * 1000 + time[2] / 1000)) "
	    "redis.call('ZADD', P .. 'blocks', 'XX', 1, block) "
	    "redis.call('PUBLISH', P .. 'wake', block) return 1";
	redisReply *reply =
	    redis_server_command(stack->redis, "EVAL %s 0 %s %s", script, id, stack_text(stack, "%d", i));
	bool is_done = reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;

	freeReplyObject(reply);
	return is_done;
}

static void make_due(struct stack *stack, const char *id, int i)
{
	WAIT_UNTIL(is_made_due(stack, id, i));
}

/* Makes all windows due and waits until they are sealed: what is in them are blocks then. */
static void process(struct stack *stack)
{
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(stack_redis_int(stack, "EXISTS muster:{0}:windows") == 0);
}

/* Whether slice `i` has this status; false while there is no plan yet. */
static bool slice_is(struct stack *stack, const char *id, int i, const char *status)
{
	json_t *block = see_block(stack, id);
	const json_t *slices = json_object_get(block, "slices");

	return (size_t)i < json_array_size(slices) &&
	       strcmp(json_text(json_array_get(slices, (size_t)i), "/status"), status) == 0;
}

/* Whether slice `i` has left so much to later ones. */
static bool has_carried(struct stack *stack, const char *id, int i, const char *quantity)
{
	const json_t *slices = json_object_get(see_block(stack, id), "slices");
	const char *carried =
	    (size_t)i < json_array_size(slices) ? json_text(json_array_get(slices, (size_t)i), "/carried") : "null";

	return strcmp(carried, "null") != 0 && (!quantity || strcmp(carried, quantity) == 0);
}

static void wait_filled(struct stack *stack, const json_t *const orders[3])
{
	static const char *const filled[] = {"100", "50", "75"};

	for (size_t i = 0; i < 3; i++) {
		json_t *request = stack_wait_final(stack, orders[i]);

		assert_json_text(request, "/orders/0/status", "filled");
		assert_json_text(request, "/orders/0/filled_quantity", filled[i]);
	}
}

static bool block_is(struct stack *stack, const char *id, const char *status)
{
	return strcmp(json_text(see_block(stack, id), "/status"), status) == 0;
}

/* Lets the slices from `first` on go, one after the other. */
static void go_on_from(struct stack *stack, const char *id, int first)
{
	for (int i = first; i < 4; i++) {
		make_due(stack, id, i);
		WAIT_UNTIL(!slice_is(stack, id, i, "created"));
	}
}

static void test_a_large_order_goes_out_by_its_plan(void **state)
{
	struct stack *stack = start(state, 2);
	const json_t *orders[3];
	const char *id = queue_three(stack, "buy", orders);
	int64_t last_ms = 0, sum = 0;
	json_t *block;

	process(stack);
	WAIT_UNTIL(slice_is(stack, id, 0, "filled"));
	block = see_block(stack, id);
	for (int i = 0; i < 4; i++) {
		const json_t *slice = json_array_get(json_object_get(block, "slices"), (size_t)i);
		int64_t due_ms;

		assert_true(clock_parse(json_text(slice, "/due_at"), &due_ms, NULL));
		assert_true(i == 0 || (due_ms - last_ms >= 720000 && due_ms - last_ms <= 1080000));
		last_ms = due_ms;
		sum += atoll(json_text(slice, "/quantity"));
		assert_true(atoll(json_text(slice, "/quantity")) == (i == 0 ? 57 : 56));
		assert_true(i == 0 || slice_is(stack, id, i, "created"));
	}
	assert_int_equal(sum, 225);
	assert_int_equal(json_array_size(json_object_get(block, "slices")), 4);
	WAIT_UNTIL(block_is(stack, id, "working"));
	assert_json_text(stack_get(stack, 200, "/orders/%s", json_text(orders[0], "/orders/0/order_id")), "/status",
			 "working");
	go_on_from(stack, id, 1);
	wait_filled(stack, orders);
	assert_json_text(see_block(stack, id), "/filled_quantity", "225");
	stack_finish(stack);
}

static void test_what_a_slice_leaves_goes_to_later_ones(void **state)
{
	struct stack *stack = start(state, 2);
	const json_t *orders[3];
	const char *id = queue_three(stack, "buy", orders);
	json_t *block;

	stack_set_paper(stack, "{\"symbols\":{\"AAPL\":{\"fill_quantity\":\"30\",\"then\":\"canceled\"}}}");
	process(stack);
	WAIT_UNTIL(has_carried(stack, id, 0, "27"));
	block = see_block(stack, id);
	assert_json_text(block, "/slices/0/status", "canceled");
	assert_json_text(block, "/slices/1/quantity", "65"); /* 56 and a third of 27 */
	assert_json_text(block, "/slices/3/quantity", "65");
	stack_set_paper(stack, "{\"symbols\":{\"AAPL\":{\"fill_quantity\":null}}}");
	go_on_from(stack, id, 1);
	wait_filled(stack, orders);
	stack_finish(stack);
}

static void test_what_nobody_takes_over_stays_unfilled(void **state)
{
	struct stack *stack = start(state, 2);
	const json_t *orders[3];
	const char *id = queue_three(stack, "buy", orders);
	static const char *const filled[] = {"53", "27", "40"}; /* of 4 * 30 */

	stack_set_paper(stack, "{\"symbols\":{\"AAPL\":{\"fill_quantity\":\"30\",\"then\":\"canceled\"}}}");
	process(stack);
	WAIT_UNTIL(has_carried(stack, id, 0, "27"));
	for (int i = 1; i < 3; i++) {
		make_due(stack, id, i);
		WAIT_UNTIL(has_carried(stack, id, i, NULL));
	}
	make_due(stack, id, 3);
	for (size_t i = 0; i < 3; i++) {
		json_t *request = stack_wait_final(stack, orders[i]);

		assert_json_text(request, "/orders/0/status", "partially_filled");
		assert_json_text(request, "/orders/0/filled_quantity", filled[i]);
	}
	assert_json_text(see_block(stack, id), "/outcome", "partially_filled");
	assert_json_text(see_block(stack, id), "/slices/3/quantity", "135"); /* all that is left */
	stack_finish(stack);
}

static void test_a_slow_slice_is_followed_beside_the_next_one(void **state)
{
	struct stack *stack = start(state, 2);
	const json_t *orders[3];
	const char *id = queue_three(stack, "buy", orders);

	stack_set_paper(stack, "{\"fill\":\"none\"}");
	process(stack);
	WAIT_UNTIL(slice_is(stack, id, 0, "acked"));
	make_due(stack, id, 1);
	WAIT_UNTIL(slice_is(stack, id, 1, "acked"));
	assert_true(slice_is(stack, id, 0, "acked"));
	stack_set_paper(stack, "{\"fill\":\"in_parts\",\"parts\":2,\"delay_ms\":30}");
	go_on_from(stack, id, 2);
	wait_filled(stack, orders);
	stack_finish(stack);
}

static void test_another_worker_goes_on_with_the_plan(void **state)
{
	struct stack *stack = start(state, 1);
	const json_t *orders[3];
	const char *id = queue_three(stack, "buy", orders);

	process(stack);
	WAIT_UNTIL(slice_is(stack, id, 0, "filled"));
	stack_kill_program(&stack->workers[0]);
	stack_start_worker(stack, 1);
	go_on_from(stack, id, 1);
	wait_filled(stack, orders);
	stack_finish(stack);
}

static void test_cancel_stops_what_is_not_sent(void **state)
{
	struct stack *stack = start(state, 2);
	const json_t *orders[3], *block;
	const char *id = queue_three(stack, "buy", orders);

	(void)stack_post(stack, 404, "/blocks/none/cancel", "{\"note\":\"enough\"}");
	(void)stack_post(stack, 400, stack_text(stack, "/blocks/%s/cancel", id), "{}");
	process(stack);
	WAIT_UNTIL(slice_is(stack, id, 0, "filled"));
	stack_set_paper(stack, "{\"fill\":\"none\"}");
	make_due(stack, id, 1);
	WAIT_UNTIL(slice_is(stack, id, 1, "acked"));
	(void)stack_post(stack, 200, stack_text(stack, "/blocks/%s/cancel", id), "{\"note\":\"enough\"}");
	for (size_t i = 0; i < 3; i++)
		assert_json_text(stack_wait_final(stack, orders[i]), "/orders/0/status", "partially_filled");
	block = see_block(stack, id);
	assert_json_text(block, "/filled_quantity", "57");
	assert_json_text(block, "/reason", "canceled by a person");
	assert_json_text(block, "/resolution_note", "enough");
	for (int i = 1; i < 4; i++)
		assert_true(slice_is(stack, id, i, "canceled"));
	assert_json_text(stack_post(stack, 409, stack_text(stack, "/blocks/%s/cancel", id), "{\"note\":\"again\"}"),
			 "/code", "block_ended");
	stack_finish(stack);
}

/* Halts everything and has the block planned and waiting. */
static void process_halted(struct stack *stack, const char *id)
{
	(void)stack_post(stack, 200, "/admin/halt", "{\"reason\":\"a test\"}");
	process(stack);
	WAIT_UNTIL(block_is(stack, id, "waiting"));
}

static void test_cancel_before_anything_is_sent_ends_canceled(void **state)
{
	struct stack *stack = start(state, 2);
	const json_t *orders[3];
	const char *id = queue_three(stack, "buy", orders);

	process_halted(stack, id);
	(void)stack_post(stack, 200, stack_text(stack, "/blocks/%s/cancel", id), "{\"note\":\"never mind\"}");
	for (size_t i = 0; i < 3; i++)
		assert_json_text(stack_wait_final(stack, orders[i]), "/orders/0/status", "canceled");
	assert_json_text(see_block(stack, id), "/status", "canceled");
	(void)stack_post(stack, 200, "/admin/resume", "{\"reason\":\"over\"}");
	stack_finish(stack);
}

static void test_what_could_not_leave_in_time_is_merged(void **state)
{
	struct stack *stack = start(state, 2);
	const json_t *orders[3];
	const char *id = queue_three(stack, "buy", orders);

	process_halted(stack, id);
	for (int i = 1; i < 4; i++)
		make_due(stack, id, i);
	(void)stack_post(stack, 200, "/admin/resume", "{\"reason\":\"over\"}");
	wait_filled(stack, orders);
	for (int i = 0; i < 3; i++)
		assert_true(slice_is(stack, id, i, "canceled"));
	assert_json_text(see_block(stack, id), "/slices/0/reason", "its time passed before it could leave");
	assert_json_text(see_block(stack, id), "/slices/3/quantity", "225");
	stack_finish(stack);
}

static void test_nothing_leaves_after_the_close(void **state)
{
	struct stack *stack = start(state, 2);
	const json_t *orders[3];
	const char *id = queue_three(stack, "buy", orders);

	process_halted(stack, id);
	freeReplyObject(redis_server_command(stack->redis, "HSET muster:{0}:block:%s close_at 1", id));
	make_due(stack, id, 1);
	for (size_t i = 0; i < 3; i++)
		assert_json_text(stack_wait_final(stack, orders[i]), "/orders/0/status", "unfilled");
	assert_json_text(see_block(stack, id), "/reason", "the market closed before it could leave");
	(void)stack_post(stack, 200, "/admin/resume", "{\"reason\":\"over\"}");
	stack_finish(stack);
}

/* A slice of a large sell would work for ever: when the next one is due, the buy that waits has its turn first. */
static void test_the_other_side_has_its_turn_between_slices(void **state)
{
	struct stack *stack = start(state, 2);
	const json_t *orders[3], *buy;
	const char *id = queue_three(stack, "sell", orders), *buy_id;

	stack_set_paper(stack, "{\"fill\":\"none\"}");
	process(stack);
	WAIT_UNTIL(slice_is(stack, id, 0, "acked"));
	buy = stack_queue_one(stack, "D", "buy", "AAPL", "10");
	process(stack);
	buy_id = json_text(buy, "/orders/0/order_id");
	buy_id = stack_text(stack, "%s", json_text(stack_get(stack, 200, "/orders/%s", buy_id), "/block_id"));
	WAIT_UNTIL(block_is(stack, buy_id, "waiting"));
	make_due(stack, id, 1);
	WAIT_UNTIL(block_is(stack, buy_id, "working"));
	assert_true(slice_is(stack, id, 0, "canceled"));
	WAIT_UNTIL(has_carried(stack, id, 0, "57"));
	assert_true(slice_is(stack, id, 1, "created"));
	assert_true(block_is(stack, id, "working"));
	stack_set_paper(stack, "{\"fill\":\"at_once\"}");
	assert_json_text(stack_wait_final(stack, buy), "/orders/0/status", "filled");
	go_on_from(stack, id, 2);
	wait_filled(stack, orders);
	stack_finish(stack); /* which looks for both sides at the broker together */
}

static void test_buys_that_keep_coming_do_not_starve_a_large_sell(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){
	    .workers = 2,
	    .settings = {"lanes.large_interval_s=0.2", "lanes.large_horizon_s=0.8", "lanes.large_quantity=50"}});
	const json_t *sell = stack_queue_one(stack, "A", "sell", "AAPL", "100"), *buys[20];

	stack_set_paper(stack, "{\"fill\":\"after_delay\",\"delay_ms\":60}");
	process(stack);
	for (size_t i = 0; i < 20; i++) {
		buys[i] = stack_queue_one(stack, "D", "buy", "AAPL", "10");
		process(stack);
		wait_pause();
	}
	assert_json_text(stack_wait_final(stack, sell), "/orders/0/status", "filled");
	for (size_t i = 0; i < 20; i++)
		assert_json_text(stack_wait_final(stack, buys[i]), "/orders/0/status", "filled");
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_a_large_order_goes_out_by_its_plan, stack_teardown),
	    cmocka_unit_test_teardown(test_what_a_slice_leaves_goes_to_later_ones, stack_teardown),
	    cmocka_unit_test_teardown(test_what_nobody_takes_over_stays_unfilled, stack_teardown),
	    cmocka_unit_test_teardown(test_a_slow_slice_is_followed_beside_the_next_one, stack_teardown),
	    cmocka_unit_test_teardown(test_another_worker_goes_on_with_the_plan, stack_teardown),
	    cmocka_unit_test_teardown(test_cancel_stops_what_is_not_sent, stack_teardown),
	    cmocka_unit_test_teardown(test_cancel_before_anything_is_sent_ends_canceled, stack_teardown),
	    cmocka_unit_test_teardown(test_what_could_not_leave_in_time_is_merged, stack_teardown),
	    cmocka_unit_test_teardown(test_nothing_leaves_after_the_close, stack_teardown),
	    cmocka_unit_test_teardown(test_the_other_side_has_its_turn_between_slices, stack_teardown),
	    cmocka_unit_test_teardown(test_buys_that_keep_coming_do_not_starve_a_large_sell, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
