/* Where orders go that have a market with sessions (lua/lib/slot.lua, lua/lib/hours.lua), with Redis's clock moved to
 * each hour that matters: what enqueue.lua and bulk.lua answer and write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

/* One session from OPEN to CLOSE, another after a weekend. The grid has five minutes, so that windows begin FIRST. */
#define OPEN_MS	   INT64_C(1800000000000)
#define OPEN	   "1800000000000"
#define EARLIEST   "1800000060000" /* a minute later */
#define FIRST	   "1800000300000"
#define RUSH_MS	   INT64_C(1800022500000)
#define RUSH	   "1800022500000" /* a quarter of an hour before the close */
#define LAST_MS	   INT64_C(1800023280000)
#define LAST	   "1800023280000" /* two minutes before it */
#define CLOSE_MS   INT64_C(1800023400000)
#define CLOSE	   "1800023400000"
#define OPEN_2_MS  INT64_C(1800259200000)
#define OPEN_2	   "1800259200000"
#define EARLIEST_2 "1800259260000"
#define FIRST_2	   "1800259500000"
#define CLOSE_2	   "1800282600000"
#define A_BIT	   1234 /* ms: so that no time here is by chance as long after the test's as one of its durations */
#define HOUR	   3600000

#define AAPL		 "AAPL buy paper 1 market"
#define OPTIONS_OF(grid) grid "|250|604800000|60000|900000|30000|120000|"
#define OPTIONS		 OPTIONS_OF("300000")
#define SESSIONS	 "XNYS|1799900000000|" CLOSE_2 "|2|" OPEN "|" CLOSE "|" OPEN_2 "|" CLOSE_2
/* One request of one order, of the lane and rule that the API found. */
#define ORDER(lane, rule) OPTIONS "1|" lane "|" rule "||" SESSIONS "|1|q1|alice|sc1|d1|1 1|" AAPL "|5"
#define ASKED(at)	  OPTIONS "1|window|asked|" at "|" SESSIONS "|1|q1|alice|sc1|d1|1 1|" AAPL "|5"
/* The answer to it, and all that is stored: in a window of this lane and time, of the session that lasts so long. */
#define GOES(due, lane, rule) "[stored [[" lane "-xnys-" due " " due " " lane " " rule "]] <now_us>]"
#define STORED(due, lane, rule, earliest, close)                                                                       \
	"+block:<b1> hash - broker_type=paper lane=" lane " limit_price='' lot=1 order_type=market side=buy\n"         \
	"\tsymbol=AAPL window=" lane "-xnys-" due "\n"                                                                 \
	"+block:<b1>:orders zset - q1-0=<now_us>\n"                                                                    \
	"+counts hash - queued=1\n"                                                                                    \
	"+deployment hash - blocks=1\n"                                                                                \
	"+order:q1-0 hash - block=<b1> digest=d1 quantity=5 " rule "smallcase=sc1 user=alice\n"                        \
	"+user:alice:orders zset - q1-0=<now_us>\n"                                                                    \
	"+window:" lane "-xnys-" due " hash - calendar=XNYS close_at=" close " created_at=<now> due_at=" due           \
	" earliest_at=" earliest " lane=" lane " orders=1 status=open\n"                                               \
	"+window:" lane "-xnys-" due ":blocks zset - <b1>=1\n"                                                         \
	"+window:" lane "-xnys-" due ":groups hash - 'AAPL buy paper 1 market'='<b1> 5'\n"                             \
	"+windows zset - " lane "-xnys-" due "=" due "\n"                                                              \
	"+windows:open hash - '" lane " " due " XNYS'=" lane "-xnys-" due "\n"                                         \
	">wake " lane "-xnys-" due "\n"
#define STORED_TODAY(due, lane, rule) STORED(due, lane, rule, EARLIEST, CLOSE)
#define STORED_NEXT(lane, rule)	      STORED(FIRST_2, lane, rule, EARLIEST_2, CLOSE_2)

