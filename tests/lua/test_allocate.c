/* lua/allocate.lua and finish.lua: every order gets its share exactly once, and what has ended begins to expire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

#define CHUNK(cursor)	   "<b1>|1|<lease>|" cursor "|<retention>"
#define ALICE		   "|q1-0|filled|100|19000|1.5"
#define BOB		   "|q2-0|filled|50|9500|0.75"
#define CAROL		   "|q3-0|unfilled|0|0|0"
#define FINISH_WITH(house) "<b1>|1|<retention>|" house

static void shares_are_written_and_posted(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_CLOSING);
	STEP(ks, ALLOCATE, CHUNK("0") ALICE BOB, "[allocated 2]",
	     "~block:<b1> allocated=2\n"
	     "~blocks <b1>=<now+lease>\n"
	     "~counts filled=2 working=1\n"
	     "~order:q1-0 ttl=<now+retention> fee=1.5 filled_quantity=100 gross_amount=19000 status=filled\n"
	     "\tupdated_at=<now>\n"
	     "~order:q2-0 ttl=<now+retention> fee=0.75 filled_quantity=50 gross_amount=9500 status=filled\n"
	     "\tupdated_at=<now>\n"
	     "+transactions stream - <t1>=(order_id=q1-0 block_id=<b1> user_id=alice smallcase_id=sc1 symbol=AAPL\n"
	     "\tside=buy broker_type=paper quantity=100 price=190 gross_amount=19000 fee=1.5 executed_at=<now>)\n"
	     "\t<t2>=(order_id=q2-0 block_id=<b1> user_id=bob smallcase_id=sc1 symbol=AAPL side=buy\n"
	     "\tbroker_type=paper quantity=50 price=190 gross_amount=9500 fee=0.75 executed_at=<now>)\n"
	     "+user:alice:transactions zset - <t1>=<now_us>\n"
	     "+user:bob:transactions zset - <t2>=<now_us>\n");
	STEP(ks, ALLOCATE, CHUNK("2") CAROL, "[allocated 3]",
	     "~block:<b1> allocated=3\n"
	     "~blocks <b1>=<now+lease>\n"
	     "~counts unfilled=1 working=0\n"
	     "~order:q3-0 ttl=<now+retention> fee=0 filled_quantity=0 gross_amount=0 status=unfilled\n"
	     "\tupdated_at=<now>\n");
}

static void chunk_sent_again_posts_nothing(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_CLOSING);
	GIVEN(ks, ALLOCATE, CHUNK("0") ALICE);
	STEP(ks, ALLOCATE, CHUNK("0") ALICE, "[cursor 1]", "");
	STEP(ks, ALLOCATE, CHUNK("2") CAROL, "[cursor 1]", "");
	GIVEN(ks, ALLOCATE, CHUNK("1") BOB);
	GIVEN(ks, ALLOCATE, CHUNK("2") CAROL);
	STEP(ks, ALLOCATE, CHUNK("2") CAROL, "[cursor 3]", "");
}

static void another_worker_goes_on_at_the_cursor(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_CLOSING);
	GIVEN(ks, ALLOCATE, CHUNK("0") ALICE);
	GIVEN(ks, RELEASE, "0|<b1>|1");
	GIVEN(ks, CLAIM, CLAIM_AS("12"));
	STEP(ks, ALLOCATE, CHUNK("1") BOB, "[stale]", "");
	STEP(ks, ALLOCATE, "<b1>|2|<lease>|0|<retention>" ALICE, "[cursor 1]", "");
	STEP(ks, ALLOCATE, "<b1>|2|<lease>|1|<retention>" BOB CAROL, "[allocated 3]", NULL);
	assert_int_equal(snapshot_find(keyspace_snapshot(ks), "muster:{0}:transactions")->count, 2);
}

static void each_chunk_forgives_attempts(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_CLOSING);
	keyspace_command(ks, "HSET muster:{0}:block:<b1> attempts 2");
	GIVEN(ks, ALLOCATE, CHUNK("0") ALICE);
	assert_string_equal(keyspace_value(ks, "block:<b1>", "attempts"), "0");
}

static void transactions_of_one_call_have_times_of_their_own(void **state)
{
	struct keyspace *ks = *state;
	int64_t first;

	GIVEN(ks, OPEN, "test");
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "2" ENQUEUE_ONE("q1", "alice", "100") ENQUEUE_ONE("q2", "alice", "50"));
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	GIVEN(ks, PLAN, "<b1>|1|<lease>|150|1");
	GIVEN(ks, GATE, "<b1>|1|<lease>|<wait>|0|muster-test-<b1>-1");
	GIVEN(ks, CLOSE, "<b1>|1|<lease>|150|190|28500|0|filled||0.01");
	STEP(ks, ALLOCATE, CHUNK("0") ALICE BOB, "[allocated 2]", NULL);
	first = strtoll(snapshot_find(keyspace_snapshot(ks), "muster:{0}:user:alice:transactions")->elements[0].value,
			NULL, 10);
	assert_int_equal(
	    strtoll(snapshot_find(keyspace_snapshot(ks), "muster:{0}:user:alice:transactions")->elements[1].value, NULL,
		    10),
	    first + 1);
}

static void first_order_of_a_request_outlives_the_others(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, OPEN, "test");
	GIVEN(ks, ENQUEUE,
	      ENQUEUE_LANES "1|q1|alice|sc1|d1|3 1|AAPL buy paper 1 market|100"
			    "|AAPL buy paper 1 market|50|MSFT buy paper 1 market|5");
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	GIVEN(ks, PLAN, "<b1>|1|<lease>|150|1");
	GIVEN(ks, GATE, "<b1>|1|<lease>|<wait>|0|muster-test-<b1>-1");
	GIVEN(ks, PLAN, "<b2>|1|<lease>|5|1");
	GIVEN(ks, GATE, "<b2>|1|<lease>|<wait>|0|muster-test-<b2>-1");
	GIVEN(ks, CLOSE, "<b1>|1|<lease>|0||0|0|unfilled||0.01");
	GIVEN(ks, CLOSE, "<b2>|1|<lease>|0||0|0|unfilled||0.01");
	STEP(ks, ALLOCATE, CHUNK("0") "|q1-0|unfilled|0|0|0|q1-1|unfilled|0|0|0", "[allocated 2]",
	     "~block:<b1> allocated=2\n"
	     "~blocks <b1>=<now+lease>\n"
	     "~counts unfilled=2 working=1\n"
	     "~order:q1-0 fee=0 filled_quantity=0 gross_amount=0 open=1 status=unfilled updated_at=<now>\n"
	     "~order:q1-1 ttl=<now+retention> fee=0 filled_quantity=0 gross_amount=0 status=unfilled\n"
	     "\tupdated_at=<now>\n");
	STEP(ks, ALLOCATE, "<b2>|1|<lease>|0|<retention>|q1-2|unfilled|0|0|0", "[allocated 1]",
	     "~block:<b2> allocated=1\n"
	     "~blocks <b2>=<now+lease>\n"
	     "~counts unfilled=3 working=0\n"
	     "~order:q1-0 ttl=<now+retention> open=0\n"
	     "~order:q1-2 ttl=<now+retention> fee=0 filled_quantity=0 gross_amount=0 status=unfilled\n"
	     "\tupdated_at=<now>\n");
}

static void orders_of_a_bulk_call_expire_one_by_one(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, OPEN, "test");
	GIVEN(ks, BULK,
	      "bq|d1|2|2|0|<abandon>|<retention>|''|''|alice|sc1|AAPL buy paper 1 market|5|"
	      "|bob|sc1|AAPL buy paper 1 market|7|");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	GIVEN(ks, PLAN, "<b1>|1|<lease>|12|1");
	GIVEN(ks, GATE, "<b1>|1|<lease>|<wait>|0|muster-test-<b1>-1");
	GIVEN(ks, CLOSE, "<b1>|1|<lease>|0||0|0|unfilled||0.01");
	STEP(ks, ALLOCATE, CHUNK("0") "|bq-1|unfilled|0|0|0", "[allocated 1]",
	     "~block:<b1> allocated=1\n"
	     "~blocks <b1>=<now+lease>\n"
	     "~counts unfilled=1 working=1\n"
	     "~order:bq-1 ttl=<now+retention> fee=0 filled_quantity=0 gross_amount=0 status=unfilled\n"
	     "\tupdated_at=<now>\n");
}

/* The caps of a call of two orders, worth 190 and 10 at the broker paper. */
#define CAPS "|caps 0 paper=30000\npaper 19000\npaper 1000"

