/* lua/sweep.lua, open.lua, stocks.lua: housekeeping of the indexes, the deployment's name, reference data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

static void nothing_is_swept_before_its_time(void **state)
{
	for (int stage = STAGE_QUEUED; stage <= STAGE_FINISHED; stage++) {
		struct keyspace *ks = *state;

		keyspace_reset(ks);
		script_case_reach(ks, (enum stage)stage);
		STEP(ks, SWEEP, "<retention>|100", "0", "");
	}
}

static void expired_order_leaves_its_users_index(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_FINISHED);
	keyspace_command(ks, "DEL muster:{0}:order:q1-0");
	keyspace_command(ks, "ZADD muster:{0}:users <then> alice");
	STEP(ks, SWEEP, "<retention>|100", "1",
	     "-user:alice:orders\n"
	     "~users alice=<now+retention>\n");
}

static void user_without_orders_and_transactions_is_forgotten(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_FINISHED);
	keyspace_command(ks, "DEL muster:{0}:order:q1-0");
	keyspace_command(ks, "ZADD muster:{0}:user:alice:transactions 1 1-0");
	keyspace_command(ks, "ZREMRANGEBYRANK muster:{0}:user:alice:transactions 1 -1");
	keyspace_command(ks, "ZADD muster:{0}:users <then> alice");
	STEP(ks, SWEEP, "<retention>|100", "2",
	     "-user:alice:orders\n"
	     "-user:alice:transactions\n"
	     "~users -alice\n");
}

static void user_who_has_orders_is_swept_again_later(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_FINISHED);
	keyspace_command(ks, "ZADD muster:{0}:users <then> alice");
	STEP(ks, SWEEP, "<retention>|100", "0", "~users alice=<now+retention>\n");
}

static void long_index_is_swept_in_several_calls(void **state)
{
	struct keyspace *ks = *state;

	keyspace_command(ks, "ZADD muster:{0}:user:alice:orders 1 a-0 2 b-0 3 c-0");
	keyspace_command(ks, "ZADD muster:{0}:users <then> alice");
	STEP(ks, SWEEP, "<retention>|2", "2",
	     "~user:alice:orders -a-0 -b-0\n"
	     "~users alice=<now>\n");
	STEP(ks, SWEEP, "<retention>|2", "1",
	     "-user:alice:orders\n"
	     "-users\n");
	STEP(ks, SWEEP, "<retention>|2", "0", "");
}

static void old_transactions_leave_index_and_stream(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_FINISHED);
	keyspace_command(ks, "CONFIG SET stream-node-max-entries 1"); /* else a stream sheds only whole hundreds */
	keyspace_command(ks, "XADD muster:{0}:transactions <due>-0 order_id q9-0");
	keyspace_command(ks, "ZADD muster:{0}:users <then> alice");
	STEP(ks, SWEEP, "0|100", "6", NULL); /* 3 and 1 transactions, a block, a window */
	keyspace_command(ks, "CONFIG SET stream-node-max-entries 100");
	assert_null(snapshot_find(keyspace_snapshot(ks), "muster:{0}:user:alice:transactions"));
	assert_non_null(snapshot_find(keyspace_snapshot(ks), "muster:{0}:user:bob:transactions"));
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
	STEP(ks, SWEEP, "<retention>|2", "4",
	     "~blocks:allocated -a -b\n"
	     "~blocks:canceled -d\n"
	     "~windows:done -w\n");
	STEP(ks, SWEEP, "<retention>|2", "1", "~blocks:allocated -c\n");
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

	STEP(ks, STOCKS, "AAPL|{price:190}|MSFT|{price:400}", "[stored 2]",
	     "+stocks hash - AAPL={price:190} MSFT={price:400}\n"
	     ">changes stocks\n");
	STEP(ks, STOCKS, "MSFT|{price:410}", "[stored 1]",
	     "~stocks MSFT={price:410}\n"
	     ">changes stocks\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(nothing_is_swept_before_its_time),
	    SCRIPT_TEST(expired_order_leaves_its_users_index),
	    SCRIPT_TEST(user_without_orders_and_transactions_is_forgotten),
	    SCRIPT_TEST(user_who_has_orders_is_swept_again_later),
	    SCRIPT_TEST(long_index_is_swept_in_several_calls),
	    SCRIPT_TEST(old_transactions_leave_index_and_stream),
	    SCRIPT_TEST(ended_blocks_and_windows_leave_their_indexes),
	    SCRIPT_TEST(deployment_is_named_once),
	    SCRIPT_TEST(stocks_are_stored_and_announced),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
