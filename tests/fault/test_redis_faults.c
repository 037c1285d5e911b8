/* Redis gone, frozen, forgetful of scripts, full, or not durable: the API says so, comes back by itself, and whatever
 * it accepted is executed exactly once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/check.h"
#include "tests/support/json_at.h"
#include "tests/support/ledger.h"
#include "tests/support/wait_until.h"

#define QUEUE "/trade-queue/queue/order"
#define ONE_AAPL                                                                                                       \
	"{\"user_id\":\"A\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"buy\","        \
	"\"quantity\":1}]}"

/* Sends order `i` under its own key. */
static const struct http_reply *send_order(struct stack *stack, int i)
{
	const struct http_call call = {
	    .method = "POST",
	    .url = QUEUE,
	    .body = stack_text(stack,
			       "{\"user_id\":\"u%d\",\"smallcase_id\":\"sc1\",\"priority\":\"%s\",\"suggestions\":["
			       "{\"symbol\":\"S%03d\",\"action\":\"%s\",\"quantity\":%d}]}",
			       i % 7, i % 2 ? "high" : "normal", i % 20, i % 3 ? "buy" : "sell", 1 + i % 5),
	    .headers = {stack_text(stack, "Idempotency-Key: order %d", i)},
	};

	return stack_call(stack, 0, &call);
}

/* A 503 as it must be; returns its code. */
static const char *assert_unavailable(const struct http_reply *reply)
{
	const char *code;

	assert_int_equal(reply->status, 503);
	assert_true(atoi(reply->retry_after) > 0);
	code = json_text(reply->json, "/code");
	assert_true(strcmp(code, "redis_unavailable") == 0 || strcmp(code, "outcome_unknown") == 0);
	return code;
}

/* Sends it again under its key until it is accepted; only 503 may come before. */
static void send_until_accepted(struct stack *stack, int i)
{
	int64_t end_us = clock_monotonic_us() + WAIT_MOST_US;
	const struct http_reply *reply;

	while ((reply = send_order(stack, i))->status != 202) {
		(void)assert_unavailable(reply);
		assert_true(clock_monotonic_us() < end_us);
		wait_pause();
	}
}

/* How many orders have been stored, whatever became of them. */
static int64_t stored(struct stack *stack)
{
	redisReply *counts = redis_server_command(stack->redis, "HVALS muster:{0}:counts");
	int64_t sum = 0;

	for (size_t i = 0; i < counts->elements; i++)
		sum += strtoll(counts->element[i]->str, NULL, 10);
	freeReplyObject(counts);
	return sum;
}

/* With appendfsync always, which is what the promise needs: with everysec Redis puts off its writes while a sync is
 * under way, and then even a plain kill loses what it has acknowledged. */
static void test_redis_is_killed_under_load(void **state)
{
	static const char *const durable[] = {"--appendfsync", "always", NULL};
	struct stack *stack = *state = stack_start(&(struct stack_options){
	    .workers = 2, .redis = durable, .settings = {"window.length_s=1", "lanes.coalesce_ms=50"}});

	stack_set_paper(stack, "{\"fill\":\"after_delay\",\"delay_ms\":40}");
	for (int i = 0; i < 150; i++) {
		if (i % 50 == 40) {
			redis_server_kill(stack->redis);
			(void)assert_unavailable(send_order(stack, i));
			redis_server_restart(stack->redis);
		}
		send_until_accepted(stack, i);
	}
	stack_wait_ready(stack, 0, 200);
	check_all_final(stack);
	assert_int_equal(stored(stack), 150);
	stack_finish(stack);
}

/* Started before Redis: it listens, says why it cannot accept, and begins to as soon as it can. */
static void test_the_programs_start_before_redis(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.is_redis_away = true});
	const struct http_call call = {.method = "POST", .url = QUEUE, .body = ONE_AAPL};
	const struct http_reply *reply = stack_call(stack, 0, &call);
	const json_t *order;

	assert_string_equal(assert_unavailable(reply), "redis_unavailable");
	(void)stack_get(stack, 200, "/healthz");
	assert_json_text(stack_get(stack, 503, "/readyz"), "/code", "redis_unavailable");
	assert_json_text(stack_get(stack, 503, "/trade-queue/queue/status"), "/code", "redis_unavailable");
	assert_json_text(stack_get(stack, 503, "/orders/00000000000000000000-0"), "/code", "redis_unavailable");
	(void)stack_put(stack, 503, "/stocks/AAPL", "{\"price\":1}");
	(void)stack_delete(stack, 503, QUEUE "/00000000000000000000");
	stack_start_worker_unseen(stack, 0);

	redis_server_restart(stack->redis);
	stack_wait_ready(stack, 0, 200);
	stack_put_stocks(stack);
	order = stack_queue_one(stack, "A", "buy", "AAPL", "3");
	(void)stack_process(stack);
	assert_json_text(stack_wait_final(stack, order), "/orders/0/filled_quantity", "3");
	stack_finish(stack);
}

/* A Redis that forgets what it acknowledged is refused: at the start the API ends and says how to mend it, a worker
 * waits and says so too; later, orders are refused until it is mended. */