/* "notional:paper:DAY" of today. */
static const char *today(struct keyspace *ks)
{
	static char key[64];

	(void)snprintf(key, sizeof key, "notional:paper:%lld", (long long)(keyspace_time_us(ks) / 86400000000));
	return key;
}

/* A block of two orders that a person has stopped before anything of it left, and that is closed. */
static void stop_unsent(struct keyspace *ks)
{
	GIVEN(ks, OPEN, "test");
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "2" ENQUEUE_ONE("q1", "alice", "100") ENQUEUE_ONE("q2", "bob", "50") CAPS);
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, STOP, "<b1>|no");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	GIVEN(ks, GATE, "<b1>|2|<lease>|<wait>|0");
	GIVEN(ks, CLOSE, "<b1>|2|<lease>|0||0|0|canceled|canceled by a person|0.01");
}

static void what_never_left_counts_no_more_for_the_day(void **state)
{
	struct keyspace *ks = *state;
	char change[1024];

	stop_unsent(ks);
	assert_string_equal(keyspace_value(ks, today(ks), "accepted_cents"), "20000");
	(void)snprintf(change, sizeof change,
		       "~block:<b1> allocated=1\n"
		       "~blocks <b1>=<now+lease>\n"
		       "~counts canceled=1 working=1\n"
		       "~%s accepted_cents=1000\n"
		       "~order:q1-0 ttl=<now+retention> fee=0 filled_quantity=0 gross_amount=0 status=canceled\n"
		       "\tupdated_at=<now>\n",
		       today(ks));
	STEP(ks, ALLOCATE, "<b1>|2|<lease>|0|<retention>|q1-0|canceled|0|0|0", "[allocated 1]", change);
	STEP(ks, ALLOCATE, "<b1>|2|<lease>|0|<retention>|q1-0|canceled|0|0|0", "[cursor 1]", "");
	keyspace_command(ks, "HSET muster:{0}:order:q2-0 worth '7 paper 1000'");
	GIVEN(ks, ALLOCATE, "<b1>|2|<lease>|1|<retention>|q2-0|canceled|0|0|0"); /* of a day that is forgotten */
	assert_string_equal(keyspace_value(ks, today(ks), "accepted_cents"), "1000");
	assert_string_equal(keyspace_value(ks, "notional:paper:7", "accepted_cents"), "");
}

