/* Blocks that queue for their side's turn: who joins it, who is woken and who sleeps on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

#define SELL	    "AAPL sell paper 1 market"
#define BUY	    "AAPL buy paper 1 market"
#define WHY(block)  "'the opposite side of AAPL is in play at paper, by block <" block ">'"
#define GO(block)   "[go muster-test-<" block ">-1]"
#define AWAKE	    16 /* as in lua/lib/queue.lua */
#define QUEUED_MOST 20

/* Queues one order for a window of its own, seals it and claims its block; `block` is to be its counter. */
static void add_block(struct keyspace *ks, const char *queue_id, const char *signature, const char *block)
{
	char args[400];

	(void)snprintf(args, sizeof args, ENQUEUE_LANES "1|%s|alice|sc1||1 1|%s|5", queue_id, signature);
	GIVEN(ks, ENQUEUE, args);
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	(void)snprintf(args, sizeof args, "<%s>|1|<lease>|5|1", block);
	GIVEN(ks, PLAN, args);
}

/* What the gate answers for a block under this fence. */
static void gate_is(struct keyspace *ks, const char *block, const char *fence, const char *reply)
{
	char args[200];

	(void)snprintf(args, sizeof args, "<%s>|%s|<lease>|<wait>|0|muster-test-<%s>-1", block, fence, block);
	STEP(ks, GATE, args, reply, NULL);
}

static void whoever_waited_when_a_turn_began_joins_it(void **state)
{
	struct keyspace *ks = *state;
	char began[32];

	GIVEN(ks, OPEN, "test");
	add_block(ks, "q1", SELL, "b1");
	add_block(ks, "q2", BUY, "b2");
	add_block(ks, "q3", "AAPL sell paper 1 limit 190", "b3");
	gate_is(ks, "b2", "1", "[wait 200000 " WHY("b1") "]");
	gate_is(ks, "b1", "1", GO("b1"));
	/* Sealed after the turn began: behind the buy. */
	add_block(ks, "q4", SELL, "b4");
	gate_is(ks, "b4", "1", "[wait 200000 " WHY("b2") "]");
	/* Sealed after the buy, but before the turn began. */
	(void)snprintf(began, sizeof began, "%s", keyspace_value(ks, "sides:paper:AAPL:selling", "<b1>"));
	gate_is(ks, "b3", "1", GO("b3"));
	assert_string_equal(keyspace_value(ks, "sides:paper:AAPL:selling", "<b3>"), began);
	assert_string_equal(keyspace_value(ks, "sides:paper:AAPL:sells", "<b3>"), "");
	/* Where one of the turn is still there, it is the same turn. */
	GIVEN(ks, CLOSE, "<b1>|1|<lease>|0||0|0|unfilled||0.01");
	GIVEN(ks, CLAIM, CLAIM_AS("12"));
	keyspace_command(ks, "HSET muster:{0}:block:<b4> worker h1:12 fence 2");
	gate_is(ks, "b4", "2", "[wait 200000 " WHY("b2") "]");
}

static void any_of_a_side_opens_its_turn(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, OPEN, "test");
	add_block(ks, "q1", SELL, "b1");
	add_block(ks, "q2", BUY, "b2");
	gate_is(ks, "b2", "1", "[wait 200000 " WHY("b1") "]");
	add_block(ks, "q3", SELL, "b3");
	/* The first sell has not come to the gate yet, and has waited longer than the buy. */
	gate_is(ks, "b3", "1", GO("b3"));
	gate_is(ks, "b1", "1", GO("b1"));
	gate_is(ks, "b2", "1", NULL);
}

static void turns_go_by_who_has_waited_longer(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, OPEN, "test");
	add_block(ks, "q1", SELL, "b1");
	gate_is(ks, "b1", "1", GO("b1"));
	add_block(ks, "q2", BUY, "b2");
	gate_is(ks, "b2", "1", "[wait 200000 " WHY("b1") "]");
	add_block(ks, "q3", SELL, "b3");
	GIVEN(ks, CLOSE, "<b1>|1|<lease>|0||0|0|unfilled||0.01");
	gate_is(ks, "b3", "1", "[wait 200000 " WHY("b2") "]");
	GIVEN(ks, CLAIM, CLAIM_AS("12"));
	gate_is(ks, "b2", "2", GO("b2"));
}