static void before_the_open_it_goes_to_the_first_window(void **state)
{
	struct keyspace *ks = *state;

	keyspace_reset_at(ks, OPEN_MS - HOUR + A_BIT);
	STEP(ks, ENQUEUE, ORDER("window", "next"), GOES(FIRST, "window", "closed"),
	     STORED_TODAY(FIRST, "window", "rule=closed "));
	/* High priority has no earlier one; what is large has the first window, too, one of its own. */
	keyspace_reset_at(ks, OPEN_MS - HOUR + A_BIT);
	STEP(ks, ENQUEUE, ORDER("immediate", "high"), GOES(FIRST, "window", "closed"),
	     STORED_TODAY(FIRST, "window", "rule=closed "));
	keyspace_reset_at(ks, OPEN_MS - HOUR + A_BIT);
	STEP(ks, ENQUEUE, ORDER("large", "large_quantity"), GOES(FIRST, "large", "closed"),
	     STORED_TODAY(FIRST, "large", "rule=closed "));
}

static void in_the_first_minute_nothing_is_due_at_once(void **state)
{
	struct keyspace *ks = *state;

	keyspace_reset_at(ks, OPEN_MS + A_BIT);
	STEP(ks, ENQUEUE, ORDER("window", "next"), GOES(FIRST, "window", "next"), STORED_TODAY(FIRST, "window", ""));
	keyspace_reset_at(ks, OPEN_MS + A_BIT);
	STEP(ks, ENQUEUE, ORDER("large", "large_quantity"), GOES(EARLIEST, "large", "large_quantity"),
	     STORED_TODAY(EARLIEST, "large", "rule=large_quantity "));
}

static void in_the_session_it_goes_where_the_api_says(void **state)
{
	struct keyspace *ks = *state;

	keyspace_reset_at(ks, OPEN_MS + HOUR + A_BIT);
	STEP(ks, ENQUEUE, ORDER("window", "next"), GOES("1800003900000", "window", "next"),
	     STORED_TODAY("1800003900000", "window", ""));
	STEP(ks, ENQUEUE, OPTIONS "1|window|next||" SESSIONS "|1" ENQUEUE_ONE("q2", "bob", "7"),
	     "[stored [[window-xnys-1800003900000 1800003900000 window next]] <now_us>]",
	     "~block:<b1>:orders q2-0=<now_us>\n"
	     "~counts queued=2\n"
	     "+order:q2-0 hash - block=<b1> digest=digest-q2 quantity=7 smallcase=sc1 user=bob\n"
	     "+user:bob:orders zset - q2-0=<now_us>\n"
	     "~window:window-xnys-1800003900000 orders=2\n"
	     "~window:window-xnys-1800003900000:groups 'AAPL buy paper 1 market'='<b1> 12'\n");
	keyspace_reset_at(ks, OPEN_MS + HOUR + A_BIT);
	STEP(ks, ENQUEUE,
	     "300000|600000|604800000|60000|900000|30000|120000|1|immediate|high||" SESSIONS
	     "|1|q1|alice|sc1|d1|1 1|" AAPL "|5",
	     GOES("1800004200000", "immediate", "high"), STORED_TODAY("1800004200000", "immediate", ""));
}

/* A point of the grid in the rush would let the order wait for longer than those that come later. */
static void window_into_the_rush_is_drawn_forward_to_its_beginning(void **state)
{
	struct keyspace *ks = *state;

	keyspace_reset_at(ks, RUSH_MS - 100000 + A_BIT);
	STEP(ks, ENQUEUE, OPTIONS_OF("420000") "1|window|next||" SESSIONS "|1|q1|alice|sc1|d1|1 1|" AAPL "|5",
	     GOES(RUSH, "window", "next"), STORED_TODAY(RUSH, "window", ""));
}

static void in_the_rush_windows_are_short(void **state)
{
	struct keyspace *ks = *state;

	keyspace_reset_at(ks, RUSH_MS + A_BIT);
	STEP(ks, ENQUEUE, ORDER("window", "next"), GOES("1800022530000", "rush", "rush"),
	     STORED_TODAY("1800022530000", "rush", ""));
	keyspace_reset_at(ks, RUSH_MS + A_BIT);
	STEP(ks, ENQUEUE, ORDER("immediate", "high"), GOES("1800022530000", "rush", "rush"),
	     STORED_TODAY("1800022530000", "rush", ""));
	keyspace_reset_at(ks, LAST_MS - 30000 + A_BIT);
	STEP(ks, ENQUEUE, ORDER("window", "next"), GOES(LAST, "rush", "rush"), STORED_TODAY(LAST, "rush", ""));
}

