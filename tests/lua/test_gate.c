/* lua/gate.lua: what keeps a slice from leaving, and that nothing of what is kept is written as if it had left. The
 * opposite side is in test_sides.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

#define GATE_AT(rate, slices) "<b1>|1|<lease>|<wait>|" rate "|" slices
#define FIRST		      "muster-test-<b1>-1"
#define SECOND		      "muster-test-<b1>-2"
#define RECORD(slice, fields) "<b1>|1|<lease>||0|" slice "|" fields
#define HALT(field)	      "HSET muster:{0}:halts " field " {}"

/* A block of two slices, the second due when the test says. */
static void plan_two(struct keyspace *ks, const char *due_at)
{
	char args[128];

	script_case_reach(ks, STAGE_CLAIMED);
	(void)snprintf(args, sizeof args, "<b1>|1|<lease>|200|1|25|%s", due_at);
	GIVEN(ks, PLAN, args);
}

/* Runs a gate whose answer has a number in it that the clock decides; returns that. */
static long long ask_gate(struct keyspace *ks, const char *args, const char *word, const char *why)
{
	const redisReply *reply;

	GIVEN(ks, GATE, args);
	reply = keyspace_reply(ks);
	assert_int_equal(reply->elements, 3);
	assert_string_equal(reply->element[0]->str, word);
	assert_string_equal(reply->element[2]->str, why);
	return reply->element[1]->integer;
}

static double tokens_left(struct keyspace *ks)
{
	return strtod(keyspace_value(ks, "rate:paper", "tokens"), NULL);
}

static void halt_makes_what_was_never_sent_wait(void **state)
{
	struct keyspace *ks = *state;

	plan_two(ks, "1");
	keyspace_command(ks, HALT("all"));
	STEP(ks, GATE, GATE_AT("60", FIRST "|" SECOND), "[wait 200000 'everything is halted' halted]",
	     "~block:<b1> attempts=0 reason='everything is halted' status=waiting updated_at=<now> worker=''\n"
	     "~blocks <b1>=<now+wait>\n"
	     "-blocks:ready\n"
	     "+blocks:waiting zset - <b1>=<now>\n"
	     "+halts:waiting set - <b1>\n");
}

static void halt_of_a_broker_is_for_that_broker(void **state)
{
	struct keyspace *ks = *state;

	plan_two(ks, "1");
	keyspace_command(ks, HALT("kite"));
	STEP(ks, GATE, GATE_AT("0", FIRST), "[go " FIRST "]", NULL);
	keyspace_command(ks, HALT("paper"));
	STEP(ks, GATE, GATE_AT("0", SECOND), "[hold 200000 'paper is halted' halted]",
	     "~block:<b1> reason='paper is halted' updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n");
}

static void end_of_the_halt_lets_it_go(void **state)
{
	struct keyspace *ks = *state;

	plan_two(ks, "1");
	keyspace_command(ks, HALT("all"));
	GIVEN(ks, GATE, GATE_AT("0", FIRST));
	keyspace_command(ks, "DEL muster:{0}:halts");
	keyspace_command(ks, "ZADD muster:{0}:blocks 1 <b1>");
	GIVEN(ks, CLAIM, CLAIM_AS("12"));
	STEP(ks, GATE, "<b1>|2|<lease>|<wait>|0|" FIRST, "[go " FIRST "]",
	     "~block:<b1> reason='' status=submitting submitted_at=<now> updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "+blocks:submitting zset - <b1>=<now>\n"
	     "-blocks:waiting\n"
	     "~counts sealed=0 working=3\n"
	     "-halts:waiting\n"
	     "+sides:paper:AAPL:buying zset - <b1>=<now>\n"
	     "~slice:" FIRST " sent=maybe status=submitting updated_at=<now>\n");
}

static void halt_keeps_back_what_would_be_sent_again(void **state)
{
	struct keyspace *ks = *state;

	plan_two(ks, "1");
	GIVEN(ks, GATE, GATE_AT("0", FIRST "|" SECOND));
	GIVEN(ks, RECORD, RECORD(FIRST, "1|sent|no"));
	GIVEN(ks, RECORD, RECORD(SECOND, "1|sent|no"));
	keyspace_command(ks, HALT("all"));
	/* Nothing of it is at the broker: released; but its orders have been working, and never go back. */
	STEP(ks, GATE, GATE_AT("0", FIRST "|" SECOND), "[wait 200000 'everything is halted' halted]",
	     "~block:<b1> reason='everything is halted' updated_at=<now> worker=''\n"
	     "~blocks <b1>=<now+wait>\n"
	     "+halts:waiting set - <b1>\n");
}

