/* Whose turn it is at the gate while a broker takes fewer calls than there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

#define WAITING "rate:paper:waiting"

/* A buy of AAPL <b1> and a sell of GE <b2>, normal ones, and an urgent buy of F <b3>, claimed and planned. */
static void plan_three(struct keyspace *ks)
{
	GIVEN(ks, OPEN, "test");
	GIVEN(ks, ENQUEUE,
	      ENQUEUE_LANES "3" ENQUEUE_OF("q1", "alice", "AAPL buy paper 1 market", "1") ENQUEUE_OF(
		  "q2", "bob", "GE sell paper 1 market", "1") "|q3|carol|sc1|digest-q3|1 2|F buy paper 1 market|1");
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	GIVEN(ks, PLAN, "<b1>|1|<lease>|1|1");
	GIVEN(ks, PLAN, "<b2>|1|<lease>|1|1");
	GIVEN(ks, PLAN, "<b3>|1|<lease>|1|1");
}

/* From now on so many calls are free. No other comes while the test runs: there are eight in ten minutes. */
static void set_tokens(struct keyspace *ks, const char *tokens)
{
	char command[128];

	(void)snprintf(command, sizeof command, "HSET muster:{0}:rate:paper tokens %s at %lld", tokens,
		       (long long)(keyspace_time_us(ks) / 1000));
	keyspace_command(ks, command);
}

/* What the gate says to the block with this number; the bucket holds up to two calls. */
static const char *ask(struct keyspace *ks, int block)
{
	char args[128];

	(void)snprintf(args, sizeof args, "<b%d>|1|<lease>|<wait>|10 600000|muster-test-<b%d>-1", block, block);
	GIVEN(ks, GATE, args);
	return keyspace_reply(ks)->element[0]->str;
}

/* All three find nothing free, and wait. */
static void let_three_wait(struct keyspace *ks)
{
	plan_three(ks);
	set_tokens(ks, "0");
	for (int block = 1; block <= 3; block++)
		assert_string_equal(ask(ks, block), "wait");
	assert_string_not_equal(keyspace_value(ks, WAITING, "<b1>"), "");
}

static void high_priority_goes_first_then_sells_then_buys(void **state)
{
	struct keyspace *ks = *state;

	let_three_wait(ks);
	set_tokens(ks, "1");
	assert_string_equal(ask(ks, 1), "wait");
	assert_string_equal(ask(ks, 2), "wait");
	assert_string_equal(ask(ks, 3), "go");
	set_tokens(ks, "1");
	assert_string_equal(ask(ks, 1), "wait");
	assert_string_equal(ask(ks, 2), "go");
	assert_string_equal(ask(ks, 1), "wait"); /* that was the only one */
	set_tokens(ks, "1");
	assert_string_equal(ask(ks, 1), "go");
	assert_null(snapshot_find(keyspace_snapshot(ks), "muster:{0}:" WAITING));
}

static void as_many_go_as_there_are_calls(void **state)
{
	struct keyspace *ks = *state;

	let_three_wait(ks);
	set_tokens(ks, "2");
	assert_string_equal(ask(ks, 1), "wait");
	assert_string_equal(ask(ks, 2), "go"); /* one is better, two are free */
	assert_string_equal(ask(ks, 3), "go");
}

static void who_waited_long_enough_goes_before_any_other(void **state)
{
	struct keyspace *ks = *state;
	char command[128];

	plan_three(ks);
	/* A minute and a half, of ten minutes each. */
	(void)snprintf(command, sizeof command, "HSET muster:{0}:block:<b1> sealed_at %lld",
		       (long long)(keyspace_time_us(ks) / 1000 - 901000));
	keyspace_command(ks, command);
	set_tokens(ks, "0");
	for (int block = 1; block <= 3; block++)
		assert_string_equal(ask(ks, block), "wait");
	set_tokens(ks, "1");
	assert_string_equal(ask(ks, 3), "wait");
	assert_string_equal(ask(ks, 2), "wait");
	assert_string_equal(ask(ks, 1), "go");
}

static void who_came_later_does_not_overtake_his_betters(void **state)
{
	struct keyspace *ks = *state;

	plan_three(ks);
	set_tokens(ks, "0");
	assert_string_equal(ask(ks, 3), "wait");
	set_tokens(ks, "1");
	assert_string_equal(ask(ks, 1), "wait"); /* it never waited before, and one is free; but not for it */
	assert_string_equal(ask(ks, 3), "go");
}

static void who_waits_no_more_is_in_nobodys_way(void **state)
{
	struct keyspace *ks = *state;

	let_three_wait(ks);
	GIVEN(ks, REVIEW, "<b3>|1|looks odd|nothing");
	keyspace_command(ks, "ZADD muster:{0}:" WAITING " 1 of-another-life");
	set_tokens(ks, "1");
	assert_string_equal(ask(ks, 2), "go");
	assert_string_equal(keyspace_value(ks, WAITING, "<b3>"), "");
	assert_string_equal(keyspace_value(ks, WAITING, "of-another-life"), "");
}

static void halted_block_leaves_the_queue_for_calls(void **state)
{
	struct keyspace *ks = *state;

	let_three_wait(ks);
	GIVEN(ks, HALT, "paper|operator|ann|drill");
	assert_string_equal(ask(ks, 3), "wait");
	assert_string_equal(keyspace_value(ks, WAITING, "<b3>"), "");
	GIVEN(ks, RESUME, "paper|ann|over|''");
	set_tokens(ks, "1");
	assert_string_equal(ask(ks, 2), "go");
}

static void slices_leave_a_call_to_whoever_asks_for_another_reason(void **state)
{
	struct keyspace *ks = *state;

	plan_three(ks);
	set_tokens(ks, "0");
	GIVEN(ks, RATE, "paper|10|600000|7000|''|''|''|1|0|look");
	assert_int_equal(keyspace_reply(ks)->element[1]->integer, 0);
	set_tokens(ks, "1");
	assert_string_equal(ask(ks, 3), "wait");
	GIVEN(ks, RATE, "paper|10|600000|7000|''|''|''|1|0|look");
	assert_int_equal(keyspace_reply(ks)->element[1]->integer, 1);
}

static void wait_is_as_long_as_the_turn_takes(void **state)
{
	struct keyspace *ks = *state;

	let_three_wait(ks);
	set_tokens(ks, "0");
	/* The next call comes in 75 s; half a minute is the longest wait. */
	assert_string_equal(ask(ks, 1), "wait");
	assert_int_equal(keyspace_reply(ks)->element[1]->integer, 30000);
	assert_string_equal(keyspace_reply(ks)->element[2]->str, "paper takes no more calls for now");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(high_priority_goes_first_then_sells_then_buys),
	    SCRIPT_TEST(as_many_go_as_there_are_calls),
	    SCRIPT_TEST(who_waited_long_enough_goes_before_any_other),
	    SCRIPT_TEST(who_came_later_does_not_overtake_his_betters),
	    SCRIPT_TEST(who_waits_no_more_is_in_nobodys_way),
	    SCRIPT_TEST(halted_block_leaves_the_queue_for_calls),
	    SCRIPT_TEST(slices_leave_a_call_to_whoever_asks_for_another_reason),
	    SCRIPT_TEST(wait_is_as_long_as_the_turn_takes),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