static void in_the_rush_what_is_large_keeps_its_lane(void **state)
{
	struct keyspace *ks = *state;

	keyspace_reset_at(ks, LAST_MS - 30000 + A_BIT);
	STEP(ks, ENQUEUE,
	     "300000|600000|604800000|60000|900000|30000|120000|1|large|large_quantity||" SESSIONS
	     "|1|q1|alice|sc1|d1|1 1|" AAPL "|5",
	     GOES(LAST, "large", "rush"), STORED_TODAY(LAST, "large", "rule=rush "));
}

static void in_the_last_minutes_it_goes_to_the_next_session(void **state)
{
	struct keyspace *ks = *state;

	keyspace_reset_at(ks, LAST_MS + A_BIT);
	STEP(ks, ENQUEUE, ORDER("window", "next"), GOES(FIRST_2, "window", "closing"),
	     STORED_NEXT("window", "rule=closing "));
	keyspace_reset_at(ks, CLOSE_MS - 100);
	STEP(ks, ENQUEUE, ORDER("immediate", "high"), GOES(FIRST_2, "window", "closing"),
	     STORED_NEXT("window", "rule=closing "));
}

static void after_the_close_and_over_the_weekend_it_goes_to_the_next_session(void **state)
{
	struct keyspace *ks = *state;

	keyspace_reset_at(ks, CLOSE_MS + A_BIT);
	STEP(ks, ENQUEUE, ORDER("window", "next"), GOES(FIRST_2, "window", "closed"),
	     STORED_NEXT("window", "rule=closed "));
	keyspace_reset_at(ks, CLOSE_MS + 40 * HOUR + A_BIT);
	STEP(ks, ENQUEUE, ORDER("large", "large_notional"), GOES(FIRST_2, "large", "closed"),
	     STORED_NEXT("large", "rule=closed "));
}

/* The clock is where the sessions given say nothing of it: whoever asks must bring those of that time. */
static void sessions_that_do_not_reach_to_now_are_asked_for(void **state)
{
	struct keyspace *ks = *state;
	static const int64_t times[] = {INT64_C(1799800000000), INT64_C(1800282600000) + HOUR};

	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		keyspace_reset_at(ks, times[i] + A_BIT);
		STEP(ks, ENQUEUE, ORDER("window", "next"), "[schedule <now>]", "");
		STEP(ks, ROUTE, OPTIONS "1|window|next||" SESSIONS, "[schedule <now>]", "");
	}
}

static void after_the_calendar_there_is_nowhere_to_go(void **state)
{
	struct keyspace *ks = *state;

	keyspace_reset_at(ks, CLOSE_MS + A_BIT);
	STEP(ks, ENQUEUE,
	     OPTIONS "1|window|next||XNYS|1799900000000|" CLOSE_2 "|1|" OPEN "|" CLOSE "|1|q1|alice|sc1|d1|1 1|" AAPL
		     "|5",
	     "[stored [[]] [bad_window 'its calendar knows no session after now' '' '']]", "");
}

static void time_that_is_asked_for_in_a_session_means_the_next_window(void **state)
{
	struct keyspace *ks = *state;

	keyspace_reset_at(ks, OPEN_MS - HOUR + A_BIT);
	STEP(ks, ENQUEUE, ASKED("1800003600001"), GOES("1800003900000", "window", "asked"),
	     STORED_TODAY("1800003900000", "window", "rule=asked "));
	keyspace_reset_at(ks, OPEN_MS - HOUR + A_BIT);
	STEP(ks, ENQUEUE, ASKED(OPEN), GOES(FIRST, "window", "asked"), STORED_TODAY(FIRST, "window", "rule=asked "));
	keyspace_reset_at(ks, OPEN_MS - HOUR + A_BIT);
	STEP(ks, ENQUEUE, ASKED("1800022500001"), GOES("1800022530000", "rush", "asked"),
	     STORED_TODAY("1800022530000", "rush", "rule=asked "));
	keyspace_reset_at(ks, OPEN_MS - HOUR + A_BIT);
	STEP(ks, ENQUEUE, ASKED(LAST), GOES(LAST, "rush", "asked"), STORED_TODAY(LAST, "rush", "rule=asked "));
	keyspace_reset_at(ks, OPEN_MS - HOUR + A_BIT);
	STEP(ks, ENQUEUE, ASKED(FIRST_2), GOES(FIRST_2, "window", "asked"), STORED_NEXT("window", "rule=asked "));
}

