/* Opposite sides of a symbol never meet at one broker: the gate makes one wait, close lets it go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

#define BUY   "AAPL buy paper 1 market"
#define SELL  "AAPL sell paper 1 market"
#define WHY(block)   "'the opposite side of AAPL is in play at paper, by block <" block ">'"
#define WAITS(block) "[wait 200000 " WHY(block) "]"

/* A sell <b1> and a buy <b2> of AAPL in one window, both claimed with fence 1. */
static void claim_both(struct keyspace *ks)
{
	GIVEN(ks, OPEN, "test");
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "2" ENQUEUE_OF("q1", "alice", SELL, "100") ENQUEUE_OF("q2", "bob", BUY, "50"));
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
}

static void buy_waits_for_a_sell_that_is_sealed(void **state)
{
	struct keyspace *ks = *state;

	claim_both(ks);
	GIVEN(ks, PLAN, "<b2>|1|<lease>|50|1");
	STEP(ks, GATE, "<b2>|1|<lease>|<wait>|0|muster-test-<b2>-1", WAITS("b1"),
	     "~block:<b2> attempts=0 reason=" WHY("b1") " status=waiting\n"
	     "\tupdated_at=<now> worker=''\n"
	     "~blocks <b2>=<now+wait>\n"
	     "~blocks:ready -<b2>\n"
	     "+blocks:waiting zset - <b2>=<now>\n"
	     "+sides:paper:AAPL:buys zset - <b2>=<then>\n");
}

static void buy_waits_for_a_sell_that_works(void **state)
{
	struct keyspace *ks = *state;

	claim_both(ks);
	GIVEN(ks, PLAN, "<b1>|1|<lease>|100|1");
	STEP(ks, GATE, "<b1>|1|<lease>|<wait>|0|muster-test-<b1>-1", "[go muster-test-<b1>-1]", NULL);
	GIVEN(ks, PLAN, "<b2>|1|<lease>|50|1");
	STEP(ks, GATE, "<b2>|1|<lease>|<wait>|0|muster-test-<b2>-1", WAITS("b1"), NULL);
}

static void buy_that_waits_looks_again_and_waits_on(void **state)
{
	struct keyspace *ks = *state;

	claim_both(ks);
	GIVEN(ks, PLAN, "<b2>|1|<lease>|50|1");
	GIVEN(ks, GATE, "<b2>|1|<lease>|<wait>|0|muster-test-<b2>-1");
	STEP(ks, GATE, "<b2>|1|<lease>|<wait>|0|muster-test-<b2>-1", WAITS("b1"),
	     "~block:<b2> updated_at=<now>\n"
	     "~blocks <b2>=<now+wait>\n");
}

static void end_of_the_sell_wakes_the_buy(void **state)
{
	struct keyspace *ks = *state;

	claim_both(ks);
	GIVEN(ks, PLAN, "<b1>|1|<lease>|100|1");
	GIVEN(ks, GATE, "<b1>|1|<lease>|<wait>|0|muster-test-<b1>-1");
	GIVEN(ks, PLAN, "<b2>|1|<lease>|50|1");
	GIVEN(ks, GATE, "<b2>|1|<lease>|<wait>|0|muster-test-<b2>-1");
	STEP(ks, CLOSE, "<b1>|1|<lease>|0||0|0|unfilled||0.01", "[closing]",
	     "~block:<b1> average_price='' closed_at=<now> fee=0 filled_quantity=0 gross_amount=0\n"
	     "\tminor_unit=0.01 outcome=unfilled status=closing updated_at=<now>\n"
	     "~blocks <b2>=<now> <b1>=<now+lease>\n"
	     "+blocks:closing zset - <b1>=<now>\n"
	     "-blocks:submitting\n"
	     "-sides:paper:AAPL:selling\n"
	     ">wake turn\n");
	GIVEN(ks, CLAIM, CLAIM_AS("12"));
	STEP(ks, GATE, "<b2>|2|<lease>|<wait>|0|muster-test-<b2>-1", "[go muster-test-<b2>-1]",
	     "~block:<b2> reason='' status=submitting submitted_at=<now> updated_at=<now>\n"
	     "~blocks <b2>=<now+lease>\n"
	     "+blocks:submitting zset - <b2>=<now>\n"
	     "-blocks:waiting\n"
	     "~counts sealed=0 working=2\n"
	     "+sides:paper:AAPL:buying zset - <b2>=<now>\n"
	     "-sides:paper:AAPL:buys\n"
	     "~slice:muster-test-<b2>-1 sent=maybe status=submitting updated_at=<now>\n");
}