/* Many buys wait behind a sell <b1>, each of a limit price of its own; what the gate told the last one is the last reply. */
static void queue_up(struct keyspace *ks)
{
	char text[200], block[8];

	GIVEN(ks, OPEN, "test");
	add_block(ks, "q1", SELL, "b1");
	gate_is(ks, "b1", "1", GO("b1"));
	for (int i = 0; i < QUEUED_MOST; i++) {
		(void)snprintf(text, sizeof text, "AAPL buy paper 1 limit %d", 100 + i);
		(void)snprintf(block, sizeof block, "b%x", i + 2);
		add_block(ks, block, text, block);
		gate_is(ks, block, "1", i < AWAKE ? "[wait 200000 " WHY("b1") "]" : "[wait 60000 " WHY("b1") "]");
	}
}

/* How many of those that queued up are due by now. */
static int due(struct keyspace *ks)
{
	char command[64];
	int count = 0;

	for (int i = 0; i < QUEUED_MOST; i++) {
		(void)snprintf(command, sizeof command, "<b%x>", i + 2);
		count += strtoll(keyspace_value(ks, "blocks", command), NULL, 10) <= keyspace_time_us(ks) / 1000;
	}
	return count;
}

static void turn_wakes_the_first_and_they_the_next(void **state)
{
	struct keyspace *ks = *state;

	queue_up(ks);
	assert_int_equal(due(ks), 0);
	GIVEN(ks, CLOSE, "<b1>|1|<lease>|0||0|0|unfilled||0.01");
	assert_int_equal(due(ks), AWAKE);
	GIVEN(ks, CLAIM, "h1:12|<lease>|100|h1|12|0|<then>|3");
	STEP(ks, GATE, "<b2>|2|<lease>|<wait>|0|muster-test-<b2>-1", GO("b2"),
	     "~block:<b2> reason='' status=submitting submitted_at=<now> updated_at=<now>\n"
	     "~blocks <b12>=<now> <b13>=<now> <b14>=<now> <b15>=<now> <b2>=<now+lease>\n"
	     "+blocks:submitting zset - <b2>=<now>\n"
	     "~blocks:waiting -<b2>\n"
	     "~counts sealed=19 working=2\n"
	     "+sides:paper:AAPL:buying zset - <b2>=<now>\n"
	     "~sides:paper:AAPL:buys -<b2>\n"
	     "~slice:muster-test-<b2>-1 sent=maybe status=submitting updated_at=<now>\n"
	     ">wake turn\n");
	/* While those behind are awake there is nobody to wake. */
	gate_is(ks, "b3", "2", GO("b3"));
	assert_null(strstr(keyspace_change(ks), ">wake"));
}

static void turn_leaves_a_block_in_hand_to_its_worker(void **state)
{
	struct keyspace *ks = *state;
	char lease[32];

	queue_up(ks);
	keyspace_command(ks, "ZADD muster:{0}:blocks 1 <b2>");
	GIVEN(ks, CLAIM, "h1:12|<lease>|1|h1|12|0|<then>|3");
	(void)snprintf(lease, sizeof lease, "%s", keyspace_value(ks, "blocks", "<b2>"));
	GIVEN(ks, CLOSE, "<b1>|1|<lease>|0||0|0|unfilled||0.01");
	assert_string_equal(keyspace_value(ks, "blocks", "<b2>"), lease);
	assert_int_equal(due(ks), AWAKE - 1);
}

