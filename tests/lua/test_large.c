/* lua/replan.lua, stop.lua, and what gate.lua and record.lua do with large blocks: one slice at a time, each in a turn
 * of its own, so that neither side of a stock waits for longer than that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

#define S(block, number)    "muster-test-<" block ">-" number
#define GATE_OF(block, ids) "<" block ">|1|<lease>|<wait>|0|strict|" ids
#define FAR		    "99999999999999"
#define WAITS(block)	    "'the opposite side of AAPL is in play at paper, by block <" block ">'"
#define BUY		    "AAPL buy paper 1 market"
#define SELL		    "AAPL sell paper 1 market"

/* The founding scenario as a large block of three slices, of which the last ones are due far from now. */
static void plan_large(struct keyspace *ks, const char *due_of_second)
{
	char args[160];

	script_case_reach(ks, STAGE_CLAIMED);
	keyspace_command(ks, "HSET muster:{0}:block:<b1> lane large");
	(void)snprintf(args, sizeof args, "<b1>|1|<lease>|75|1|75|%s|75|" FAR, due_of_second);
	GIVEN(ks, PLAN, args);
}

#define ALL_OF_B1 S("b1", "1") "|" S("b1", "2") "|" S("b1", "3")

static void one_slice_of_a_large_block_goes_at_a_time(void **state)
{
	struct keyspace *ks = *state;

	plan_large(ks, FAR);
	STEP(ks, GATE, GATE_OF("b1", ALL_OF_B1), "[go " S("b1", "1") "]",
	     "~block:<b1> attempts=0 reason='' status=submitting submitted_at=<now> updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "-blocks:ready\n"
	     "+blocks:submitting zset - <b1>=<now>\n"
	     "~counts sealed=0 working=3\n"
	     "+sides:paper:AAPL:buying zset - <b1>=<now>\n"
	     "~slice:" S("b1", "1") " sent=maybe status=submitting updated_at=<now>\n");
}

static void slices_that_are_due_together_are_told_and_nothing_is_written(void **state)
{
	struct keyspace *ks = *state;

	plan_large(ks, "1");
	STEP(ks, GATE, GATE_OF("b1", ALL_OF_B1), "[missed " S("b1", "1") " " S("b1", "2") "]", "");
	/* They cannot be merged: then one goes all the same. */
	STEP(ks, GATE, "<b1>|1|<lease>|<wait>|0|" ALL_OF_B1, "[go " S("b1", "1") "]", NULL);
	assert_string_equal(keyspace_value(ks, "slice:" S("b1", "2"), "status"), "created");
}

static void nothing_goes_once_the_market_has_closed(void **state)
{
	struct keyspace *ks = *state;

	plan_large(ks, FAR);
	keyspace_command(ks, "HSET muster:{0}:block:<b1> close_at 1");
	STEP(ks, GATE, GATE_OF("b1", ALL_OF_B1), "[closed]", "");
	keyspace_command(ks, "HSET muster:{0}:block:<b1> close_at " FAR);
	STEP(ks, GATE, GATE_OF("b1", ALL_OF_B1), "[go " S("b1", "1") "]", NULL);
}

static void large_block_works_while_slices_are_to_come_and_leaves_its_side(void **state)
{
	struct keyspace *ks = *state;

	plan_large(ks, FAR);
	GIVEN(ks, GATE, GATE_OF("b1", ALL_OF_B1));
	STEP(ks, RECORD, "<b1>|1|<lease>||0|" S("b1", "1") "|1|status|acked", "[recorded working]",
	     "~block:<b1> polls=0 status=working updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "-blocks:submitting\n"
	     "+blocks:working zset - <b1>=<now>\n"
	     "~slice:" S("b1", "1") " status=acked updated_at=<now>\n");
	STEP(ks, RECORD, "<b1>|1|<lease>||1|" S("b1", "1") "|1|status|filled", "[recorded working]",
	     "~block:<b1> polls=1 updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "-sides:paper:AAPL:buying\n"
	     "~slice:" S("b1", "1") " status=filled updated_at=<now>\n");
}

