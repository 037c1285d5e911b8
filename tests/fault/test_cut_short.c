/* What takes many script calls and is cut short between two of them: nothing of it is lost, nothing of it is done twice.
 * The fault points say where, so that it is between two of them on every machine. */
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

#define BULK	 "/smallcases/bulk/rebalance?wait=30"
#define ELEMENTS 15  /* of the bulk call */
#define EACH	 200 /* orders of one element */

/* The body of the bulk call, over so many stocks; the caller frees it. */
static char *large_body(int stocks)
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
			(void)fprintf(out, "%s{\"symbol\":\"S%03d\",\"action\":\"buy\",\"quantity\":%d}", i ? "," : "",
				      i % stocks, 1 + i % 9);
		(void)fputs("]}", out);
	}
	(void)fputs("]", out);
	if (fclose(out) != 0)
		abort();
	return body;
}

/* Waits until the program has been killed by its fault. */
static void wait_for_death(struct process *process)
{
	assert_int_equal(process_wait(process), -SIGKILL);
	assert_true(process_log_has(process, "event=fault"));
}

/* Of the only hash with such a name, a number. */
static int64_t number_of(struct stack *stack, const char *pattern, const char *field)
{
	redisReply *keys = redis_server_command(stack->redis, "KEYS muster:{0}:%s", pattern);
	int64_t number;

	assert_int_equal(keys->elements, 1);
	number = stack_redis_int(stack, stack_text(stack, "HGET %s %s", keys->element[0]->str, field));
	freeReplyObject(keys);
	return number;
}

/* How many orders reached the broker. */
static int at_broker(const struct stack *stack)
{
	struct ledger *ledger = ledger_read(stack->ledger_path);
	int count = ledger_accepted(ledger);

	ledger_free(ledger);
	return count;
}

/* Nothing of a bulk call is executed until the same call completes it. */
static void test_a_bulk_call_cut_short_is_completed_by_the_same_call(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	char *body = large_body(5);
	const struct http_call call = {
	    .method = "POST", .url = BULK, .body = body, .headers = {"Idempotency-Key: large"}};
	const json_t *answer;

	stack_end_program(&stack->apis[0]);
	(void)setenv("MUSTER_FAULT", "bulk_chunk_stored:3:kill", 1);
	stack_start_api(stack, 0);
	(void)unsetenv("MUSTER_FAULT");
	stack_wait_ready(stack, 0, 200);
	assert_int_equal(stack_call(stack, 0, &call)->status, 0);
	wait_for_death(stack->apis[0]);
	assert_in_range(number_of(stack, "window:bulk-????????????????????", "received"), 1, ELEMENTS * EACH - 1);
	stack_start_api(stack, 0);
	stack_wait_ready(stack, 0, 200);
	assert_int_equal(at_broker(stack), 0);

	answer = stack_call(stack, 0, &call)->json;
	free(body);
	assert_json_text(answer, "/status", "completed");
	assert_json_int(answer, "/summary/orders", ELEMENTS * EACH);
	assert_json_int(answer, "/summary/blocks", 5);
	assert_int_equal(at_broker(stack), 5);
	stack_finish(stack);
}

/* The cursor stands where it stood: the successor goes on there and nobody is paid twice. */
static void test_a_worker_killed_in_mid_allocation_is_succeeded(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){0});
	char *body = large_body(1);
	const struct http_call call = {.method = "POST", .url = BULK, .body = body};
	struct http_task *task;

	stack_set_paper(stack, "{\"fill_quantity\":\"10001\",\"then\":\"canceled\"}");
	(void)setenv("MUSTER_FAULT", "allocated:20:kill", 1);
	stack_start_worker(stack, 0);
	(void)unsetenv("MUSTER_FAULT");
	task = stack_begin(stack, 0, &call);
	wait_for_death(stack->workers[0]);
	assert_in_range(number_of(stack, "block:*[0-9a-f]-1", "allocated"), 1, ELEMENTS * EACH - 1);
	stack_start_worker(stack, 0);
	assert_int_equal(stack_end(stack, task)->status, 200);
	free(body);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_a_bulk_call_cut_short_is_completed_by_the_same_call, stack_teardown),
	    cmocka_unit_test_teardown(test_a_worker_killed_in_mid_allocation_is_succeeded, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
