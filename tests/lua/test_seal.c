/* lua/seal.lua and lua/process.lua: windows fall due, and their groups become blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

#define MSFT_SELL "MSFT sell paper 1 market"
#define ABANDONED "bq|d1|3|2|0|<abandon>|<retention>|''|''|alice|sc1|AAPL sell paper 1 market|5|"

static void no_window_is_idle(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, SEAL, "100|<retention>", "[idle -1]", "");
}

static void window_that_is_not_due_says_how_long_it_is(void **state)
{
	struct keyspace *ks = *state;
	int64_t left_ms;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q1", "alice", "100"));
	STEP(ks, SEAL, "100|<retention>", "[idle *]", "");
	left_ms = keyspace_reply(ks)->element[1]->integer;
	assert_in_range(left_ms, INT64_C(2000000000000) - keyspace_time_us(ks) / 1000,
			INT64_C(2000000000000) - keyspace_time_us(ks) / 1000 + 60000);
}

static void window_is_sealed_when_its_time_has_come(void **state)
{
	struct keyspace *ks = *state;
	const redisReply *late;

	GIVEN(ks, ENQUEUE, "50|50|1000|0|2|1|0|1|window|next|||0|0|0|1" ENQUEUE_ONE("q1", "alice", "100"));
	do {
		keyspace_call(ks, SCRIPT_SEAL, "100|<retention>");
		late = keyspace_reply(ks);
	} while (strcmp(late->element[0]->str, "idle") == 0);
	assert_string_equal(late->element[0]->str, "sealed");
	assert_string_equal(late->element[2]->str, "window");
	assert_in_range(late->element[3]->integer, 0, 30000);
	assert_string_equal(keyspace_value(ks, "block:<b1>", "status"), "ready");
	assert_null(snapshot_find(keyspace_snapshot(ks), "muster:{0}:windows:open"));
}

static void process_makes_a_window_due_now(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q1", "alice", "100"));
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1|q2|bob|sc1|d2|1 2|AAPL buy paper 1 market|50");
	STEP(ks, PROCESS, "window-<due>", "[window-<due>]",
	     "~window:window-<due> forced_at=<now>\n"
	     "~windows window-<due>=<now>\n"
	     "~windows:open -'window <due>'\n"
	     ">wake window-<due>\n");
	STEP(ks, PROCESS, "''", "[window-<due> immediate-<due>]",
	     "~window:immediate-<due> forced_at=<now>\n"
	     "~window:window-<due> forced_at=<now>\n"
	     "~windows immediate-<due>=<now>\n"
	     "-windows:open\n"
	     ">wake window-<due>\n");
}

static void process_refuses_what_is_not_open(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, BULK, ABANDONED);
	STEP(ks, PROCESS, "''", "[]", "");
	STEP(ks, PROCESS, "window-none", "[]", "");
	script_case_reach(ks, STAGE_SEALED);
	STEP(ks, PROCESS, "window-<due>", "[]", "");
}

static void groups_become_blocks(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_QUEUED);
	GIVEN(ks, PROCESS, "''");
	STEP(ks, SEAL, "100|<retention>", "[sealed window-<due> window * 1 1 <b1>]",
	     "~block:<b1> fence=0 orders=3 quantity_nano=225000000000 sealed_at=<now> status=ready\n"
	     "+blocks zset - <b1>=<now>\n"
	     "+blocks:ready zset - <b1>=<now>\n"
	     "~counts queued=0 sealed=3\n"
	     "~window:window-<due> blocks_open=1 sealed_at=<now> sealed_groups=1 status=sealed\n"
	     "-window:window-<due>:groups\n"
	     "-windows\n"
	     "+windows:working zset - window-<due>=<due>\n");
	STEP(ks, SEAL, "100|<retention>", "[idle -1]", "");
}

/* Of whatever lane: what has not left by then stays. */
static void blocks_know_when_their_market_closes(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_QUEUED);
	keyspace_command(ks, "HSET muster:{0}:window:window-<due> calendar XNYS earliest_at 3 close_at 5");
	GIVEN(ks, PROCESS, "''");
	STEP(ks, SEAL, "100|<retention>", "[sealed window-<due> window * 1 1 <b1>]",
	     "~block:<b1> close_at=5 fence=0 orders=3 quantity_nano=225000000000 sealed_at=<now> status=ready\n"
	     "+blocks zset - <b1>=<now>\n"
	     "+blocks:ready zset - <b1>=<now>\n"
	     "~counts queued=0 sealed=3\n"
	     "~window:window-<due> blocks_open=1 sealed_at=<now> sealed_groups=1 status=sealed\n"
	     "-window:window-<due>:groups\n"
	     "-windows\n"
	     "+windows:working zset - window-<due>=<due>\n");
}

