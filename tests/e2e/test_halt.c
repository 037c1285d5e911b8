/* The kill switch at work: after a halt nothing new leaves any worker, by the broker's own ledger, while orders are
 * taken, windows sealed and what works is followed; and after a resume everything goes on, whatever died meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/faults.h"
#include "tests/support/json_at.h"
#include "tests/support/ledger.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

#define SYMBOLS	  150
#define WITHIN_MS 1000 /* what the contract allows */

/* Queues one order of each of many symbols, as one user's request. */
static const json_t *queue_many(struct stack *stack, const char *user)
{
	const char *list = "";

	for (int i = 0; i < SYMBOLS; i++)
		list = stack_text(stack, "%s%s{\"symbol\":\"S%03d\",\"action\":\"buy\",\"quantity\":%d}", list,
				  i ? "," : "", i, 1 + i % 7);
	return stack_queue(stack, "{\"user_id\":\"%s\",\"smallcase_id\":\"sc1\",\"suggestions\":[%s]}", user, list);
}

static int accepted_at_broker(struct stack *stack)
{
	struct ledger *ledger = ledger_read(stack->ledger_path);
	int accepted = ledger_accepted(ledger);

	ledger_free(ledger);
	return accepted;
}

static int64_t blocks_in(struct stack *stack, const char *status)
{
	return json_int(stack_get(stack, 200, "/trade-queue/queue/status"), stack_text(stack, "/blocks/%s", status));
}

/* The latest time at which the broker took an order, by its own ledger. */
static int64_t last_accepted_ms(struct stack *stack)
{
	FILE *file = fopen(stack->ledger_path, "re");
	char *line = NULL;
	size_t size = 0;
	int64_t last_ms = 0, at_ms;

	assert_non_null(file);
	while (getline(&line, &size, file) > 0) {
		json_t *event = json_loads(line, 0, NULL);
		const char *at = json_string_value(json_object_get(event, "at"));
		const char *outcome = json_string_value(json_object_get(event, "outcome"));

		if (outcome && at && strcmp(outcome, "accepted") == 0 && clock_parse(at, &at_ms, NULL) &&
		    at_ms > last_ms)
			last_ms = at_ms;
		json_decref(event);
	}
	free(line);
	(void)fclose(file);
	return last_ms;
}

/* Many blocks are on their way out of two workers, slowly, when somebody halts; the ledger's times tell the rest. */
static void test_nothing_leaves_a_second_after_a_halt(void **state)
{
	struct stack *stack = *state =
	    stack_start(&(struct stack_options){.workers = 2, .settings = {"worker.concurrency=4"}});
	const json_t *first = queue_many(stack, "A"), *later;
	const json_t *answer;
	int64_t halted_ms;

	faults_set(stack, "{\"mode\":\"slow\",\"on\":\"submit\",\"ms\":40}");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(accepted_at_broker(stack) >= 10);
	answer = stack_post(stack, 200, "/admin/halt", "{\"by\":\"ann\",\"reason\":\"a drill\"}");
	assert_true(clock_parse(json_text(answer, "/halts/0/since"), &halted_ms, NULL));
	/* Orders are still taken, and their window is sealed. */
	later = stack_queue_one(stack, "B", "sell", "MSFT", "3");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	/* What works is followed to its end; the others wait, sealed. */
	WAIT_UNTIL(blocks_in(stack, "submitting") + blocks_in(stack, "working") + blocks_in(stack, "closing") +
		       blocks_in(stack, "ready") ==
		   0);
	assert_true(blocks_in(stack, "waiting") > 1);
	assert_true(blocks_in(stack, "allocated") >= 10);
	assert_json_text(stack_get(stack, 200, "/orders/%s", json_text(later, "/orders/0/order_id")), "/status",
			 "sealed");
	assert_true(process_log_has(stack->workers[0], "event=slices_held_back") ||
		    process_log_has(stack->workers[1], "event=slices_held_back"));
	assert_int_equal(accepted_at_broker(stack), blocks_in(stack, "allocated"));
	assert_in_range(last_accepted_ms(stack), 1, halted_ms + WITHIN_MS);

	faults_clear(stack);
	(void)stack_post(stack, 200, "/admin/resume", NULL);
	assert_json_text(stack_wait_final(stack, first), "/orders/0/status", "filled");
	assert_json_text(stack_wait_final(stack, later), "/orders/0/status", "filled");
	assert_int_equal(accepted_at_broker(stack), SYMBOLS + 1);
	stack_finish(stack);
}

