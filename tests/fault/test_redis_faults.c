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
#include "tests/support/order_load.h"
#include "tests/support/wait_until.h"

#define QUEUE "/trade-queue/queue/order"
#define ONE_AAPL                                                                                                       \
	"{\"user_id\":\"A\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"buy\","        \
	"\"quantity\":1}]}"

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
			(void)order_load_refusal(order_load_send(stack, i));
			redis_server_restart(stack->redis);
		}
		order_load_accept(stack, i);
	}
	stack_wait_ready(stack, 0, 200);
	check_all_final(stack);
	assert_int_equal(order_load_stored(stack), 150);
	stack_finish(stack);
}

/* Started before Redis: it listens, says why it cannot accept, and begins to as soon as it can. */
static void test_the_programs_start_before_redis(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.is_redis_away = true});
	const struct http_call call = {.method = "POST", .url = QUEUE, .body = ONE_AAPL};
	const struct http_reply *reply = stack_call(stack, 0, &call);
	const json_t *order;

	assert_string_equal(order_load_refusal(reply), "redis_unavailable");
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
	(void)order_load_refusal(stack_call(stack, 0, &call));
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
	before = order_load_stored(stack);
	assert_string_equal(order_load_refusal(order_load_send(stack, 1)), "redis_unavailable");
	assert_int_equal(order_load_stored(stack), before);
	stack_set_paper(stack, "{\"fill\":\"at_once\"}");
	block = stack_wait_final(stack, order);
	assert_json_text(block, "/orders/0/status", "filled");
	redis_server_run(stack->redis, "CONFIG SET maxmemory 0");
	order_load_accept(stack, 1);
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
	    cmocka_unit_test_teardown(test_a_full_redis_takes_nothing_new_but_completes_what_it_has, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