static void time_that_is_asked_for_outside_of_sessions_is_refused_with_the_nearest(void **state)
{
	struct keyspace *ks = *state;

	keyspace_reset_at(ks, OPEN_MS + HOUR + A_BIT);
	STEP(ks, ENQUEUE, ASKED("1800023280001"),
	     "[stored [[]] [bad_window 'the market is closed then' " LAST " " FIRST_2 "]]", "");
	STEP(ks, ENQUEUE, ASKED("1800100000000"),
	     "[stored [[]] [bad_window 'the market is closed then' " LAST " " FIRST_2 "]]", "");
	STEP(ks, ENQUEUE, ASKED("1800282600000"),
	     "[stored [[]] [bad_window 'the market is closed then' 1800282480000 '']]", "");
	STEP(ks, ENQUEUE, ASKED(OPEN), "[stored [[]] [bad_window 'it is past' '' '']]", "");
	keyspace_reset_at(ks, CLOSE_MS + A_BIT); /* what has gone by is not offered */
	STEP(ks, ENQUEUE, ASKED("1800100000000"),
	     "[stored [[]] [bad_window 'the market is closed then' '' " FIRST_2 "]]", "");
}

static void orders_of_two_markets_have_windows_of_their_own(void **state)
{
	struct keyspace *ks = *state;

	keyspace_reset_at(ks, OPEN_MS + HOUR + A_BIT);
	STEP(ks, ENQUEUE,
	     OPTIONS "2|window|next||" SESSIONS "|window|next||XNSE|1799900000000|" CLOSE_2 "|1|" OPEN_2 "|" CLOSE_2
		     "|1|q1|alice|sc1|d1|2 1,2|" AAPL "|5|INFY sell nse 1 market|7",
	     "[stored [[window-xnys-1800003900000 1800003900000 window next] "
	     "[window-xnse-" FIRST_2 " " FIRST_2 " window closed]] <now_us>]",
	     "+block:<b1> hash - broker_type=paper lane=window limit_price='' lot=1 order_type=market side=buy\n"
	     "\tsymbol=AAPL window=window-xnys-1800003900000\n"
	     "+block:<b1>:orders zset - q1-0=<now_us>\n"
	     "+block:<b2> hash - broker_type=nse lane=window limit_price='' lot=1 order_type=market side=sell\n"
	     "\tsymbol=INFY window=window-xnse-" FIRST_2 "\n"
	     "+block:<b2>:orders zset - q1-1=<now_us>\n"
	     "+counts hash - queued=2\n"
	     "+deployment hash - blocks=2\n"
	     "+order:q1-0 hash - block=<b1> digest=d1 open=2 orders=2 quantity=5 rule=next smallcase=sc1 user=alice\n"
	     "+order:q1-1 hash - block=<b2> quantity=7 rule=closed\n"
	     "+user:alice:orders zset - q1-0=<now_us> q1-1=<now_us>\n"
	     "+window:window-xnse-" FIRST_2 " hash - calendar=XNSE close_at=" CLOSE_2 " created_at=<now>\n"
	     "\tdue_at=" FIRST_2 " earliest_at=" EARLIEST_2 " lane=window orders=1 status=open\n"
	     "+window:window-xnse-" FIRST_2 ":blocks zset - <b2>=0\n"
	     "+window:window-xnse-" FIRST_2 ":groups hash - 'INFY sell nse 1 market'='<b2> 7'\n"
	     "+window:window-xnys-1800003900000 hash - calendar=XNYS close_at=" CLOSE " created_at=<now>\n"
	     "\tdue_at=1800003900000 earliest_at=" EARLIEST " lane=window orders=1 status=open\n"
	     "+window:window-xnys-1800003900000:blocks zset - <b1>=1\n"
	     "+window:window-xnys-1800003900000:groups hash - 'AAPL buy paper 1 market'='<b1> 5'\n"
	     "+windows zset - window-xnys-1800003900000=1800003900000 window-xnse-" FIRST_2 "=" FIRST_2 "\n"
	     "+windows:open hash - 'window 1800003900000 XNYS'=window-xnys-1800003900000\n"
	     "\t'window " FIRST_2 " XNSE'=window-xnse-" FIRST_2 "\n"
	     ">wake window-xnys-1800003900000\n"
	     ">wake window-xnse-" FIRST_2 "\n");
}

