/* Zombies: a worker is stopped at each fault point for longer than its lease while another one takes over. Then it goes
 * on, in the middle of what it was doing, and changes nothing. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared/script.h"
#include "tests/support/fault_walk.h"
#include "tests/support/wait_until.h"

/* What a worker that wakes up may still have to say on its way: its calls to the broker have ended by then. */
#define AFTERMATH_MS 400

/* The lease of the one that takes over. */
#define LEASE_MS 60000

/* Longer than the lease of the walk. */
#define STOPPED_MS 450

/* Whether a signal has stopped the process. */
static bool is_stopped(const struct process *process)
{
	char path[64], text[512] = "";
	const char *state;
	FILE *file;

	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)process_pid(process));
	file = fopen(path, "re");
	if (!file)
		return false;
	(void)fgets(text, sizeof text, file);
	(void)fclose(file);
	state = strrchr(text, ')');
	return state && state[1] && state[2] == 'T';
}

/* Redis's own time, and when it last heard of a worker. */
static int64_t redis_now_ms(struct stack *stack)
{
	redisReply *reply = redis_server_command(stack->redis, "TIME");
	int64_t now_ms =
	    strtoll(reply->element[0]->str, NULL, 10) * 1000 + strtoll(reply->element[1]->str, NULL, 10) / 1000;

	freeReplyObject(reply);
	return now_ms;
}

static int64_t heard_at_ms(struct stack *stack, int i)
{
	char host[256] = "";

	(void)gethostname(host, sizeof host - 1);
	return stack_redis_int(stack, stack_text(stack, "HGET muster:{0}:worker:%s:%d seen_at", host,
						 (int)process_pid(stack->workers[i])));
}

/* One fingerprint a key, of all keys but those that a worker may write without a block in hand: that it is alive, and
 * how far it has swept. */
static const char fingerprint[] =
    "local result = {} "
    "local read = {hash = {'HGETALL', 2}, zset = {'ZRANGE', 2, 0, -1, 'WITHSCORES'}, set = {'SMEMBERS', 1}, "
    "              stream = {'XRANGE', 1, '-', '+'}, string = {'GET'}} "
    "local keys = redis.call('KEYS', '*') "
    "table.sort(keys) "
    "for _, key in ipairs(keys) do "
    "  local how = read[redis.call('TYPE', key).ok] "
    "  local value, lines = redis.call(how[1], key, unpack(how, 3)), {} "
    "  if type(value) == 'string' then value = {value} end "
    "  for i = 1, #value, how[2] or 1 do "
    "    lines[#lines + 1] = cjson.encode({value[i], how[2] == 2 and value[i + 1] or ''}) "
    "  end "
    "  table.sort(lines) "
    "  if not key:find('^muster:{0}:worker') and key ~= 'muster:{0}:sweep' then "
    "    result[#result + 1] = key .. ' ' .. redis.call('PEXPIRETIME', key) .. ' ' "
    "      .. redis.sha1hex(table.concat(lines, '\\n')) "
    "  end "
    "end "
    "return result";

/* Everything in Redis, as fingerprints. */
static redisReply *take_fingerprints(struct stack *stack)
{
	redisReply *reply = redis_server_command(stack->redis, "EVAL %s 0", fingerprint);

	assert_int_equal(reply->type, REDIS_REPLY_ARRAY);
	assert_true(reply->elements > 0);
	return reply;
}

/* Both are the same. */
static void assert_unchanged(redisReply *before, redisReply *after)
{
	for (size_t i = 0; i < before->elements && i < after->elements; i++)
		if (strcmp(before->element[i]->str, after->element[i]->str) != 0)
			fail_msg("the zombie has changed something: %s is now %s", before->element[i]->str,
				 after->element[i]->str);
	assert_int_equal(before->elements, after->elements);
	freeReplyObject(before);
	freeReplyObject(after);
}

/* Lets the stopped worker go on, until all that it was doing is behind it. */
static void wake(struct stack *stack, bool is_draining)
{
	int64_t awake_ms = redis_now_ms(stack) + AFTERMATH_MS;

	process_signal(stack->workers[0], SIGCONT);
	if (!is_draining) {
		WAIT_UNTIL(heard_at_ms(stack, 0) > awake_ms);
		return;
	}
	assert_int_equal(process_wait(stack->workers[0]), 0);
	process_free(stack->workers[0]);
	stack->workers[0] = NULL;
}

