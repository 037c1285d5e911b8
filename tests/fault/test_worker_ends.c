/* Workers that are asked to leave in the middle of something. */
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

/* Asked to end in the middle of work: it exits with 0 at once or after its acts, and another worker finishes without
 * waiting for a lease to run out. */
static void test_a_worker_that_drains_hands_over(void **state)
{
	struct stack *stack = *state =
	    stack_start(&(struct stack_options){.workers = 1, .settings = {"worker.lease_ms=60000"}});
	const json_t *orders[20];

	stack_set_paper(stack, "{\"fill\":\"in_parts\",\"parts\":2,\"delay_ms\":700,\"reply_delay_ms\":100}");
	for (size_t i = 0; i < 20; i++)
		orders[i] = stack_queue_one(stack, "A", "buy", stack_text(stack, "S%03zu", i), "9");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(has_arrived(stack, 3));
	stack_end_program(&stack->workers[0]);
	stack_start_worker(stack, 1);
	for (size_t i = 0; i < 20; i++)
		assert_json_text(stack_wait_final(stack, orders[i]), "/orders/0/status", "filled");
	assert_sent_once(stack, 20);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_a_worker_that_drains_hands_over, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
