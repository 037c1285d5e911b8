/* The scripts that only read: what people and the API see of an order's life, and that each also runs by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

#define SEE(name, args, reply) STEP(ks, name, args, reply, "")

static void order_is_seen_at_every_stage(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_QUEUED);
	STEP(ks, ORDER, "q1-0",
	     "[[order_id q1-0 queue_id q1 user_id alice smallcase_id sc1 symbol AAPL side buy broker_type paper "
	     "order_type market limit_price '' quantity 100 lane window execution_window <due> status queued "
	     "filled_quantity 0 average_price '' gross_amount 0 fee 0 block_id '' reason '' created_at <then> "
	     "updated_at <then> window_id window-<due> rule '']]",
	     "");
	keyspace_reset(ks);
	script_case_reach(ks, STAGE_SEALED);
	STEP(ks, ORDER, "q1-0",
	     "[[order_id q1-0 queue_id q1 user_id alice smallcase_id sc1 symbol AAPL side buy broker_type paper "
	     "order_type market limit_price '' quantity 100 lane window execution_window <due> status sealed "
	     "filled_quantity 0 average_price '' gross_amount 0 fee 0 block_id <b1> reason '' created_at <then> "
	     "updated_at <then> window_id window-<due> rule '']]",
	     "");
	keyspace_reset(ks);
	script_case_reach(ks, STAGE_WORKING);
	STEP(ks, ORDER, "q1-0",
	     "[[order_id q1-0 queue_id q1 user_id alice smallcase_id sc1 symbol AAPL side buy broker_type paper "
	     "order_type market limit_price '' quantity 100 lane window execution_window <due> status working "
	     "filled_quantity 0 average_price '' gross_amount 0 fee 0 block_id <b1> reason '' created_at <then> "
	     "updated_at <then> window_id window-<due> rule '']]",
	     "");
	keyspace_reset(ks);
	script_case_reach(ks, STAGE_FINISHED);
	STEP(ks, ORDER, "q1-0",
	     "[[order_id q1-0 queue_id q1 user_id alice smallcase_id sc1 symbol AAPL side buy broker_type paper "
	     "order_type market limit_price '' quantity 100 lane window execution_window <due> status filled "
	     "filled_quantity 100 average_price 190 gross_amount 19000 fee 0 block_id <b1> reason '' created_at "
	     "<then> updated_at <then> window_id window-<due> rule '']]",
	     "");
}

static void several_orders_are_seen_in_the_order_asked_for(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_SEALED);
	GIVEN(ks, ORDER, "q2-0|none-0|q1-0");
	assert_int_equal(keyspace_reply(ks)->elements, 3);
	assert_string_equal(keyspace_reply(ks)->element[0]->element[1]->str, "q2-0");
	assert_int_equal(keyspace_reply(ks)->element[1]->elements, 0);
	assert_string_equal(keyspace_reply(ks)->element[2]->element[1]->str, "q1-0");
}

static void status_of_an_order_follows_its_block(void **state)
{
	static const char *const blocks[][2] = {
	    {"ready", "sealed"},    {"waiting", "sealed"},  {"submitting", "working"},
	    {"working", "working"}, {"closing", "working"}, {"needs_review", "working"},
	};
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_SEALED);
	for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
		char command[128];
		const redisReply *order;

		(void)snprintf(command, sizeof command, "HSET muster:{0}:block:<b1> status %s", blocks[i][0]);
		keyspace_command(ks, command);
		GIVEN(ks, ORDER, "q1-0");
		order = keyspace_reply(ks)->element[0];
		assert_string_equal(order->element[24]->str, "status");
		assert_string_equal(order->element[25]->str, blocks[i][1]);
	}
}

/* The value of a field of the first order of the reply. */
static const char *order_field(struct keyspace *ks, const char *name)
{
	const redisReply *order = keyspace_reply(ks)->element[0];

	for (size_t i = 0; i + 1 < order->elements; i += 2)
		if (strcmp(order->element[i]->str, name) == 0)
			return order->element[i + 1]->str;
	return "(none)";
}