static void abandoned_bulk_call_counts_no_more_for_the_day(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, BULK,
	      "bq|d1|3|1|0|0|<retention>|''|''|alice|sc1|AAPL buy paper 1 market|1||bob|sc1|AAPL buy paper 1 "
	      "market|1|" CAPS);
	assert_string_equal(keyspace_value(ks, today(ks), "accepted_cents"), "20000");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	GIVEN(ks, ALLOCATE, "<b1>|1|<lease>|0|<retention>|bq-0|canceled|0|0|0|bq-1|canceled|0|0|0");
	assert_string_equal(keyspace_value(ks, today(ks), "accepted_cents"), "0");
}

/* Also where it came to nothing: it might have. */
static void what_has_left_counts_for_the_day(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, OPEN, "test");
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "2" ENQUEUE_ONE("q1", "alice", "100") ENQUEUE_ONE("q2", "bob", "50") CAPS);
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	GIVEN(ks, PLAN, "<b1>|1|<lease>|150|1");
	GIVEN(ks, GATE, "<b1>|1|<lease>|<wait>|0|muster-test-<b1>-1");
	GIVEN(ks, RECORD, "<b1>|1|<lease>||0|muster-test-<b1>-1|1|status|rejected");
	GIVEN(ks, CLOSE, "<b1>|1|<lease>|0||0|0|rejected|no|0.01");
	GIVEN(ks, ALLOCATE, "<b1>|1|<lease>|0|<retention>|q1-0|rejected|0|0|0|q2-0|rejected|0|0|0");
	assert_string_equal(keyspace_value(ks, today(ks), "accepted_cents"), "20000");
}