static void sells_become_blocks_before_buys_a_chunk_a_call(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "2" ENQUEUE_ONE("q1", "alice", "100") ENQUEUE_OF("q2", "bob", MSFT_SELL, "5"));
	GIVEN(ks, PROCESS, "''");
	STEP(ks, SEAL, "1|<retention>", "[sealing window-<due> window * 1 2 <b2>]",
	     "~block:<b2> fence=0 orders=1 quantity_nano=5000000000 sealed_at=<now> status=ready\n"
	     "+blocks zset - <b2>=<now>\n"
	     "+blocks:ready zset - <b2>=<now>\n"
	     "~counts queued=1 sealed=1\n"
	     "+sides:paper:MSFT:sells zset - <b2>=<now>\n"
	     "~window:window-<due> blocks_open=2 sealed_at=<now> sealed_groups=1 status=sealing\n");
	STEP(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q3", "carol", "75"),
	     "[stored [[window-<due>-1 <due> window next] []] <now_us>]", NULL);
	STEP(ks, CANCEL, "q1|<retention>", "[already_sealed]", "");
	STEP(ks, SEAL, "1|<retention>", "[sealed window-<due> window * 2 2 <b1>]",
	     "~block:<b1> fence=0 orders=1 quantity_nano=100000000000 sealed_at=<now> status=ready\n"
	     "~blocks <b1>=<now>\n"
	     "~blocks:ready <b1>=<now>\n"
	     "~counts queued=1 sealed=2\n"
	     "~window:window-<due> sealed_groups=2 status=sealed\n"
	     "-window:window-<due>:groups\n"
	     "~windows -window-<due>\n"
	     "+windows:working zset - window-<due>=<due>\n");
}

static void two_workers_seal_one_window_together(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE,
	      ENQUEUE_LANES "3" ENQUEUE_ONE("q1", "alice", "100") ENQUEUE_OF("q2", "bob", MSFT_SELL, "5")
		  ENQUEUE_OF("q3", "bob", "GE buy paper 1 market", "6"));
	GIVEN(ks, PROCESS, "''");
	STEP(ks, SEAL, "1|<retention>", "[sealing window-<due> window * 1 3 <b2>]", NULL);
	STEP(ks, SEAL, "2|<retention>", "[sealed window-<due> window * 3 3 <b1> <b3>]", NULL);
	STEP(ks, SEAL, "1|<retention>", "[idle -1]", "");
	assert_int_equal(snapshot_find(keyspace_snapshot(ks), "muster:{0}:blocks")->count, 3);
	assert_string_equal(keyspace_value(ks, "counts", "queued"), "0");
	assert_string_equal(keyspace_value(ks, "counts", "sealed"), "3");
}

static void empty_group_is_canceled(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "2" ENQUEUE_ONE("q1", "alice", "100") ENQUEUE_OF("q2", "bob", MSFT_SELL, "5"));
	GIVEN(ks, CANCEL, "q2|<retention>");
	GIVEN(ks, PROCESS, "''");
	STEP(ks, SEAL, "100|<retention>", "[sealed window-<due> window * 2 2 <b2> <b1>]",
	     "~block:<b1> fence=0 orders=1 quantity_nano=100000000000 sealed_at=<now> status=ready\n"
	     "~block:<b2> ttl=<now+retention> fence=0 orders=0 outcome=canceled quantity_nano=0\n"
	     "\treason='every order was canceled before the seal' sealed_at=<now> status=canceled\n"
	     "+blocks zset - <b1>=<now>\n"
	     "+blocks:canceled zset - <b2>=<now>\n"
	     "+blocks:ready zset - <b1>=<now>\n"
	     "~counts queued=0 sealed=1\n"
	     "~window:window-<due> blocks_open=1 sealed_at=<now> sealed_groups=2 status=sealed\n"
	     "-window:window-<due>:groups\n"
	     "-windows\n"
	     "+windows:working zset - window-<due>=<due>\n");
}

