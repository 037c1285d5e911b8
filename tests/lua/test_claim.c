/* lua/claim.lua, renew.lua, release.lua, review.lua, resolve.lua: who has a block, and when a person gets it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

#define SELL "AAPL sell paper 1 market"
/* A claim whose lease is over at once. */
#define CLAIM_DYING(pid, attempts_max) "h1:" pid "|0|10|h1|" pid "|0|<then>|" attempts_max

static void claim_gives_lease_and_fence(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_SEALED);
	STEP(ks, CLAIM, CLAIM_AS("11"),
	     "[600000 test [<b1> [window window-<due> lane window symbol AAPL side buy broker_type paper lot 1 "
	     "order_type market limit_price '' quantity_nano 225000000000 sealed_at <then> fence 1 orders 3 status "
	     "ready worker h1:11] []]]",
	     "~block:<b1> fence=1 worker=h1:11\n"
	     "~blocks <b1>=<now+lease>\n"
	     "+worker:h1:11 hash <now+minute> blocks_in_hand=0 host=h1 pid=11 seen_at=<now> started_at=<then>\n"
	     "+workers zset - h1:11=<now>\n");
}

static void claimed_block_is_nobody_elses(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_CLAIMED);
	STEP(ks, CLAIM, CLAIM_AS("12"), "[* test]",
	     "+worker:h1:12 hash <now+minute> blocks_in_hand=0 host=h1 pid=12 seen_at=<now> started_at=<then>\n"
	     "~workers h1:12=<now>\n");
	assert_in_range(keyspace_reply(ks)->element[0]->integer, 500000, 600000);
}

static void nothing_to_do_is_said(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, OPEN, "test");
	STEP(ks, CLAIM, CLAIM_AS("11"), "[-1 test]",
	     "+worker:h1:11 hash <now+minute> blocks_in_hand=0 host=h1 pid=11 seen_at=<now> started_at=<then>\n"
	     "+workers zset - h1:11=<now>\n");
}

static void claim_takes_no_more_than_asked_for(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE,
	      ENQUEUE_LANES "2" ENQUEUE_ONE("q1", "alice", "100")
		  ENQUEUE_OF("q2", "bob", "MSFT buy paper 1 market", "5"));
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, "h1:11|<lease>|1|h1|11|0|<then>|3");
	assert_int_equal(keyspace_reply(ks)->elements, 3);
	assert_int_equal(keyspace_reply(ks)->element[0]->integer, 0);
	GIVEN(ks, CLAIM, "h1:12|<lease>|1|h1|12|0|<then>|3");
	assert_int_equal(keyspace_reply(ks)->elements, 3);
	assert_in_range(keyspace_reply(ks)->element[0]->integer, 1, 600000);
}

static void claim_brings_the_slices(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_CLAIMED);
	GIVEN(ks, PLAN, "<b1>|1|<lease>|200|1|25|1");
	GIVEN(ks, GATE, "<b1>|1|<lease>|<wait>|0|muster-test-<b1>-1|muster-test-<b1>-2");
	GIVEN(ks, RELEASE, "0|<b1>|1");
	STEP(ks, CLAIM, CLAIM_AS("12"),
	     "[600000 test [<b1> [window window-<due> lane window symbol AAPL side buy broker_type paper lot 1 "
	     "order_type market limit_price '' quantity_nano 225000000000 sealed_at <then> fence 2 orders 3 status "
	     "submitting worker h1:12 updated_at <then> submitted_at <then> reason '' attempts 0] "
	     "[[muster-test-<b1>-1 [block <b1> number 1 quantity 200 status submitting due_at 1 filled_quantity 0 "
	     "created_at <then> sent maybe updated_at <then>]] [muster-test-<b1>-2 [block <b1> number 2 quantity 25 "
	     "status submitting due_at 1 filled_quantity 0 created_at <then> sent maybe updated_at <then>]]]]]",
	     NULL);
}

static void lease_that_ran_out_counts_as_an_attempt(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_SEALED);
	GIVEN(ks, CLAIM, CLAIM_DYING("11", "3"));
	STEP(ks, CLAIM, CLAIM_AS("12"), NULL,
	     "~block:<b1> attempts=1 fence=2 worker=h1:12\n"
	     "~blocks <b1>=<now+lease>\n"
	     "+worker:h1:12 hash <now+minute> blocks_in_hand=0 host=h1 pid=12 seen_at=<now> started_at=<then>\n"
	     "~workers h1:12=<now>\n");
}