static void reason_and_time_of_an_order_are_its_blocks_until_it_has_its_own(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_SEALED);
	keyspace_command(ks, "HSET muster:{0}:block:<b1> reason waits sealed_at 5");
	GIVEN(ks, ORDER, "q1-0");
	assert_string_equal(order_field(ks, "reason"), "waits");
	assert_string_equal(order_field(ks, "updated_at"), "5");
	keyspace_command(ks, "HSET muster:{0}:block:<b1> updated_at 6");
	GIVEN(ks, ORDER, "q1-0");
	assert_string_equal(order_field(ks, "updated_at"), "6");
	keyspace_command(ks, "HSET muster:{0}:order:q1-0 updated_at 7 status partially_filled");
	GIVEN(ks, ORDER, "q1-0");
	assert_string_equal(order_field(ks, "updated_at"), "7");
	assert_string_equal(order_field(ks, "reason"), "waits");
	keyspace_command(ks, "HSET muster:{0}:order:q1-0 status filled");
	GIVEN(ks, ORDER, "q1-0");
	assert_string_equal(order_field(ks, "reason"), "");
}

static void canceled_order_has_no_block(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_QUEUED);
	GIVEN(ks, CANCEL, "q1|<retention>");
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	STEP(ks, ORDER, "q1-0",
	     "[[order_id q1-0 queue_id q1 user_id alice smallcase_id sc1 symbol AAPL side buy broker_type paper "
	     "order_type market limit_price '' quantity 100 lane window execution_window <due> status canceled "
	     "filled_quantity 0 average_price '' gross_amount 0 fee 0 block_id '' reason 'canceled on request' "
	     "created_at <then> updated_at <then> window_id window-<due> rule '']]",
	     "");
}

static void rejected_order_of_a_bulk_call_has_its_reason(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, BULK, "bq|d1|1|1|0|<abandon>|<retention>|''|''|alice|sc1|XYZ buy paper 1 limit 9.5|0|unknown_symbol");
	STEP(ks, ORDER, "bq-0",
	     "[[order_id bq-0 queue_id bq user_id alice smallcase_id sc1 symbol XYZ side buy broker_type paper "
	     "order_type limit limit_price 9.5 quantity 0 lane bulk execution_window <then> status rejected "
	     "filled_quantity 0 average_price '' gross_amount 0 fee 0 block_id '' reason unknown_symbol created_at "
	     "<then> updated_at <then> window_id bulk-bq rule '']]",
	     "");
}

static void block_is_seen_with_slices_and_fills(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_QUEUED);
	SEE(BLOCK, "<b1>|none", "[[] []]");
	keyspace_reset(ks);
	script_case_reach(ks, STAGE_CLOSING);
	STEP(ks, BLOCK, "<b1>",
	     "[[[window window-<due> lane window symbol AAPL side buy broker_type paper lot 1 order_type market "
	     "limit_price '' quantity_nano 225000000000 sealed_at <then> fence 1 orders 3 status closing worker "
	     "h1:11 updated_at <then> submitted_at <then> reason '' attempts 0 polls 0 filled_quantity 225 "
	     "average_price 190 gross_amount 42750 fee 0 outcome filled minor_unit 0.01 closed_at <then> block_id <b1> "
	     "quantity 225 "
	     "execution_window <due>] [[muster-test-<b1>-1 [block <b1> number 1 quantity 225 status acked "
	     "due_at 1 filled_quantity 0 created_at <then> sent maybe updated_at <then> broker_order_id B1]]] [F1 "
	     "'muster-test-<b1>-1 "
	     "225 190 1700000000000']]]",
	     "");
}

static void window_is_seen_with_a_page_of_its_blocks(void **state)
{
	struct keyspace *ks = *state;

	SEE(WINDOW, "window-<due>", "[]");
	GIVEN(ks, ENQUEUE,
	      ENQUEUE_LANES "2" ENQUEUE_ONE("q1", "alice", "100")
		  ENQUEUE_OF("q2", "bob", "MSFT sell paper 1 market", "5"));
	STEP(ks, WINDOW, "window-<due>",
	     "[[lane window due_at <due> status open created_at <then> orders 2] 2 [<b2> open <b1> open]]", "");
	STEP(ks, WINDOW, "window-<due>|1|5",
	     "[[lane window due_at <due> status open created_at <then> orders 2] 2 [<b1> open]]", "");
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "1|<retention>");
	STEP(ks, WINDOW, "window-<due>|0|1",
	     "[[lane window due_at <due> status sealing created_at <then> orders 2 forced_at <then> sealed_at <then> "
	     "sealed_groups 1 blocks_open 2] 2 [<b2> ready]]",
	     "");
}

