/* lua/claim.lua on blocks that have lost two workers: a worker has one of them in hand at a time, so that the guilty
 * one does not take the others along until all of them are with a person. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

/* A claim whose lease is over at once, of many blocks. */
#define CLAIM_DYING(pid)  "h1:" pid "|0|10|h1|" pid "|0|<then>|5"
#define CLAIM_LIVING(pid) "h1:" pid "|<lease>|10|h1|" pid "|0|<then>|5"

/* Two blocks in one window that have lost two workers together. */
static void reach_suspects(struct keyspace *ks)
{
	GIVEN(ks, OPEN, "test");
	GIVEN(ks, ENQUEUE,
	      ENQUEUE_LANES "2" ENQUEUE_ONE("q1", "alice", "100")
		  ENQUEUE_OF("q2", "bob", "MSFT buy paper 1 market", "5"));
	GIVEN(ks, PROCESS, "window-<due>");
	GIVEN(ks, SEAL, "10|1000");
	GIVEN(ks, CLAIM, CLAIM_DYING("11"));
	GIVEN(ks, CLAIM, CLAIM_DYING("12"));
}

/* Whose the block is, and how many workers it has lost. */
static void expect_block(struct keyspace *ks, const char *block, const char *worker, const char *attempts)
{
	assert_string_equal(keyspace_value(ks, block, "worker"), worker);
	assert_string_equal(keyspace_value(ks, block, "attempts"), attempts);
}

static void a_worker_gets_one_suspect_at_a_time(void **state)
{
	struct keyspace *ks = *state;

	reach_suspects(ks);
	GIVEN(ks, CLAIM, CLAIM_LIVING("13"));
	expect_block(ks, "block:<b1>", "h1:13", "2");
	expect_block(ks, "block:<b2>", "h1:12", "1");
	assert_string_equal(keyspace_value(ks, "block:<b2>", "fence"), "2");
	keyspace_command(ks, "ZADD muster:{0}:blocks 1 <b2>");
	GIVEN(ks, CLAIM, CLAIM_LIVING("13"));
	expect_block(ks, "block:<b2>", "h1:12", "1");
}

static void another_worker_gets_the_next(void **state)
{
	struct keyspace *ks = *state;

	reach_suspects(ks);
	GIVEN(ks, CLAIM, CLAIM_LIVING("13"));
	keyspace_command(ks, "ZADD muster:{0}:blocks 1 <b2>");
	GIVEN(ks, CLAIM, CLAIM_LIVING("14"));
	expect_block(ks, "block:<b2>", "h1:14", "2");
}

static void the_next_follows_the_one_that_was_given_back(void **state)
{
	struct keyspace *ks = *state;

	reach_suspects(ks);
	GIVEN(ks, CLAIM, CLAIM_LIVING("13"));
	GIVEN(ks, PLAN, "<b1>|3|<lease>|100|1");
	GIVEN(ks, GATE, "<b1>|3|<lease>|<wait>|0|muster-test-<b1>-1"); /* progress: it is no suspect any more */
	GIVEN(ks, RELEASE, "0|<b1>|3");
	keyspace_command(ks, "ZADD muster:{0}:blocks 1 <b2>");
	GIVEN(ks, CLAIM, CLAIM_LIVING("13"));
	expect_block(ks, "block:<b1>", "h1:13", "0");
	expect_block(ks, "block:<b2>", "h1:13", "2");
}

/* A worker that let the lease of its suspect run out is not kept from claiming it again. */
static void a_lost_suspect_can_be_claimed_by_the_same_worker(void **state)
{
	struct keyspace *ks = *state;

	reach_suspects(ks);
	GIVEN(ks, CLAIM, CLAIM_DYING("13"));
	expect_block(ks, "block:<b1>", "h1:13", "2");
	GIVEN(ks, CLAIM, CLAIM_DYING("13"));
	expect_block(ks, "block:<b1>", "h1:13", "3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(a_worker_gets_one_suspect_at_a_time),
	    SCRIPT_TEST(another_worker_gets_the_next),
	    SCRIPT_TEST(the_next_follows_the_one_that_was_given_back),
	    SCRIPT_TEST(a_lost_suspect_can_be_claimed_by_the_same_worker),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