static void window_of_empty_groups_ends_at_once(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q1", "alice", "100"));
	GIVEN(ks, CANCEL, "q1|<retention>");
	GIVEN(ks, PROCESS, "''");
	STEP(ks, SEAL, "100|<retention>", "[sealed window-<due> window * 1 1 <b1>]",
	     "~block:<b1> ttl=<now+retention> fence=0 orders=0 outcome=canceled quantity_nano=0\n"
	     "\treason='every order was canceled before the seal' sealed_at=<now> status=canceled\n"
	     "+blocks:canceled zset - <b1>=<now>\n"
	     "~window:window-<due> ttl=<now+retention> blocks_open=0 done_at=<now> sealed_at=<now>\n"
	     "\tsealed_groups=1 status=done\n"
	     "~window:window-<due>:blocks ttl=<now+retention>\n"
	     "-window:window-<due>:groups\n"
	     "-windows\n"
	     "+windows:done zset - window-<due>=<now>\n"
	     ">done window window-<due>\n");
}

static void abandoned_bulk_call_only_waits_to_be_closed(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, OPEN, "test");
	GIVEN(ks, BULK, ABANDONED);
	keyspace_command(ks, "ZADD muster:{0}:windows <then> bulk-bq");
	STEP(ks, SEAL, "100|<retention>", "[sealed bulk-bq bulk * 1 1 <b1>]",
	     "~block:<b1> fee=0 fence=0 filled_quantity=0 gross_amount=0 orders=1 outcome=canceled\n"
	     "\tquantity_nano=5000000000 reason='the bulk call was never completed' sealed_at=<now>\n"
	     "\tstatus=closing\n"
	     "+blocks zset - <b1>=<now>\n"
	     "+blocks:closing zset - <b1>=<now>\n"
	     "~counts queued=0 working=1\n"
	     "~window:bulk-bq abandoned=1 blocks_open=1 due_at=<now> sealed_at=<now> sealed_groups=1\n"
	     "\tstatus=sealed\n"
	     "-window:bulk-bq:groups\n"
	     "-windows\n"
	     "+windows:working zset - bulk-bq=<now>\n");
	STEP(ks, BULK, "bq|d1|3|2|1|<abandon>|<retention>|''|''|bob|sc1|AAPL sell paper 1 market|5|",
	     "[stored bulk-bq sealed 1]", "");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	STEP(ks, PLAN, "<b1>|1|<lease>|5|1", "[stale]", "");
	STEP(ks, GATE, "<b1>|1|<lease>|<wait>|0", "[stale]", "");
	GIVEN(ks, ALLOCATE, "<b1>|1|<lease>|0|<retention>|bq-0|canceled|0|0|0");
	STEP(ks, FINISH, "<b1>|1|<retention>|0|0|0", "[finished canceled * *]",
	     "~block:<b1> ttl=<now+retention> allocated_at=<now> house_fee=0 house_gross_amount=0 house_quantity=0\n"
	     "\tstatus=canceled updated_at=<now> worker=''\n"
	     "~block:<b1>:orders ttl=<now+retention>\n"
	     "-blocks\n"
	     "+blocks:canceled zset - <b1>=<now>\n"
	     "-blocks:closing\n"
	     "~window:bulk-bq ttl=<now+retention> blocks_open=0 done_at=<now> status=done\n"
	     "~window:bulk-bq:blocks ttl=<now+retention>\n"
	     "+windows:done zset - bulk-bq=<now>\n"
	     "-windows:working\n"
	     ">done block <b1>\n"
	     ">done window bulk-bq\n");
}

static void sealing_goes_on_when_memory_is_full(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_QUEUED);
	GIVEN(ks, PROCESS, "''");
	keyspace_command(ks, "CONFIG SET maxmemory 1");
	STEP(ks, SEAL, "100|<retention>", "[sealed window-<due> window * 1 1 <b1>]", NULL);
	keyspace_command(ks, "CONFIG SET maxmemory 0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(no_window_is_idle),
	    SCRIPT_TEST(window_that_is_not_due_says_how_long_it_is),
	    SCRIPT_TEST(window_is_sealed_when_its_time_has_come),
	    SCRIPT_TEST(process_makes_a_window_due_now),
	    SCRIPT_TEST(process_refuses_what_is_not_open),
	    SCRIPT_TEST(groups_become_blocks),
	    SCRIPT_TEST(blocks_know_when_their_market_closes),
	    SCRIPT_TEST(sells_become_blocks_before_buys_a_chunk_a_call),
	    SCRIPT_TEST(two_workers_seal_one_window_together),
	    SCRIPT_TEST(empty_group_is_canceled),
	    SCRIPT_TEST(window_of_empty_groups_ends_at_once),
	    SCRIPT_TEST(abandoned_bulk_call_only_waits_to_be_closed),
	    SCRIPT_TEST(sealing_goes_on_when_memory_is_full),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