static void released_block_counts_no_attempt(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_CLAIMED);
	STEP(ks, RELEASE, "0|<b1>|1", "1",
	     "~block:<b1> worker=''\n"
	     "~blocks <b1>=<now>\n"
	     ">wake released\n");
	STEP(ks, CLAIM, CLAIM_AS("12"), NULL,
	     "~block:<b1> fence=2 worker=h1:12\n"
	     "~blocks <b1>=<now+lease>\n"
	     "+worker:h1:12 hash <now+minute> blocks_in_hand=0 host=h1 pid=12 seen_at=<now> started_at=<then>\n"
	     "~workers h1:12=<now>\n");
	STEP(ks, RELEASE, "<wait>|<b1>|2", "1",
	     "~block:<b1> worker=''\n"
	     "~blocks <b1>=<now+wait>\n"
	     ">wake released\n");
	STEP(ks, CLAIM, CLAIM_AS("13"), "[* test]", NULL);
}

static void block_that_kills_its_workers_goes_to_a_person(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_SEALED);
	GIVEN(ks, CLAIM, CLAIM_DYING("11", "2"));
	GIVEN(ks, CLAIM, CLAIM_DYING("12", "2"));
	STEP(ks, CLAIM, CLAIM_DYING("13", "2"), "[-1 test]",
	     "~block:<b1> attempts=2 reason='its workers died or failed 2 times' review_from=ready\n"
	     "\tstatus=needs_review updated_at=<now> worker=''\n"
	     "-blocks\n"
	     "+blocks:needs_review zset - <b1>=<now>\n"
	     "-blocks:ready\n"
	     "~counts sealed=0 working=3\n"
	     "+worker:h1:13 hash <now+minute> blocks_in_hand=0 host=h1 pid=13 seen_at=<now> started_at=<then>\n"
	     "~workers h1:13=<now>\n");
}

static void sell_in_review_that_was_never_sent_lets_buys_go(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, OPEN, "test");
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_OF("q1", "alice", SELL, "100"));
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	STEP(ks, REVIEW, "<b1>|1|looks odd|", "[needs_review]",
	     "~block:<b1> evidence='' reason='looks odd' review_from=ready status=needs_review updated_at=<now>\n"
	     "\tworker=''\n"
	     "-blocks\n"
	     "+blocks:needs_review zset - <b1>=<now>\n"
	     "-blocks:ready\n"
	     "~counts sealed=0 working=1\n"
	     "-sides:paper:AAPL:sells\n");
}

static void sell_in_review_that_may_be_at_the_broker_keeps_buys_away(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, OPEN, "test");
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_OF("q1", "alice", SELL, "100"));
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	GIVEN(ks, PLAN, "<b1>|1|<lease>|100|1");
	GIVEN(ks, GATE, "<b1>|1|<lease>|<wait>|0|muster-test-<b1>-1");
	STEP(ks, REVIEW, "<b1>|1|two orders found|B1 B2", "[needs_review]",
	     "~block:<b1> evidence='B1 B2' reason='two orders found' review_from=submitting status=needs_review\n"
	     "\tupdated_at=<now> worker=''\n"
	     "-blocks\n"
	     "+blocks:needs_review zset - <b1>=<now>\n"
	     "-blocks:submitting\n");
}

static void nobody_works_on_a_block_in_review(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_WORKING);
	GIVEN(ks, REVIEW, "<b1>|1|two orders found|B1 B2");
	STEP(ks, CLAIM, CLAIM_AS("12"), "[-1 test]", NULL);
	STEP(ks, RENEW, "<lease>|<b1>|1", "[0]", "");
	STEP(ks, RELEASE, "0|<b1>|1", "0", "");
	STEP(ks, REVIEW, "<b1>|1|again|", "[stale]", "");
}

static void resolve_puts_the_block_back_where_it_was(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_WORKING);
	GIVEN(ks, REVIEW, "<b1>|1|two orders found|B1 B2");
	STEP(ks, RESOLVE, "<b1>|adopt|the first one is ours", "[resolved working]",
	     "~block:<b1> fence=2 resolution=adopt resolution_note='the first one is ours' resolved_at=<now>\n"
	     "\tstatus=working updated_at=<now>\n"
	     "+blocks zset - <b1>=<now>\n"
	     "-blocks:needs_review\n"
	     "+blocks:working zset - <b1>=<now>\n"
	     ">wake <b1>\n");
	STEP(ks, RESOLVE, "<b1>|adopt|again", "[not_in_review working]", "");
	STEP(ks, RESOLVE, "none|adopt|", "[not_found]", "");
}