static void money_of_the_day_of_a_wrong_type_is_refused(void **state)
{
	struct keyspace *ks = *state;
	char command[96];

	stop_unsent(ks);
	(void)snprintf(command, sizeof command, "DEL muster:{0}:%s", today(ks));
	keyspace_command(ks, command);
	(void)snprintf(command, sizeof command, "SET muster:{0}:%s spoiled", today(ks));
	keyspace_command(ks, command);
	STEP(ks, ALLOCATE, "<b1>|2|<lease>|0|<retention>|q1-0|canceled|0|0|0", "!WRONGKEY", "");
}

static void allocation_waits_for_the_close(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_WORKING);
	STEP(ks, ALLOCATE, CHUNK("0") ALICE, "[stale]", "");
	STEP(ks, FINISH, FINISH_WITH("0|0|0"), "[stale]", "");
}

static void finish_waits_for_the_last_share(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_CLOSING);
	STEP(ks, FINISH, FINISH_WITH("0|0|0"), "[cursor 0]", "");
	GIVEN(ks, ALLOCATE, CHUNK("0") ALICE BOB);
	STEP(ks, FINISH, FINISH_WITH("0|0|0"), "[cursor 2]", "");
}

static void last_block_ends_the_window_and_everything_expires(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_ALLOCATED);
	STEP(ks, FINISH, FINISH_WITH("0|0|0"), "[finished allocated * *]",
	     "~block:<b1> ttl=<now+retention> allocated_at=<now> house_fee=0 house_gross_amount=0 house_quantity=0\n"
	     "\tstatus=allocated updated_at=<now> worker=''\n"
	     "~block:<b1>:fills ttl=<now+retention>\n"
	     "~block:<b1>:orders ttl=<now+retention>\n"
	     "~block:<b1>:slices ttl=<now+retention>\n"
	     "-blocks\n"
	     "+blocks:allocated zset - <b1>=<now>\n"
	     "-blocks:closing\n"
	     "~slice:muster-test-<b1>-1 ttl=<now+retention>\n"
	     "~window:window-<due> ttl=<now+retention> blocks_open=0 done_at=<now> status=done\n"
	     "~window:window-<due>:blocks ttl=<now+retention>\n"
	     "+windows:done zset - window-<due>=<now>\n"
	     "-windows:working\n"
	     ">done block <b1>\n"
	     ">done window window-<due>\n");
	STEP(ks, FINISH, FINISH_WITH("0|0|0"), "[stale]", "");
	STEP(ks, CLAIM, CLAIM_AS("12"), "[-1 test]", NULL);
}

static void rest_goes_to_the_house(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_ALLOCATED);
	STEP(ks, FINISH, FINISH_WITH("0.5|95|0"), "[finished allocated * *]",
	     "~block:<b1> ttl=<now+retention> allocated_at=<now> house_fee=0 house_gross_amount=95\n"
	     "\thouse_quantity=0.5 status=allocated updated_at=<now> worker=''\n"
	     "~block:<b1>:fills ttl=<now+retention>\n"
	     "~block:<b1>:orders ttl=<now+retention>\n"
	     "~block:<b1>:slices ttl=<now+retention>\n"
	     "-blocks\n"
	     "+blocks:allocated zset - <b1>=<now>\n"
	     "-blocks:closing\n"
	     "+house stream - <h1>=(block_id=<b1> symbol=AAPL side=buy broker_type=paper quantity=0.5\n"
	     "\tgross_amount=95 fee=0 executed_at=<now>)\n"
	     "~slice:muster-test-<b1>-1 ttl=<now+retention>\n"
	     "~window:window-<due> ttl=<now+retention> blocks_open=0 done_at=<now> status=done\n"
	     "~window:window-<due>:blocks ttl=<now+retention>\n"
	     "+windows:done zset - window-<due>=<now>\n"
	     "-windows:working\n"
	     ">done block <b1>\n"
	     ">done window window-<due>\n");
}

