/* Workers that die or stall at the worst moment: each order is at the broker once, and everything is completed. */
#include <setjmp.h>
#include <signal.h>
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

/* Whether the broker has accepted at least so many orders. */
static bool has_arrived(const struct stack *stack, int orders)
{
	struct ledger *ledger = ledger_read(stack->ledger_path);
	bool has = ledger_accepted(ledger) >= orders;

	ledger_free(ledger);
	return has;
}

/* Each order was accepted once and never sent again. */
static void assert_sent_once(const struct stack *stack, int orders)
{
	struct ledger *ledger = ledger_read(stack->ledger_path);

	assert_int_equal(ledger_accepted(ledger), orders);
	assert_int_equal(ledger_refused(ledger), 0);
	ledger_free(ledger);
}

/* Killed after the broker has accepted and before its reply is read: the successor looks the order up and adopts it. */
static void test_a_worker_killed_in_mid_submit_leaves_one_order(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){
	    .workers = 1, .settings = {"worker.lease_ms=60000", "broker.paper.timeout_ms=50000"}});
	const json_t *order = stack_queue_one(stack, "A", "buy", "AAPL", "10"), *block;

	stack_set_paper(stack, "{\"reply_delay_ms\":40000}"); /* it will not see the reply */
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(has_arrived(stack, 1));
	process_kill(stack->workers[0]);
	stack_end_leases(stack, stack->workers[0]);
	stack_kill_program(&stack->workers[0]);
	block = stack_get(stack, 200, "/orders/%s", json_text(order, "/orders/0/order_id"));
	block = stack_get(stack, 200, "/blocks/%s", json_text(block, "/block_id"));
	assert_json_text(block, "/slices/0/status", "submitting"); /* the intent was stored before a byte went out */
	stack_set_paper(stack, "{\"reply_delay_ms\":0}");
	stack_start_worker(stack, 1);
	assert_json_text(stack_wait_final(stack, order), "/orders/0/status", "filled");
	assert_sent_once(stack, 1);
	stack_finish(stack);
}

/* The broker accepts but answers too late: ambiguous, looked up, adopted, not sent again. */
static void test_an_answer_that_comes_too_late_is_looked_up(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *order = stack_queue_one(stack, "A", "buy", "AAPL", "10");

	stack_set_paper(stack, "{\"reply_delay_ms\":3000}");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	assert_json_text(stack_wait_final(stack, order), "/orders/0/status", "filled");
	assert_true(process_log_has(stack->workers[0], "event=slice_ambiguous"));
	assert_sent_once(stack, 1);
	stack_finish(stack);
}

/* Killed while its orders are working: the successor follows them to the end. */
static void test_a_worker_killed_while_following_is_succeeded(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *orders[8];

	stack_set_paper(stack, "{\"fill\":\"in_parts\",\"parts\":3,\"delay_ms\":400}");
	for (size_t i = 0; i < 8; i++)
		orders[i] = stack_queue_one(stack, "A", "buy", stack_text(stack, "S%03zu", i), "9");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(has_arrived(stack, 8));
	stack_kill_program(&stack->workers[0]);
	stack_start_worker(stack, 1);
	for (size_t i = 0; i < 8; i++)
		assert_json_text(stack_wait_final(stack, orders[i]), "/orders/0/filled_quantity", "9");
	assert_sent_once(stack, 8);
	stack_finish(stack);
}

/* Stopped for longer than its lease between intent and answer, while another takes over; then it goes on and finds that
 * the block is not its own any more. */
static void test_a_worker_that_wakes_up_late_changes_nothing(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){
	    .workers = 1, .settings = {"worker.lease_ms=60000", "broker.paper.timeout_ms=50000"}});
	const json_t *order = stack_queue_one(stack, "A", "buy", "AAPL", "10");

	stack_set_paper(stack, "{\"reply_delay_ms\":3000,\"fill\":\"in_parts\",\"parts\":2,\"delay_ms\":300}");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(has_arrived(stack, 1));
	process_signal(stack->workers[0], SIGSTOP);
	stack_set_paper(stack, "{\"reply_delay_ms\":0}");
	stack_end_leases(stack, stack->workers[0]);
	stack_start_worker(stack, 1);
	assert_json_text(stack_wait_final(stack, order), "/orders/0/status", "filled");
	process_signal(stack->workers[0], SIGCONT);
	order = stack_queue_one(stack, "A", "sell", "AAPL", "4"); /* both are well */
	(void)stack_process(stack);
	assert_json_text(stack_wait_final(stack, order), "/orders/0/status", "filled");
	assert_sent_once(stack, 2);
	stack_finish(stack);
}

/* Workers are killed one after the other while orders flow. */
static void test_orders_flow_while_workers_are_killed(void **state)
{
	struct stack *stack = *state = stack_start(
	    &(struct stack_options){.workers = 2, .settings = {"worker.concurrency=4", "lanes.coalesce_ms=50"}});

	stack_set_paper(stack, "{\"fill\":\"after_delay\",\"delay_ms\":30,\"reply_delay_ms\":20}");
	for (int i = 0; i < 90; i++) {
		(void)stack_queue(
		    stack,
		    "{\"user_id\":\"u%d\",\"smallcase_id\":\"sc1\",\"priority\":\"high\",\"suggestions\":["
		    "{\"symbol\":\"S%03d\",\"action\":\"%s\",\"quantity\":%d}]}",
		    i % 5, i % 12, i / 12 % 2 ? "buy" : "sell", 1 + i);
		if (i % 30 == 20) {
			stack_kill_program(&stack->workers[i / 30 % 2]);
			stack_start_worker(stack, i / 30 % 2);
		}
	}
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_a_worker_killed_in_mid_submit_leaves_one_order, stack_teardown),
	    cmocka_unit_test_teardown(test_an_answer_that_comes_too_late_is_looked_up, stack_teardown),
	    cmocka_unit_test_teardown(test_a_worker_killed_while_following_is_succeeded, stack_teardown),
	    cmocka_unit_test_teardown(test_a_worker_that_wakes_up_late_changes_nothing, stack_teardown),
	    cmocka_unit_test_teardown(test_orders_flow_while_workers_are_killed, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
