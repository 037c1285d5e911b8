/* The auditor on a system that works: it tells what is in flight and calls nothing wrong that only moved; and it reads
 * the broker's own API as well as a ledger's file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/check_audit.h"
#include "tests/support/json_at.h"
#include "tests/support/redis_read.h"
#include "tests/support/wait_until.h"

#define ROUNDS	  12
#define AT_A_TIME 24
#define FOREIGN	  1030 /* two pages of orders and more, eleven of fills */

/* Runs the auditor and expects an exit code and a text in what it prints; whether it saw anything in flight. */
static bool expect(struct stack *stack, const char *const *arguments, int code, const char *text)
{
	char *output;
	int result = audit_run(stack, arguments, &output);
	bool is_in_flight;

	if (result != code || !strstr(output, text))
		fail_msg("exit code %d and not %d, or no \"%s\":\n%s", result, code, text, output);
	is_in_flight = !strstr(output, ", 0 in flight");
	free(output);
	return is_in_flight;
}

static void test_what_has_not_ended_is_in_flight(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 0});
	const char *const live[] = {"--ledger", stack->ledger_path, NULL};
	const char *const quiet[] = {"--ledger", stack->ledger_path, "--quiet-expected", NULL};

	(void)expect(stack, quiet, 0, "audited 0 blocks, 0 orders, 0 fills, 0 in flight: 0 violations");
	(void)stack_queue_one(stack, "a", "buy", "AAPL", "10");
	(void)stack_queue_one(stack, "b", "buy", "AAPL", "5.0");
	(void)expect(stack, live, 0, " is queued: 2 orders, buy 15 AAPL\n");
	(void)expect(stack, live, 0, "audited 1 blocks, 2 orders, 0 fills, 1 in flight: 0 violations");
	(void)expect(stack, quiet, 1, ": it should have ended and is queued: 2 orders, buy 15 AAPL\n");
	stack_set_paper(stack, "{\"fill\":\"none\"}");
	stack_start_worker(stack, 0);
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(stack_redis_int(stack, "ZCARD muster:{0}:blocks:working") == 1);
	(void)expect(stack, live, 0, " is working");
	(void)expect(stack, quiet, 1, "I11 block ");
	stack_finish_unchecked(stack);
}

/* The script that sets a block aside, run by hand. */
static void review_block(struct stack *stack, const char *block_id)
{
	char path[512], *script = NULL;
	size_t size = 0;
	FILE *file;
	redisReply *block = redis_hash(stack->redis, stack_text(stack, "muster:{0}:block:%s", block_id)), *reply;

	(void)snprintf(path, sizeof path, "%s/lua/review.lua", stack->build);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_true(getdelim(&script, &size, '\0', file) > 0);
	(void)fclose(file);
	reply = redis_server_command(stack->redis, "EVAL %s 1 muster:{0} %s %s because evidence", script, block_id,
				     redis_field(block, "fence"));
	assert_string_equal(reply->element[0]->str, "needs_review");
	freeReplyObject(reply);
	freeReplyObject(block);
	free(script);
}

static void test_what_waits_for_a_person_is_neither_in_flight_nor_wrong(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const char *const quiet[] = {"--ledger", stack->ledger_path, "--quiet-expected", NULL};
	redisReply *ids;

	stack_set_paper(stack, "{\"fill\":\"none\"}");
	(void)stack_queue_one(stack, "a", "buy", "AAPL", "10");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(stack_redis_int(stack, "ZCARD muster:{0}:blocks:working") == 1);
	stack_end_program(&stack->workers[0]);
	ids = redis_server_command(stack->redis, "ZRANGE muster:{0}:blocks:working 0 -1");
	review_block(stack, ids->element[0]->str);
	freeReplyObject(ids);
	(void)expect(stack, quiet, 0, "audited 1 blocks, 1 orders, 0 fills, 0 in flight, 1 in review: 0 violations");
	stack_finish_unchecked(stack);
}

/* A request of two orders; every fourth waits for its window. */
static const char *make_body(struct stack *stack, int round, int i)
{
	return stack_text(stack,
			  "{\"user_id\":\"u%d\",\"smallcase_id\":\"sc1\",\"priority\":\"%s\",\"suggestions\":["
			  "{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":%d},"
			  "{\"symbol\":\"S%03d\",\"action\":\"sell\",\"quantity\":3}]}",
			  i, i % 4 ? "high" : "normal", round + 1, i + round);
}

