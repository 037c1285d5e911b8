/* lua/bulk.lua: a bulk call comes in chunks, is due with its last one, and can be sent again after a crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

#define AAPL		       "AAPL buy paper 1 market"
#define BULK(total, from)      "bq|d1|" total "|2|" from "|<abandon>|<retention>|''|''"
#define TAKEN(user, quantity)  "|" user "|sc1|" AAPL "|" quantity "|"
#define TURNED_DOWN(user, why) "|" user "|sc1|XYZ buy paper 1 limit 9.5|0|" why

static void one_chunk_is_stored_and_due(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, BULK, BULK("3", "0") TAKEN("alice", "100") TURNED_DOWN("bob", "unknown_symbol") TAKEN("alice", "50"),
	     "[stored bulk-bq open 3]",
	     "+block:<b1> hash - broker_type=paper lane=bulk limit_price='' lot=1 order_type=market side=buy\n"
	     "\tsymbol=AAPL window=bulk-bq\n"
	     "+block:<b1>:orders zset - bq-0=<now_us> bq-2=<now_us>\n"
	     "+counts hash - queued=2 rejected=1\n"
	     "+deployment hash - blocks=1\n"
	     "+order:bq-0 hash - block=<b1> quantity=100 smallcase=sc1 user=alice\n"
	     "+order:bq-1 hash <now+retention> created_at=<now> group='XYZ buy paper 1 limit 9.5' quantity=0\n"
	     "\treason=unknown_symbol smallcase=sc1 status=rejected updated_at=<now> user=bob window=bulk-bq\n"
	     "+order:bq-2 hash - block=<b1> quantity=50 smallcase=sc1 user=alice\n"
	     "+user:alice:orders zset - bq-0=<now_us> bq-2=<now_us>\n"
	     "+user:bob:orders zset - bq-1=<now_us>\n"
	     "+window:bulk-bq hash - created_at=<now> digest=d1 due_at=<now> lane=bulk orders=2 queue_id=bq\n"
	     "\treceived=3 rejected=1 requests=2 status=open total=3\n"
	     "+window:bulk-bq:blocks zset - <b1>=1\n"
	     "+window:bulk-bq:groups hash - 'AAPL buy paper 1 market'='<b1> 150'\n"
	     "+windows zset - bulk-bq=<now>\n"
	     ">wake bulk-bq\n");
}

static void chunks_before_the_last_only_fill_the_window(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, BULK, BULK("3", "0") TAKEN("alice", "100"), "[stored bulk-bq filling 1]",
	     "+block:<b1> hash - broker_type=paper lane=bulk limit_price='' lot=1 order_type=market side=buy\n"
	     "\tsymbol=AAPL window=bulk-bq\n"
	     "+block:<b1>:orders zset - bq-0=<now_us>\n"
	     "+counts hash - queued=1\n"
	     "+deployment hash - blocks=1\n"
	     "+order:bq-0 hash - block=<b1> quantity=100 smallcase=sc1 user=alice\n"
	     "+user:alice:orders zset - bq-0=<now_us>\n"
	     "+window:bulk-bq hash - created_at=<now> digest=d1 lane=bulk orders=1 queue_id=bq received=1\n"
	     "\trejected=0 requests=2 status=filling total=3\n"
	     "+window:bulk-bq:blocks zset - <b1>=1\n"
	     "+window:bulk-bq:groups hash - 'AAPL buy paper 1 market'='<b1> 100'\n"
	     "+windows zset - bulk-bq=<now+abandon>\n");
	STEP(ks, SEAL, "100|<retention>", "[idle *]", "");
	STEP(ks, BULK, BULK("3", "1") TAKEN("bob", "50"), "[stored bulk-bq filling 2]",
	     "~block:<b1>:orders bq-1=<now_us>\n"
	     "~counts queued=2\n"
	     "+order:bq-1 hash - block=<b1> quantity=50 smallcase=sc1 user=bob\n"
	     "+user:bob:orders zset - bq-1=<now_us>\n"
	     "~window:bulk-bq orders=2 received=2\n"
	     "~window:bulk-bq:groups 'AAPL buy paper 1 market'='<b1> 150'\n"
	     "~windows bulk-bq=<now+abandon>\n");
	STEP(ks, BULK, BULK("3", "2") TAKEN("carol", "75"), "[stored bulk-bq open 3]",
	     "~block:<b1>:orders bq-2=<now_us>\n"
	     "~counts queued=3\n"
	     "+order:bq-2 hash - block=<b1> quantity=75 smallcase=sc1 user=carol\n"
	     "+user:carol:orders zset - bq-2=<now_us>\n"
	     "~window:bulk-bq due_at=<now> orders=3 received=3 status=open\n"
	     "~window:bulk-bq:groups 'AAPL buy paper 1 market'='<b1> 225'\n"
	     "~windows bulk-bq=<now>\n"
	     ">wake bulk-bq\n");
}

static void orders_of_a_chunk_arrive_a_microsecond_apart(void **state)
{
	struct keyspace *ks = *state;
	int64_t first;

	GIVEN(ks, BULK, BULK("2", "0") TAKEN("alice", "100") TAKEN("bob", "50"));
	first = strtoll(keyspace_value(ks, "block:<b1>:orders", "bq-0"), NULL, 10);
	assert_int_equal(strtoll(keyspace_value(ks, "block:<b1>:orders", "bq-1"), NULL, 10), first + 1);
}

static void chunk_that_is_there_is_skipped(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, BULK, BULK("3", "0") TAKEN("alice", "100"));
	GIVEN(ks, BULK, BULK("3", "1") TAKEN("bob", "50"));
	STEP(ks, BULK, BULK("3", "0") TAKEN("alice", "100"), "[stored bulk-bq filling 2]", "");
	STEP(ks, BULK, BULK("3", "1") TAKEN("bob", "50"), "[stored bulk-bq filling 2]", "");
	GIVEN(ks, BULK, BULK("3", "2") TAKEN("carol", "75"));
	STEP(ks, BULK, BULK("3", "2") TAKEN("carol", "75"), "[stored bulk-bq open 3]", "");
}

static void call_repeated_after_the_seal_changes_nothing(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, BULK, BULK("1", "0") TAKEN("alice", "100"));
	GIVEN(ks, SEAL, "100|<retention>");
	STEP(ks, BULK, BULK("1", "0") TAKEN("alice", "100"), "[stored bulk-bq sealed 1]", "");
}

static void chunk_out_of_turn_is_a_gap(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, BULK, BULK("3", "1") TAKEN("bob", "50"), "[gap]", "");
	GIVEN(ks, BULK, BULK("3", "0") TAKEN("alice", "100"));
	STEP(ks, BULK, BULK("3", "2") TAKEN("carol", "75"), "[gap]", "");
}

static void other_body_under_a_known_id_is_a_conflict(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, BULK, BULK("2", "0") TAKEN("alice", "100"));
	STEP(ks, BULK, "bq|d2|2|2|1|<abandon>|<retention>|''|''" TAKEN("alice", "7"), "[conflict]", "");
}

static void call_whose_orders_are_all_rejected_ends_at_the_seal(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, BULK, BULK("2", "0") TURNED_DOWN("alice", "no_price") TURNED_DOWN("bob", "not_tradable"),
	     "[stored bulk-bq open 2]",
	     "+counts hash - rejected=2\n"
	     "+order:bq-0 hash <now+retention> created_at=<now> group='XYZ buy paper 1 limit 9.5' quantity=0\n"
	     "\treason=no_price smallcase=sc1 status=rejected updated_at=<now> user=alice window=bulk-bq\n"
	     "+order:bq-1 hash <now+retention> created_at=<now> group='XYZ buy paper 1 limit 9.5' quantity=0\n"
	     "\treason=not_tradable smallcase=sc1 status=rejected updated_at=<now> user=bob window=bulk-bq\n"
	     "+user:alice:orders zset - bq-0=<now_us>\n"
	     "+user:bob:orders zset - bq-1=<now_us>\n"
	     "+window:bulk-bq hash - created_at=<now> digest=d1 due_at=<now> lane=bulk orders=0 queue_id=bq\n"
	     "\treceived=2 rejected=2 requests=2 status=open total=2\n"
	     "+windows zset - bulk-bq=<now>\n"
	     ">wake bulk-bq\n");
	STEP(ks, SEAL, "100|<retention>", "[sealed bulk-bq bulk * 0 0]",
	     "~window:bulk-bq ttl=<now+retention> blocks_open=0 done_at=<now> sealed_at=<now> sealed_groups=0\n"
	     "\tstatus=done\n"
	     "-windows\n"
	     "+windows:done zset - bulk-bq=<now>\n"
	     ">done window bulk-bq\n");
}

static void bulk_orders_do_not_join_the_timed_window(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q1", "alice", "100"));
	GIVEN(ks, BULK, BULK("1", "0") TAKEN("bob", "50"));
	assert_string_equal(strchr(keyspace_value(ks, "window:window-<due>:groups", AAPL), ' '), " 100");
	assert_string_equal(strchr(keyspace_value(ks, "window:bulk-bq:groups", AAPL), ' '), " 50");
	assert_string_equal(keyspace_value(ks, "block:<b2>", "window"), "bulk-bq");
}

static void nothing_is_written_when_memory_is_full(void **state)
{
	struct keyspace *ks = *state;

	keyspace_command(ks, "CONFIG SET maxmemory 1");
	STEP(ks, BULK, BULK("1", "0") TAKEN("alice", "100"), "!OOM", "");
	keyspace_command(ks, "CONFIG SET maxmemory 0");
}

/* A bulk call is executed at once or not at all: what cannot be, because its market is closed, comes back rejected. */
static void orders_of_a_closed_market_are_rejected(void **state)
{
	struct keyspace *ks = *state;
	long long now_ms = (long long)(keyspace_time_us(ks) / 1000);
	char args[512];

	(void)snprintf(args, sizeof args,
		       "bq|d1|3|1|0|<abandon>|<retention>|''|paper %lld %lld 8 %lld %lld 9 ;nse %lld %lld 7 ;|alice|sc1|" AAPL
		       "|5||alice|sc1|INFY buy nse 1 market|7||alice|sc1|GE buy other 1 market|2|",
		       now_ms - 90000000, now_ms - 80000000, now_ms - 60000, now_ms + 600000, now_ms - 600000, now_ms);
	STEP(ks, BULK, args, "[stored bulk-bq open 3]",
	     "+block:<b1> hash - broker_type=paper close_at=9 lane=bulk limit_price='' lot=1 order_type=market\n"
	     "\tside=buy symbol=AAPL window=bulk-bq\n"
	     "+block:<b1>:orders zset - bq-0=<now_us>\n"
	     "+block:<b2> hash - broker_type=other lane=bulk limit_price='' lot=1 order_type=market\n"
	     "\tside=buy symbol=GE window=bulk-bq\n"
	     "+block:<b2>:orders zset - bq-2=<now_us>\n"
	     "+counts hash - queued=2 rejected=1\n"
	     "+deployment hash - blocks=2\n"
	     "+order:bq-0 hash - block=<b1> quantity=5 smallcase=sc1 user=alice\n"
	     "+order:bq-1 hash <now+retention> created_at=<now> group='INFY buy nse 1 market' quantity=7\n"
	     "\treason='market_closed: the market of nse is closed now; POST /trade-queue/queue/order waits for its "
	     "next "
	     "session'\n"
	     "\tsmallcase=sc1 status=rejected updated_at=<now> user=alice window=bulk-bq\n"
	     "+order:bq-2 hash - block=<b2> quantity=2 smallcase=sc1 user=alice\n"
	     "+user:alice:orders zset - bq-0=<now_us> bq-1=<now_us> bq-2=<now_us>\n"
	     "+window:bulk-bq hash - created_at=<now> digest=d1 due_at=<now> lane=bulk orders=2 queue_id=bq\n"
	     "\treceived=3 rejected=1 requests=1 status=open total=3\n"
	     "+window:bulk-bq:blocks zset - <b1>=1 <b2>=1\n"
	     "+window:bulk-bq:groups hash - 'AAPL buy paper 1 market'='<b1> 5' 'GE buy other 1 market'='<b2> 2'\n"
	     "+windows zset - bulk-bq=<now>\n"
	     ">wake bulk-bq\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(one_chunk_is_stored_and_due),
	    SCRIPT_TEST(chunks_before_the_last_only_fill_the_window),
	    SCRIPT_TEST(orders_of_a_chunk_arrive_a_microsecond_apart),
	    SCRIPT_TEST(chunk_that_is_there_is_skipped),
	    SCRIPT_TEST(call_repeated_after_the_seal_changes_nothing),
	    SCRIPT_TEST(chunk_out_of_turn_is_a_gap),
	    SCRIPT_TEST(other_body_under_a_known_id_is_a_conflict),
	    SCRIPT_TEST(call_whose_orders_are_all_rejected_ends_at_the_seal),
	    SCRIPT_TEST(bulk_orders_do_not_join_the_timed_window),
	    SCRIPT_TEST(nothing_is_written_when_memory_is_full),
	    SCRIPT_TEST(orders_of_a_closed_market_are_rejected),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