/* Runs a script as a worker would. */
static redisReply *run_script(struct stack *stack, enum script_id id, const char *args)
{
	const struct script *script = script_get(id);
	const char *words[300] = {"EVAL", script->text, "1", "muster:{0}"};
	size_t count = 4;
	char *text = strdup(args), *rest = text;
	redisContext *redis = redisConnectUnix(redis_server_socket(stack->redis));
	redisReply *reply;

	assert_true(redis && !redis->err && text);
	while (rest && *rest && count < sizeof words / sizeof words[0])
		words[count++] = strsep(&rest, " ");
	reply = redisCommandArgv(redis, (int)count, words, NULL);
	if (!reply || reply->type == REDIS_REPLY_ERROR)
		fail_msg("%s: %s", script->name, reply ? reply->str : redis->errstr);
	redisFree(redis);
	free(text);
	return reply;
}

/* The test itself takes over, as another worker would: seals what is due, claims every block, and does nothing yet. */
static void take_over(struct stack *stack)
{
	const struct timespec lease = {0, (STOPPED_MS % 1000) * 1000000};
	const char *claim = stack_text(stack, "another:1 %d 1000 another 1 0 0 5", LEASE_MS);
	redisReply *blocks;
	bool is_sealed = false;

	(void)nanosleep(&lease, NULL);
	while (!is_sealed) {
		redisReply *reply = run_script(stack, SCRIPT_SEAL, "100 604800000");

		is_sealed = strcmp(reply->element[0]->str, "idle") == 0;
		freeReplyObject(reply);
	}
	/* What is not due yet the zombie could claim rightly while it is watched: it is due now, and so ours. */
	blocks = redis_server_command(stack->redis, "ZRANGE muster:{0}:blocks 0 -1");
	for (size_t i = 0; i < blocks->elements; i++)
		redis_server_run(stack->redis, "ZADD muster:{0}:blocks XX 0 %s", blocks->element[i]->str);
	freeReplyObject(blocks);
	while (stack_redis_int(stack, stack_text(stack, "ZCOUNT muster:{0}:blocks -inf %lld",
						 (long long)redis_now_ms(stack) + LEASE_MS / 2)) > 0) {
		freeReplyObject(run_script(stack, SCRIPT_CLAIM, claim));
		wait_pause();
	}
}

/* Gives all blocks back. */
static void hand_over(struct stack *stack)
{
	redisReply *blocks = redis_server_command(stack->redis, "ZRANGE muster:{0}:blocks 0 -1");

	for (size_t i = 0; i < blocks->elements; i++) {
		const char *id = blocks->element[i]->str;
		int64_t fence = stack_redis_int(stack, stack_text(stack, "HGET muster:{0}:block:%s fence", id));

		freeReplyObject(
		    run_script(stack, SCRIPT_RELEASE, stack_text(stack, "0 %s %lld", id, (long long)fence)));
	}
	freeReplyObject(blocks);
}

/* The zombie wakes up when everything has been brought to its end. */
static void wake_after_the_end(const struct fault_step *step, struct stack *stack)
{
	redisReply *before;

	stack_start_worker_unseen(stack, 1);
	fault_walk_wait_quiet(step);
	fault_walk_check(step);
	stack->passed = false;
	before = take_fingerprints(stack);
	wake(stack, step->scene == FAULT_AT_DRAIN);
	assert_unchanged(before, take_fingerprints(stack));
}

/* The zombie wakes up when another one has just claimed its blocks and is about to do the same as it was: here nothing
 * but the fence tells one from the other. */
static void wake_midway(const struct fault_step *step, struct stack *stack)
{
	redisReply *before;

	take_over(stack);
	before = take_fingerprints(stack);
	wake(stack, step->scene == FAULT_AT_DRAIN);
	assert_unchanged(before, take_fingerprints(stack));
	hand_over(stack);
	stack_start_worker_unseen(stack, 1);
	fault_walk_wait_quiet(step);
}

static void test_stop(void **state)
{
	const struct fault_step *step = *state;
	struct stack *stack = fault_walk_open(step);
	int64_t end_us = clock_monotonic_us() + WAIT_MOST_US;

	do {
		fault_walk_play(step);
		fault_walk_start_armed_worker(step, 0);
		while (process_is_running(stack->workers[0]) && !is_stopped(stack->workers[0]) && clock_monotonic_us() < end_us)
			fault_walk_tend(step, 0);
	} while (fault_walk_was_idle(step, stack->workers[0]) && clock_monotonic_us() < end_us);
	if (!fault_walk_has_struck(step, stack->workers[0]))
		fail_msg("the point was never reached");
	if (step->n == 1)
		wake_midway(step, stack);
	else
		wake_after_the_end(step, stack);
	fault_walk_check(step); /* the broker's ledger, too */
	stack_end_program(&stack->workers[1]);
	if (stack->workers[0])
		stack_end_program(&stack->workers[0]);
}

int main(void)
{
	return fault_walk_run("stop", test_stop);
}
