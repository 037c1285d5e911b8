/* lua/plan.lua, gate.lua, record.lua, fills.lua, close.lua: what a block goes through at the broker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

#define RECORD(next_ms, polls) "<b1>|1|<lease>|" next_ms "|" polls
#define SLICE(number, fields)  "|muster-test-<b1>-" number "|" fields

#define PLAN_TWO  "<b1>|1|<lease>|200|1|25|1"
#define GATE_BOTH "<b1>|1|<lease>|<wait>|0|muster-test-<b1>-1|muster-test-<b1>-2"

/* One block of 225 AAPL, cut into two slices and sent. */
static void begin_two_slices(struct keyspace *ks)
{
	script_case_reach(ks, STAGE_CLAIMED);
	GIVEN(ks, PLAN, PLAN_TWO);
	GIVEN(ks, GATE, GATE_BOTH);
}

static void plan_names_the_slices_before_anything_is_sent(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_CLAIMED);
	STEP(ks, PLAN, PLAN_TWO, "[planned muster-test-<b1>-1 muster-test-<b1>-2]",
	     "~block:<b1> updated_at=<now>\n"
	     "+block:<b1>:slices zset - muster-test-<b1>-1=1 muster-test-<b1>-2=2\n"
	     "~blocks <b1>=<now+lease>\n"
	     "+slice:muster-test-<b1>-1 hash - block=<b1> created_at=<now> due_at=1 filled_quantity=0 number=1\n"
	     "\tquantity=200 status=created\n"
	     "+slice:muster-test-<b1>-2 hash - block=<b1> created_at=<now> due_at=1 filled_quantity=0 number=2\n"
	     "\tquantity=25 status=created\n");
}

static void plan_is_made_once(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_CLAIMED);
	GIVEN(ks, PLAN, PLAN_TWO);
	STEP(ks, PLAN, PLAN_TWO, "[stale]", "");
	GIVEN(ks, GATE, GATE_BOTH);
	STEP(ks, PLAN, PLAN_TWO, "[stale]", "");
}

static void gate_stores_the_intent_before_anything_is_sent(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_CLAIMED);
	GIVEN(ks, PLAN, PLAN_TWO);
	STEP(ks, GATE, GATE_BOTH, "[go muster-test-<b1>-1 muster-test-<b1>-2]",
	     "~block:<b1> attempts=0 reason='' status=submitting submitted_at=<now> updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "-blocks:ready\n"
	     "+blocks:submitting zset - <b1>=<now>\n"
	     "~counts sealed=0 working=3\n"
	     "+sides:paper:AAPL:buying zset - <b1>=<now>\n"
	     "~slice:muster-test-<b1>-1 sent=maybe status=submitting updated_at=<now>\n"
	     "~slice:muster-test-<b1>-2 sent=maybe status=submitting updated_at=<now>\n");
}

static void block_works_once_all_slices_are_at_the_broker(void **state)
{
	struct keyspace *ks = *state;

	begin_two_slices(ks);
	STEP(ks, RECORD, RECORD("", "0") SLICE("1", "2|status|acked|broker_order_id|B1"), "[recorded submitting]",
	     "~block:<b1> polls=0 updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "~slice:muster-test-<b1>-1 broker_order_id=B1 status=acked updated_at=<now>\n");
	STEP(ks, RECORD, RECORD("", "1") SLICE("2", "1|status|ambiguous"), "[recorded submitting]",
	     "~block:<b1> polls=1 updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "~slice:muster-test-<b1>-2 status=ambiguous updated_at=<now>\n");
	STEP(ks, RECORD, RECORD("", "2") SLICE("2", "1|status|rejected"), "[recorded working]",
	     "~block:<b1> polls=2 status=working updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "-blocks:submitting\n"
	     "+blocks:working zset - <b1>=<now>\n"
	     "~slice:muster-test-<b1>-2 status=rejected updated_at=<now>\n");
}

static void record_releases_the_block_until_it_is_due(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_WORKING);
	STEP(ks, RECORD, RECORD("<wait>", "3") SLICE("1", "2|status|partially_filled|filled_quantity|50"),
	     "[recorded working]",
	     "~block:<b1> polls=3 updated_at=<now> worker=''\n"
	     "~blocks <b1>=<now+wait>\n"
	     "~slice:muster-test-<b1>-1 filled_quantity=50 status=partially_filled updated_at=<now>\n");
}

static void record_without_news_only_keeps_the_lease(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_WORKING);
	STEP(ks, RECORD, RECORD("", "4"), "[recorded working]",
	     "~block:<b1> polls=4 updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n");
}