static void preview_lists_the_groups_of_open_windows(void **state)
{
	struct keyspace *ks = *state;

	SEE(PREVIEW, "", "[]");
	script_case_reach(ks, STAGE_QUEUED);
	GIVEN(ks, ENQUEUE,
	      ENQUEUE_LANES "2" ENQUEUE_OF("q4", "dave", "MSFT sell paper 0.001 limit 9.5",
					   "5") "|q5|dave|sc1|d5|1 2|GE buy paper 0.001 market|0.25");
	STEP(ks, PREVIEW, "",
	     "[[immediate-<due> immediate <due> open 1 1 [GE buy paper market '' 1 0.25]] [window-<due> window <due> "
	     "open 4 2 [MSFT sell paper limit 9.5 1 5] [AAPL buy paper market '' 3 225]]]",
	     "");
	STEP(ks, PREVIEW, "window-<due>|1|1", "[[window-<due> window <due> open 4 2 [AAPL buy paper market '' 3 225]]]",
	     "");
	SEE(PREVIEW, "none", "[]");
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, SEAL, "100|<retention>");
	SEE(PREVIEW, "", "[]");
}

static void status_shows_windows_counts_and_workers(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, STATUS, "",
	     "[now <now> oldest_overdue_ms 0 windows [] orders [] blocks [ready 0 waiting 0 submitting 0 working 0 "
	     "closing 0 allocated 0 canceled 0 needs_review 0] workers [] halts [] in_all [open 0 overdue 0 working 0]]",
	     "");
	script_case_reach(ks, STAGE_FINISHED);
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q4", "dave", "5"));
	GIVEN(ks, HALT, "all|operator|ann|drill");
	STEP(ks, STATUS, "",
	     "[now <now> oldest_overdue_ms 0 windows [[window-<due>-1 1 lane window due_at <due> status open "
	     "created_at <then> orders 1] [window-<due> 1 lane window due_at <due> status done created_at <then> "
	     "orders 3 forced_at <then> sealed_at <then> sealed_groups 1 blocks_open 0 done_at <then>]] orders "
	     "[queued 1 sealed 0 working 0 filled 3] blocks [ready 0 waiting 0 submitting 0 working 0 closing 0 "
	     "allocated 1 canceled 0 needs_review 0] workers [[id h1:11 host h1 pid 11 blocks_in_hand 0 started_at "
	     "<then> seen_at <then>]] halts [all "
	     "{\"since\":<then>,\"code\":\"operator\",\"by\":\"ann\",\"reason\":\"drill\"}] in_all [open 1 overdue 0 working 0]]",
	     "");
}

static void status_says_how_late_the_oldest_window_is(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_QUEUED);
	keyspace_command(ks, "ZADD muster:{0}:windows 1700000000000 window-<due>");
	GIVEN(ks, STATUS, "");
	assert_true(keyspace_reply(ks)->element[3]->integer + INT64_C(1700000000000) ==
		    keyspace_reply(ks)->element[1]->integer);
}

static void statement_lists_the_shares(void **state)
{
	struct keyspace *ks = *state;

	SEE(STATEMENT, "none", "[]");
	script_case_reach(ks, STAGE_SEALED);
	STEP(ks, STATEMENT, "<b1>",
	     "[[q1-0 100 alice sc1 nil nil nil nil] [q2-0 50 bob sc1 nil nil nil nil] [q3-0 75 carol sc1 nil nil nil "
	     "nil]]",
	     "");
	keyspace_reset(ks);
	script_case_reach(ks, STAGE_FINISHED);
	STEP(ks, STATEMENT, "<b1>|1|1", "[[q2-0 50 bob sc1 filled 50 9500 0]]", "");
}

static void statement_can_be_of_quantities_only(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_CLOSING);
	SEE(STATEMENT, "<b1>|0|2|quantities", "[[q1-0 100] [q2-0 50]]");
	SEE(STATEMENT, "<b1>|2|2|quantities", "[[q3-0 75]]");
}