static void test_a_redis_that_may_lose_orders_is_refused(void **state)
{
	static const char *const forgetful[] = {"--appendonly", "no", NULL};
	struct stack *stack = *state = stack_start(&(struct stack_options){.is_redis_away = true, .redis = forgetful});
	const struct http_call call = {.method = "POST", .url = QUEUE, .body = ONE_AAPL};
	const json_t *order;

	redis_server_restart(stack->redis);
	assert_int_equal(process_wait(stack->apis[0]), 1);
	assert_true(process_log_has(stack->apis[0], "needs appendonly yes"));
	stack_start_worker_unseen(stack, 0);
	WAIT_UNTIL(process_log_has(stack->workers[0], "needs appendonly yes"));
	assert_int_equal(stack_redis_int(stack, "DBSIZE"), 0);

	redis_server_run(stack->redis, "CONFIG SET appendonly yes");
	stack_start_api(stack, 0);
	stack_wait_ready(stack, 0, 200);
	stack_put_stocks(stack);
	if (!process_is_running(stack->workers[0]))
		stack_start_worker(stack, 0);
	order = stack_queue_one(stack, "A", "buy", "AAPL", "3");
	(void)stack_process(stack);
	assert_json_text(stack_wait_final(stack, order), "/orders/0/status", "filled");

	redis_server_run(stack->redis, "CONFIG SET maxmemory-policy allkeys-lru");
	stack_wait_ready(stack, 0, 503);
	assert_non_null(strstr(json_text(stack_get(stack, 503, "/readyz"), "/detail"), "noeviction"));
	(void)assert_unavailable(stack_call(stack, 0, &call));
	redis_server_run(stack->redis, "CONFIG SET maxmemory-policy noeviction");
	stack_wait_ready(stack, 0, 200);
	stack_finish(stack);
}

/* Relaxed: it is only said. */
static void test_relaxed_durability_only_warns(void **state)
{
	static const char *const forgetful[] = {"--appendonly", "no", NULL};
	struct stack *stack = *state = stack_start(
	    &(struct stack_options){.workers = 1, .redis = forgetful, .settings = {"redis.durability=relaxed"}});
	const json_t *order = stack_queue_one(stack, "A", "buy", "AAPL", "3");

	(void)stack_process(stack);
	assert_json_text(stack_wait_final(stack, order), "/orders/0/status", "filled");
	assert_true(process_log_has(stack->apis[0], "appendonly"));
	stack_finish(stack);
}

/* Redis does not answer in time: the outcome is unknown, and the same key finds out. */
static void test_an_order_of_unknown_outcome_is_found_by_its_key(void **state)
{
	struct stack *stack = *state =
	    stack_start(&(struct stack_options){.workers = 1, .settings = {"redis.timeout_ms=2000"}});
	const struct http_reply *reply;

	redis_server_freeze(stack->redis);
	reply = send_order(stack, 0);
	assert_string_equal(assert_unavailable(reply), "outcome_unknown");
	redis_server_thaw(stack->redis);
	send_until_accepted(stack, 0);
	assert_int_equal(stored(stack), 1);
	(void)stack_process(stack);
	stack_finish(stack);
}

/* Scripts are flushed and connections cut all the time. */
static void test_orders_flow_while_scripts_and_connections_vanish(void **state)
{
	struct stack *stack = *state = stack_start(
	    &(struct stack_options){.workers = 2, .settings = {"window.length_s=1", "lanes.coalesce_ms=50"}});

	stack_set_paper(stack, "{\"fill\":\"after_delay\",\"delay_ms\":40}");
	for (int i = 0; i < 120; i++) {
		if (i % 2 == 0)
			redis_server_run(stack->redis, "SCRIPT FLUSH SYNC");
		if (i % 30 == 29)
			redis_server_run(stack->redis, "CLIENT KILL TYPE normal SKIPME yes");
		if (i % 40 == 39)
			redis_server_run(stack->redis, "CLIENT KILL TYPE pubsub");
		send_until_accepted(stack, i);
	}
	stack_wait_ready(stack, 0, 200);
	check_all_final(stack);
	assert_int_equal(stored(stack), 120);
	stack_finish(stack);
}

/* Memory is full: nothing new is taken, but what was taken is completed. */
static void test_a_full_redis_takes_nothing_new_but_completes_what_it_has(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *order = stack_queue_one(stack, "A", "buy", "AAPL", "3"), *block;
	int64_t before;

	stack_set_paper(stack, "{\"fill\":\"none\"}");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(
	    strcmp(json_text(stack_get(stack, 200, QUEUE "/%s", json_text(order, "/queue_id")), "/orders/0/status"),
		   "working") == 0);
	redis_server_run(stack->redis, "CONFIG SET maxmemory 1");
	before = stored(stack);
	assert_string_equal(assert_unavailable(send_order(stack, 1)), "redis_unavailable");
	assert_int_equal(stored(stack), before);
	stack_set_paper(stack, "{\"fill\":\"at_once\"}");
	block = stack_wait_final(stack, order);
	assert_json_text(block, "/orders/0/status", "filled");
	redis_server_run(stack->redis, "CONFIG SET maxmemory 0");
	send_until_accepted(stack, 1);
	(void)stack_process(stack);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_redis_is_killed_under_load, stack_teardown),
	    cmocka_unit_test_teardown(test_the_programs_start_before_redis, stack_teardown),
	    cmocka_unit_test_teardown(test_a_redis_that_may_lose_orders_is_refused, stack_teardown),
	    cmocka_unit_test_teardown(test_relaxed_durability_only_warns, stack_teardown),
	    cmocka_unit_test_teardown(test_an_order_of_unknown_outcome_is_found_by_its_key, stack_teardown),
	    cmocka_unit_test_teardown(test_orders_flow_while_scripts_and_connections_vanish, stack_teardown),
	    cmocka_unit_test_teardown(test_a_full_redis_takes_nothing_new_but_completes_what_it_has, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