static void slice_never_goes_back(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_WORKING);
	GIVEN(ks, RECORD, RECORD("", "1") SLICE("1", "1|status|partially_filled"));
	STEP(ks, RECORD, RECORD("", "1") SLICE("1", "2|status|acked|note|late"), "[recorded working]",
	     "~block:<b1> updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "~slice:muster-test-<b1>-1 note=late updated_at=<now>\n");
	STEP(ks, RECORD, RECORD("", "1") SLICE("1", "1|status|ambiguous"), "[recorded working]",
	     "~block:<b1> updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "~slice:muster-test-<b1>-1 updated_at=<now>\n");
	STEP(ks, RECORD, RECORD("", "1") SLICE("1", "1|status|submitting"), "[recorded working]",
	     "~block:<b1> updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "~slice:muster-test-<b1>-1 updated_at=<now>\n");
}

static void slice_that_has_ended_keeps_its_end(void **state)
{
	static const char *const ends[] = {"filled", "canceled", "expired", "rejected"};
	struct keyspace *ks = *state;

	for (size_t end = 0; end < 4; end++) {
		char args[128];

		keyspace_reset(ks);
		script_case_reach(ks, STAGE_WORKING);
		(void)snprintf(args, sizeof args, RECORD("", "0") SLICE("1", "1|status|%s"), ends[end]);
		GIVEN(ks, RECORD, args);
		for (size_t other = 0; other < 4; other++) {
			(void)snprintf(args, sizeof args, RECORD("", "0") SLICE("1", "1|status|%s"), ends[other]);
			GIVEN(ks, RECORD, args);
			assert_string_equal(keyspace_value(ks, "slice:muster-test-<b1>-1", "status"), ends[end]);
		}
	}
}

static void ambiguous_slice_may_be_submitted_again(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_SUBMITTING);
	GIVEN(ks, RECORD, RECORD("", "0") SLICE("1", "1|status|ambiguous"));
	GIVEN(ks, RECORD, RECORD("", "0") SLICE("1", "1|status|submitting"));
	assert_string_equal(keyspace_value(ks, "slice:muster-test-<b1>-1", "status"), "submitting");
	assert_string_equal(keyspace_value(ks, "block:<b1>", "status"), "submitting");
}

static void progress_forgives_attempts(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_WORKING);
	keyspace_command(ks, "HSET muster:{0}:block:<b1> attempts 2");
	GIVEN(ks, RECORD, RECORD("", "1"));
	assert_string_equal(keyspace_value(ks, "block:<b1>", "attempts"), "0");
}

static void fill_is_stored_once(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_WORKING);
	STEP(ks, FILLS, "<b1>|1|F1|muster-test-<b1>-1 100 190 1700000000000|F2|muster-test-<b1>-1 50 191 1700000000001",
	     "[stored 2]",
	     "+block:<b1>:fills hash - F1='muster-test-<b1>-1 100 190 1700000000000'\n"
	     "\tF2='muster-test-<b1>-1 50 191 1700000000001'\n");
	STEP(ks, FILLS,
	     "<b1>|1|F2|muster-test-<b1>-1 50 191 1700000000001|F3|muster-test-<b1>-1 75 190.5 1700000000002",
	     "[stored 1]", "~block:<b1>:fills F3='muster-test-<b1>-1 75 190.5 1700000000002'\n");
	STEP(ks, FILLS, "<b1>|1|F1|muster-test-<b1>-1 999 1 1|F1|muster-test-<b1>-1 999 1 1", "[stored 0]", "");
	STEP(ks, FILLS, "<b1>|1", "[stored 0]", "");
}

