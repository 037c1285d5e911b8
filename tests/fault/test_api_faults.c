/* APIs that die with requests in hand, leave while clients wait, or share an address: what was answered with 202 is
 * stored once, what was not is sent again under its key. */
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

#define QUEUE	 "/trade-queue/queue/order"
#define BULK	 "/smallcases/bulk/rebalance"
#define CLIENTS	 16
#define ROUNDS	 6

/* The call of order `i`, with a key of its own. */
static struct http_call call_of(struct stack *stack, int i)
{
	return (struct http_call){
	    .method = "POST",
	    .url = QUEUE,
	    .body = stack_text(stack,
			       "{\"user_id\":\"u%d\",\"smallcase_id\":\"sc1\",\"suggestions\":["
			       "{\"symbol\":\"S%03d\",\"action\":\"buy\",\"quantity\":1},"
			       "{\"symbol\":\"S%03d\",\"action\":\"sell\",\"quantity\":2}]}",
			       i % 7, i % 9, 50 + i % 9),
	    .headers = {stack_text(stack, "Idempotency-Key: order %d", i)},
	};
}

/* Killed with many requests in hand, again and again: sent once more under its key, each is stored once. */
static void test_an_api_killed_with_requests_in_hand_stores_each_once(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	struct http_task *tasks[CLIENTS];
	int unanswered = 0;

	for (int round = 0; round < ROUNDS; round++) {
		struct http_call calls[CLIENTS];

		if (round == 0) /* here nobody can have been answered */
			redis_server_freeze(stack->redis);
		for (int i = 0; i < CLIENTS; i++) {
			calls[i] = call_of(stack, round * CLIENTS + i);
			tasks[i] = stack_begin(stack, 0, &calls[i]);
		}
		stack_kill_program(&stack->apis[0]);
		for (int i = 0; i < CLIENTS; i++)
			unanswered += stack_end(stack, tasks[i])->status == 0;
		if (round == 0) {
			assert_int_equal(unanswered, CLIENTS);
			redis_server_thaw(stack->redis);
		}
		stack_start_api(stack, 0);
		stack_wait_ready(stack, 0, 200);
	}
	for (int i = 0; i < ROUNDS * CLIENTS; i++) {
		const struct http_call call = call_of(stack, i);

		assert_int_equal(stack_call(stack, 0, &call)->status, 202);
	}
	assert_int_equal(json_object_size(stack->accepted), ROUNDS * CLIENTS);
	assert_int_equal(stack_redis_int(stack, "HGET muster:{0}:counts queued"), 2 * ROUNDS * CLIENTS);
	(void)stack_process(stack);
	stack_finish(stack);
}

/* Asked to end while a client waits: the client gets the present state, then the API exits with 0. */
static void test_an_api_that_drains_answers_those_who_wait(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const struct http_call call = {.method = "POST",
				       .url = BULK "?wait=60",
				       .body = "[{\"user_id\":\"u1\",\"smallcase_id\":\"sc1\",\"suggestions\":[{"
					       "\"symbol\":\"AAPL\",\"action\":\"buy\","
					       "\"quantity\":4}]}]"};
	const struct http_reply *reply;
	struct http_task *task;

	stack_set_paper(stack, "{\"fill\":\"none\"}");
	task = stack_begin(stack, 0, &call);
	WAIT_UNTIL(stack_redis_int(stack, "ZCARD muster:{0}:blocks:working") == 1);
	stack_end_program(&stack->apis[0]);
	reply = stack_end(stack, task);
	assert_int_equal(reply->status, 202);
	assert_json_text(reply->json, "/orders/0/status", "working");
	stack_set_paper(stack, "{\"fill\":\"at_once\"}");
	stack_start_api(stack, 0);
	stack_wait_ready(stack, 0, 200);
	stack_finish(stack);
}

/* Several processes behind one address; one is killed, the others go on. */
static void test_several_apis_share_one_address(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});

	stack->api_ports[1] = stack->api_ports[0];
	stack_start_api(stack, 1);
	for (int i = 0; i < 60; i++) {
		const struct http_call call = call_of(stack, i);
		int status;

		if (i == 30)
			stack_kill_program(&stack->apis[0]);
		/* One of them may still be on its way up. */
		WAIT_UNTIL((status = stack_call(stack, 1, &call)->status) != 503);
		assert_int_equal(status, 202);
	}
	(void)stack_process(stack);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_an_api_killed_with_requests_in_hand_stores_each_once, stack_teardown),
	    cmocka_unit_test_teardown(test_an_api_that_drains_answers_those_who_wait, stack_teardown),
	    cmocka_unit_test_teardown(test_several_apis_share_one_address, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