static void end_of_a_turn_wakes_the_side_that_has_waited_longer(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, OPEN, "test");
	add_block(ks, "q1", BUY, "b1");
	gate_is(ks, "b1", "1", GO("b1"));
	add_block(ks, "q2", SELL, "b2");
	gate_is(ks, "b2", "1", "[wait 200000 " WHY("b1") "]");
	add_block(ks, "q3", BUY, "b3");
	gate_is(ks, "b3", "1", "[wait 200000 " WHY("b2") "]");
	STEP(ks, CLOSE, "<b1>|1|<lease>|0||0|0|unfilled||0.01", "[closing]",
	     "~block:<b1> average_price='' closed_at=<now> fee=0 filled_quantity=0 gross_amount=0\n"
	     "\tminor_unit=0.01 outcome=unfilled status=closing updated_at=<now>\n"
	     "~blocks <b2>=<now> <b1>=<now+lease>\n"
	     "+blocks:closing zset - <b1>=<now>\n"
	     "-blocks:submitting\n"
	     "-sides:paper:AAPL:buying\n"
	     ">wake turn\n");
	GIVEN(ks, CLAIM, CLAIM_AS("12"));
	gate_is(ks, "b2", "2", GO("b2"));
	STEP(ks, CLOSE, "<b2>|2|<lease>|0||0|0|unfilled||0.01", "[closing]",
	     "~block:<b2> average_price='' closed_at=<now> fee=0 filled_quantity=0 gross_amount=0\n"
	     "\tminor_unit=0.01 outcome=unfilled status=closing updated_at=<now>\n"
	     "~blocks <b3>=<now> <b2>=<now+lease>\n"
	     "~blocks:closing <b2>=<now>\n"
	     "-blocks:submitting\n"
	     "-sides:paper:AAPL:selling\n"
	     ">wake turn\n");
}

static void first_of_a_queue_that_goes_into_review_passes_the_turn(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, OPEN, "test");
	add_block(ks, "q1", SELL, "b1");
	add_block(ks, "q2", BUY, "b2");
	gate_is(ks, "b2", "1", "[wait 200000 " WHY("b1") "]");
	STEP(ks, REVIEW, "<b1>|1|a reason|", "[needs_review]",
	     "~block:<b1> evidence='' reason='a reason' review_from=ready status=needs_review updated_at=<now> worker=''\n"
	     "~blocks <b2>=<now> -<b1>\n"
	     "+blocks:needs_review zset - <b1>=<now>\n"
	     "-blocks:ready\n"
	     "~counts sealed=1 working=1\n"
	     "-sides:paper:AAPL:sells\n"
	     ">wake turn\n");
}

/* A buy <b1> that rests at the broker, a sell <b2> that waits. */
static void let_a_buy_rest(struct keyspace *ks)
{
	GIVEN(ks, OPEN, "test");
	add_block(ks, "q1", BUY, "b1");
	gate_is(ks, "b1", "1", GO("b1"));
	GIVEN(ks, RECORD, "<b1>|1|<lease>||0|muster-test-<b1>-1|1|status|acked");
	add_block(ks, "q2", SELL, "b2");
	gate_is(ks, "b2", "1", "[wait 200000 " WHY("b1") "]");
}

static void what_rests_gives_way_once_its_turn_is_over(void **state)
{
	struct keyspace *ks = *state;

	let_a_buy_rest(ks);
	STEP(ks, RECORD, "<b1>|1|<lease>|5000|3", "[recorded working]", NULL);
	keyspace_command(ks, "HSET muster:{0}:block:<b1> worker h1:11");
	STEP(ks, RECORD, "<b1>|1|<lease>||3 600000", "[recorded working]",
	     "~block:<b1> updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n");
	/* It stays in hand, or is due at once. */
	STEP(ks, RECORD, "<b1>|1|<lease>||3 0", "[recorded working yield]",
	     "~block:<b1> updated_at=<now> yields=yes\n"
	     "~blocks <b1>=<now+lease>\n");
	keyspace_command(ks, "HDEL muster:{0}:block:<b1> yields");
	STEP(ks, RECORD, "<b1>|1|<lease>|5000|3 0", "[recorded working yield]",
	     "~block:<b1> updated_at=<now> worker='' yields=yes\n"
	     "~blocks <b1>=<now>\n");
}

