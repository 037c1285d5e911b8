/* The auditor: says nothing about what is right, and of each invariant that is broken says just that one. What became
 * of orders is in test_audit_shares.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/audit_plant.h"
#include "tests/support/check_audit.h"
#include "tests/support/wait_until.h"

static void test_what_is_right_is_no_violation(void **state)
{
	struct audit_scene *scene = *state;

	audit_scene_restore(scene);
	assert_int_equal(audit_scene_run(scene, "--quiet-expected"), 0);
	assert_string_equal(audit_scene_output(scene),
			    "audited 6 blocks, 11 orders, 6 fills, 8 accepted requests, 0 in flight: 0 violations\n");
}

/* clang-format off */

static void test_a_request_that_is_lost_or_changed_is_told(void **state)
{
	static const struct audit_plant plants[] = {
	    {"a request that was never stored", NULL, NULL, "+{'queue_id':'zz','orders':[{'order_id':'zz-0'}]}", "I1",
	     {"I1 order zz-0 was accepted and is not stored"}},
	    {"another quantity", NULL, NULL, "~'quantity':'75'~'quantity':'76'", "I1",
	     {"I1 order <c>: accepted with quantity \"76\", stored with \"75\""}},
	    {"another user, side, lane and time", NULL, NULL,
	     "+{'queue_id':'<qd>','orders':[{'order_id':'<d>','user_id':'e','side':'buy','lane':'bulk',"
	     "'execution_window':'2020-01-01T00:00:00Z'}]}",
	     "I1",
	     {"I1 order <d>: accepted with user_id \"e\", stored with \"d\"",
	      "I1 order <d>: accepted with side \"buy\", stored with \"sell\"",
	      "I1 order <d>: accepted with lane \"bulk\", stored with \"window\"",
	      "I1 order <d>: accepted with execution_window \"2020-01-01T00:00:00Z\""}},
	    {"half of a request", NULL, NULL, "+{'queue_id':'<qa>','orders':[{'order_id':'<a>'},{'order_id':'<b>'}]}",
	     "I1", {"I1 request <qa>: accepted with 2 orders, stored with 1"}},
	    {"a rejected order's user", NULL, NULL,
	     "+{'queue_id':'<qg0>','orders':[{},{},{'order_id':'<qg0>-2','user_id':'i'}]}",
	     "I1", {"I1 order <qg0>-2: accepted with user_id \"i\", stored with \"h\""}},
	    {"an order that its user cannot find", "ZREM @user:a:orders <a>", NULL, NULL, "I1",
	     {"I1 order <a> is not in the index of its user a"}},
	    {"a bulk call that is not whole", "HSET @window:bulk-<qg0> received 2", NULL, NULL, "I1",
	     {"I1 request <qg0>: 2 of its 3 orders are stored"}},
	    {"an accepted bulk call that was abandoned", "HSET @window:bulk-<qg0> abandoned 1", NULL, NULL, "I1",
	     {"I1 request <qg0> was accepted and then abandoned halfway"}},
	    {"a rejected order that vanished", "DEL @order:<qg0>-2", NULL, NULL, "I1",
	     {"I1 request <qg0>: its order <qg0>-2, one of 3, is not stored",
	      "I1 order <qg0>-2 was accepted and is not stored"}},
	};

	CHECK_PLANTS(state, plants);
}

static void test_two_acceptances_of_one_key_are_told(void **state)
{
	static const struct audit_plant plants[] = {
	    {"one key, two requests", NULL, NULL,
	     "+{'queue_id':'<qa>','orders':[{'order_id':'<a>'}],'idempotency_key':'k','who':'u'}\n"
	     "+{'queue_id':'<qb>','orders':[{'order_id':'<b>'}],'idempotency_key':'k','who':'u'}\n-key-<qa>\n-key-<qb>",
	     "I2", {"I2 idempotency key k of u (queue) was accepted as request <qa> and as request <qb>"}},
	    {"one request, two keys", NULL, NULL,
	     "+{'queue_id':'<qa>','orders':[{'order_id':'<a>','user_id':'a'}],'idempotency_key':'other'}", "I2",
	     {"I2 request <qa> was accepted as idempotency key"}},
	    {"a request that is queued and bulk", "HSET @order:<g0> digest d", NULL, NULL, "I2",
	     {"I2 request <qg0> is stored twice: as queued, and as the bulk call bulk-<qg0>"}},
	};

	CHECK_PLANTS(state, plants);
}

