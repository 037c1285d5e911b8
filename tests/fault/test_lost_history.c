/* A Redis that comes back empty, older, or as another one: nothing is traded and nothing taken until a person confirms,
 * and /readyz, status and logs say so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/check.h"
#include "tests/support/check_audit.h"
#include "tests/support/json_at.h"
#include "tests/support/ledger.h"
#include "tests/support/wait_until.h"

#define QUEUE "/trade-queue/queue/order"
#define ONE_MSFT                                                                                                       \
	"{\"user_id\":\"Z\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"MSFT\",\"action\":\"buy\","        \
	"\"quantity\":1}]}"

static const char *const durable[] = {"--appendfsync", "always", "--auto-aof-rewrite-percentage", "0", NULL};

/* One worker, one API; an order that was executed and one that waits for its window. */
static struct stack *start_with_orders(void)
{
	struct stack *stack = stack_start(&(struct stack_options){.workers = 1, .redis = durable});

	(void)stack_queue_one(stack, "A", "buy", "AAPL", "100");
	(void)stack_process(stack);
	(void)stack_queue_one(stack, "B", "buy", "GOOG", "5");
	return stack;
}

/* How many orders the broker has accepted. */
static int at_broker(const struct stack *stack)
{
	struct ledger *ledger = ledger_read(stack->ledger_path);
	int count = ledger_accepted(ledger);

	ledger_free(ledger);
	return count;
}

/* Runs a command in the folder of Redis, which does not run. */
static void in_folder(struct stack *stack, const char *command)
{
	assert_int_equal(system(stack_text(stack, "cd '%s' && %s", redis_server_folder(stack->redis), command)), 0);
}

/* Whether /readyz says that trading is halted for this reason. */
static bool is_told(struct stack *stack, const char *why)
{
	const struct http_call call = {.method = "GET", .url = "/readyz"};
	const struct http_reply *reply = stack_call(stack, 0, &call);

	return reply->status == 503 && strcmp(json_text(reply->json, "/code"), "halted") == 0 &&
	       strstr(json_text(reply->json, "/detail"), why);
}

/* Everybody says that it is halted, and why; nothing is taken, nothing is traded. */
static void assert_halted(struct stack *stack, const char *why)
{
	const struct http_call order = {.method = "POST", .url = QUEUE, .body = ONE_MSFT};
	const struct http_call bulk = {.method = "POST", .url = "/smallcases/bulk/rebalance", .body = "[" ONE_MSFT "]"};
	const json_t *status;
	int before = at_broker(stack);

	WAIT_UNTIL(is_told(stack, why));
	status = stack_get(stack, 200, "/trade-queue/queue/status");
	assert_true(json_is_true(json_at(status, "/halted")));
	assert_json_text(status, "/halts/0/code", "generation");
	assert_non_null(strstr(json_text(status, "/halts/0/reason"), why));
	WAIT_UNTIL(process_log_has(stack->apis[0], "event=history_lost"));
	WAIT_UNTIL(!stack->workers[0] || process_log_has(stack->workers[0], "event=history_lost"));
	assert_json_text(stack_call(stack, 0, &order)->json, "/code", "halted");
	assert_int_equal(stack_call(stack, 0, &bulk)->status, 503);
	assert_int_equal(stack_call(stack, 0, &(struct http_call){.method = "POST", .url = "/admin/resume"})->status,
			 409);
	assert_int_equal(at_broker(stack), before);
}

/* A person confirms. */
static void confirm(struct stack *stack)
{
	(void)stack_post(stack, 200, "/admin/resume", "{\"confirm\":\"generation\",\"reason\":\"seen\"}");
	stack_wait_ready(stack, 0, 200);
}

/* What is lost is lost, and the auditor says so; what is accepted from here on is executed. */
static void go_on_without(struct stack *stack)
{
	const char *const arguments[] = {"--ledger", stack->ledger_path, "--accepted",
					 stack_text(stack, "%s/told.jsonl", stack->folder), NULL};
	const json_t *order;
	char *output;

	stack_put_stocks(stack);
	order = stack_queue_one(stack, "C", "sell", "F", "7");
	(void)stack_process(stack);
	assert_json_text(stack_wait_final(stack, order), "/orders/0/status", "filled");
	check_audit_write_accepted(stack, arguments[3]);
	assert_int_equal(audit_run(stack, arguments, &output), 1);
	assert_non_null(strstr(output, "I1 "));
	free(output);
	stack_finish_unchecked(stack);
}

/* The worker has told what the broker shows beyond what Redis has: a person should see that before confirming. */
static void wait_for_strangers(struct stack *stack)
{
	WAIT_UNTIL(process_log_has(stack->workers[0], "event=unknown_orders_at_broker"));
}

/* Its data is gone while the programs run. */
static void test_a_redis_that_comes_back_empty_halts(void **state)
{
	struct stack *stack = *state = start_with_orders();

	redis_server_kill(stack->redis);
	in_folder(stack, "rm -rf appendonlydir dump.rdb");
	redis_server_restart(stack->redis);
	assert_halted(stack, "it is empty");
	wait_for_strangers(stack);
	confirm(stack);
	go_on_without(stack);
}

/* Emptied under our hands, without an end of any connection. */
static void test_a_redis_that_is_flushed_halts(void **state)
{
	struct stack *stack = *state = start_with_orders();

	redis_server_run(stack->redis, "FLUSHALL");
	assert_halted(stack, "it is empty");
	confirm(stack);
	go_on_without(stack);
}