static void nobody_gives_way_without_need(void **state)
{
	struct keyspace *ks = *state;

	let_a_buy_rest(ks);
	keyspace_command(ks, "HSET muster:{0}:slice:muster-test-<b1>-1 status ambiguous");
	STEP(ks, RECORD, "<b1>|1|<lease>||3 0", "[recorded working]", NULL);
	keyspace_command(ks, "HSET muster:{0}:slice:muster-test-<b1>-1 status filled");
	STEP(ks, RECORD, "<b1>|1|<lease>||3 0", "[recorded working]", NULL);
	keyspace_command(ks, "HSET muster:{0}:slice:muster-test-<b1>-1 status acked");
	GIVEN(ks, REVIEW, "<b2>|1|a reason|");
	STEP(ks, RECORD, "<b1>|1|<lease>||3 0", "[recorded working]", NULL);
}

static void whoever_gave_way_queues_up_anew(void **state)
{
	struct keyspace *ks = *state;

	let_a_buy_rest(ks);
	GIVEN(ks, RECORD, "<b1>|1|<lease>||3 0");
	GIVEN(ks, RECORD, "<b1>|1|<lease>||3|muster-test-<b1>-1|2|status|canceled|cancel_asked|yes");
	STEP(ks, REPLAN, "<b1>|1|<lease>|muster-test-<b1>-1|5|1|5||5|1|", "[replanned]",
	     "~block:<b1> updated_at=<now> -yields\n"
	     "~block:<b1>:slices muster-test-<b1>-2=2\n"
	     "~blocks <b2>=<now> <b1>=<now+lease>\n"
	     "-sides:paper:AAPL:buying\n"
	     "+sides:paper:AAPL:buys zset - <b1>=<now>\n"
	     "~slice:muster-test-<b1>-1 carried=5 updated_at=<now>\n"
	     "+slice:muster-test-<b1>-2 hash - block=<b1> created_at=<now> due_at=1 filled_quantity=0 number=2\n"
	     "\tquantity=5 status=created\n"
	     ">wake turn\n");
	STEP(ks, GATE, "<b1>|1|<lease>|<wait>|0|muster-test-<b1>-2", "[wait 200000 " WHY("b2") "]",
	     "~block:<b1> reason=" WHY("b2") " updated_at=<now> worker=''\n"
	     "~blocks <b1>=<now+wait>\n");
	GIVEN(ks, CLAIM, CLAIM_AS("12"));
	gate_is(ks, "b2", "2", GO("b2"));
	GIVEN(ks, CLOSE, "<b2>|2|<lease>|0||0|0|unfilled||0.01");
	GIVEN(ks, CLAIM, CLAIM_AS("12"));
	STEP(ks, GATE, "<b1>|2|<lease>|<wait>|0|muster-test-<b1>-2", "[go muster-test-<b1>-2]",
	     "~block:<b1> reason='' updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "+sides:paper:AAPL:buying zset - <b1>=<now>\n"
	     "-sides:paper:AAPL:buys\n"
	     "~slice:muster-test-<b1>-2 sent=maybe status=submitting updated_at=<now>\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(whoever_waited_when_a_turn_began_joins_it),
	    SCRIPT_TEST(any_of_a_side_opens_its_turn),
	    SCRIPT_TEST(turns_go_by_who_has_waited_longer),
	    SCRIPT_TEST(end_of_a_turn_wakes_the_side_that_has_waited_longer),
	    SCRIPT_TEST(turn_wakes_the_first_and_they_the_next),
	    SCRIPT_TEST(turn_leaves_a_block_in_hand_to_its_worker),
	    SCRIPT_TEST(first_of_a_queue_that_goes_into_review_passes_the_turn),
	    SCRIPT_TEST(what_rests_gives_way_once_its_turn_is_over),
	    SCRIPT_TEST(nobody_gives_way_without_need),
	    SCRIPT_TEST(whoever_gave_way_queues_up_anew),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
