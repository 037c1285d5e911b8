/* Redis frozen, paused, loading, demoted, on a full disk, its connections and scripts vanishing all the time: nothing
 * that was acknowledged is lost, nothing is executed twice, and all goes on by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/check.h"
#include "tests/support/json_at.h"
#include "tests/support/order_load.h"
#include "tests/support/wait_until.h"

#define IMPATIENT "redis.timeout_ms=1000"

static const char *const always[] = {"--appendfsync", "always", NULL};
static const char *const everysec[] = {"--appendfsync", "everysec", NULL};

/* Windows of a second, two workers, a broker that takes its time; `patience` is an option, or NULL. */
static struct stack *start(const char *const *redis, const char *patience)
{
	struct stack *stack = stack_start(&(struct stack_options){
	    .workers = 2, .redis = redis, .settings = {"window.length_s=1", "lanes.coalesce_ms=50", patience}});

	stack_set_paper(stack, "{\"fill\":\"after_delay\",\"delay_ms\":40}");
	return stack;
}

/* Sends orders from..to-1 until each is accepted. */
static void load(struct stack *stack, int from, int to)
{
	for (int i = from; i < to; i++)
		order_load_accept(stack, i);
}

/* All that was accepted is exactly what is stored, and ends exactly. */
static void finish(struct stack *stack, int orders)
{
	stack_wait_ready(stack, 0, 200);
	assert_int_equal(order_load_stored(stack), orders);
	assert_int_equal(stack_redis_int(stack, "EXISTS muster:{0}:halts"), 0);
	stack_finish(stack);
}

/* All workers have noticed that Redis is away. */
static void wait_until_missed(struct stack *stack)
{
	for (int i = 0; i < 2; i++)
		WAIT_UNTIL(process_log_has(stack->workers[i], "event=redis_down link=calls"));
}

/* Frozen for longer than every patience: outcomes are unknown, and become known. */
static void test_frozen(void **state)
{
	struct stack *stack = *state = start(NULL, IMPATIENT);

	load(stack, 0, 10);
	redis_server_freeze(stack->redis);
	WAIT_UNTIL(order_load_is_unknown(stack, 10));
	wait_until_missed(stack);
	assert_string_equal(order_load_refusal(order_load_send(stack, 11)), "redis_unavailable");
	redis_server_thaw(stack->redis);
	load(stack, 10, 20);
	finish(stack, 20);
}

/* CLIENT PAUSE, of all commands and of writes only. */
static void test_paused(void **state)
{
	static const char *const what[] = {"ALL", "WRITE"};
	struct stack *stack = *state = start(NULL, IMPATIENT);

	for (int i = 0; i < 2; i++) {
		load(stack, 20 * i, 20 * i + 10);
		redis_server_run(stack->redis, "CLIENT PAUSE 1600 %s", what[i]);
		WAIT_UNTIL(order_load_is_unknown(stack, 20 * i + 10));
		load(stack, 20 * i + 10, 20 * i + 20);
	}
	finish(stack, 40);
}

/* While it loads its data it is not ready, and nothing is taken. */
static void test_loading(void **state)
{
	static const char *const slow[] = {"--appendfsync", "always", "--key-load-delay", "60", NULL};
	struct stack *stack = *state = start(always, NULL);

	load(stack, 0, 20);
	redis_server_run(stack->redis, "EVAL %s 0", "for i = 1, 20000 do redis.call('SET', 'filler:' .. i, i) end");
	redis_server_kill(stack->redis);
	redis_server_restart_with(stack->redis, slow);
	WAIT_UNTIL(process_log_has(stack->apis[0], "loading"));
	load(stack, 20, 40);
	finish(stack, 40);
}

/* A full disk with appendfsync always: Redis ends before it acknowledges anything. */
static void test_disk_full_always(void **state)
{
	struct stack *stack = *state = start(always, NULL);

	load(stack, 0, 10);
	redis_server_fill_disk(stack->redis);
	(void)order_load_refusal(order_load_send(stack, 10));
	WAIT_UNTIL(redis_server_has_ended(stack->redis));
	redis_server_restart(stack->redis);
	load(stack, 10, 20);
	finish(stack, 20);
}

/* With everysec it refuses writes until there is room again; what it has acknowledged before is in its memory. */
static void test_disk_full_everysec(void **state)
{
	struct stack *stack = *state = start(everysec, NULL);
	int taken = 10;

	load(stack, 0, 10);
	redis_server_fill_disk(stack->redis);
	while (order_load_send(stack, taken)->status == 202)
		taken++;
	assert_string_equal(order_load_refusal(order_load_send(stack, taken)), "redis_unavailable");
	redis_server_free_disk(stack->redis);
	load(stack, taken, taken + 10);
	finish(stack, taken + 10);
}

/* Demoted under load: a replica is never written to, and not read as if it were the truth. */
static void test_demoted(void **state)
{
	struct stack *stack = *state = start(NULL, NULL);
	redisReply *before, *after;

	load(stack, 0, 20);
	redis_server_run(stack->redis, "REPLICAOF 127.0.0.1 1");
	before = redis_server_command(stack->redis, "DEBUG DIGEST");
	assert_string_equal(order_load_refusal(order_load_send(stack, 20)), "redis_unavailable");
	wait_until_missed(stack);
	stack_wait_ready(stack, 0, 503);
	WAIT_UNTIL(strstr(json_text(stack_get(stack, 503, "/readyz"), "/detail"), "replica"));
	assert_true(process_log_has(stack->workers[0], "this is a replica") ||
		    process_log_has(stack->workers[0], "it has become a replica"));
	after = redis_server_command(stack->redis, "DEBUG DIGEST");
	assert_string_equal(before->str, after->str);
	freeReplyObject(before);
	freeReplyObject(after);
	redis_server_run(stack->redis, "REPLICAOF NO ONE");
	load(stack, 20, 40);
	finish(stack, 40);
}

/* A key of another type stops what needs it, says which one it is, and nothing else; mended, all goes on. */
static void test_spoiled_key(void **state)
{
	struct stack *stack = *state = start(NULL, NULL);

	load(stack, 0, 20);
	stack_wait_ready(stack, 0, 200);
	check_all_final(stack);
	redis_server_run(stack->redis, "RENAME muster:{0}:blocks:allocated muster:{0}:kept");
	redis_server_run(stack->redis, "SET muster:{0}:blocks:allocated spoiled");
	load(stack, 20, 40);
	WAIT_UNTIL(process_log_has(stack->workers[0], "event=redis_key_spoiled") ||
		   process_log_has(stack->workers[1], "event=redis_key_spoiled"));
	redis_server_run(stack->redis, "RENAME muster:{0}:kept muster:{0}:blocks:allocated");
	finish(stack, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_frozen, stack_teardown),
	    cmocka_unit_test_teardown(test_paused, stack_teardown),
	    cmocka_unit_test_teardown(test_loading, stack_teardown),
	    cmocka_unit_test_teardown(test_disk_full_always, stack_teardown),
	    cmocka_unit_test_teardown(test_disk_full_everysec, stack_teardown),
	    cmocka_unit_test_teardown(test_demoted, stack_teardown),
	    cmocka_unit_test_teardown(test_spoiled_key, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
