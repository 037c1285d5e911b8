/* How long a dead worker's blocks stand still: workers are killed (SIGKILL) with blocks in hand, again and again, and
 * each of those blocks must be in another hand within the lease and two seconds. MUSTER_KILLS says how often; the
 * figures are printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/redis_read.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

#define KILLS_USUAL 10
#define KILLS_MOST  1000
#define BLOCKS_EACH 8 /* queued before each kill */
#define BLOCKS_MOST 64
#define LEASE_MS    1000
#define BEYOND_MS   2000
#define STALL_US    40000

/* The blocks that one worker has in hand. */
struct hand {
	char worker[320];
	char blocks[BLOCKS_MOST][48];
	size_t count;
};

/* Who has the block now; "" where nobody. */
static void read_holder(struct stack *stack, const char *block, char *holder, size_t size)
{
	redisReply *hash = redis_hash(stack->redis, stack_text(stack, "muster:{0}:block:%s", block));

	(void)snprintf(holder, size, "%s", redis_field(hash, "worker"));
	freeReplyObject(hash);
}

/* Looks what the worker of this process has in hand. */
static void read_hand(struct stack *stack, const struct process *process, struct hand *hand)
{
	redisReply *blocks = redis_server_command(stack->redis, "ZRANGE muster:{0}:blocks 0 -1");
	char host[256] = "", holder[320];

	(void)gethostname(host, sizeof host - 1);
	(void)snprintf(hand->worker, sizeof hand->worker, "%s:%d", host, (int)process_pid(process));
	hand->count = 0;
	for (size_t i = 0; i < blocks->elements && hand->count < BLOCKS_MOST; i++) {
		read_holder(stack, blocks->element[i]->str, holder, sizeof holder);
		if (strcmp(holder, hand->worker) == 0)
			(void)snprintf(hand->blocks[hand->count++], sizeof hand->blocks[0], "%s",
				       blocks->element[i]->str);
	}
	freeReplyObject(blocks);
}

/* Waits until the dead worker's blocks are in another hand, or done; how long that took. A look is due every 10 ms: where
 * one comes much later the whole machine stood still, which is not the recovery that is measured, and counts as STALL_US. */
static int64_t time_moving_on(struct stack *stack, struct hand *hand)
{
	int64_t start_us = clock_monotonic_us(), now_us = start_us, took_us = 0;
	char holder[320];

	while (hand->count > 0) {
		int64_t step_us = clock_monotonic_us() - now_us;

		now_us += step_us;
		took_us += step_us < STALL_US ? step_us : STALL_US;
		read_holder(stack, hand->blocks[hand->count - 1], holder, sizeof holder);
		if (strcmp(holder, hand->worker) != 0)
			hand->count--;
		else if (now_us - start_us > WAIT_MOST_US)
			fail_msg("block %s stands still", hand->blocks[hand->count - 1]);
		else
			wait_pause();
	}
	return took_us / 1000;
}

/* Kills a worker that has blocks in hand, starts another one in its place. */
static int64_t kill_one(struct stack *stack, int round)
{
	struct hand hand = {.count = 0};
	int64_t took_ms;
	int i = 0;

	for (int block = 0; block < BLOCKS_EACH; block++)
		(void)stack_queue_one(stack, "A", "buy",
				      stack_text(stack, "S%03d", (round * BLOCKS_EACH + block) % 200), "3");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	for (int64_t end_us = clock_monotonic_us() + WAIT_MOST_US; hand.count == 0; i = 1 - i) {
		read_hand(stack, stack->workers[i], &hand);
		if (hand.count > 0)
			break;
		if (clock_monotonic_us() > end_us)
			fail_msg("no worker has anything in hand");
	}
	stack_kill_program(&stack->workers[i]);
	took_ms = time_moving_on(stack, &hand);
	stack_start_worker(stack, i);
	return took_ms;
}

static int compare_times(const void *a, const void *b)
{
	int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

	return (one > other) - (one < other);
}

/* How often to kill. */
static size_t kill_count(void)
{
	const char *text = getenv("MUSTER_KILLS");
	long kills = text ? strtol(text, NULL, 10) : KILLS_USUAL;

	return kills < 1 ? 1 : kills > KILLS_MOST ? KILLS_MOST : (size_t)kills;
}

static void test_blocks_of_a_dead_worker_move_on(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 2});
	size_t kills = kill_count();
	int64_t times_ms[KILLS_MOST];

	stack_set_paper(stack, "{\"reply_delay_ms\":300}"); /* so that blocks are in hand for a while */
	for (size_t k = 0; k < kills; k++)
		times_ms[k] = kill_one(stack, (int)k);
	stack_set_paper(stack, "{\"reply_delay_ms\":0}");
	qsort(times_ms, kills, sizeof times_ms[0], compare_times);
	print_message("recovery after kill -9: %zu kills, lease %d ms: p50 %lld ms, p99 %lld ms, worst %lld ms\n",
		      kills, LEASE_MS, (long long)times_ms[kills / 2], (long long)times_ms[(kills * 99 - 1) / 100],
		      (long long)times_ms[kills - 1]);
	assert_in_range(times_ms[kills - 1], 0, LEASE_MS + BEYOND_MS);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_blocks_of_a_dead_worker_move_on, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