static void test_an_order_outside_of_its_one_block_is_told(void **state)
{
	static const struct audit_plant plants[] = {
	    {"an order in another's statement", "ZREM @block:<msft>:orders <d>\nZADD @block:<aapl>:orders 1 <d>", NULL,
	     NULL,
	     "I3", {"I3 block <aapl>: the order <d> stands in its statement, but belongs to \"<msft>\""}},
	    {"an order in two statements", "ZADD @block:<goog>:orders 1 <d>", NULL, NULL, "I3",
	     {"I3 order <d> stands in 2 statements", "I3 block <goog>: 1 orders were sealed, 2 are in its statement",
	     "I3 window <w> counts"}},
	    {"an order that left after the seal", "ZREM @block:<aapl>:orders <b>", NULL, NULL, "I3",
	     {"I3 block <aapl>: 3 orders were sealed, 2 are in its statement",
	      "I3 order <b> is not in the statement of its block <aapl>"}},
	    {"a block outside of its window", "ZREM @window:<w>:blocks <aapl>", NULL, NULL, "I3",
	     {"I3 block <aapl>: 0 windows list it"}},
	    {"a block in two windows", "ZADD @window:bulk-<qg0>:blocks 1 <goog>", NULL, NULL, "I3",
	     {"I3 block <goog>: window bulk-<qg0> lists it, but it belongs to \"<w>\""}},
	    {"a window's block that is not there", "ZADD @window:<w>:blocks 1 nowhere", NULL, NULL, "I3",
	     {"I3 window <w> lists the block nowhere, which does not exist"}},
	    {"an order that vanished", "DEL @order:<c>", NULL, NULL, "I1 I3 I8",
	     {"I3 block <aapl>: its statement lists the order <c>, which does not exist",
	      "I1 order <c> was accepted and is not stored", "I8 transaction <c-tx> names the order <c>"}},
	};

	CHECK_PLANTS(state, plants);
}

static void test_a_block_that_is_not_its_sum_is_told(void **state)
{
	static const struct audit_plant plants[] = {
	    {"a block that grew", "HINCRBY @block:<aapl> quantity_nano 1000000000", NULL, NULL, "I4",
	     {"I4 block <aapl>: its quantity 226 is not the sum of its statement, 225"}},
	    {"a slice that shrank", "HSET @slice:<aapl-s> quantity 224", NULL, NULL, "I4",
	     {"I4 block <aapl>: its quantity 225 is not the sum of its slices, 224"}},
	    {"a slice that leaves to others what is with none", "HSET @slice:<msft-s> carried 1", NULL, NULL, "I4",
	     {"I4 block <msft>: its quantity 40 is not the sum of its slices, 39"}},
	    {"a slice that leaves more than it has", "HSET @slice:<msft-s> carried 41", NULL, NULL, "I4",
	     {"I4 block <msft>: its slice <msft-s> is filled and leaves more than it has"}},
	    {"another quantity at the broker", NULL, "~'qty':'225'~'qty':'224.999999999'", NULL, "I4",
	     {"I4 block <aapl>: its slice <aapl-s> is of 225, the broker has 224.999999999 of it"}},
	};

	CHECK_PLANTS(state, plants);
}

