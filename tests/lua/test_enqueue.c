/* lua/enqueue.lua: requests are stored whole or not at all, and their orders meet in groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

#define AAPL "AAPL buy paper 1 market"

static void first_order_opens_window_and_group(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q1", "alice", "100"), "[" QUEUED "<now_us>]",
	     "+block:<b1> hash - broker_type=paper lane=window limit_price='' lot=1 order_type=market side=buy\n"
	     "\tsymbol=AAPL window=window-<due>\n"
	     "+block:<b1>:orders zset - q1-0=<now_us>\n"
	     "+counts hash - queued=1\n"
	     "+deployment hash - blocks=1\n"
	     "+order:q1-0 hash - block=<b1> digest=digest-q1 quantity=100 smallcase=sc1 user=alice\n"
	     "+user:alice:orders zset - q1-0=<now_us>\n"
	     "+window:window-<due> hash - created_at=<now> due_at=<due> lane=window orders=1 status=open\n"
	     "+window:window-<due>:blocks zset - <b1>=1\n"
	     "+window:window-<due>:groups hash - 'AAPL buy paper 1 market'='<b1> 100'\n"
	     "+windows zset - window-<due>=<due>\n"
	     "+windows:open hash - 'window <due>'=window-<due>\n"
	     ">wake window-<due>\n");
}

static void next_order_joins_the_group(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q1", "alice", "100"));
	STEP(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q2", "bob", "50"), "[" QUEUED "<now_us>]",
	     "~block:<b1>:orders q2-0=<now_us>\n"
	     "~counts queued=2\n"
	     "+order:q2-0 hash - block=<b1> digest=digest-q2 quantity=50 smallcase=sc1 user=bob\n"
	     "+user:bob:orders zset - q2-0=<now_us>\n"
	     "~window:window-<due> orders=2\n"
	     "~window:window-<due>:groups 'AAPL buy paper 1 market'='<b1> 150'\n");
}

static void other_signature_opens_another_group(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q1", "alice", "100"));
	STEP(ks, ENQUEUE,
	     ENQUEUE_LANES "2" ENQUEUE_OF("q2", "alice", "AAPL sell paper 0.001 limit 190.25", "5")
		 ENQUEUE_OF("q3", "alice", "AAPL buy paper 1 limit 190.25", "7"),
	     "[" QUEUED "<now_us> <now_us>]",
	     "+block:<b2> hash - broker_type=paper lane=window limit_price=190.25 lot=0.001 order_type=limit\n"
	     "\tside=sell symbol=AAPL window=window-<due>\n"
	     "+block:<b2>:orders zset - q2-0=<now_us>\n"
	     "+block:<b3> hash - broker_type=paper lane=window limit_price=190.25 lot=1 order_type=limit side=buy\n"
	     "\tsymbol=AAPL window=window-<due>\n"
	     "+block:<b3>:orders zset - q3-0=<now_us>\n"
	     "~counts queued=3\n"
	     "~deployment blocks=3\n"
	     "+order:q2-0 hash - block=<b2> digest=digest-q2 quantity=5 smallcase=sc1 user=alice\n"
	     "+order:q3-0 hash - block=<b3> digest=digest-q3 quantity=7 smallcase=sc1 user=alice\n"
	     "~user:alice:orders q2-0=<now_us> q3-0=<now_us>\n"
	     "~window:window-<due> orders=3\n"
	     "~window:window-<due>:blocks <b2>=0 <b3>=1\n"
	     "~window:window-<due>:groups 'AAPL buy paper 1 limit 190.25'='<b3> 7'\n"
	     "\t'AAPL sell paper 0.001 limit 190.25'='<b2> 5'\n");
}

static void batch_of_two_requests_is_stored_in_order(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, ENQUEUE, ENQUEUE_LANES "2" ENQUEUE_ONE("q1", "alice", "100") ENQUEUE_ONE("q2", "bob", "50"),
	     "[" QUEUED "<now_us> <now_us>]",
	     "+block:<b1> hash - broker_type=paper lane=window limit_price='' lot=1 order_type=market side=buy\n"
	     "\tsymbol=AAPL window=window-<due>\n"
	     "+block:<b1>:orders zset - q1-0=<now_us> q2-0=<now_us>\n"
	     "+counts hash - queued=2\n"
	     "+deployment hash - blocks=1\n"
	     "+order:q1-0 hash - block=<b1> digest=digest-q1 quantity=100 smallcase=sc1 user=alice\n"
	     "+order:q2-0 hash - block=<b1> digest=digest-q2 quantity=50 smallcase=sc1 user=bob\n"
	     "+user:alice:orders zset - q1-0=<now_us>\n"
	     "+user:bob:orders zset - q2-0=<now_us>\n"
	     "+window:window-<due> hash - created_at=<now> due_at=<due> lane=window orders=2 status=open\n"
	     "+window:window-<due>:blocks zset - <b1>=1\n"
	     "+window:window-<due>:groups hash - 'AAPL buy paper 1 market'='<b1> 150'\n"
	     "+windows zset - window-<due>=<due>\n"
	     "+windows:open hash - 'window <due>'=window-<due>\n"
	     ">wake window-<due>\n");
	KEYSPACE_IS(ks, "+block:<b1> hash - broker_type=paper lane=window limit_price='' lot=1 order_type=market\n"
			"\tside=buy symbol=AAPL window=window-<due>\n"
			"+block:<b1>:orders zset - q1-0=<now_us> q2-0=<now_us>\n"
			"+counts hash - queued=2\n"
			"+deployment hash - blocks=1\n"
			"+order:q1-0 hash - block=<b1> digest=digest-q1 quantity=100 smallcase=sc1 user=alice\n"
			"+order:q2-0 hash - block=<b1> digest=digest-q2 quantity=50 smallcase=sc1 user=bob\n"
			"+user:alice:orders zset - q1-0=<now_us>\n"
			"+user:bob:orders zset - q2-0=<now_us>\n"
			"+window:window-<due> hash - created_at=<now> due_at=<due> lane=window orders=2\n"
			"\tstatus=open\n"
			"+window:window-<due>:blocks zset - <b1>=1\n"
			"+window:window-<due>:groups hash - 'AAPL buy paper 1 market'='<b1> 150'\n"
			"+windows zset - window-<due>=<due>\n"
			"+windows:open hash - 'window <due>'=window-<due>\n");
}

static void orders_of_one_call_arrive_a_microsecond_apart(void **state)
{
	struct keyspace *ks = *state;
	int64_t first;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "2|q1|alice|sc1|d1|2 1|" AAPL "|1|" AAPL "|2" ENQUEUE_ONE("q2", "bob", "50"));
	first = strtoll(keyspace_value(ks, "block:<b1>:orders", "q1-0"), NULL, 10);
	assert_int_equal(strtoll(keyspace_value(ks, "block:<b1>:orders", "q1-1"), NULL, 10), first + 1);
	assert_int_equal(strtoll(keyspace_value(ks, "block:<b1>:orders", "q2-0"), NULL, 10), first + 2);
	assert_int_equal(keyspace_reply(ks)->element[2]->integer, first);
	assert_int_equal(keyspace_reply(ks)->element[3]->integer, first + 2);
}

static void same_queue_id_twice_in_a_batch_is_stored_once(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, ENQUEUE,
	     ENQUEUE_LANES "3" ENQUEUE_ONE("q1", "alice", "100")
		 ENQUEUE_ONE("q1", "alice", "100") "|q1|alice|sc1|another|1 1|" AAPL "|7",
	     "[" QUEUED "<now_us> [replayed] [conflict]]",
	     "+block:<b1> hash - broker_type=paper lane=window limit_price='' lot=1 order_type=market side=buy\n"
	     "\tsymbol=AAPL window=window-<due>\n"
	     "+block:<b1>:orders zset - q1-0=<now_us>\n"
	     "+counts hash - queued=1\n"
	     "+deployment hash - blocks=1\n"
	     "+order:q1-0 hash - block=<b1> digest=digest-q1 quantity=100 smallcase=sc1 user=alice\n"
	     "+user:alice:orders zset - q1-0=<now_us>\n"
	     "+window:window-<due> hash - created_at=<now> due_at=<due> lane=window orders=1 status=open\n"
	     "+window:window-<due>:blocks zset - <b1>=1\n"
	     "+window:window-<due>:groups hash - 'AAPL buy paper 1 market'='<b1> 100'\n"
	     "+windows zset - window-<due>=<due>\n"
	     "+windows:open hash - 'window <due>'=window-<due>\n"
	     ">wake window-<due>\n");
}

static void replay_writes_nothing(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q1", "alice", "100"));
	STEP(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q1", "alice", "100"), "[" NOT_QUEUED "[replayed]]", "");
}

static void replay_is_known_after_the_end_of_the_order(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_FINISHED);
	STEP(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q1", "alice", "100"), "[" NOT_QUEUED "[replayed]]", "");
}

static void other_body_under_a_known_id_is_a_conflict(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q1", "alice", "100"));
	STEP(ks, ENQUEUE, ENQUEUE_LANES "1|q1|alice|sc1|other-body|1 1|" AAPL "|100", "[" NOT_QUEUED "[conflict]]", "");
}

static void request_without_a_key_holds_no_digest(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q1", "alice", "100"));
	STEP(ks, ENQUEUE, ENQUEUE_LANES "2|q2|bob|sc1||1 1|" AAPL "|50|q3|bob|sc1||1 1|" AAPL "|7",
	     "[" QUEUED "<now_us> <now_us>]",
	     "~block:<b1>:orders q2-0=<now_us> q3-0=<now_us>\n"
	     "~counts queued=3\n"
	     "+order:q2-0 hash - block=<b1> quantity=50 smallcase=sc1 user=bob\n"
	     "+order:q3-0 hash - block=<b1> quantity=7 smallcase=sc1 user=bob\n"
	     "+user:bob:orders zset - q2-0=<now_us> q3-0=<now_us>\n"
	     "~window:window-<due> orders=3\n"
	     "~window:window-<due>:groups 'AAPL buy paper 1 market'='<b1> 157'\n");
}

static void refused_request_does_not_keep_back_its_neighbours(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q1", "alice", "100"));
	STEP(ks, ENQUEUE,
	     ENQUEUE_OPTIONS "2|window|next|||0|0|0|window|asked|1||0|0|0|3" ENQUEUE_ONE(
		 "q1", "alice", "100") "|q2|bob|sc1|d2|2 2|" AAPL "|5|" AAPL "|6" ENQUEUE_ONE("q3", "carol", "75"),
	     "[" QUEUED "[replayed] [bad_window 'it is past' '' ''] <now_us>]",
	     "~block:<b1>:orders q3-0=<now_us>\n"
	     "~counts queued=2\n"
	     "+order:q3-0 hash - block=<b1> digest=digest-q3 quantity=75 smallcase=sc1 user=carol\n"
	     "+user:carol:orders zset - q3-0=<now_us>\n"
	     "~window:window-<due> orders=2\n"
	     "~window:window-<due>:groups 'AAPL buy paper 1 market'='<b1> 175'\n");
}

static void request_of_several_orders_counts_them_in_the_first(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, ENQUEUE,
	     ENQUEUE_LANES "1|q1|alice|sc1|d1|3 1|" AAPL "|100"
			   "|MSFT sell paper 1 market|2|" AAPL "|0.5",
	     "[" QUEUED "<now_us>]",
	     "+block:<b1> hash - broker_type=paper lane=window limit_price='' lot=1 order_type=market side=buy\n"
	     "\tsymbol=AAPL window=window-<due>\n"
	     "+block:<b1>:orders zset - q1-0=<now_us> q1-2=<now_us>\n"
	     "+block:<b2> hash - broker_type=paper lane=window limit_price='' lot=1 order_type=market side=sell\n"
	     "\tsymbol=MSFT window=window-<due>\n"
	     "+block:<b2>:orders zset - q1-1=<now_us>\n"
	     "+counts hash - queued=3\n"
	     "+deployment hash - blocks=2\n"
	     "+order:q1-0 hash - block=<b1> digest=d1 open=3 orders=3 quantity=100 smallcase=sc1 user=alice\n"
	     "+order:q1-1 hash - block=<b2> quantity=2\n"
	     "+order:q1-2 hash - block=<b1> quantity=0.5\n"
	     "+user:alice:orders zset - q1-0=<now_us> q1-1=<now_us> q1-2=<now_us>\n"
	     "+window:window-<due> hash - created_at=<now> due_at=<due> lane=window orders=3 status=open\n"
	     "+window:window-<due>:blocks zset - <b2>=0 <b1>=1\n"
	     "+window:window-<due>:groups hash - 'AAPL buy paper 1 market'='<b1> 100.5'\n"
	     "\t'MSFT sell paper 1 market'='<b2> 2'\n"
	     "+windows zset - window-<due>=<due>\n"
	     "+windows:open hash - 'window <due>'=window-<due>\n"
	     ">wake window-<due>\n");
}

static void full_group_makes_room_for_another(void **state)
{
	struct keyspace *ks = *state;
	const char *const large = ENQUEUE_LANES "4"
						"|q1|alice|sc1|d1|1 1|" AAPL "|1000000000"
						"|q2|alice|sc1|d2|1 1|" AAPL "|1000000000"
						"|q3|alice|sc1|d3|1 1|" AAPL "|1000000000"
						"|q4|alice|sc1|d4|1 1|" AAPL "|1000000000";

	GIVEN(ks, ENQUEUE, large);
	STEP(ks, ENQUEUE, ENQUEUE_LANES "2" ENQUEUE_ONE("q5", "bob", "1") ENQUEUE_ONE("q6", "bob", "2"),
	     "[" QUEUED "<now_us> <now_us>]",
	     "~block:<b1> quantity_nano=4000000001000000000\n"
	     "~block:<b1>:orders q5-0=<now_us>\n"
	     "+block:<b2> hash - broker_type=paper lane=window limit_price='' lot=1 order_type=market side=buy\n"
	     "\tsymbol=AAPL window=window-<due>\n"
	     "+block:<b2>:orders zset - q6-0=<now_us>\n"
	     "~counts queued=6\n"
	     "~deployment blocks=2\n"
	     "+order:q5-0 hash - block=<b1> digest=digest-q5 quantity=1 smallcase=sc1 user=bob\n"
	     "+order:q6-0 hash - block=<b2> digest=digest-q6 quantity=2 smallcase=sc1 user=bob\n"
	     "+user:bob:orders zset - q5-0=<now_us> q6-0=<now_us>\n"
	     "~window:window-<due> orders=6\n"
	     "~window:window-<due>:blocks <b2>=1\n"
	     "~window:window-<due>:groups 'AAPL buy paper 1 market'='<b2> 2'\n");
	STEP(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q7", "bob", "3"), "[" QUEUED "<now_us>]",
	     "~block:<b2>:orders q7-0=<now_us>\n"
	     "~counts queued=7\n"
	     "+order:q7-0 hash - block=<b2> digest=digest-q7 quantity=3 smallcase=sc1 user=bob\n"
	     "~user:bob:orders q7-0=<now_us>\n"
	     "~window:window-<due> orders=7\n"
	     "~window:window-<due>:groups 'AAPL buy paper 1 market'='<b2> 5'\n");
}

/* Lua's numbers end at 2^53: the largest quantities here are beyond it and odd. */
static void totals_are_exact_to_the_last_billionth(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE,
	      ENQUEUE_LANES "5"
			    "|q1|alice|sc1|d1|1 1|" AAPL "|9007199.254740993"
			    "|q2|alice|sc1|d2|1 1|" AAPL "|0.000000001"
			    "|q3|alice|sc1|d3|1 1|" AAPL "|9007199.254740993"
			    "|q4|alice|sc1|d4|1 1|" AAPL "|9007199.25474099"
			    "|q5|alice|sc1|d5|1 1|" AAPL "|0.000000005");
	assert_string_equal(strchr(keyspace_value(ks, "window:window-<due>:groups", AAPL), ' '), " 27021597.764222982");
	assert_int_equal(snapshot_find(keyspace_snapshot(ks), "muster:{0}:window:window-2000000000000:blocks")->count,
			 1);
	STEP(ks, STATEMENT, "<b1>|0|9|quantities",
	     "[[q1-0 9007199.254740993] [q2-0 0.000000001] [q3-0 9007199.254740993] [q4-0 9007199.25474099] "
	     "[q5-0 0.000000005]]",
	     "");
}