static void money_or_fee_alone_goes_to_the_house_too(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_ALLOCATED);
	GIVEN(ks, FINISH, FINISH_WITH("0|0.000000001|0"));
	assert_int_equal(snapshot_find(keyspace_snapshot(ks), "muster:{0}:house")->count, 1);
	keyspace_reset(ks);
	script_case_reach(ks, STAGE_ALLOCATED);
	GIVEN(ks, FINISH, FINISH_WITH("0|0|0.01"));
	assert_int_equal(snapshot_find(keyspace_snapshot(ks), "muster:{0}:house")->count, 1);
}

static void window_goes_on_until_its_last_block(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, OPEN, "test");
	GIVEN(ks, ENQUEUE,
	      ENQUEUE_LANES "2" ENQUEUE_ONE("q1", "alice", "100")
		  ENQUEUE_OF("q2", "bob", "MSFT buy paper 1 market", "5"));
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	GIVEN(ks, PLAN, "<b1>|1|<lease>|100|1");
	GIVEN(ks, GATE, "<b1>|1|<lease>|<wait>|0|muster-test-<b1>-1");
	GIVEN(ks, CLOSE, "<b1>|1|<lease>|0||0|0|canceled||0.01");
	GIVEN(ks, ALLOCATE, CHUNK("0") "|q1-0|canceled|0|0|0");
	STEP(ks, FINISH, FINISH_WITH("0|0|0"), "[finished allocated * *]",
	     "~block:<b1> ttl=<now+retention> allocated_at=<now> house_fee=0 house_gross_amount=0 house_quantity=0\n"
	     "\tstatus=allocated updated_at=<now> worker=''\n"
	     "~block:<b1>:orders ttl=<now+retention>\n"
	     "~block:<b1>:slices ttl=<now+retention>\n"
	     "~blocks -<b1>\n"
	     "+blocks:allocated zset - <b1>=<now>\n"
	     "-blocks:closing\n"
	     "~slice:muster-test-<b1>-1 ttl=<now+retention>\n"
	     "~window:window-<due> blocks_open=1\n"
	     ">done block <b1>\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(shares_are_written_and_posted),
	    SCRIPT_TEST(chunk_sent_again_posts_nothing),
	    SCRIPT_TEST(each_chunk_forgives_attempts),
	    SCRIPT_TEST(another_worker_goes_on_at_the_cursor),
	    SCRIPT_TEST(transactions_of_one_call_have_times_of_their_own),
	    SCRIPT_TEST(first_order_of_a_request_outlives_the_others),
	    SCRIPT_TEST(orders_of_a_bulk_call_expire_one_by_one),
	    SCRIPT_TEST(what_never_left_counts_no_more_for_the_day),
	    SCRIPT_TEST(abandoned_bulk_call_counts_no_more_for_the_day),
	    SCRIPT_TEST(what_has_left_counts_for_the_day),
	    SCRIPT_TEST(money_of_the_day_of_a_wrong_type_is_refused),
	    SCRIPT_TEST(allocation_waits_for_the_close),
	    SCRIPT_TEST(finish_waits_for_the_last_share),
	    SCRIPT_TEST(last_block_ends_the_window_and_everything_expires),
	    SCRIPT_TEST(rest_goes_to_the_house),
	    SCRIPT_TEST(money_or_fee_alone_goes_to_the_house_too),
	    SCRIPT_TEST(window_goes_on_until_its_last_block),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