static void test_a_slice_that_is_not_at_the_broker_just_once_is_told(void **state)
{
	static const struct audit_plant plants[] = {
	    {"twice at the broker", NULL,
	     "+{'event':'order','at':'2099-01-01T00:00:00Z','outcome':'accepted','id':'again',"
	     "'client_order_id':'<msft-s>',"
	     "'symbol':'MSFT','side':'sell','qty':'40','type':'market','commission':'1'}\n"
	     "+{'event':'canceled','at':'2099-01-01T00:00:00Z','client_order_id':'<msft-s>'}",
	     NULL, "I5", {"I5 block <msft>: its slice <msft-s> is at the broker 2 times"}},
	    {"no slice of ours", NULL, BROKER_ORDER("muster-<dep>-zz-1", "AAPL"), NULL, "I5",
	     {"I5 broker order muster-<dep>-zz-1 (open, buy AAPL): it belongs to no slice"}},
	    {"not at the broker", NULL, "-<msft-s>", NULL, "I5",
	     {"I5 block <msft>: its slice <msft-s> is filled, but the broker does not have it"}},
	    {"another order under its id", NULL, "~'symbol':'MSFT','side':'sell'~'symbol':'MSFT','side':'buy'", NULL,
	     "I5",
	     {"I5 block <msft>: its slice <msft-s> is to sell MSFT (market), the broker has an order to buy MSFT "
	     "(market)"}},
	    {"another id at the broker", "HSET @slice:<msft-s> broker_order_id other", NULL, NULL, "I5",
	     {"I5 block <msft>: its slice <msft-s> is the broker's order other, the broker has"}},
	    {"a slice that vanished", "DEL @slice:<aapl-s>", NULL, NULL, "I5",
	     {"I5 block <aapl>: it lists the slice <aapl-s>, which does not exist",
	      "I5 broker order <aapl-s> (ended, buy AAPL): it belongs to no slice"}},
	    {"a slice that nobody lists", "HSET @slice:muster-<dep>-<aapl>-2 block <aapl> status canceled quantity 1",
	     NULL,
	     NULL, "I5", {"I5 slice muster-<dep>-<aapl>-2 is not listed by its block \"<aapl>\""}},
	    {"an empty Redis beside a broker that is not", "FLUSHALL", NULL, "-orders", "I5",
	     {"I5 broker order <aapl-s> (ended, buy AAPL): it belongs to no slice"}},
	};

	CHECK_PLANTS(state, plants);
}

static void test_what_left_in_spite_of_a_halt_is_told(void **state)
{
	static const struct audit_plant plants[] = {
	    {"a block that left while all was halted",
	     "XADD @halts:log 1000-1 event halt scope all\nXADD @halts:log 5000-1 event resume scope all\n"
	     "HSET @block:<aapl> submitted_at 4000\nHSET @block:<msft> submitted_at 2000\n"
	     "HSET @block:<goog> submitted_at 5001",
	     NULL, NULL, "I12", {"I12 block <aapl>: it left 3000 ms after the halt of all"}},
	    {"a block that left while its broker was halted",
	     "XADD @halts:log 1000-1 event halt scope other\nXADD @halts:log 2000-1 event halt scope paper\n"
	     "XADD @halts:log 3000-1 event resume scope other\nHSET @block:<aapl> submitted_at 4000\n"
	     "XADD @halts:log 4500-1 event resume scope paper",
	     NULL, NULL, "I12", {"I12 block <aapl>: it left 2000 ms after the halt of paper"}},
	    {"a halt without an end", "XADD @halts:log 1000-1 event halt scope paper\nHDEL @block:<aapl> submitted_at\n"
	     "HDEL @block:<goog-bulk> submitted_at\nHDEL @block:<goog> submitted_at\nHDEL @block:<nobrk> submitted_at\n"
	     "HSET @block:<msft> submitted_at 9000",
	     NULL, NULL, "I12", {"I12 block <msft>: it left 8000 ms after the halt of paper"}},
	};

	CHECK_PLANTS(state, plants);
}

static void test_what_left_while_its_market_was_closed_is_told(void **state)
{
	static const struct audit_plant plants[] = {
	    {"a block that left after the close of its window's market",
	     "HSET @window:<w> earliest_at 1000 close_at 5000\nHSET @block:<aapl> submitted_at 5000\n"
	     "HSET @block:<msft> submitted_at 1000\nHSET @block:<goog> submitted_at 4999\n"
	     "HSET @block:<f> submitted_at 4999\nHSET @block:<nobrk> submitted_at 4999",
	     NULL, NULL, "I12", {"I12 block <aapl>: it left 0 ms after its market had closed"}},
	    {"a block of a bulk call that did",
	     "HSET @block:<goog-bulk> close_at 5000 submitted_at 5100", NULL, NULL, "I12",
	     {"I12 block <goog-bulk>: it left 100 ms after its market had closed"}},
	    {"a block that left before its market took orders",
	     "HSET @window:<w> earliest_at 1000\nHSET @block:<aapl> submitted_at 900",
	     NULL, NULL, "I12", {"I12 block <aapl>: it left 100 ms before its market took orders"}},
	};

	CHECK_PLANTS(state, plants);
}