static void only_the_last_of_its_side_wakes_who_waits(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, OPEN, "test");
	GIVEN(ks, ENQUEUE,
	      ENQUEUE_LANES "3" ENQUEUE_OF("q1", "alice", SELL, "100") ENQUEUE_OF("q2", "bob", BUY, "50")
		  ENQUEUE_OF("q3", "carol", "AAPL sell paper 1 limit 190", "5"));
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	GIVEN(ks, PLAN, "<b1>|1|<lease>|100|1");
	GIVEN(ks, GATE, "<b1>|1|<lease>|<wait>|0|muster-test-<b1>-1");
	GIVEN(ks, PLAN, "<b2>|1|<lease>|50|1");
	GIVEN(ks, GATE, "<b2>|1|<lease>|<wait>|0|muster-test-<b2>-1");
	GIVEN(ks, PLAN, "<b3>|1|<lease>|5|1");
	GIVEN(ks, GATE, "<b3>|1|<lease>|<wait>|0|muster-test-<b3>-1");
	STEP(ks, CLOSE, "<b1>|1|<lease>|0||0|0|unfilled||0.01", "[closing]",
	     "~block:<b1> average_price='' closed_at=<now> fee=0 filled_quantity=0 gross_amount=0\n"
	     "\tminor_unit=0.01 outcome=unfilled status=closing updated_at=<now>\n"
	     "~blocks <b1>=<now+lease>\n"
	     "+blocks:closing zset - <b1>=<now>\n"
	     "~blocks:submitting -<b1>\n"
	     "~sides:paper:AAPL:selling -<b1>\n");
	STEP(ks, CLOSE, "<b3>|1|<lease>|0||0|0|unfilled||0.01", "[closing]",
	     "~block:<b3> average_price='' closed_at=<now> fee=0 filled_quantity=0 gross_amount=0\n"
	     "\tminor_unit=0.01 outcome=unfilled status=closing updated_at=<now>\n"
	     "~blocks <b2>=<now> <b3>=<now+lease>\n"
	     "~blocks:closing <b3>=<now>\n"
	     "-blocks:submitting\n"
	     "-sides:paper:AAPL:selling\n"
	     ">wake turn\n");
}

static void sell_waits_for_a_buy_that_works(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_SUBMITTING);
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_OF("q4", "dave", SELL, "5"));
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("12"));
	GIVEN(ks, PLAN, "<b2>|1|<lease>|5|1");
	STEP(ks, GATE, "<b2>|1|<lease>|<wait>|0|muster-test-<b2>-1", WAITS("b1"),
	     "~block:<b2> attempts=0 reason=" WHY("b1") " status=waiting\n"
	     "\tupdated_at=<now> worker=''\n"
	     "~blocks <b2>=<now+wait>\n"
	     "-blocks:ready\n"
	     "+blocks:waiting zset - <b2>=<now>\n");
	STEP(ks, CLOSE, "<b1>|1|<lease>|225|190|42750|0|filled||0.01", "[closing]",
	     "~block:<b1> average_price=190 closed_at=<now> fee=0 filled_quantity=225 gross_amount=42750\n"
	     "\tminor_unit=0.01 outcome=filled status=closing updated_at=<now>\n"
	     "~blocks <b2>=<now> <b1>=<now+lease>\n"
	     "+blocks:closing zset - <b1>=<now>\n"
	     "-blocks:submitting\n"
	     "-sides:paper:AAPL:buying\n"
	     ">wake turn\n");
	GIVEN(ks, CLAIM, CLAIM_AS("12"));
	STEP(ks, GATE, "<b2>|2|<lease>|<wait>|0|muster-test-<b2>-1", "[go muster-test-<b2>-1]",
	     "~block:<b2> reason='' status=submitting submitted_at=<now> updated_at=<now>\n"
	     "~blocks <b2>=<now+lease>\n"
	     "+blocks:submitting zset - <b2>=<now>\n"
	     "-blocks:waiting\n"
	     "~counts sealed=0 working=4\n"
	     "+sides:paper:AAPL:selling zset - <b2>=<now>\n"
	     "-sides:paper:AAPL:sells\n"
	     "~slice:muster-test-<b2>-1 sent=maybe status=submitting updated_at=<now>\n");
}

static void buys_do_not_wait_for_each_other(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_SUBMITTING);
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_OF("q4", "dave", BUY, "5"));
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("12"));
	GIVEN(ks, PLAN, "<b2>|1|<lease>|5|1");
	STEP(ks, GATE, "<b2>|1|<lease>|<wait>|0|muster-test-<b2>-1", "[go muster-test-<b2>-1]", NULL);
	/* The end of one leaves the other at the broker: a sell waits on. */
	GIVEN(ks, CLOSE, "<b1>|1|<lease>|225|190|42750|0|filled||0.01");
	assert_int_equal(snapshot_find(keyspace_snapshot(ks), "muster:{0}:sides:paper:AAPL:buying")->count, 1);
}