static void what_is_left_moves_to_later_slices_at_once(void **state)
{
	struct keyspace *ks = *state;
	const char *replan =
	    "<b1>|1|<lease>|" S("b1", "1") "|75|1|45|" S("b1", "2") "|98|77|''|" S("b1", "3") "|90|88|''|''|7|99|''";

	plan_large(ks, FAR);
	GIVEN(ks, GATE, GATE_OF("b1", ALL_OF_B1));
	GIVEN(ks, RECORD, "<b1>|1|<lease>||0|" S("b1", "1") "|2|status|canceled|filled_quantity|30");
	STEP(ks, REPLAN, replan, "[replanned]",
	     "~block:<b1> updated_at=<now>\n"
	     "~block:<b1>:slices " S(
		 "b1", "4") "=4\n"
			    "~blocks <b1>=<now+lease>\n"
			    "~slice:" S("b1",
					"1") " carried=45 updated_at=<now>\n"
					     "~slice:" S(
						 "b1",
						 "2") " due_at=77 quantity=98 updated_at=<now>\n"
						      "~slice:" S(
							  "b1",
							  "3") " due_at=88 quantity=90 updated_at=<now>\n"
							       "+slice:" S(
								   "b1",
								   "4") " hash - block=<b1> created_at=<now> due_at=99 "
									"filled_quantity=0 number=4 quantity=7\n"
									"\tstatus=created\n");
	STEP(ks, REPLAN, replan, "[stale]", ""); /* once */
}

static void slice_whose_time_has_passed_ends(void **state)
{
	struct keyspace *ks = *state;

	plan_large(ks, "1");
	STEP(ks, REPLAN, "<b1>|1|<lease>|" S("b1", "1") "|75|1|75|" S("b1", "2") "|113|1|''|" S("b1", "3") "|112|9|''",
	     "[replanned]",
	     "~block:<b1> updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "~slice:" S(
		 "b1",
		 "1") " carried=75 reason='its time passed before it could leave' status=canceled updated_at=<now>\n"
		      "~slice:" S("b1", "2") " quantity=113 updated_at=<now>\n"
					     "~slice:" S("b1", "3") " due_at=9 quantity=112 updated_at=<now>\n");
}

static void slice_on_its_way_is_not_planned_anew(void **state)
{
	struct keyspace *ks = *state;

	plan_large(ks, FAR);
	GIVEN(ks, GATE, GATE_OF("b1", ALL_OF_B1));
	STEP(ks, REPLAN, "<b1>|1|<lease>|" S("b1", "1") "|80|1|''", "[stale]", "");
	STEP(ks, REPLAN, "<b1>|1|<lease>|" S("b1", "1") "|75|1|75|" S("b1", "2") "|150|1|''", "[stale]", "");
	STEP(ks, REPLAN, "<b1>|0|<lease>|" S("b1", "2") "|80|1|''", "[stale]", "");
	STEP(ks, REPLAN, "none|1|<lease>|" S("b1", "2") "|80|1|''", "[stale]", "");
	GIVEN(ks, RECORD, "<b1>|1|<lease>||0|" S("b1", "1") "|1|status|filled");
	STEP(ks, REPLAN, "<b1>|1|<lease>|" S("b1", "1") "|80|1|''", "[stale]", "");
}

static void stop_takes_the_block_out_of_hand(void **state)
{
	struct keyspace *ks = *state;

	plan_large(ks, FAR);
	GIVEN(ks, GATE, GATE_OF("b1", ALL_OF_B1));
	STEP(ks, STOP, "<b1>|enough", "[stopped submitting]",
	     "~block:<b1> fence=2 polls=0 resolution=stop resolution_note=enough resolved_at=<now> updated_at=<now>\n"
	     "\tworker=''\n"
	     "~blocks <b1>=<now>\n"
	     ">wake <b1>\n");
	STEP(ks, STOP, "<b1>|again", "[stopped submitting]", "");
	STEP(ks, RECORD, "<b1>|1|<lease>||0|" S("b1", "1") "|1|status|acked", "[stale]", "");
	STEP(ks, STOP, "none|enough", "[not_found]", "");
}

