/* lua/cancel.lua: orders leave their groups until the seal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

#define AAPL	  "AAPL buy paper 1 market"
#define CANCEL_Q1 "q1|<retention>|''"

static void queued_order_leaves_its_group(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_QUEUED);
	STEP(ks, CANCEL, CANCEL_Q1, "[canceled 1 0 window 1]",
	     "~block:<b1>:orders -q1-0\n"
	     "~counts canceled=1 queued=2\n"
	     "~order:q1-0 ttl=<now+retention> created_at=<then> reason='canceled on request' status=canceled\n"
	     "\tupdated_at=<now>\n"
	     "~window:window-<due> orders=2\n"
	     "~window:window-<due>:groups 'AAPL buy paper 1 market'='<b1> 125'\n");
}

static void cancel_again_says_the_same(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_QUEUED);
	GIVEN(ks, CANCEL, CANCEL_Q1);
	STEP(ks, CANCEL, CANCEL_Q1, "[canceled 0 1]", "");
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	STEP(ks, CANCEL, CANCEL_Q1, "[canceled 0 1]", "");
}

static void requests_of_others_are_not_found(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_QUEUED);
	STEP(ks, CANCEL, "q1|<retention>|mallory", "[not_found]", "");
	STEP(ks, CANCEL, "q1|<retention>|alice", "[canceled 1 0 window 1]", NULL);
	GIVEN(ks, BULK, "bq|d1|1|1|0|<abandon>|<retention>|''|''|alice|sc1|GE buy paper 1 market|1|");
	STEP(ks, CANCEL, "bq|<retention>|alice", "[not_found]", "");
	STEP(ks, CANCEL, "bq|<retention>|''", "[already_sealed]", "");
	GIVEN(ks, BULK, "bs|d1|1|1|0|<abandon>|<retention>|alice|''|alice|sc1|GE buy paper 1 market|1|");
	STEP(ks, CANCEL, "bs|<retention>|mallory", "[not_found]", "");
	STEP(ks, CANCEL, "bs|<retention>|alice", "[already_sealed]", "");
}

static void nothing_is_canceled_after_the_seal(void **state)
{
	for (int stage = STAGE_SEALED; stage <= STAGE_FINISHED; stage++) {
		struct keyspace *ks = *state;

		keyspace_reset(ks);
		script_case_reach(ks, (enum stage)stage);
		STEP(ks, CANCEL, CANCEL_Q1, "[already_sealed]", "");
	}
}

static void window_made_due_is_open_until_its_seal(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_QUEUED);
	GIVEN(ks, PROCESS, "''");
	STEP(ks, CANCEL, CANCEL_Q1, "[canceled 1 0 window 1]", NULL);
}

static void unknown_request_is_not_found(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_QUEUED);
	STEP(ks, CANCEL, "q9|<retention>", "[not_found]", "");
}

static void bulk_call_cannot_be_canceled(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, BULK, "bq|d1|1|1|0|<abandon>|<retention>|''|''|alice|sc1|" AAPL "|5|");
	STEP(ks, CANCEL, "bq|<retention>", "[already_sealed]", "");
}

static void orders_of_a_request_are_canceled_together(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_QUEUED);
	GIVEN(ks, ENQUEUE,
	      ENQUEUE_LANES "1|q4|dave|sc1|d4|2 1|" AAPL "|7.25"
			    "|MSFT sell paper 1 market|2");
	STEP(ks, CANCEL, "q4|<retention>", "[canceled 2 0 window 2]",
	     "~block:<b1>:orders -q4-0\n"
	     "-block:<b2>:orders\n"
	     "~counts canceled=2 queued=3\n"
	     "~order:q4-0 ttl=<now+retention> created_at=<then> open=0 reason='canceled on request'\n"
	     "\tstatus=canceled updated_at=<now>\n"
	     "~order:q4-1 ttl=<now+retention> created_at=<then> reason='canceled on request' status=canceled\n"
	     "\tupdated_at=<now>\n"
	     "~window:window-<due> orders=3\n"
	     "~window:window-<due>:groups 'AAPL buy paper 1 market'='<b1> 225'\n"
	     "\t'MSFT sell paper 1 market'='<b2> 0'\n");
}

static void answer_says_how_many_were_in_each_lane(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE,
	      ENQUEUE_LANES "1|q1|alice|sc1|d1|3 1,2,2|" AAPL "|100|" AAPL "|2|MSFT sell paper 1 market|2");
	STEP(ks, CANCEL, CANCEL_Q1, "[canceled 3 0 window 1 immediate 2]", NULL);
}

static void what_is_sealed_stays_while_the_rest_is_canceled(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE,
	      ENQUEUE_LANES "1|q1|alice|sc1|d1|2 1|" AAPL "|100"
			    "|MSFT sell paper 1 market|2");
	/* Orders of one request may be in different windows: each goes by its own. */
	keyspace_command(ks, "HSET muster:{0}:window:other status sealed");
	keyspace_command(ks, "HSET muster:{0}:block:<b1> window other");
	STEP(ks, CANCEL, CANCEL_Q1, "[canceled 1 0 window 1]",
	     "-block:<b2>:orders\n"
	     "~counts canceled=1 queued=1\n"
	     "~order:q1-0 open=1\n"
	     "~order:q1-1 ttl=<now+retention> created_at=<then> reason='canceled on request' status=canceled\n"
	     "\tupdated_at=<now>\n"
	     "~window:window-<due> orders=1\n"
	     "~window:window-<due>:groups 'MSFT sell paper 1 market'='<b2> 0'\n");
	STEP(ks, CANCEL, CANCEL_Q1, "[canceled 0 1]", "");
}

