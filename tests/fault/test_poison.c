/* A block that kills every worker that touches it: after five deaths a person looks at it, and the rest of its window
 * has been executed meanwhile, whatever was in the same hands. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/fault.h"
#include "tests/support/check.h"
#include "tests/support/json_at.h"
#include "tests/support/ledger.h"
#include "tests/support/wait_until.h"

#define WORKERS	    2
#define OTHERS	    40 /* orders of other symbols in the same window */
#define DEATHS_MOST 7  /* five since the last progress; storing the intent and looking the order up are progress */

/* Starts a worker that dies at the point with AAPL in hand. */
static void start_poisoned(struct stack *stack, int i, const char *point)
{
	(void)setenv("MUSTER_FAULT", stack_text(stack, "%s:1:kill:AAPL", point), 1);
	stack_start_worker_unseen(stack, i);
	(void)unsetenv("MUSTER_FAULT");
}

/* Puts a new worker in the place of each that has died; how many had. */
static int replace_dead(struct stack *stack, const char *point)
{
	int deaths = 0;

	for (int i = 0; i < WORKERS; i++) {
		if (process_is_running(stack->workers[i]))
			continue;
		assert_true(process_log_has(stack->workers[i], "event=fault"));
		stack_end_leases(stack, stack->workers[i]);
		deaths++;
		start_poisoned(stack, i, point);
	}
	return deaths;
}

/* How many orders of the window have ended well. */
static int64_t count_filled(struct stack *stack)
{
	int64_t filled = stack_redis_int(stack, "HGET muster:{0}:counts filled");

	return filled < 0 ? 0 : filled;
}

/* Kills workers until the block is with a person. */
static void poison(struct stack *stack, const char *point)
{
	int64_t end_us = clock_monotonic_us() + WAIT_MOST_US;
	int deaths = 0;

	for (int i = 0; i < WORKERS; i++)
		start_poisoned(stack, i, point);
	while (stack_redis_int(stack, "ZCARD muster:{0}:blocks:needs_review") == 0) {
		if (clock_monotonic_us() > end_us)
			fail_msg("after %d deaths nobody was asked to look", deaths);
		deaths += replace_dead(stack, point);
		wait_pause();
	}
	deaths += replace_dead(stack, point);
	assert_in_range(deaths, 5, DEATHS_MOST);
}

/* The whole of it, with deaths at this point. */
static void run(void **state, const char *point)
{
	struct stack *stack = *state =
	    /* The test ends the leases of the dead; those of the living must not run out, on however slow a machine. */
	    stack_start(&(struct stack_options){.settings = {"worker.lease_ms=30000", "broker.paper.timeout_ms=5000"}});
	const json_t *block, *order = stack_queue_one(stack, "A", "buy", "AAPL", "10");

	for (int i = 0; i < OTHERS; i++)
		(void)stack_queue_one(stack, "A", "buy", stack_text(stack, "S%03d", i), "3");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	poison(stack, point);
	WAIT_UNTIL(count_filled(stack) == OTHERS);
	block = stack_get(stack, 200, "/blocks?status=needs_review");
	assert_int_equal(json_array_size(json_at(block, "/items")), 1);
	assert_json_text(block, "/items/0/symbol", "AAPL");
	assert_json_text(block, "/items/0/reason", "its workers died or failed 5 times");

	/* Whatever was wrong is mended: a person lets it go on. */
	for (int i = 0; i < WORKERS; i++)
		stack_end_program(&stack->workers[i]);
	stack_start_worker(stack, 0);
	(void)stack_post(stack, 200, stack_text(stack, "/blocks/%s/resolve", json_text(block, "/items/0/block_id")),
			 "{\"action\":\"retry\",\"note\":\"mended\"}");
	assert_json_text(stack_wait_final(stack, order), "/orders/0/filled_quantity", "10");
	stack_finish(stack);
}

static void test_poisonous_to_send(void **state)
{
	run(state, "submit_ready");
}

/* The worst moment for the others: all that was claimed together dies together, before any of it has moved. */
static void test_poisonous_to_plan(void **state)
{
	run(state, "plan_ready");
}

static void test_poisonous_to_allocate(void **state)
{
	run(state, "allocate_ready");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_poisonous_to_send, stack_teardown),
	    cmocka_unit_test_teardown(test_poisonous_to_plan, stack_teardown),
	    cmocka_unit_test_teardown(test_poisonous_to_allocate, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