static void window_made_due_by_hand_is_never_due_before_its_market_opens(void **state)
{
	struct keyspace *ks = *state;

	keyspace_reset_at(ks, OPEN_MS - HOUR + A_BIT);
	GIVEN(ks, ENQUEUE, ORDER("window", "next"));
	STEP(ks, PROCESS, "''", "[window-xnys-" FIRST "]",
	     "~window:window-xnys-" FIRST " forced_at=<now>\n"
	     "~windows window-xnys-" FIRST "=" EARLIEST "\n"
	     "-windows:open\n"
	     ">wake window-xnys-" FIRST "\n");
	STEP(ks, SEAL, "100|<retention>", "[idle *]", "");
}

/* --- a bulk call is executed at once, or not at all */

#define HOURS "paper " OPEN " " LAST " " CLOSE " " OPEN_2 " 1800282480000 " CLOSE_2 " ;"
#define BULK  "bq|d1|2|1|0|<abandon>|<retention>|''|" HOURS "|alice|sc1|" AAPL "|5||bob|sc1|GE buy other 1 market|2|"
#define TAKEN_BLOCK(number, symbol, broker, order, close)                                                              \
	"+block:<b" number "> hash - broker_type=" broker close " lane=bulk limit_price='' lot=1 order_type=market\n"  \
	"\tside=buy symbol=" symbol " window=bulk-bq\n"                                                                \
	"+block:<b" number ">:orders zset - " order "=<now_us>\n"
#define TURNED_DOWN                                                                                                    \
	"+order:bq-0 hash <now+retention> created_at=<now> group='AAPL buy paper 1 market' quantity=5\n"               \
	"\treason='market_closed: the market of paper is closed now; POST /trade-queue/queue/order waits for its "     \
	"next session'\n"                                                                                              \
	"\tsmallcase=sc1 status=rejected updated_at=<now> user=alice window=bulk-bq\n"

static void bulk_order_in_the_session_is_taken_and_knows_the_close(void **state)
{
	static const struct {
		int64_t at_ms;
		const char *change;
	} rows[] = {
#define CHANGE(close)                                                                                                  \
	TAKEN_BLOCK("1", "AAPL", "paper", "bq-0", " close_at=" close)                                                  \
	TAKEN_BLOCK("2", "GE", "other", "bq-1", "")                                                                    \
	"+counts hash - queued=2\n"                                                                                    \
	"+deployment hash - blocks=2\n"                                                                                \
	"+order:bq-0 hash - block=<b1> quantity=5 smallcase=sc1 user=alice\n"                                          \
	"+order:bq-1 hash - block=<b2> quantity=2 smallcase=sc1 user=bob\n"                                            \
	"+user:alice:orders zset - bq-0=<now_us>\n"                                                                    \
	"+user:bob:orders zset - bq-1=<now_us>\n"                                                                      \
	"+window:bulk-bq hash - created_at=<now> digest=d1 due_at=<now> lane=bulk orders=2 queue_id=bq\n"              \
	"\treceived=2 rejected=0 requests=1 status=open total=2\n"                                                     \
	"+window:bulk-bq:blocks zset - <b1>=1 <b2>=1\n"                                                                \
	"+window:bulk-bq:groups hash - 'AAPL buy paper 1 market'='<b1> 5' 'GE buy other 1 market'='<b2> 2'\n"          \
	"+windows zset - bulk-bq=<now>\n"                                                                              \
	">wake bulk-bq\n"
	    {OPEN_MS + A_BIT, CHANGE(CLOSE)}, /* from the first second: it has no window to wait for */
	    {OPEN_MS + HOUR + A_BIT, CHANGE(CLOSE)},
	    {LAST_MS - 30000 + A_BIT, CHANGE(CLOSE)},
	    {OPEN_2_MS + A_BIT, CHANGE(CLOSE_2)},
	};
	struct keyspace *ks = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		keyspace_reset_at(ks, rows[i].at_ms);
		STEP(ks, BULK, BULK, "[stored bulk-bq open 2]", rows[i].change);
	}
}

