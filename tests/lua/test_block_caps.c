/* Caps on a block at the gate: over one nothing of it leaves, a person is asked, and the person's word lets it pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

/* MAX_BLOCK_NOTIONAL COLLAR_PCT MAX_PRICE_AGE_S MAX_DAILY_NOTIONAL, behind a rate without limit. */
#define GATE_UNDER(fence, caps) "<b1>|" fence "|<lease>|<wait>|0 60000 60000 " caps "|muster-test-<b1>-1"
#define PASSES			"[go muster-test-<b1>-1]"

/* A block of one signature for 225 shares, planned; the price of AAPL is 190 and stored just now. */
static void plan_block(struct keyspace *ks, const char *signature)
{
	char args[512];

	keyspace_reset(ks);
	GIVEN(ks, OPEN, "test");
	GIVEN(ks, STOCKS, "AAPL|{\"price\":\"190\"}");
	(void)snprintf(args, sizeof args, ENQUEUE_LANES "1" ENQUEUE_OF("q1", "alice", "%s", "225"), signature);
	GIVEN(ks, ENQUEUE, args);
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	GIVEN(ks, PLAN, "<b1>|1|<lease>|225|1");
}

static const char *gate_says(struct keyspace *ks, const char *args)
{
	GIVEN(ks, GATE, args);
	return keyspace_reply(ks)->element[0]->str;
}

static void block_over_a_cap_waits_for_a_person(void **state)
{
	struct keyspace *ks = *state;

	plan_block(ks, "AAPL buy paper 1 market");
	keyspace_command(ks, "HSET muster:{0}:stocks AAPL {\"price\":\"190\"}");
	STEP(ks, GATE, GATE_UNDER("1", "42749.99 0 0 0"),
	     "[needs_review 'it is worth 42750.00, more than caps.max_block_notional (42749.99)' 'buy of 225 shares of "
	     "AAPL, last price 190 of an unknown time; market']",
	     "~block:<b1> evidence='buy of 225 shares of AAPL, last price 190 of an unknown time; market' over_cap='it "
	     "is worth "
	     "42750.00, more than caps.max_block_notional (42749.99)' reason='it is worth 42750.00, more than "
	     "caps.max_block_notional (42749.99)' review_from=ready status=needs_review updated_at=<now> worker=''\n"
	     "-blocks\n"
	     "+blocks:needs_review zset - <b1>=<now>\n"
	     "-blocks:ready\n"
	     "~counts sealed=0 working=1\n");
}

static void cap_that_is_only_reached_is_kept(void **state)
{
	struct keyspace *ks = *state;

	plan_block(ks, "AAPL buy paper 1 market");
	STEP(ks, GATE, GATE_UNDER("1", "42750 5 3600 0"), PASSES, NULL);
	plan_block(ks, "AAPL buy paper 1 limit 199.5");
	STEP(ks, GATE, GATE_UNDER("1", "44887.5 5 0 0"), PASSES, NULL);
	plan_block(ks, "AAPL sell paper 1 limit 180.5");
	STEP(ks, GATE, GATE_UNDER("1", "42750 5 0 0"), PASSES, NULL);
	plan_block(ks, "AAPL buy paper 1 market");
	STEP(ks, GATE, "<b1>|1|<lease>|<wait>|0|muster-test-<b1>-1", PASSES, NULL);
}

static void each_cap_sets_the_block_aside(void **state)
{
	static const struct {
		const char *signature, *caps;
	} rows[] = {
	    {"AAPL buy paper 1 limit 200", "44999 0 0 0"}, {"AAPL sell paper 1 limit 180", "42749 0 0 0"},
	    {"AAPL buy paper 1 limit 199.51", "0 5 0 0"},  {"AAPL sell paper 1 limit 180.49", "0 5 0 0"},
	    {"AAPL buy paper 1 market", "0 0 0 42749.99"}, {"GE buy paper 1 market", "1000000 0 0 0"},
	    {"GE sell paper 1 limit 5", "0 5 0 0"},	   {"GE buy paper 1 market", "0 0 60 0"},
	    {"GE buy paper 1 market", "0 0 0 1000000"},
	};
	struct keyspace *ks = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char args[160];

		plan_block(ks, rows[i].signature);
		(void)snprintf(args, sizeof args, GATE_UNDER("1", "%s"), rows[i].caps);
		if (strcmp(gate_says(ks, args), "needs_review") != 0)
			fail_msg("row %zu passes", i);
	}
}

