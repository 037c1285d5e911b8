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
#define ELEMENTS 30  /* of the bulk call */
#define EACH	 200 /* orders of one element */
#define TRIES	 6

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

		for (int i = 0; i < CLIENTS; i++) {
			calls[i] = call_of(stack, round * CLIENTS + i);
			tasks[i] = stack_begin(stack, 0, &calls[i]);
		}
		stack_kill_program(&stack->apis[0]);
		for (int i = 0; i < CLIENTS; i++)
			unanswered += stack_end(stack, tasks[i])->status == 0;
		stack_start_api(stack, 0);
		stack_wait_ready(stack, 0, 200);
	}
	assert_true(unanswered > 0);
	for (int i = 0; i < ROUNDS * CLIENTS; i++) {
		const struct http_call call = call_of(stack, i);

		assert_int_equal(stack_call(stack, 0, &call)->status, 202);
	}
	assert_int_equal(json_object_size(stack->accepted), ROUNDS * CLIENTS);
	assert_int_equal(stack_redis_int(stack, "HGET muster:{0}:counts queued"), 2 * ROUNDS * CLIENTS);
	(void)stack_process(stack);
	stack_finish(stack);
}

/* The body of the large bulk call; the caller frees it. */
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
			(void)fprintf(out, "%s{\"symbol\":\"S%03d\",\"action\":\"buy\",\"quantity\":%d}", i ? "," : "",
				      i % 5, 1 + u);
		(void)fputs("]}", out);
	}
	(void)fputs("]", out);
	if (fclose(out) != 0)
		abort();
	return body;
}

/* How many orders of the only bulk call are in; 0 where it has not begun. */
static int64_t received(struct stack *stack)
{
	redisReply *keys = redis_server_command(stack->redis, "KEYS muster:{0}:window:bulk-????????????????????");
	int64_t number = 0;

	if (keys->elements > 0)
		number = stack_redis_int(stack, stack_text(stack, "HGET %s received", keys->element[0]->str));
	freeReplyObject(keys);
	return number;
}

/* Sends the bulk call and kills the API while its orders come in; how many were in. */
static int64_t cut_short(struct stack *stack, const struct http_call *call)
{
	struct http_task *task = stack_begin(stack, 0, call);
	int64_t end_us = clock_monotonic_us() + WAIT_MOST_US;

	while (received(stack) <= 0)
		if (clock_monotonic_us() > end_us)
			fail_msg("the bulk call does not begin");
	stack_kill_program(&stack->apis[0]);
	(void)stack_end(stack, task);
	return received(stack);
}

/* How many orders reached the broker. */
static int at_broker(const struct stack *stack)
{
	struct ledger *ledger = ledger_read(stack->ledger_path);
	int count = ledger_accepted(ledger);

	ledger_free(ledger);
	return count;
}

/* Killed between two chunks of a bulk call: nothing of it is executed until the same call completes it. */
static void test_a_bulk_call_cut_short_is_completed_by_the_same_call(void **state)
{
	char *body = large_body();
	const struct http_call call = {
	    .method = "POST", .url = BULK "?wait=30", .body = body, .headers = {"Idempotency-Key: large"}};
	struct stack *stack;
	const json_t *answer;
	int64_t before;

	/* All of it may have been in when the kill came: then from the beginning. */
	for (int i = 0; i < TRIES; i++) {
		stack = *state = stack_start(&(struct stack_options){.workers = 1});
		before = cut_short(stack, &call);
		if (before < ELEMENTS * EACH)
			break;
		stack->passed = true;
		(void)stack_teardown(state);
	}
	assert_non_null(*state);
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
	    cmocka_unit_test_teardown(test_a_bulk_call_cut_short_is_completed_by_the_same_call, stack_teardown),
	    cmocka_unit_test_teardown(test_an_api_that_drains_answers_those_who_wait, stack_teardown),
	    cmocka_unit_test_teardown(test_several_apis_share_one_address, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