static void order_that_is_gone_is_passed_over(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1|q1|alice|sc1|d1|2 1|" AAPL "|100|" AAPL "|2");
	keyspace_command(ks, "DEL muster:{0}:order:q1-1");
	STEP(ks, CANCEL, CANCEL_Q1, "[canceled 1 0 window 1]", NULL);
}

static void totals_shrink_to_the_last_billionth(void **state)
{
	static const char *const cases[] = {
	    "0.5",
	    "0.000000001",
	    "12.345678901",
	    "1000000000",
	};
	struct keyspace *ks = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char args[200];

		keyspace_reset(ks);
		GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q2", "bob", "3"));
		(void)snprintf(args, sizeof args, ENQUEUE_LANES "1|q1|alice|sc1|d1|1 1|" AAPL "|%s", cases[i]);
		GIVEN(ks, ENQUEUE, args);
		STEP(ks, CANCEL, CANCEL_Q1, "[canceled 1 0 window 1]", NULL);
		assert_string_equal(strchr(keyspace_value(ks, "window:window-<due>:groups", AAPL), ' '), " 3");
	}
}

static void group_that_was_emptied_takes_new_orders(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q1", "alice", "100"));
	GIVEN(ks, CANCEL, CANCEL_Q1);
	STEP(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q2", "bob", "50"), NULL,
	     "+block:<b1>:orders zset - q2-0=<now_us>\n"
	     "~counts queued=1\n"
	     "+order:q2-0 hash - block=<b1> digest=digest-q2 quantity=50 smallcase=sc1 user=bob\n"
	     "+user:bob:orders zset - q2-0=<now_us>\n"
	     "~window:window-<due> orders=1\n"
	     "~window:window-<due>:groups 'AAPL buy paper 1 market'='<b1> 50'\n");
}

static void canceled_request_is_still_known(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q1", "alice", "100"));
	GIVEN(ks, CANCEL, CANCEL_Q1);
	STEP(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q1", "alice", "100"), "[" NOT_QUEUED "[replayed]]", "");
}

static void cancel_works_when_memory_is_full(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_QUEUED);
	keyspace_command(ks, "CONFIG SET maxmemory 1");
	STEP(ks, CANCEL, CANCEL_Q1, "[canceled 1 0 window 1]", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(queued_order_leaves_its_group),
	    SCRIPT_TEST(cancel_again_says_the_same),
	    SCRIPT_TEST(requests_of_others_are_not_found),
	    SCRIPT_TEST(nothing_is_canceled_after_the_seal),
	    SCRIPT_TEST(window_made_due_is_open_until_its_seal),
	    SCRIPT_TEST(unknown_request_is_not_found),
	    SCRIPT_TEST(bulk_call_cannot_be_canceled),
	    SCRIPT_TEST(orders_of_a_request_are_canceled_together),
	    SCRIPT_TEST(order_that_is_gone_is_passed_over),
	    SCRIPT_TEST(answer_says_how_many_were_in_each_lane),
	    SCRIPT_TEST(what_is_sealed_stays_while_the_rest_is_canceled),
	    SCRIPT_TEST(totals_shrink_to_the_last_billionth),
	    SCRIPT_TEST(group_that_was_emptied_takes_new_orders),
	    SCRIPT_TEST(canceled_request_is_still_known),
	    SCRIPT_TEST(cancel_works_when_memory_is_full),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
