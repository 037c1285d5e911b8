/* lua/sweep.lua, open.lua, stocks.lua: housekeeping of the indexes, the deployment's name, reference data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

static void nothing_is_swept_before_its_time(void **state)
{
	for (int stage = STAGE_QUEUED; stage <= STAGE_FINISHED; stage++) {
		struct keyspace *ks = *state;

		keyspace_reset(ks);
		script_case_reach(ks, (enum stage)stage);
		STEP(ks, SWEEP, "<retention>|1000", "0", "+sweep string - value=0\n");
		STEP(ks, SWEEP, "<retention>|1000", "0", "");
	}
}

static void expired_order_leaves_its_users_index(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_FINISHED);
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q4", "bob", "5"));
	keyspace_command(ks, "DEL muster:{0}:order:q1-0 muster:{0}:order:q2-0");
	keyspace_command(ks, "CONFIG SET maxmemory 1"); /* it frees memory: it must run then, too */
	STEP(ks, SWEEP, "<retention>|1000", "2",
	     "+sweep string - value=0\n"
	     "-user:alice:orders\n"
	     "~user:bob:orders -q2-0\n");
}

static void long_index_is_swept_in_several_calls(void **state)
{
	struct keyspace *ks = *state;

	for (int i = 0; i < 500; i++) {
		char command[80];

		(void)snprintf(command, sizeof command, "ZADD muster:{0}:user:alice:orders %d q%d-0", i, i);
		redis_server_run(keyspace_server(ks), command);
	}
	STEP(ks, SWEEP, "<retention>|400", "400", NULL);
	assert_string_equal(keyspace_value(ks, "user:alice:orders", "q399-0"), "");
	assert_string_equal(keyspace_value(ks, "user:alice:orders", "q400-0"), "400");
	STEP(ks, SWEEP, "<retention>|400", "100", "-user:alice:orders\n");
}

static void walk_comes_to_every_user(void **state)
{
	struct keyspace *ks = *state;
	int gone = 0, calls = 0;

	for (int i = 0; i < 300; i++) {
		char command[80];

		(void)snprintf(command, sizeof command, "ZADD muster:{0}:user:u%d:orders 1 q%d-0", i, i);
		redis_server_run(keyspace_server(ks), command);
	}
	do {
		GIVEN(ks, SWEEP, "<retention>|10");
		gone += (int)keyspace_reply(ks)->integer;
		assert_in_range(keyspace_reply(ks)->integer, 0, 60); /* a step, not the whole walk */
		calls++;
	} while (strcmp(keyspace_value(ks, "sweep", "value"), "0") != 0);
	assert_int_equal(gone, 300);
	assert_in_range(calls, 5, 300);
}

static void old_transactions_leave_index_and_stream(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_FINISHED);
	keyspace_command(ks, "CONFIG SET stream-node-max-entries 1"); /* else a stream sheds only whole hundreds */
	keyspace_command(ks, "XADD muster:{0}:transactions <due>-0 order_id q9-0");
	keyspace_command(ks, "ZADD muster:{0}:user:alice:transactions 2000000000000000 <due>-0");
	STEP(ks, SWEEP, "0|1000", "8", NULL); /* 3 transactions twice, a block, a window */
	keyspace_command(ks, "CONFIG SET stream-node-max-entries 100");
	assert_int_equal(snapshot_find(keyspace_snapshot(ks), "muster:{0}:user:alice:transactions")->count, 1);
	assert_null(snapshot_find(keyspace_snapshot(ks), "muster:{0}:user:bob:transactions"));
	assert_int_equal(snapshot_find(keyspace_snapshot(ks), "muster:{0}:transactions")->count, 1);
}

static void ended_blocks_and_windows_leave_their_indexes(void **state)
{
	struct keyspace *ks = *state;

	keyspace_command(ks, "ZADD muster:{0}:blocks:allocated 1 a 2 b 3 c <then> now");
	keyspace_command(ks, "ZADD muster:{0}:blocks:canceled 1 d <then> now");
	keyspace_command(ks, "ZADD muster:{0}:windows:done 1 w <then> now");
	keyspace_command(ks, "ZADD muster:{0}:blocks:needs_review 1 old");
	keyspace_command(ks, "ZADD muster:{0}:blocks:working 1 old");
	GIVEN(ks, SWEEP, "<retention>|2");
	assert_int_equal(keyspace_reply(ks)->integer, 4);
	GIVEN(ks, SWEEP, "<retention>|2");
	assert_int_equal(keyspace_reply(ks)->integer, 1);
	keyspace_command(ks, "DEL muster:{0}:sweep");
	KEYSPACE_IS(ks, "+blocks:allocated zset - now=<then>\n"
			"+blocks:canceled zset - now=<then>\n"
			"+blocks:needs_review zset - old=1\n"
			"+blocks:working zset - old=1\n"
			"+windows:done zset - now=<then>\n");
}

static void deployment_is_named_once(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, OPEN, "first", "[first <now>]", "+deployment hash - created_at=<now> id=first\n");
	STEP(ks, OPEN, "second", "[first <then>]", "");
}

static void stocks_are_stored_and_announced(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, STOCKS, "AAPL|{price:190}|MSFT|{price:400}", "[stored 2 <now>]",
	     "+stocks hash - AAPL={price:190,\"priced_at\":<now>} MSFT={price:400,\"priced_at\":<now>}\n"
	     ">changes stocks\n");
	STEP(ks, STOCKS, "MSFT|{price:410}", "[stored 1 <now>]",
	     "~stocks MSFT={price:410,\"priced_at\":<now>}\n"
	     ">changes stocks\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(nothing_is_swept_before_its_time),
	    SCRIPT_TEST(expired_order_leaves_its_users_index),
	    SCRIPT_TEST(long_index_is_swept_in_several_calls),
	    SCRIPT_TEST(walk_comes_to_every_user),
	    SCRIPT_TEST(old_transactions_leave_index_and_stream),
	    SCRIPT_TEST(ended_blocks_and_windows_leave_their_indexes),
	    SCRIPT_TEST(deployment_is_named_once),
	    SCRIPT_TEST(stocks_are_stored_and_announced),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