static void old_price_sets_the_block_aside(void **state)
{
	struct keyspace *ks = *state;

	plan_block(ks, "AAPL buy paper 1 market");
	keyspace_command(ks, "HSET muster:{0}:stocks AAPL {\"price\":\"190\",\"priced_at\":1700000000000}");
	assert_string_equal(gate_says(ks, GATE_UNDER("1", "0 0 60 0")), "needs_review");
	plan_block(ks, "AAPL buy paper 1 market");
	keyspace_command(ks, "HSET muster:{0}:stocks AAPL {\"price\":\"190\"}");
	assert_string_equal(gate_says(ks, GATE_UNDER("1", "0 0 60 0")), "needs_review");
	plan_block(ks, "AAPL buy paper 1 market");
	keyspace_command(ks, "HSET muster:{0}:stocks AAPL spoiled");
	assert_string_equal(gate_says(ks, GATE_UNDER("1", "0 0 60 0")), "needs_review");
}

static void day_adds_up_what_left(void **state)
{
	struct keyspace *ks = *state;
	char day[32];

	plan_block(ks, "AAPL buy paper 1 market");
	(void)snprintf(day, sizeof day, "notional:paper:%lld", (long long)(keyspace_time_us(ks) / 86400000000));
	STEP(ks, GATE, GATE_UNDER("1", "0 0 0 42750"), PASSES, NULL);
	assert_string_equal(keyspace_value(ks, day, "submitted_cents"), "4275000");
	/* the same block again adds nothing */
	GIVEN(ks, RECORD, "<b1>|1|<lease>||0|muster-test-<b1>-1|1|sent|no");
	STEP(ks, GATE, GATE_UNDER("1", "0 0 0 42750"), PASSES, NULL);
	assert_string_equal(keyspace_value(ks, day, "submitted_cents"), "4275000");
	/* another one does */
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_OF("q2", "bob", "AAPL sell paper 1 limit 190", "1"));
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	GIVEN(ks, PLAN, "<b2>|1|<lease>|1|1");
	GIVEN(ks, RECORD, "<b1>|1|<lease>||0|muster-test-<b1>-1|1|status|filled");
	GIVEN(ks, CLOSE, "<b1>|1|<lease>|0||0|0|unfilled||0.01");
	assert_string_equal(gate_says(ks, "<b2>|1|<lease>|<wait>|0 60000 60000 0 0 0 42939.99|muster-test-<b2>-1"),
			    "needs_review");
	assert_string_equal(keyspace_value(ks, day, "submitted_cents"), "4275000");
}

static void persons_word_lets_it_pass_once(void **state)
{
	struct keyspace *ks = *state;

	plan_block(ks, "AAPL buy paper 1 market");
	GIVEN(ks, GATE, GATE_UNDER("1", "1 0 0 0"));
	STEP(ks, RESOLVE, "<b1>|retry|it is meant", "[resolved ready]", NULL);
	assert_string_equal(keyspace_value(ks, "block:<b1>", "caps_passed"), "yes");
	assert_string_equal(keyspace_value(ks, "block:<b1>", "over_cap"), "");
	GIVEN(ks, CLAIM, CLAIM_AS("12"));
	STEP(ks, GATE, GATE_UNDER("3", "1 0 0 0"), PASSES, NULL);
}

static void other_reviews_do_not_let_a_block_pass_a_cap(void **state)
{
	struct keyspace *ks = *state;

	plan_block(ks, "AAPL buy paper 1 market");
	GIVEN(ks, REVIEW, "<b1>|1|looks odd|nothing");
	GIVEN(ks, RESOLVE, "<b1>|retry|fine");
	GIVEN(ks, CLAIM, CLAIM_AS("12"));
	assert_string_equal(gate_says(ks, GATE_UNDER("3", "1 0 0 0")), "needs_review");
	/* nor does the word to cancel it */
	GIVEN(ks, RESOLVE, "<b1>|cancel|no");
	assert_string_equal(keyspace_value(ks, "block:<b1>", "caps_passed"), "");
}

static void halt_comes_before_caps(void **state)
{
	struct keyspace *ks = *state;

	plan_block(ks, "AAPL buy paper 1 market");
	GIVEN(ks, HALT, "all|operator|ann|drill");
	assert_string_equal(gate_says(ks, GATE_UNDER("1", "1 0 0 0")), "wait");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(block_over_a_cap_waits_for_a_person),
	    SCRIPT_TEST(cap_that_is_only_reached_is_kept),
	    SCRIPT_TEST(each_cap_sets_the_block_aside),
	    SCRIPT_TEST(old_price_sets_the_block_aside),
	    SCRIPT_TEST(day_adds_up_what_left),
	    SCRIPT_TEST(persons_word_lets_it_pass_once),
	    SCRIPT_TEST(other_reviews_do_not_let_a_block_pass_a_cap),
	    SCRIPT_TEST(halt_comes_before_caps),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
