/* lua/enqueue.lua: which window an order goes to, and when that falls due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

#define AAPL "AAPL buy paper 1 market"

static void window_asked_for_is_rounded_up_to_the_grid(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, ENQUEUE,
	     ENQUEUE_OPTIONS "2|window|asked|1999999999999||0|0|0|window|asked|2000000000000||0|0|0|2"
			     "|q1|alice|sc1|d1|1 1|" AAPL "|1|q2|bob|sc1|d2|1 2|" AAPL "|1",
	     "[stored [[window-<due> <due> window asked] [window-<due> <due> window asked]] <now_us> "
	     "<now_us>]",
	     "+block:<b1> hash - broker_type=paper lane=window limit_price='' lot=1 order_type=market side=buy\n"
	     "\tsymbol=AAPL window=window-<due>\n"
	     "+block:<b1>:orders zset - q1-0=<now_us> q2-0=<now_us>\n"
	     "+counts hash - queued=2\n"
	     "+deployment hash - blocks=1\n"
	     "+order:q1-0 hash - block=<b1> digest=d1 quantity=1 rule=asked smallcase=sc1 user=alice\n"
	     "+order:q2-0 hash - block=<b1> digest=d2 quantity=1 rule=asked smallcase=sc1 user=bob\n"
	     "+user:alice:orders zset - q1-0=<now_us>\n"
	     "+user:bob:orders zset - q2-0=<now_us>\n"
	     "+window:window-<due> hash - created_at=<now> due_at=<due> lane=window orders=2 status=open\n"
	     "+window:window-<due>:blocks zset - <b1>=1\n"
	     "+window:window-<due>:groups hash - 'AAPL buy paper 1 market'='<b1> 2'\n"
	     "+windows zset - window-<due>=<due>\n"
	     "+windows:open hash - 'window <due>'=window-<due>\n"
	     ">wake window-<due>\n");
	STEP(ks, ENQUEUE,
	     "<grid>|<grid>|2000000000000|60000|900000|30000|120000|1|window|asked|2000000000001||0|0|0|1"
	     "|q3|carol|sc1|d3|1 1|" AAPL "|1",
	     "[stored [[window-3000000000000 3000000000000 window asked]] <now_us>]",
	     "+block:<b2> hash - broker_type=paper lane=window limit_price='' lot=1 order_type=market side=buy\n"
	     "\tsymbol=AAPL window=window-3000000000000\n"
	     "+block:<b2>:orders zset - q3-0=<now_us>\n"
	     "~counts queued=3\n"
	     "~deployment blocks=2\n"
	     "+order:q3-0 hash - block=<b2> digest=d3 quantity=1 rule=asked smallcase=sc1 user=carol\n"
	     "+user:carol:orders zset - q3-0=<now_us>\n"
	     "+window:window-3000000000000 hash - created_at=<now> due_at=3000000000000 lane=window orders=1\n"
	     "\tstatus=open\n"
	     "+window:window-3000000000000:blocks zset - <b2>=1\n"
	     "+window:window-3000000000000:groups hash - 'AAPL buy paper 1 market'='<b2> 1'\n"
	     "~windows window-3000000000000=3000000000000\n"
	     "~windows:open 'window 3000000000000'=window-3000000000000\n"
	     ">wake window-3000000000000\n");
}

static void window_in_the_past_is_refused(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, ENQUEUE, ENQUEUE_OPTIONS "1|window|asked|<then>||0|0|0|1|q1|alice|sc1|d1|1 1|" AAPL "|1",
	     "[stored [[]] [bad_window 'it is past' '' '']]", "");
}

static void window_too_far_ahead_is_refused(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, ENQUEUE,
	     "<grid>|<grid>|<minute>|60000|900000|30000|120000|1|window|asked|<due>||0|0|0|1|q1|alice|sc1|d1|1 1|" AAPL
	     "|1",
	     "[stored [[]] [bad_window 'it is farther ahead than window.max_ahead_s allows' '' '']]", "");
}

static void windows_stand_on_the_grid_of_their_lane(void **state)
{
	static const struct {
		const char *lane;
		int64_t step_ms;
	} lanes[] = {{"window|next", 300000}, {"immediate|high", 250}};
	struct keyspace *ks = *state;

	for (size_t i = 0; i < 2; i++) {
		int64_t before_ms = keyspace_time_us(ks) / 1000, after_ms, due_ms;
		char args[160];

		(void)snprintf(args, sizeof args,
			       "300000|250|604800000|0|2|1|0|1|%s|||0|0|0|1|q%zu|alice|sc1|d|1 1|" AAPL "|1",
			       lanes[i].lane, i);
		GIVEN(ks, ENQUEUE, args);
		after_ms = keyspace_time_us(ks) / 1000;
		due_ms = keyspace_reply(ks)->element[1]->element[0]->element[1]->integer;
		assert_int_equal(due_ms % lanes[i].step_ms, 0);
		assert_true(due_ms > before_ms && due_ms <= after_ms + lanes[i].step_ms);
	}
}

static void immediate_lane_has_windows_of_its_own(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q1", "alice", "100"));
	STEP(ks, ENQUEUE, ENQUEUE_LANES "1|q2|bob|sc1|d2|1 2|" AAPL "|50",
	     "[stored [[] [immediate-<due> <due> immediate high]] <now_us>]",
	     "+block:<b2> hash - broker_type=paper lane=immediate limit_price='' lot=1 order_type=market side=buy\n"
	     "\tsymbol=AAPL window=immediate-<due>\n"
	     "+block:<b2>:orders zset - q2-0=<now_us>\n"
	     "~counts queued=2\n"
	     "~deployment blocks=2\n"
	     "+order:q2-0 hash - block=<b2> digest=d2 quantity=50 smallcase=sc1 user=bob\n"
	     "+user:bob:orders zset - q2-0=<now_us>\n"
	     "+window:immediate-<due> hash - created_at=<now> due_at=<due> lane=immediate orders=1 status=open\n"
	     "+window:immediate-<due>:blocks zset - <b2>=1\n"
	     "+window:immediate-<due>:groups hash - 'AAPL buy paper 1 market'='<b2> 50'\n"
	     "~windows immediate-<due>=<due>\n"
	     "~windows:open 'immediate <due>'=immediate-<due>\n"
	     ">wake immediate-<due>\n");
}

static void window_made_due_early_gets_a_successor(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q1", "alice", "100"));
	GIVEN(ks, PROCESS, "window-<due>");
	STEP(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q2", "bob", "50"),
	     "[stored [[window-<due>-1 <due> window next] []] <now_us>]",
	     "+block:<b2> hash - broker_type=paper lane=window limit_price='' lot=1 order_type=market side=buy\n"
	     "\tsymbol=AAPL window=window-<due>-1\n"
	     "+block:<b2>:orders zset - q2-0=<now_us>\n"
	     "~counts queued=2\n"
	     "~deployment blocks=2 windows=1\n"
	     "+order:q2-0 hash - block=<b2> digest=digest-q2 quantity=50 smallcase=sc1 user=bob\n"
	     "+user:bob:orders zset - q2-0=<now_us>\n"
	     "+window:window-<due>-1 hash - created_at=<now> due_at=<due> lane=window orders=1 status=open\n"
	     "+window:window-<due>-1:blocks zset - <b2>=1\n"
	     "+window:window-<due>-1:groups hash - 'AAPL buy paper 1 market'='<b2> 50'\n"
	     "~windows window-<due>-1=<due>\n"
	     "+windows:open hash - 'window <due>'=window-<due>-1\n"
	     ">wake window-<due>-1\n");
	GIVEN(ks, SEAL, "100|<retention>");
	STEP(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q3", "carol", "75"),
	     "[stored [[window-<due>-1 <due> window next] []] <now_us>]",
	     "~block:<b2>:orders q3-0=<now_us>\n"
	     "~counts queued=2\n"
	     "+order:q3-0 hash - block=<b2> digest=digest-q3 quantity=75 smallcase=sc1 user=carol\n"
	     "+user:carol:orders zset - q3-0=<now_us>\n"
	     "~window:window-<due>-1 orders=2\n"
	     "~window:window-<due>-1:groups 'AAPL buy paper 1 market'='<b2> 125'\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(window_asked_for_is_rounded_up_to_the_grid),
	    SCRIPT_TEST(window_in_the_past_is_refused),
	    SCRIPT_TEST(window_too_far_ahead_is_refused),
	    SCRIPT_TEST(windows_stand_on_the_grid_of_their_lane),
	    SCRIPT_TEST(immediate_lane_has_windows_of_its_own),
	    SCRIPT_TEST(window_made_due_early_gets_a_successor),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