static void transactions_come_newest_first(void **state)
{
	struct keyspace *ks = *state;
	char args[64];

	script_case_reach(ks, STAGE_QUEUED);
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q4", "alice", "5"));
	GIVEN(ks, PROCESS, "''");
	GIVEN(ks, SEAL, "100|<retention>");
	GIVEN(ks, CLAIM, CLAIM_AS("11"));
	GIVEN(ks, PLAN, "<b1>|1|<lease>|230|1");
	GIVEN(ks, GATE, "<b1>|1|<lease>|<wait>|0|muster-test-<b1>-1");
	GIVEN(ks, CLOSE, "<b1>|1|<lease>|230|190|43700|0|filled||0.01");
	GIVEN(ks, ALLOCATE,
	      "<b1>|1|<lease>|0|<retention>|q1-0|filled|100|19000|0|q2-0|filled|50|9500|0|"
	      "q3-0|filled|75|14250|0|q4-0|filled|5|950|0");
	SEE(TRANSACTIONS, "nobody", "[]");
	STEP(ks, TRANSACTIONS, "alice",
	     "[[<then_us> order_id q4-0 block_id <b1> user_id alice smallcase_id sc1 symbol AAPL side buy "
	     "broker_type paper quantity 5 price 190 gross_amount 950 fee 0 executed_at <then>] [<then_us> order_id "
	     "q1-0 block_id <b1> user_id alice smallcase_id sc1 symbol AAPL side buy broker_type paper quantity 100 "
	     "price 190 gross_amount 19000 fee 0 executed_at <then>]]",
	     "");
	GIVEN(ks, TRANSACTIONS, "alice||1");
	assert_int_equal(keyspace_reply(ks)->elements, 1);
	(void)snprintf(args, sizeof args, "alice|%s|5", keyspace_reply(ks)->element[0]->element[0]->str);
	STEP(ks, TRANSACTIONS, args,
	     "[[<then_us> order_id q1-0 block_id <b1> user_id alice smallcase_id sc1 symbol AAPL side buy "
	     "broker_type paper quantity 100 price 190 gross_amount 19000 fee 0 executed_at <then>]]",
	     "");
}

static void request_is_found_by_its_queue_id(void **state)
{
	struct keyspace *ks = *state;

	SEE(REQUEST, "q1", "[not_found]");
	script_case_reach(ks, STAGE_QUEUED);
	SEE(REQUEST, "q1", "[queue 1 digest-q1 alice]");
	GIVEN(ks, ENQUEUE,
	      ENQUEUE_LANES "1|q5|alice|sc1|d5|2 1|GE buy paper 1 market|1"
			    "|GE buy paper 1 market|1");
	SEE(REQUEST, "q5", "[queue 2 d5 alice]");
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1|q6|alice|sc1||1 1|GE buy paper 1 market|1");
	SEE(REQUEST, "q6", "[queue 1 '' alice]");
	GIVEN(ks, BULK, "bq|d1|2|7|0|<abandon>|<retention>|''|''|alice|sc1|GE buy paper 1 market|1|");
	SEE(REQUEST, "bq", "[bulk 2 d1 bulk-bq filling 1 7 '']");
	GIVEN(ks, BULK, "bs|d1|2|1|0|<abandon>|<retention>|alice|''|alice|sc1|GE buy paper 1 market|1|");
	SEE(REQUEST, "bs", "[bulk 2 d1 bulk-bs filling 1 1 alice]");
}

static void script_that_only_reads_may_not_write(void **state)
{
	(void)state;
	for (int i = 0; i < SCRIPT_COUNT; i++) {
		const char *text = script_get((enum script_id)i)->text;
		bool writes = strstr(text, "\n-- WRITES ") != NULL;

		assert_int_equal(strncmp(text, "#!lua flags=no-writes\n", 22) == 0, !writes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(order_is_seen_at_every_stage),
	    SCRIPT_TEST(several_orders_are_seen_in_the_order_asked_for),
	    SCRIPT_TEST(reason_and_time_of_an_order_are_its_blocks_until_it_has_its_own),
	    SCRIPT_TEST(status_of_an_order_follows_its_block),
	    SCRIPT_TEST(canceled_order_has_no_block),
	    SCRIPT_TEST(rejected_order_of_a_bulk_call_has_its_reason),
	    SCRIPT_TEST(block_is_seen_with_slices_and_fills),
	    SCRIPT_TEST(window_is_seen_with_a_page_of_its_blocks),
	    SCRIPT_TEST(preview_lists_the_groups_of_open_windows),
	    SCRIPT_TEST(status_shows_windows_counts_and_workers),
	    SCRIPT_TEST(status_says_how_late_the_oldest_window_is),
	    SCRIPT_TEST(statement_can_be_of_quantities_only),
	    SCRIPT_TEST(statement_lists_the_shares),
	    SCRIPT_TEST(transactions_come_newest_first),
	    SCRIPT_TEST(request_is_found_by_its_queue_id),
	    SCRIPT_TEST(script_that_only_reads_may_not_write),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