static void stop_comes_too_late_for_what_has_ended(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_QUEUED);
	STEP(ks, STOP, "<b1>|enough", "[not_found]", "");
	keyspace_reset(ks);
	script_case_reach(ks, STAGE_CLOSING);
	STEP(ks, STOP, "<b1>|enough", "[too_late closing]", "");
	keyspace_reset(ks);
	script_case_reach(ks, STAGE_FINISHED);
	STEP(ks, STOP, "<b1>|enough", "[too_late allocated]", "");
	keyspace_reset(ks);
	script_case_reach(ks, STAGE_WORKING);
	GIVEN(ks, REVIEW, "<b1>|1|odd|");
	STEP(ks, STOP, "<b1>|enough", "[too_late needs_review]", "");
}

/* A large sell <b1> whose first slice works, and an ordinary buy <b2> that waits. */
static void let_buy_wait(struct keyspace *ks)
{
	GIVEN(ks, OPEN, "test");
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_OF("q1", "alice", SELL, "100"));
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	keyspace_command(ks, "HSET muster:{0}:block:<b1> lane large");
	GIVEN(ks, PLAN, "<b1>|1|<lease>|50|1|50|" FAR);
	GIVEN(ks, GATE, GATE_OF("b1", S("b1", "1") "|" S("b1", "2")));
	GIVEN(ks, RECORD, "<b1>|1|<lease>||0|" S("b1", "1") "|1|status|acked");
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_OF("q2", "bob", BUY, "50"));
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("12"));
	GIVEN(ks, PLAN, "<b2>|1|<lease>|50|1");
	STEP(ks, GATE, "<b2>|1|<lease>|<wait>|0|" S("b2", "1"), "[wait 200000 " WAITS("b1") "]", NULL);
}

/* Makes the second slice of <b1> due at this moment. */
static void make_second_due(struct keyspace *ks)
{
	char command[128];

	(void)snprintf(command, sizeof command, "HSET muster:{0}:slice:" S("b1", "2") " due_at %lld",
		       (long long)(keyspace_time_us(ks) / 1000));
	keyspace_command(ks, command);
}

static void next_slice_yields_to_a_side_that_has_waited_for_longer(void **state)
{
	struct keyspace *ks = *state;

	let_buy_wait(ks);
	make_second_due(ks);
	STEP(ks, GATE, GATE_OF("b1", S("b1", "2")), "[yield 200000 " WAITS("b2") "]",
	     "~block:<b1> reason=" WAITS("b2") " updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "+sides:paper:AAPL:sells zset - <b1>=<then>\n");
}

static void sides_take_turns(void **state)
{
	struct keyspace *ks = *state;

	let_buy_wait(ks);
	make_second_due(ks);
	/* The end of the slice gives the turn to the buy, and the next slice waits for its own. */
	STEP(ks, RECORD, "<b1>|1|<lease>||1|" S("b1", "1") "|1|status|canceled", "[recorded working]",
	     "~block:<b1> polls=1 updated_at=<now>\n"
	     "~blocks <b2>=<now> <b1>=<now+lease>\n"
	     "-sides:paper:AAPL:selling\n"
	     "~slice:" S("b1", "1") " status=canceled updated_at=<now>\n"
				    ">wake turn\n");
	STEP(ks, GATE, GATE_OF("b1", S("b1", "2")), "[wait 200000 " WAITS("b2") "]",
	     "~block:<b1> reason=" WAITS("b2") " updated_at=<now> worker=''\n"
	     "~blocks <b1>=<now+wait>\n"
	     "+sides:paper:AAPL:sells zset - <b1>=<then>\n");
	GIVEN(ks, CLAIM, CLAIM_AS("12"));
	STEP(ks, GATE, "<b2>|2|<lease>|<wait>|0|" S("b2", "1"), "[go " S("b2", "1") "]", NULL);
	/* The buy is in play, and a later one stands behind the sell. */
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_OF("q3", "carol", BUY, "7"));
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("13"));
	GIVEN(ks, PLAN, "<b3>|1|<lease>|7|1");
	STEP(ks, GATE, "<b3>|1|<lease>|<wait>|0|" S("b3", "1"), "[wait 200000 " WAITS("b1") "]", NULL);
	STEP(ks, CLOSE, "<b2>|2|<lease>|0||0|0|unfilled||0.01", "[closing]", NULL);
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	STEP(ks, GATE, "<b1>|2|<lease>|<wait>|0|strict|" S("b1", "2"), "[go " S("b1", "2") "]",
	     "~block:<b1> reason='' updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "+sides:paper:AAPL:selling zset - <b1>=<now>\n"
	     "-sides:paper:AAPL:sells\n"
	     "~slice:" S("b1", "2") " sent=maybe status=submitting updated_at=<now>\n");
}

