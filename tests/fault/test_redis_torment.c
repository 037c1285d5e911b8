/* Orders flow while Redis's connections are cut and its scripts forgotten all the time: each is stored once and ends
 * exactly. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "tests/support/check.h"
#include "tests/support/order_load.h"
#include "tests/support/wait_until.h"

#define LOAD 40

/* Windows of a second, two workers, a broker that takes its time. */
static struct stack *start(void)
{
	struct stack *stack = stack_start(
	    &(struct stack_options){.workers = 2, .settings = {"window.length_s=1", "lanes.coalesce_ms=50"}});

	stack_set_paper(stack, "{\"fill\":\"after_delay\",\"delay_ms\":40}");
	return stack;
}

/* What a tormentor does to Redis, every so many milliseconds, on a connection of its own. */
struct torment {
	struct stack *stack;
	const char *command;
	long every_ms;
	atomic_bool is_over;
	atomic_int times;
};

static void *torment_run(void *arg)
{
	struct torment *torment = arg;
	const struct timespec pause = {0, torment->every_ms * 1000000};
	redisContext *redis = redisConnectUnix(redis_server_socket(torment->stack->redis));

	while (redis && !redis->err && !torment->is_over) {
		freeReplyObject(redisCommand(redis, torment->command));
		torment->times++;
		(void)nanosleep(&pause, NULL);
	}
	redisFree(redis);
	return NULL;
}

/* A load of orders under it. */
static void load_under(struct stack *stack, const char *command, long every_ms)
{
	struct torment torment = {.stack = stack, .command = command, .every_ms = every_ms};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, torment_run, &torment), 0);
	for (int i = 0; i < LOAD; i++)
		order_load_accept(stack, i);
	WAIT_UNTIL(torment.times > 10);
	torment.is_over = true;
	(void)pthread_join(thread, NULL);
	stack_wait_ready(stack, 0, 200);
	assert_int_equal(order_load_stored(stack), LOAD);
	assert_int_equal(stack_redis_int(stack, "EXISTS muster:{0}:halts"), 0);
	stack_finish(stack);
}

static void test_connections_cut_every_50_ms(void **state)
{
	struct stack *stack = *state = start();

	load_under(stack, "CLIENT KILL TYPE normal SKIPME yes", 50);
}

static void test_subscriptions_cut_every_50_ms(void **state)
{
	struct stack *stack = *state = start();

	load_under(stack, "CLIENT KILL TYPE pubsub", 50);
}

static void test_scripts_flushed_in_a_loop(void **state)
{
	struct stack *stack = *state = start();

	load_under(stack, "SCRIPT FLUSH SYNC", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_connections_cut_every_50_ms, stack_teardown),
	    cmocka_unit_test_teardown(test_subscriptions_cut_every_50_ms, stack_teardown),
	    cmocka_unit_test_teardown(test_scripts_flushed_in_a_loop, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
