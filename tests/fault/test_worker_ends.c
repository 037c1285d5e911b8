/* Workers that end in the middle of something: killed between two chunks of an allocation, or asked to leave. */
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

#define ELEMENTS 15 /* of the bulk call */
#define EACH	 200
#define TRIES	 6

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

/* A bulk call of many orders in one stock; the caller frees it. */
static char *large_body(void)
{
	char *body;
	size_t size;
	FILE *out = open_memstream(&body, &size);

	if (!out)
		abort();
	for (int u = 0; u < ELEMENTS; u++) {
		(void)fprintf(out, "%s{\"user_id\":\"u%d\",\"smallcase_id\":\"sc1\",\"suggestions\":[", u ? "," : "[",
			      u);
		for (int i = 0; i < EACH; i++)
			(void)fprintf(out, "%s{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":%d}", i ? "," : "",
				      1 + i % 9);
		(void)fputs("]}", out);
	}
	(void)fputs("]", out);
	if (fclose(out) != 0)
		abort();
	return body;
}

/* Waits for the block that is being allocated and for its first shares; kills the worker there. How many orders had
 * their share then. */
static int64_t kill_in_mid_allocation(struct stack *stack)
{
	const char *allocated = NULL;
	int64_t end_us = clock_monotonic_us() + WAIT_MOST_US;

	while (!allocated || stack_redis_int(stack, allocated) <= 0) {
		redisReply *closing = redis_server_command(stack->redis, "ZRANGE muster:{0}:blocks:closing 0 0");

		if (!allocated && closing->elements > 0)
			allocated = stack_text(stack, "HGET muster:{0}:block:%s allocated", closing->element[0]->str);
		freeReplyObject(closing);
		if (clock_monotonic_us() > end_us)
			fail_msg("no block is allocated");
	}
	stack_kill_program(&stack->workers[0]);
	return stack_redis_int(stack, allocated);
}

/* The cursor stands where it stood: the successor goes on there and nobody is paid twice. */
static void test_a_worker_killed_in_mid_allocation_is_succeeded(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	char *body = large_body();
	const struct http_call call = {.method = "POST", .url = "/smallcases/bulk/rebalance?wait=30", .body = body};
	int64_t allocated = 0;

	stack_set_paper(stack, "{\"fill_quantity\":\"10001\",\"then\":\"canceled\"}");
	/* It may have been through when the kill came: then once more. */
	for (int i = 0; i < TRIES && (allocated <= 0 || allocated >= ELEMENTS * EACH); i++) {
		struct http_task *task = stack_begin(stack, 0, &call);

		allocated = kill_in_mid_allocation(stack);
		stack_start_worker(stack, 0);
		assert_int_equal(stack_end(stack, task)->status, 200);
	}
	free(body);
	assert_in_range(allocated, 1, ELEMENTS * EACH - 1);
	stack_finish(stack);
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
	    cmocka_unit_test_teardown(test_a_worker_killed_in_mid_allocation_is_succeeded, stack_teardown),
	    cmocka_unit_test_teardown(test_a_worker_that_drains_hands_over, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
