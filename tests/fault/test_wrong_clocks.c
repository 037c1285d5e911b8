/* Hosts whose clocks are an hour off, in each direction: Redis's clock decides, and nothing else changes. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/clock.h"
#include "tests/support/check.h"
#include "tests/support/json_at.h"
#include "tests/support/order_load.h"
#include "tests/support/wait_until.h"

#define QUEUE	"/trade-queue/queue/order"
#define LOAD	20
#define HOUR_MS INT64_C(3600000)

/* What is started from here on has this clock: "+3600s"; NULL: the right one. */
static void set_clock(const char *offset)
{
	glob_t found;

	(void)unsetenv("LD_PRELOAD");
	if (!offset)
		return;
	assert_int_equal(glob("/usr/lib/*/faketime/libfaketime.so.1", 0, NULL, &found), 0);
	(void)setenv("LD_PRELOAD", found.gl_pathv[0], 1);
	(void)setenv("FAKETIME", offset, 1);
	(void)setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1);
	(void)setenv("DONT_FAKE_MONOTONIC", "1", 1);
	(void)setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", 1);
	globfree(&found);
}

/* Two APIs and two workers, of each one an hour ahead and one an hour behind. */
static struct stack *start(void)
{
	static const char *const clocks[] = {"+3600s", "-3600s"};
	struct stack *stack =
	    stack_start(&(struct stack_options){.apis = 2, .settings = {"window.length_s=1", "lanes.coalesce_ms=50"}});

	for (int i = 0; i < 2; i++) {
		stack_end_program(&stack->apis[i]);
		set_clock(clocks[i]);
		stack_start_api(stack, i);
		stack_start_worker(stack, i);
		set_clock(NULL);
		stack_wait_ready(stack, i, 200);
	}
	return stack;
}

/* Whether the clock of the program is really off: its log tells. */
static bool is_off(const struct process *process, int hours)
{
	char *log = process_log(process), *at = strstr(log, "time="), time[CLOCK_TEXT] = "";
	int64_t at_ms = 0, off_ms;

	if (at)
		(void)snprintf(time, sizeof time, "%.24s", at + strlen("time="));
	assert_true(clock_parse(time, &at_ms, NULL));
	off_ms = at_ms - clock_wall_ms() - hours * HOUR_MS;
	free(log);
	return off_ms > -HOUR_MS / 4 && off_ms < HOUR_MS / 4;
}

/* Asks both APIs for an execution window so far from now; both must answer with this status. */
static void ask_for_window(struct stack *stack, int64_t from_now_ms, int status)
{
	char time[CLOCK_TEXT];

	(void)clock_format(clock_wall_ms() + from_now_ms, time);
	for (int i = 0; i < 2; i++) {
		const struct http_call call = {
		    .method = "POST",
		    .url = QUEUE,
		    .body = stack_text(stack,
				       "{\"user_id\":\"A\",\"smallcase_id\":\"sc1\",\"execution_window\":\"%s\","
				       "\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":1}]}",
				       time)};
		const struct http_reply *reply = stack_call(stack, i, &call);
		int64_t created_ms;

		if (reply->status != status)
			fail_msg("API %d: %d, not %d: %s", i, reply->status, status, reply->body);
		if (status != 202)
			continue;
		assert_true(clock_parse(json_text(reply->json, "/orders/0/created_at"), &created_ms, NULL));
		assert_true(llabs(created_ms - clock_wall_ms()) < HOUR_MS / 4);
	}
}

static void test_clocks_an_hour_off_change_nothing(void **state)
{
	struct stack *stack = *state = start();

	for (int i = 0; i < 2; i++) {
		assert_true(is_off(stack->apis[i], i ? -1 : 1));
		assert_true(is_off(stack->workers[i], i ? -1 : 1));
	}
	for (int i = 0; i < LOAD; i++)
		order_load_accept(stack, i);
	ask_for_window(stack, HOUR_MS / 2, 202);
	ask_for_window(stack, -HOUR_MS / 2, 422);
	(void)stack_post(stack, 200, "/trade-queue/queue/process?wait=30", NULL);
	stack_finish(stack);
}

/* A lease runs out by Redis's clock: the blocks of a worker that died go on with the other. */
static void test_leases_end_at_the_right_time(void **state)
{
	struct stack *stack = *state = start();

	stack_set_paper(stack, "{\"fill\":\"after_delay\",\"delay_ms\":300}");
	for (int i = 0; i < LOAD; i++)
		order_load_accept(stack, i);
	WAIT_UNTIL(stack_redis_int(stack, "ZCARD muster:{0}:blocks") > 0);
	stack_kill_program(&stack->workers[0]);
	check_all_final(stack);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_clocks_an_hour_off_change_nothing, stack_teardown),
	    cmocka_unit_test_teardown(test_leases_end_at_the_right_time, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