static void fills_may_come_before_the_block_works(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_SUBMITTING);
	STEP(ks, FILLS, "<b1>|1|F1|muster-test-<b1>-1 100 190 1700000000000", "[stored 1]",
	     "+block:<b1>:fills hash - F1='muster-test-<b1>-1 100 190 1700000000000'\n");
}

static void close_writes_the_totals(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_WORKING);
	STEP(ks, CLOSE, "<b1>|1|<lease>|200|190.125|38025|1.5|partially_filled|canceled by the broker|0.01",
	     "[closing]",
	     "~block:<b1> average_price=190.125 closed_at=<now> fee=1.5 filled_quantity=200 gross_amount=38025\n"
	     "\tminor_unit=0.01 outcome=partially_filled reason='canceled by the broker' status=closing "
	     "updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "+blocks:closing zset - <b1>=<now>\n"
	     "-blocks:working\n"
	     "-sides:paper:AAPL:buying\n");
}

static void no_fill_comes_after_the_close(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_CLOSING);
	STEP(ks, FILLS, "<b1>|1|F9|muster-test-<b1>-1 100 190 1700000000000", "[stale]", "");
	STEP(ks, RECORD, RECORD("", "1") SLICE("1", "1|status|canceled"), "[stale]", "");
	STEP(ks, CLOSE, "<b1>|1|<lease>|0|0|0|0|unfilled||0.01", "[stale]", "");
}

static void steps_go_on_when_memory_is_full(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_SEALED);
	keyspace_command(ks, "CONFIG SET maxmemory 1");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	GIVEN(ks, PLAN, "<b1>|1|<lease>|225|1");
	GIVEN(ks, GATE, "<b1>|1|<lease>|<wait>|0|muster-test-<b1>-1");
	GIVEN(ks, RECORD, RECORD("", "0") SLICE("1", "1|status|filled"));
	GIVEN(ks, FILLS, "<b1>|1|F1|muster-test-<b1>-1 225 190 1700000000000");
	GIVEN(ks, CLOSE, "<b1>|1|<lease>|225|190|42750|0|filled||0.01");
	GIVEN(ks, ALLOCATE,
	      "<b1>|1|<lease>|0|<retention>|q1-0|filled|100|19000|0|q2-0|filled|50|9500|0|"
	      "q3-0|filled|75|14250|0");
	STEP(ks, FINISH, "<b1>|1|<retention>|0|0|0", "[finished allocated * *]", NULL);
	keyspace_command(ks, "CONFIG SET maxmemory 0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(plan_names_the_slices_before_anything_is_sent),
	    SCRIPT_TEST(plan_is_made_once),
	    SCRIPT_TEST(gate_stores_the_intent_before_anything_is_sent),
	    SCRIPT_TEST(block_works_once_all_slices_are_at_the_broker),
	    SCRIPT_TEST(record_releases_the_block_until_it_is_due),
	    SCRIPT_TEST(record_without_news_only_keeps_the_lease),
	    SCRIPT_TEST(slice_never_goes_back),
	    SCRIPT_TEST(slice_that_has_ended_keeps_its_end),
	    SCRIPT_TEST(ambiguous_slice_may_be_submitted_again),
	    SCRIPT_TEST(progress_forgives_attempts),
	    SCRIPT_TEST(fill_is_stored_once),
	    SCRIPT_TEST(fills_may_come_before_the_block_works),
	    SCRIPT_TEST(close_writes_the_totals),
	    SCRIPT_TEST(no_fill_comes_after_the_close),
	    SCRIPT_TEST(steps_go_on_when_memory_is_full),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