static void nothing_is_written_when_memory_is_full(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q1", "alice", "100"));
	keyspace_command(ks, "CONFIG SET maxmemory 1");
	STEP(ks, ENQUEUE, ENQUEUE_LANES "2" ENQUEUE_ONE("q1", "alice", "100") ENQUEUE_ONE("q2", "bob", "50"), "!OOM",
	     "");
	keyspace_command(ks, "CONFIG SET maxmemory 0");
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q2", "bob", "50"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(first_order_opens_window_and_group),
	    SCRIPT_TEST(next_order_joins_the_group),
	    SCRIPT_TEST(other_signature_opens_another_group),
	    SCRIPT_TEST(batch_of_two_requests_is_stored_in_order),
	    SCRIPT_TEST(orders_of_one_call_arrive_a_microsecond_apart),
	    SCRIPT_TEST(same_queue_id_twice_in_a_batch_is_stored_once),
	    SCRIPT_TEST(replay_writes_nothing),
	    SCRIPT_TEST(replay_is_known_after_the_end_of_the_order),
	    SCRIPT_TEST(request_without_a_key_holds_no_digest),
	    SCRIPT_TEST(other_body_under_a_known_id_is_a_conflict),
	    SCRIPT_TEST(refused_request_does_not_keep_back_its_neighbours),
	    SCRIPT_TEST(request_of_several_orders_counts_them_in_the_first),
	    SCRIPT_TEST(totals_are_exact_to_the_last_billionth),
	    SCRIPT_TEST(full_group_makes_room_for_another),
	    SCRIPT_TEST(nothing_is_written_when_memory_is_full),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