static void slice_known_as_not_sent_passes_again(void **state)
{
	struct keyspace *ks = *state;

	plan_two(ks, "1");
	GIVEN(ks, GATE, GATE_AT("0", FIRST));
	GIVEN(ks, RECORD, RECORD(FIRST, "1|sent|no"));
	STEP(ks, GATE, GATE_AT("0", FIRST), "[go " FIRST "]",
	     "~block:<b1> updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "~slice:" FIRST " sent=maybe updated_at=<now>\n");
	GIVEN(ks, RECORD, RECORD(FIRST, "1|status|ambiguous"));
	STEP(ks, GATE, GATE_AT("0", FIRST), "[go " FIRST "]",
	     "~block:<b1> updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "~slice:" FIRST " updated_at=<now>\n");
}

static void slice_that_is_at_the_broker_does_not_pass(void **state)
{
	struct keyspace *ks = *state;

	plan_two(ks, "1");
	GIVEN(ks, GATE, GATE_AT("0", FIRST));
	GIVEN(ks, RECORD, RECORD(FIRST, "1|status|acked"));
	STEP(ks, GATE, GATE_AT("0", FIRST "|" SECOND), "[stale]", "");
	STEP(ks, GATE, GATE_AT("0", "none"), "[stale]", "");
}

static void slice_leaves_when_it_is_due(void **state)
{
	struct keyspace *ks = *state;
	long long in_ms;

	plan_two(ks, "99999999999999");
	STEP(ks, GATE, GATE_AT("0", FIRST "|" SECOND), "[go " FIRST "]", NULL);
	assert_string_equal(keyspace_value(ks, "slice:" SECOND, "status"), "created");
	in_ms = ask_gate(ks, GATE_AT("0", SECOND), "hold", "its next slice is not due yet");
	assert_in_range(in_ms, INT64_C(90000000000000), INT64_C(99999999999999));
	assert_string_equal(keyspace_value(ks, "block:<b1>", "worker"), "h1:11");
	GIVEN(ks, RECORD, RECORD(FIRST, "1|status|filled"));
	assert_string_equal(keyspace_value(ks, "block:<b1>", "status"), "submitting");
	(void)ask_gate(ks, GATE_AT("0", SECOND), "wait", "its next slice is not due yet");
	assert_string_equal(keyspace_value(ks, "block:<b1>", "worker"), "");
}

/* Sets when the market of <b1> closes: so many ms from now. */
static void close_in(struct keyspace *ks, int in_ms)
{
	char command[96];

	(void)snprintf(command, sizeof command, "HSET muster:{0}:block:<b1> close_at %lld",
		       (long long)(keyspace_time_us(ks) / 1000 + in_ms));
	keyspace_command(ks, command);
}

/* Nor so late that it would come to a market that is closed; be it halted or not. */
static void nothing_leaves_once_its_market_has_closed(void **state)
{
	struct keyspace *ks = *state;

	plan_two(ks, "1");
	close_in(ks, 0);
	STEP(ks, GATE, GATE_AT("60", FIRST "|" SECOND), "[closed]", "");
	close_in(ks, 900);
	STEP(ks, GATE, GATE_AT("60", FIRST "|" SECOND), "[closed]", "");
	keyspace_command(ks, HALT("all"));
	STEP(ks, GATE, GATE_AT("60", FIRST "|" SECOND), "[closed]", "");
	keyspace_command(ks, "DEL muster:{0}:halts");
	close_in(ks, 600000);
	STEP(ks, GATE, GATE_AT("0", FIRST), "[go " FIRST "]",
	     "~block:<b1> attempts=0 reason='' status=submitting submitted_at=<now> updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "-blocks:ready\n"
	     "+blocks:submitting zset - <b1>=<now>\n"
	     "~counts sealed=0 working=3\n"
	     "+sides:paper:AAPL:buying zset - <b1>=<now>\n"
	     "~slice:" FIRST " sent=maybe status=submitting updated_at=<now>\n");
	close_in(ks, -1); /* neither what is to leave for the first time, nor what would be sent again */
	STEP(ks, GATE, GATE_AT("0", SECOND), "[closed]", "");
	STEP(ks, GATE, GATE_AT("0", FIRST "|" SECOND), "[closed]", "");
}

/* What the market has closed on goes to its end, and out of what it waited in. */
static void block_whose_market_has_closed_ends_unsent(void **state)
{
	struct keyspace *ks = *state;

	plan_two(ks, "1");
	keyspace_command(ks, HALT("all"));
	GIVEN(ks, GATE, GATE_AT("0", FIRST "|" SECOND));
	keyspace_command(ks, "ZADD muster:{0}:blocks 1 <b1>");
	GIVEN(ks, CLAIM, CLAIM_AS("12"));
	close_in(ks, 0);
	STEP(ks, GATE, "<b1>|2|<lease>|<wait>|0|" FIRST "|" SECOND, "[closed]", "");
	STEP(ks, GATE, "<b1>|2|<lease>|<wait>|0", "[go]",
	     "~block:<b1> reason='' status=submitting updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "+blocks:submitting zset - <b1>=<now>\n"
	     "-blocks:waiting\n"
	     "~counts sealed=0 working=3\n"
	     "-halts:waiting\n");
}

static void every_slice_takes_a_token(void **state)
{
	struct keyspace *ks = *state;
	long long in_ms;

	plan_two(ks, "1");
	/* Six calls a minute: one at once, and five more come in the minute. */
	STEP(ks, GATE, GATE_AT("6", FIRST "|" SECOND), "[go " FIRST "]",
	     "~block:<b1> attempts=0 reason='' status=submitting submitted_at=<now> updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "-blocks:ready\n"
	     "+blocks:submitting zset - <b1>=<now>\n"
	     "~counts sealed=0 working=3\n"
	     "+rate:paper hash - at=<now> tokens=0.000\n"
	     "+rate:paper:out zset - " FIRST "=<now+minute>\n"
	     "+sides:paper:AAPL:buying zset - <b1>=<now>\n"
	     "~slice:" FIRST " sent=maybe status=submitting updated_at=<now>\n");
	in_ms = ask_gate(ks, GATE_AT("6", SECOND), "hold", "paper takes no more calls for now");
	assert_in_range(in_ms, 1, 12000);
	assert_string_equal(keyspace_value(ks, "slice:" SECOND, "status"), "created");
}

static void tokens_come_back_with_redis_time(void **state)
{
	struct keyspace *ks = *state;
	char command[96];

	plan_two(ks, "1");
	GIVEN(ks, GATE, GATE_AT("60", FIRST));
	assert_true(tokens_left(ks) == 11); /* a fifth of a minute's, less one */
	(void)snprintf(command, sizeof command, "HSET muster:{0}:rate:paper tokens -1.5 at %lld",
		       (long long)(keyspace_time_us(ks) / 1000 - 5000));
	keyspace_command(ks, command);
	/* 48 a minute beside the fifth: four in five seconds. */
	STEP(ks, GATE, GATE_AT("60", SECOND), "[go " SECOND "]", NULL);
	assert_true(tokens_left(ks) >= 1.5 && tokens_left(ks) < 3);
	(void)snprintf(command, sizeof command, "HSET muster:{0}:rate:paper tokens 1.5 at %lld",
		       (long long)(keyspace_time_us(ks) / 1000 + 3600000));
	keyspace_command(ks, command);
	GIVEN(ks, RECORD, RECORD(SECOND, "1|sent|no"));
	STEP(ks, GATE, GATE_AT("60", SECOND), "[go " SECOND "]", NULL); /* a clock that went back takes nothing away */
	assert_true(tokens_left(ks) == 0.5);
}

static void bucket_is_never_fuller_than_a_fifth_of_a_minute(void **state)
{
	struct keyspace *ks = *state;

	plan_two(ks, "1");
	keyspace_command(ks, "HSET muster:{0}:rate:paper tokens 3 at 1");
	GIVEN(ks, GATE, GATE_AT("60", FIRST));
	assert_true(tokens_left(ks) == 11);
}

static void block_that_goes_to_its_end_unsent_needs_no_leave(void **state)
{
	struct keyspace *ks = *state;

	plan_two(ks, "1");
	keyspace_command(ks, HALT("all"));
	STEP(ks, GATE, "<b1>|1|<lease>|<wait>|6", "[go]",
	     "~block:<b1> attempts=0 reason='' status=submitting updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "-blocks:ready\n"
	     "+blocks:submitting zset - <b1>=<now>\n"
	     "~counts sealed=0 working=3\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(halt_makes_what_was_never_sent_wait),
	    SCRIPT_TEST(halt_of_a_broker_is_for_that_broker),
	    SCRIPT_TEST(end_of_the_halt_lets_it_go),
	    SCRIPT_TEST(halt_keeps_back_what_would_be_sent_again),
	    SCRIPT_TEST(slice_known_as_not_sent_passes_again),
	    SCRIPT_TEST(slice_that_is_at_the_broker_does_not_pass),
	    SCRIPT_TEST(slice_leaves_when_it_is_due),
	    SCRIPT_TEST(nothing_leaves_once_its_market_has_closed),
	    SCRIPT_TEST(block_whose_market_has_closed_ends_unsent),
	    SCRIPT_TEST(every_slice_takes_a_token),
	    SCRIPT_TEST(tokens_come_back_with_redis_time),
	    SCRIPT_TEST(bucket_is_never_fuller_than_a_fifth_of_a_minute),
	    SCRIPT_TEST(block_that_goes_to_its_end_unsent_needs_no_leave),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