/* clang-format on */

/* Whether the auditor finds nothing wrong. */
static bool is_right(struct stack *stack, const char *const *arguments)
{
	char *output;
	int code = audit_run(stack, arguments, &output);

	free(output);
	return code == 0;
}

/* What has ended longer ago than the retention, a second, may be gone; what is open at the broker may not. */
static void test_what_has_expired_is_no_violation(void **state)
{
	struct audit_scene *scene = *state;
	struct stack *stack = audit_scene_stack(scene);
	const char *const arguments[] = {"-o", "orders.retention_s=1", "--ledger", stack->ledger_path, NULL};
	char *output;

	audit_scene_restore(scene);
	audit_scene_redis(scene, "DEL @slice:<aapl-s> @block:<aapl> @block:<aapl>:orders @block:<aapl>:slices "
				 "@block:<aapl>:fills @order:<a> @order:<b> @order:<c>");
	WAIT_UNTIL(is_right(stack, arguments));
	audit_scene_edit_ledger(scene, "-'event':'canceled'");
	assert_int_equal(audit_run(stack, arguments, &output), 1);
	assert_non_null(strstr(
	    output, audit_scene_expand(scene, "I5 broker order <aapl-s> (open, buy AAPL): it belongs to no slice")));
	free(output);
}

static void test_files_and_command_lines_that_cannot_be_read_are_refused(void **state)
{
	struct audit_scene *scene = *state;
	struct stack *stack = audit_scene_stack(scene);
	const struct {
		int code;
		const char *arguments[6], *says;
	} rows[] = {
	    {2, {NULL}, "--ledger FILE or --broker NAME"},
	    {2, {"--broker", "nobody", NULL}, "names no configured broker"},
	    {2, {"--ledger", stack->ledger_path, "-o", "redis.nonsense=1", NULL}, "nonsense"},
	    {2, {"--nonsense", NULL}, "unknown option"},
	    {2, {"--ledger", stack->ledger_path, "more", NULL}, "belongs to no option"},
	    {0, {"-h", NULL}, "usage: muster-audit"},
	    {0, {"-V", NULL}, "muster-audit "},
	    {0, {"-n", NULL}, "configuration is good"},
	    {3, {"--ledger", "/nowhere/ledger", NULL}, "the ledger /nowhere/ledger cannot be read"},
	    {3,
	     {"--ledger", stack->ledger_path, "--accepted", "/nowhere/accepted", NULL},
	     "/nowhere/accepted cannot be read"},
	    {3,
	     {"--ledger", stack->ledger_path, "-o", "redis.url=unix:///nowhere/redis", NULL},
	     "Redis cannot be read"},
	    {3, {"--broker", "paper", NULL}, "the broker paper cannot be reached"},
	};

	audit_scene_restore(scene);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *output;
		int code = audit_run(stack, rows[i].arguments, &output);

		if (code != rows[i].code || !strstr(output, rows[i].says))
			fail_msg("row %zu: exit code %d\n%s", i, code, output);
		free(output);
	}
	audit_scene_edit_ledger(scene, "+{'event':'order','client_order_id':'x'");
	assert_int_equal(audit_scene_run(scene, NULL), 3);
	audit_scene_restore(scene);
	audit_scene_edit_accepted(scene, "+{'queue_id':1}");
	assert_int_equal(audit_scene_run(scene, NULL), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_right_is_no_violation),
	    cmocka_unit_test(test_a_request_that_is_lost_or_changed_is_told),
	    cmocka_unit_test(test_two_acceptances_of_one_key_are_told),
	    cmocka_unit_test(test_an_order_outside_of_its_one_block_is_told),
	    cmocka_unit_test(test_a_block_that_is_not_its_sum_is_told),
	    cmocka_unit_test(test_a_slice_that_is_not_at_the_broker_just_once_is_told),
	    cmocka_unit_test(test_what_left_in_spite_of_a_halt_is_told),
	    cmocka_unit_test(test_what_left_while_its_market_was_closed_is_told),
	    cmocka_unit_test(test_what_has_expired_is_no_violation),
	    cmocka_unit_test(test_files_and_command_lines_that_cannot_be_read_are_refused),
	};

	return cmocka_run_group_tests(tests, audit_plants_setup, audit_plants_teardown);
}