static void other_symbols_and_brokers_do_not_wait(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_SUBMITTING);
	GIVEN(ks, ENQUEUE,
	      ENQUEUE_LANES "2" ENQUEUE_OF("q4", "dave", "AAPL sell kite 1 market", "5")
		  ENQUEUE_OF("q5", "dave", "MSFT sell paper 1 market", "5"));
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("12"));
	GIVEN(ks, PLAN, "<b2>|1|<lease>|5|1");
	STEP(ks, GATE, "<b2>|1|<lease>|<wait>|0|muster-test-<b2>-1", "[go muster-test-<b2>-1]", NULL);
	GIVEN(ks, PLAN, "<b3>|1|<lease>|5|1");
	STEP(ks, GATE, "<b3>|1|<lease>|<wait>|0|muster-test-<b3>-1", "[go muster-test-<b3>-1]", NULL);
}

static void waiting_block_in_review_waits_no_more(void **state)
{
	struct keyspace *ks = *state;

	claim_both(ks);
	GIVEN(ks, PLAN, "<b2>|1|<lease>|50|1");
	GIVEN(ks, GATE, "<b2>|1|<lease>|<wait>|0|muster-test-<b2>-1");
	STEP(ks, REVIEW, "<b2>|1|waited too long|", "[needs_review]",
	     "~block:<b2> evidence='' reason='waited too long' review_from=waiting status=needs_review\n"
	     "\tupdated_at=<now>\n"
	     "~blocks -<b2>\n"
	     "+blocks:needs_review zset - <b2>=<now>\n"
	     "-blocks:waiting\n"
	     "~counts sealed=1 working=1\n"
	     "-sides:paper:AAPL:buys\n");
}

static void buy_that_finds_the_way_free_waits_no_more(void **state)
{
	struct keyspace *ks = *state;

	claim_both(ks);
	GIVEN(ks, PLAN, "<b2>|1|<lease>|50|1");
	GIVEN(ks, GATE, "<b2>|1|<lease>|<wait>|0|muster-test-<b2>-1");
	GIVEN(ks, REVIEW, "<b1>|1|never sent|");
	STEP(ks, GATE, "<b2>|1|<lease>|<wait>|0|muster-test-<b2>-1", "[go muster-test-<b2>-1]", NULL);
	assert_null(snapshot_find(keyspace_snapshot(ks), "muster:{0}:sides:paper:AAPL:buys"));
}

static void waking_only_hastens_blocks_that_need_a_worker(void **state)
{
	struct keyspace *ks = *state;

	claim_both(ks);
	GIVEN(ks, PLAN, "<b1>|1|<lease>|100|1");
	GIVEN(ks, GATE, "<b1>|1|<lease>|<wait>|0|muster-test-<b1>-1");
	GIVEN(ks, PLAN, "<b2>|1|<lease>|50|1");
	GIVEN(ks, GATE, "<b2>|1|<lease>|<wait>|0|muster-test-<b2>-1");
	keyspace_command(ks, "ZADD muster:{0}:blocks 5 <b2>");
	keyspace_command(ks, "ZADD muster:{0}:sides:paper:AAPL:buys 1 gone");
	GIVEN(ks, CLOSE, "<b1>|1|<lease>|0||0|0|unfilled||0.01");
	assert_string_equal(keyspace_value(ks, "blocks", "<b2>"), "5");
	assert_string_equal(keyspace_value(ks, "blocks", "gone"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(buy_waits_for_a_sell_that_is_sealed),
	    SCRIPT_TEST(buy_waits_for_a_sell_that_works),
	    SCRIPT_TEST(buy_that_waits_looks_again_and_waits_on),
	    SCRIPT_TEST(only_the_last_of_its_side_wakes_who_waits),
	    SCRIPT_TEST(end_of_the_sell_wakes_the_buy),
	    SCRIPT_TEST(sell_waits_for_a_buy_that_works),
	    SCRIPT_TEST(buys_do_not_wait_for_each_other),
	    SCRIPT_TEST(other_symbols_and_brokers_do_not_wait),
	    SCRIPT_TEST(buy_that_finds_the_way_free_waits_no_more),
	    SCRIPT_TEST(waking_only_hastens_blocks_that_need_a_worker),
	    SCRIPT_TEST(waiting_block_in_review_waits_no_more),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