/* Before the open, in the last minutes, after the close, over the weekend, and where no session is known. */
static void bulk_order_outside_of_the_session_comes_back_rejected(void **state)
{
	static const int64_t times[] = {OPEN_MS - HOUR + A_BIT,	      LAST_MS + A_BIT,	 CLOSE_MS + A_BIT,
					CLOSE_MS + 40 * HOUR + A_BIT, OPEN_2_MS - A_BIT, OPEN_2_MS + 24 * HOUR + A_BIT};
	struct keyspace *ks = *state;

	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		keyspace_reset_at(ks, times[i]);
		STEP(ks, BULK, BULK, "[stored bulk-bq open 2]",
		     TAKEN_BLOCK("1", "GE", "other", "bq-1",
				 "") "+counts hash - queued=1 rejected=1\n"
				     "+deployment hash - blocks=1\n" TURNED_DOWN
				     "+order:bq-1 hash - block=<b1> quantity=2 smallcase=sc1 user=bob\n"
				     "+user:alice:orders zset - bq-0=<now_us>\n"
				     "+user:bob:orders zset - bq-1=<now_us>\n"
				     "+window:bulk-bq hash - created_at=<now> digest=d1 due_at=<now> lane=bulk "
				     "orders=1 queue_id=bq\n"
				     "\treceived=2 rejected=1 requests=1 status=open total=2\n"
				     "+window:bulk-bq:blocks zset - <b1>=1\n"
				     "+window:bulk-bq:groups hash - 'GE buy other 1 market'='<b1> 2'\n"
				     "+windows zset - bulk-bq=<now>\n"
				     ">wake bulk-bq\n");
	}
}

static int setup_group(void **state)
{
	*state = keyspace_new_at(OPEN_MS);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(before_the_open_it_goes_to_the_first_window),
	    cmocka_unit_test(in_the_first_minute_nothing_is_due_at_once),
	    cmocka_unit_test(in_the_session_it_goes_where_the_api_says),
	    cmocka_unit_test(window_into_the_rush_is_drawn_forward_to_its_beginning),
	    cmocka_unit_test(in_the_rush_windows_are_short),
	    cmocka_unit_test(in_the_rush_what_is_large_keeps_its_lane),
	    cmocka_unit_test(in_the_last_minutes_it_goes_to_the_next_session),
	    cmocka_unit_test(after_the_close_and_over_the_weekend_it_goes_to_the_next_session),
	    cmocka_unit_test(sessions_that_do_not_reach_to_now_are_asked_for),
	    cmocka_unit_test(after_the_calendar_there_is_nowhere_to_go),
	    cmocka_unit_test(time_that_is_asked_for_in_a_session_means_the_next_window),
	    cmocka_unit_test(time_that_is_asked_for_outside_of_sessions_is_refused_with_the_nearest),
	    cmocka_unit_test(orders_of_two_markets_have_windows_of_their_own),
	    cmocka_unit_test(window_made_due_by_hand_is_never_due_before_its_market_opens),
	    cmocka_unit_test(bulk_order_in_the_session_is_taken_and_knows_the_close),
	    cmocka_unit_test(bulk_order_outside_of_the_session_comes_back_rejected),
	};

	return cmocka_run_group_tests(tests, setup_group, script_case_teardown_group);
}