/* A system under way changes under the auditor's eyes all the time, and must never be accused of it. */
static void test_a_system_under_way_is_never_accused(void **state)
{
	struct stack *stack = *state =
	    stack_start(&(struct stack_options){.workers = 2, .settings = {"lanes.coalesce_ms=10"}});
	const char *const live[] = {"--ledger", stack->ledger_path, NULL};
	int moved = 0;

	stack_set_paper(stack, "{\"fill\":\"in_parts\",\"parts\":3,\"delay_ms\":5,\"price_step\":\"0.01\","
			       "\"commission_per_order\":\"1\"}");
	for (int round = 0; round < ROUNDS; round++) {
		struct http_task *tasks[AT_A_TIME];

		for (int i = 0; i < AT_A_TIME; i++) {
			const struct http_call call = {
			    .method = "POST", .url = "/trade-queue/queue/order", .body = make_body(stack, round, i)};

			tasks[i] = stack_begin(stack, 0, &call);
		}
		moved += expect(stack, live, 0, ": 0 violations");
		for (int i = 0; i < AT_A_TIME; i++)
			assert_int_equal(stack_end(stack, tasks[i])->status, 202);
		if (round % 3 == 2)
			(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
		moved += expect(stack, live, 0, ": 0 violations");
	}
	assert_true(moved > 0);
	(void)stack_process(stack);
	stack_finish(stack);
}

/* Orders in the account that are none of ours: they fill the broker's pages. */
static void fill_account(struct stack *stack)
{
	for (int i = 0; i < FOREIGN; i++) {
		const char *url = stack_text(stack, "http://127.0.0.1:%d/v2/orders", stack->paper_port);
		const char *body = stack_text(stack,
					      "{\"symbol\":\"AAPL\",\"qty\":\"1\",\"side\":\"buy\",\"type\":\"market\","
					      "\"time_in_force\":\"day\",\"client_order_id\":\"foreign-%d\"}",
					      i);
		struct http_reply *reply = http_call(&(struct http_call){.method = "POST", .url = url, .body = body});

		assert_int_equal(reply->status, 200);
		http_reply_free(reply);
	}
}

static void test_the_brokers_own_api_tells_the_same_as_its_ledger(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const char *const api[] = {"--broker", "paper", "--quiet-expected", NULL};
	const char *const both[] = {"--broker", "paper", "--ledger", stack->ledger_path, NULL};
	const json_t *answer, *order;
	const char *block_id;

	stack_set_paper(stack,
			"{\"commission_per_order\":\"0.35\",\"symbols\":{\"MSFT\":{\"fill\":\"in_parts\",\"parts\":3,"
			"\"fill_quantity\":\"7\",\"then\":\"expired\",\"price_step\":\"0.01\"}}}");
	(void)stack_queue_one(stack, "a", "buy", "AAPL", "10");
	(void)stack_process(stack);
	fill_account(stack);
	answer = stack_queue_one(stack, "b", "buy", "MSFT", "9");
	(void)stack_queue_one(stack, "c", "buy", "MSFT", "4");
	(void)stack_process(stack);
	order = json_at(stack_wait_final(stack, answer), "/orders/0");
	block_id = stack_text(stack, "%s", json_text(order, "/block_id"));
	WAIT_UNTIL(stack_redis_int(stack, "EXISTS muster:{0}:windows:working") == 0);
	stack_end_program(&stack->workers[0]);
	(void)expect(stack, api, 0, "audited 2 blocks, 3 orders, 4 fills, 0 in flight: 0 violations");
	(void)expect(stack, both, 0, "audited 2 blocks, 3 orders, 4 fills, 0 in flight: 0 violations");
	redis_server_run(stack->redis, "HSET muster:{0}:block:%s filled_quantity 6", block_id);
	(void)expect(stack, api, 1,
		     stack_text(stack, "I6 block %s: filled quantity: 6 is not the 7 of its fills", block_id));
	redis_server_run(stack->redis, "HSET muster:{0}:block:%s filled_quantity 7", block_id);
	stack_end_program(&stack->paper);
	(void)expect(stack, api, 3, "the broker paper cannot be reached");
	stack_start_paper(stack);
	stack_finish_unchecked(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_what_has_not_ended_is_in_flight, stack_teardown),
	    cmocka_unit_test_teardown(test_what_waits_for_a_person_is_neither_in_flight_nor_wrong, stack_teardown),
	    cmocka_unit_test_teardown(test_a_system_under_way_is_never_accused, stack_teardown),
	    cmocka_unit_test_teardown(test_the_brokers_own_api_tells_the_same_as_its_ledger, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