static void test_a_halt_outlives_workers_api_and_redis(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 2});
	const json_t *order, *answer;

	(void)stack_post(stack, 200, "/admin/halt", "{\"broker_type\":\"paper\",\"by\":\"ann\",\"reason\":\"why\"}");
	order = stack_queue_one(stack, "A", "buy", "AAPL", "10");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(blocks_in(stack, "waiting") == 1);
	stack_kill_program(&stack->workers[0]);
	stack_end_program(&stack->workers[1]);
	stack_kill_program(&stack->apis[0]);
	redis_server_kill(stack->redis);
	redis_server_restart(stack->redis);
	stack_start_api(stack, 0);
	stack_start_worker(stack, 0);
	stack_start_worker(stack, 1);
	stack_wait_ready(stack, 0, 200);
	answer = stack_get(stack, 200, "/trade-queue/queue/status");
	assert_json_text(answer, "/halts/0/broker_type", "paper");
	assert_json_text(answer, "/halts/0/by", "ann");
	assert_json_text(answer, "/halts/0/reason", "why");
	redis_server_run(stack->redis, "ZADD muster:{0}:blocks XX 1 %s",
			 json_text(stack_get(stack, 200, "/blocks?status=waiting"), "/items/0/block_id"));
	WAIT_UNTIL(process_log_has(stack->workers[0], "event=slices_held_back") ||
		   process_log_has(stack->workers[1], "event=slices_held_back"));
	assert_int_equal(accepted_at_broker(stack), 0);
	answer = stack_get(stack, 200, "/blocks?status=waiting");
	assert_json_text(answer, "/items/0/reason", "paper is halted");
	(void)stack_post(stack, 200, "/admin/resume", "{\"broker_type\":\"paper\"}");
	assert_json_text(stack_wait_final(stack, order), "/orders/0/status", "filled");
	stack_finish(stack);
}

/* A halt of one broker leaves the others alone; canceling goes on in spite of any. */
static void test_a_halt_does_not_keep_from_canceling(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *order;
	const char *block_id;

	stack_set_paper(stack, "{\"fill\":\"none\"}");
	order = stack_queue_one(stack, "A", "buy", "AAPL", "10");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(blocks_in(stack, "working") == 1);
	(void)stack_post(stack, 200, "/admin/halt", NULL);
	block_id = json_text(stack_get(stack, 200, "/orders/%s", json_text(order, "/orders/0/order_id")), "/block_id");
	(void)stack_post(stack, 200, "/admin/halt", NULL);
	stack_set_paper(stack, "{\"fill\":\"at_once\"}");
	assert_json_text(stack_wait_final(stack, order), "/orders/0/status", "filled");
	assert_json_text(stack_get(stack, 200, "/blocks/%s", block_id), "/status", "allocated");
	(void)stack_post(stack, 200, "/admin/resume", NULL);
	stack_finish(stack);
}

/* Who refuses our keys refuses everything: the broker is halted for all, with an alarm, until somebody has seen to it.
 */
static void test_refused_credentials_halt_the_broker(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *order, *answer;

	faults_set(stack, "{\"mode\":\"unauthorized\"}");
	order = stack_queue_one(stack, "A", "buy", "AAPL", "10");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(json_is_true(json_at(stack_get(stack, 200, "/trade-queue/queue/status"), "/halted")));
	answer = stack_get(stack, 200, "/trade-queue/queue/status");
	assert_json_text(answer, "/halts/0/broker_type", "paper");
	assert_json_text(answer, "/halts/0/code", "credentials");
	assert_non_null(strstr(json_text(answer, "/halts/0/reason"), "credentials"));
	WAIT_UNTIL(process_log_has(stack->workers[0], "event=trading_halted"));
	assert_true(
	    process_log_has(stack->workers[0], "level=error program=muster-worker event=broker_credentials_refused"));
	assert_int_equal(accepted_at_broker(stack), 0);
	faults_clear(stack);
	(void)stack_post(stack, 200, "/admin/resume", "{\"broker_type\":\"paper\",\"reason\":\"they know us again\"}");
	assert_json_text(stack_wait_final(stack, order), "/orders/0/status", "filled");
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_nothing_leaves_a_second_after_a_halt, stack_teardown),
	    cmocka_unit_test_teardown(test_a_halt_outlives_workers_api_and_redis, stack_teardown),
	    cmocka_unit_test_teardown(test_a_halt_does_not_keep_from_canceling, stack_teardown),
	    cmocka_unit_test_teardown(test_refused_credentials_halt_the_broker, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