static void what_is_sent_again_keeps_its_turn(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, OPEN, "test");
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_OF("q1", "alice", SELL, "100"));
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	keyspace_command(ks, "HSET muster:{0}:block:<b1> lane large");
	GIVEN(ks, PLAN, "<b1>|1|<lease>|50|1|50|" FAR);
	GIVEN(ks, GATE, GATE_OF("b1", S("b1", "1")));
	GIVEN(ks, RECORD, "<b1>|1|<lease>||0|" S("b1", "1") "|1|sent|no");
	keyspace_command(ks, "ZADD muster:{0}:sides:paper:AAPL:buys 1 other");
	STEP(ks, GATE, GATE_OF("b1", S("b1", "1") "|" S("b1", "2")), "[go " S("b1", "1") "]", NULL);
}

static void block_that_ends_waiting_waits_no_more(void **state)
{
	struct keyspace *ks = *state;

	let_buy_wait(ks);
	GIVEN(ks, RECORD, "<b1>|1|<lease>||1|" S("b1", "1") "|1|status|canceled");
	make_second_due(ks);
	GIVEN(ks, GATE, GATE_OF("b1", S("b1", "2")));
	STEP(ks, CLOSE, "<b1>|1|<lease>|0||0|0|unfilled||0.01", "[closing]",
	     "~block:<b1> average_price='' closed_at=<now> fee=0 filled_quantity=0 gross_amount=0\n"
	     "\tminor_unit=0.01 outcome=unfilled reason='' status=closing updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "+blocks:closing zset - <b1>=<now>\n"
	     "-blocks:working\n"
	     "-sides:paper:AAPL:sells\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(one_slice_of_a_large_block_goes_at_a_time),
	    SCRIPT_TEST(slices_that_are_due_together_are_told_and_nothing_is_written),
	    SCRIPT_TEST(nothing_goes_once_the_market_has_closed),
	    SCRIPT_TEST(large_block_works_while_slices_are_to_come_and_leaves_its_side),
	    SCRIPT_TEST(what_is_left_moves_to_later_slices_at_once),
	    SCRIPT_TEST(slice_whose_time_has_passed_ends),
	    SCRIPT_TEST(slice_on_its_way_is_not_planned_anew),
	    SCRIPT_TEST(stop_takes_the_block_out_of_hand),
	    SCRIPT_TEST(stop_comes_too_late_for_what_has_ended),
	    SCRIPT_TEST(next_slice_yields_to_a_side_that_has_waited_for_longer),
	    SCRIPT_TEST(sides_take_turns),
	    SCRIPT_TEST(what_is_sent_again_keeps_its_turn),
	    SCRIPT_TEST(block_that_ends_waiting_waits_no_more),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