static void resolve_of_what_was_never_sent_makes_it_sealed_again(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_CLAIMED);
	GIVEN(ks, REVIEW, "<b1>|1|looks odd|");
	assert_string_equal(keyspace_value(ks, "counts", "working"), "3");
	STEP(ks, RESOLVE, "<b1>|retry|fine", "[resolved ready]",
	     "~block:<b1> attempts=0 fence=2 polls=0 resolution=retry resolution_note=fine resolved_at=<now>\n"
	     "\tstatus=ready updated_at=<now>\n"
	     "+blocks zset - <b1>=<now>\n"
	     "-blocks:needs_review\n"
	     "+blocks:ready zset - <b1>=<now>\n"
	     "~counts sealed=3 working=0\n"
	     ">wake <b1>\n");
}

static void worker_from_before_the_review_stays_out(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_WORKING);
	GIVEN(ks, REVIEW, "<b1>|1|two orders found|B1 B2");
	GIVEN(ks, RESOLVE, "<b1>|retry|fine");
	STEP(ks, RECORD, "<b1>|1|<lease>||1", "[stale]", "");
}

static void renew_prolongs_the_lease(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_CLAIMED);
	STEP(ks, RENEW, "<lease>|<b1>|1|none|1", "[1 0]", "~blocks <b1>=<now+lease>\n");
}

static void ended_block_is_neither_renewed_nor_released(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_FINISHED);
	STEP(ks, RENEW, "<lease>|<b1>|1", "[0]", "");
	STEP(ks, RELEASE, "0|<b1>|1", "0", "");
}

static void block_that_needs_no_worker_is_not_put_back(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_CLAIMED);
	keyspace_command(ks, "ZREM muster:{0}:blocks <b1>");
	GIVEN(ks, RENEW, "<lease>|<b1>|1");
	GIVEN(ks, RELEASE, "0|<b1>|1");
	assert_null(snapshot_find(keyspace_snapshot(ks), "muster:{0}:blocks"));
}

static void blocks_change_hands_when_memory_is_full(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_SEALED);
	keyspace_command(ks, "CONFIG SET maxmemory 1");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	STEP(ks, RENEW, "<lease>|<b1>|1", "[1]", NULL);
	STEP(ks, RELEASE, "0|<b1>|1", "1", NULL);
	GIVEN(ks, CLAIM, CLAIM_AS("12"));
	STEP(ks, REVIEW, "<b1>|2|odd|", "[needs_review]", NULL);
	STEP(ks, RESOLVE, "<b1>|retry|fine", "[resolved ready]", NULL);
}

static void worker_not_seen_for_a_minute_is_forgotten(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, OPEN, "test");
	keyspace_command(ks, "ZADD muster:{0}:workers 1700000000000 h9:9");
	STEP(ks, CLAIM, CLAIM_AS("11"), "[-1 test]",
	     "+worker:h1:11 hash <now+minute> blocks_in_hand=0 host=h1 pid=11 seen_at=<now> started_at=<then>\n"
	     "~workers h1:11=<now> -h9:9\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(claim_gives_lease_and_fence),
	    SCRIPT_TEST(claimed_block_is_nobody_elses),
	    SCRIPT_TEST(nothing_to_do_is_said),
	    SCRIPT_TEST(claim_takes_no_more_than_asked_for),
	    SCRIPT_TEST(claim_brings_the_slices),
	    SCRIPT_TEST(lease_that_ran_out_counts_as_an_attempt),
	    SCRIPT_TEST(released_block_counts_no_attempt),
	    SCRIPT_TEST(block_that_kills_its_workers_goes_to_a_person),
	    SCRIPT_TEST(sell_in_review_that_was_never_sent_lets_buys_go),
	    SCRIPT_TEST(sell_in_review_that_may_be_at_the_broker_keeps_buys_away),
	    SCRIPT_TEST(nobody_works_on_a_block_in_review),
	    SCRIPT_TEST(resolve_puts_the_block_back_where_it_was),
	    SCRIPT_TEST(resolve_of_what_was_never_sent_makes_it_sealed_again),
	    SCRIPT_TEST(worker_from_before_the_review_stays_out),
	    SCRIPT_TEST(renew_prolongs_the_lease),
	    SCRIPT_TEST(block_that_needs_no_worker_is_not_put_back),
	    SCRIPT_TEST(blocks_change_hands_when_memory_is_full),
	    SCRIPT_TEST(ended_block_is_neither_renewed_nor_released),
	    SCRIPT_TEST(worker_not_seen_for_a_minute_is_forgotten),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