/* Nobody who could remember is left: the broker shows what an empty Redis does not know. */
static void test_an_empty_redis_is_contradicted_by_the_broker(void **state)
{
	struct stack *stack = *state = start_with_orders();

	stack_end_program(&stack->workers[0]);
	stack_end_program(&stack->apis[0]);
	redis_server_run(stack->redis, "FLUSHALL");
	stack_start_api(stack, 0);
	stack_start_worker_unseen(stack, 0);
	assert_halted(stack, "Redis does not know 1 orders that the broker paper shows");
	wait_for_strangers(stack);
	confirm(stack);
	stack_end_program(&stack->workers[0]);
	stack_start_worker(stack, 0); /* who begins later does not ask again */
	go_on_without(stack);
}

/* An older copy comes back, then the right one: both are changes that a person must confirm, and in the end nothing is
 * missing. */
static void test_a_redis_that_comes_back_older_halts(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1, .redis = durable});

	(void)stack_queue_one(stack, "A", "buy", "AAPL", "100");
	redis_server_kill(stack->redis);
	in_folder(stack, "cp -a appendonlydir older");
	redis_server_restart(stack->redis);
	stack_wait_ready(stack, 0, 200);
	(void)stack_process(stack);
	(void)stack_queue_one(stack, "B", "buy", "AAPL", "5");

	redis_server_kill(stack->redis);
	in_folder(stack, "mv appendonlydir newer && mv older appendonlydir");
	redis_server_restart(stack->redis);
	assert_halted(stack, "Redis has lost its history");
	wait_for_strangers(stack);

	redis_server_kill(stack->redis);
	in_folder(stack, "rm -rf appendonlydir && mv newer appendonlydir");
	redis_server_restart(stack->redis);
	assert_halted(stack, "it is older than it was: generation 0");
	confirm(stack);
	(void)stack_process(stack);
	stack_finish(stack);
}

/* Only what was acknowledged last is missing: no counter tells, the write itself does. */
static void test_one_lost_write_halts(void **state)
{
	struct stack *stack = *state = start_with_orders();
	redisReply *keys = redis_server_command(stack->redis, "KEYS muster:{0}:order:*");

	assert_int_equal(keys->elements, 2);
	stack_end_program(&stack->workers[0]);
	for (size_t i = 0; i < keys->elements; i++)
		redis_server_run(stack->redis, "DEL %s", keys->element[i]->str);
	freeReplyObject(keys);
	redis_server_run(stack->redis, "CLIENT KILL TYPE normal SKIPME yes");
	assert_halted(stack, "it has lost an acknowledged write: order:");
	stack_finish_unchecked(stack);
}

/* With appendfsync everysec a full disk and a crash lose what was acknowledged: it is noticed. */
static void test_what_a_full_disk_loses_halts(void **state)
{
	static const char *const everysec[] = {"--appendfsync", "everysec", NULL};
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1, .redis = everysec});

	(void)stack_queue_one(stack, "A", "buy", "AAPL", "100");
	(void)stack_process(stack);
	stack_end_program(&stack->workers[0]);
	redis_server_fill_disk(stack->redis);
	(void)stack_queue_one(stack, "B", "buy", "GOOG", "5");
	redis_server_kill(stack->redis);
	redis_server_restart(stack->redis);
	assert_halted(stack, "it has lost an acknowledged write: order:");
	stack_finish_unchecked(stack);
}

/* A restart that loses nothing halts nothing, however often. */
static void test_a_restart_that_loses_nothing_goes_on(void **state)
{
	struct stack *stack = *state = start_with_orders();

	for (int i = 0; i < 3; i++) {
		redis_server_kill(stack->redis);
		redis_server_restart(stack->redis);
		stack_wait_ready(stack, 0, 200);
		(void)stack_queue_one(stack, "A", "sell", "GOOG", "3");
	}
	(void)stack_process(stack);
	assert_int_equal(stack_redis_int(stack, "EXISTS muster:{0}:halts"), 0);
	stack_finish(stack);
}

/* A broker that cannot be asked gets nothing before it has answered. */
static void test_a_broker_that_does_not_answer_gets_nothing(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){0});
	const json_t *order = stack_queue_one(stack, "A", "buy", "AAPL", "3");

	stack_end_program(&stack->paper);
	stack_start_worker(stack, 0);
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(process_log_has(stack->workers[0], "event=broker_not_asked"));
	WAIT_UNTIL(stack_redis_int(stack, "ZCARD muster:{0}:blocks:ready") == 1);
	stack_start_paper(stack);
	assert_json_text(stack_wait_final(stack, order), "/orders/0/status", "filled");
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_a_redis_that_comes_back_empty_halts, stack_teardown),
	    cmocka_unit_test_teardown(test_a_redis_that_is_flushed_halts, stack_teardown),
	    cmocka_unit_test_teardown(test_an_empty_redis_is_contradicted_by_the_broker, stack_teardown),
	    cmocka_unit_test_teardown(test_a_redis_that_comes_back_older_halts, stack_teardown),
	    cmocka_unit_test_teardown(test_one_lost_write_halts, stack_teardown),
	    cmocka_unit_test_teardown(test_what_a_full_disk_loses_halts, stack_teardown),
	    cmocka_unit_test_teardown(test_a_restart_that_loses_nothing_goes_on, stack_teardown),
	    cmocka_unit_test_teardown(test_a_broker_that_does_not_answer_gets_nothing, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
