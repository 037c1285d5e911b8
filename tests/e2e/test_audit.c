/* The auditor: says nothing about what is right, and of each invariant that is broken says just that one. */
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

#define CHECK_PLANTS(state, plants) audit_plants_check(*(state), plants, sizeof(plants) / sizeof(plants)[0])

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

#define BROKER_ORDER(id, symbol)                                                                                       \
	"+{'event':'order','at':'2099-01-01T00:00:00Z','outcome':'accepted','status_code':200,'message':null,"         \
	"'id':'other','client_order_id':'" id "','symbol':'" symbol "','side':'buy','qty':'4','notional':null,"        \
	"'type':'market','time_in_force':'day','limit_price':null,'commission':null}\n"
#define BROKER_CANCEL(id, symbol)                                                                                      \
	"+{'event':'canceled','at':'2099-01-01T00:00:00Z','order_id':'other','client_order_id':'" id                   \
	"','symbol':'" symbol "','side':'buy','filled_qty':'0'}"

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

static void test_sums_that_are_not_exact_are_told(void **state)
{
	static const struct audit_plant plants[] = {
	    {"a fill that is not stored", NULL,
	     "+{'event':'fill','at':'2099-01-01T00:00:00Z','id':'f1','order_id':'o','client_order_id':'<msft-s>',"
	     "'symbol':'MSFT','side':'sell','qty':'0.000000001','price':'1'}",
	     NULL, "I6",
	     {"I6 block <msft>: the broker's fill f1 (0.000000001 at 1) of its slice <msft-s> is not stored"}},
	    {"a fill that is lost", "HDEL @block:<aapl>:fills <aapl-fill>", NULL, NULL, "I6",
	     {"I6 block <aapl>: the broker's fill <aapl-fill>",
	      "I6 block <aapl>: its slice <aapl-s> is filled with 100"}},
	    {"a fill that never was",
	     "EVAL return(redis.call('hset','muster:{0}:block:<f>:fills','zz',('<f-s>,1,12.34,0'):gsub(',','\\32')"
	     "..'')) 0",
	     NULL, NULL, "I6", {"I6 block <f>: its fill zz (1 at 12.34) is not one of the broker's"}},
	    {"a total", "HSET @block:<msft> gross_amount 16420.000000001", NULL, NULL, "I6",
	     {"I6 block <msft>: gross amount: 16420.000000001 is not the 16420 of its fills"}},
	    {"an average", "HSET @block:<msft> average_price 410.6", NULL, NULL, "I6 I8",
	     {"I6 block <msft>: average price: 410.6 is not the 410.5 of its fills"}},
	    {"a fee", "HSET @slice:<aapl-s> fee 2", NULL, NULL, "I6",
	     {"I6 block <aapl>: the fee 2 of its slice <aapl-s> is not the 1 that the broker charged"}},
	    {"a share that is gone",
	     "HSET @order:<a> filled_quantity 44\nREWRITE @transactions <a-tx> quantity 44", NULL, NULL, "I6",
	     {"I6 block <aapl>: quantity: the sum of shares and house 99 is not the filled 100"}},
	    {"a cent that is gone", "HSET @order:<b> fee 0.21\nREWRITE @transactions <b-tx> fee 0.21", NULL, NULL, "I6",
	     {"I6 block <aapl>: fees: the sum of shares and house 0.99 is not the filled 1"}},
	    {"more than was asked for",
	     "HSET @order:<g0> filled_quantity 13\nREWRITE @transactions <g0-tx> quantity 13\n"
	     "HSET @order:<g1> filled_quantity 7\nREWRITE @transactions <g1-tx> quantity 7",
	     NULL, NULL, "I6", {"I6 block <goog-bulk>: its order <g0> asked for 12 and has 13"}},
	};

	CHECK_PLANTS(state, plants);
}

static void test_an_allocation_that_the_rule_does_not_give_is_told(void **state)
{
	static const struct audit_plant plants[] = {
	    {"a unit that went to another",
	     "HSET @order:<a> filled_quantity 44\nREWRITE @transactions <a-tx> quantity 44\n"
	     "HSET @order:<b> filled_quantity 23\nREWRITE @transactions <b-tx> quantity 23",
	     NULL, NULL, "I7",
	     {"I7 block <aapl>: the quantity of <a> is 44, computed again it is 45",
	      "I7 block <aapl>: the quantity of <b> is 23, computed again it is 22"}},
	    {"a cent that went to another",
	     "HSET @order:<a> fee 0.44\nREWRITE @transactions <a-tx> fee 0.44\n"
	     "HSET @order:<c> fee 0.34\nREWRITE @transactions <c-tx> fee 0.34",
	     NULL, NULL, "I7", {"I7 block <aapl>: the fee of <a> is 0.44, computed again it is 0.45"}},
	    {"another unit of money", "HSET @block:<aapl> minor_unit 1", NULL, NULL, "I7",
	     {"I7 block <aapl>: the money of <a>"}},
	    {"another lot", "HSET @block:<aapl> lot 10", NULL, NULL, "I7", {"I7 block <aapl>: the quantity of <a>"}},
	};

	CHECK_PLANTS(state, plants);
}

#define POSTING(id, block)                                                                                             \
	"XADD @transactions * order_id " id " block_id " block " user_id d smallcase_id sc1 symbol MSFT side sell "    \
	"broker_type paper quantity 40 price 410.5 gross_amount 16420 fee 1\n"

static void test_a_share_that_is_not_posted_just_once_is_told(void **state)
{
	static const struct audit_plant plants[] = {
	    {"posted twice", POSTING("<d>", "<msft>"), NULL, NULL, "I8",
	     {"I8 order <d> of block <msft> is posted 2 times, now by transaction",
	      " of order <d> is not in the index of its user d"}},
	    {"never posted", "XDEL @transactions <d-tx>\nZREM @user:d:transactions <d-tx>", NULL, NULL, "I8",
	     {"I8 order <d> of block <msft>: its share was never posted"}},
	    {"posted wrongly", "REWRITE @transactions <d-tx> gross_amount 16420.01", NULL, NULL, "I8",
	     {"I8 transaction <d-tx> of order <d>: its money is 16420.01, not 16420"}},
	    {"posted to another user", "REWRITE @transactions <d-tx> user_id e", NULL, NULL, "I8",
	     {"I8 transaction <d-tx> of order <d>: its user is \"e\", not \"d\"",
	      "I8 user d: the index of transactions names <d-tx>, which is another user's"}},
	    {"posted at another price", "REWRITE @transactions <d-tx> price 410.51", NULL, NULL, "I8",
	     {"I8 transaction <d-tx> of order <d>: its price is 410.51, not 410.5"}},
	    {"not to be found", "ZREM @user:d:transactions <d-tx>", NULL, NULL, "I8",
	     {"I8 transaction <d-tx> of order <d> is not in the index of its user d"}},
	    {"posted for nobody", "XDEL @transactions <d-tx>\nZREM @user:d:transactions <d-tx>\n" POSTING("zz-0",
	     "<msft>"),
	     NULL, NULL, "I8", {" names the order zz-0, which does not exist"}},
	    {"a rest that went nowhere",
	     "XADD @house * block_id <f> symbol F side buy broker_type paper quantity 1 gross_amount 0 fee 0", NULL,
	     NULL,
	     "I8", {"I8 block <f>: the entry "}},
	};

	CHECK_PLANTS(state, plants);
}

static void test_states_that_do_not_go_together_are_told(void **state)
{
	static const struct audit_plant plants[] = {
	    {"an order's end", "HSET @order:<a> status filled", NULL, NULL, "I9",
	     {"I9 block <aapl>: it is allocated, 3 of its orders have shares: its order <a> is filled"}},
	    {"no status at all", "HSET @order:<a> status done", NULL, NULL, "I9",
	     {"I9 order <a>: its status \"done\" is none"}},
	    {"a cursor", "HSET @block:<aapl> allocated 2", NULL, NULL, "I9",
	     {"I9 block <aapl>: it is allocated, but only 2 of its 3 orders are allocated"}},
	    {"an outcome", "HSET @block:<msft> outcome partially_filled", NULL, NULL, "I9",
	     {"I9 block <msft>: it is allocated with the outcome \"partially_filled\", which its slices deny"}},
	    {"a slice", "HSET @slice:<msft-s> status acked", NULL, NULL, "I9",
	     {"I9 block <msft>: it is allocated, but its slice <msft-s> is acked"}},
	    {"a final block that is scheduled", "ZADD @blocks 1 <msft>", NULL, NULL, "I9",
	     {"I9 block <msft>: it is allocated and stands in `blocks`"}},
	    {"a block in two indexes", "ZADD @blocks:working 1 <msft>", NULL, NULL, "I9",
	     {"I9 block <msft>: it is allocated, but stands in 2 of blocks:*"}},
	    {"an index of nothing", "ZADD @blocks:ready 1 zz", NULL, NULL, "I9",
	     {"I9 blocks:ready lists zz, which does not exist"}},
	    {"a side that is never free", "ZADD @sides:paper:MSFT:selling 1 <msft>", NULL, NULL, "I9",
	     {"I9 sides:paper:MSFT:selling holds the block <msft>, which is done at the broker"}},
	    {"an order that never expires", "PERSIST @order:<a>", NULL, NULL, "I9",
	     {"I9 order <a> has ended and never expires"}},
	    {"an unfinished order that expires", "HDEL @order:<x> status", NULL, NULL, "I3 I9",
	     {"I9 order <x> has not ended but expires", "I3 order <x> is not in the statement of its block"}},
	    {"a window in the wrong list", "ZREM @windows:done <w>\nZADD @windows:working 1 <w>", NULL, NULL, "I9",
	     {"I9 window <w> is done, but stands in windows:working"}},
	    {"a count", "HINCRBY @counts queued 1", NULL, NULL, "I9",
	     {"I9 counts: 0 orders are queued, counted are 1"}},
	    {"a request's count", "HSET @order:<m0> open 1", NULL, NULL, "I9",
	     {"I9 order <m0>: 0 orders of its request are not final, it counts 1"}},
	    {"a number that is none", "HSET @order:<x> fee 1e3", NULL, NULL, "I9",
	     {"I9 order <x>: its fee \"1e3\" is no number"}},
	    {"a key of a wrong type", "DEL @counts\nSET @counts 1", NULL, NULL, "I9",
	     {"I9 counts muster:{0}:: its key is of a wrong type"}},
	};

	CHECK_PLANTS(state, plants);
}

static void test_what_is_called_failed_but_is_not_is_told(void **state)
{
	static const struct audit_plant plants[] = {
	    {"canceled, but filled", "HSET @slice:<msft-s> status canceled filled_quantity 0", NULL, NULL, "I10",
	     {"I10 block <msft>: its slice <msft-s> is canceled with 0 filled, the broker has filled 40"}},
	    {"canceled, but open", NULL, "-'event':'canceled'", NULL, "I10",
	     {"I10 block <aapl>: its slice <aapl-s> is canceled, but open at the broker"}},
	    {"rejected, but open", NULL, BROKER_ORDER("<nobrk-s>", "NOBRK"), NULL, "I10",
	     {"I10 block <nobrk>: its slice <nobrk-s> is rejected, but open at the broker"}},
	    {"rejected, but taken", NULL, BROKER_ORDER("<nobrk-s>", "NOBRK") BROKER_CANCEL("<nobrk-s>", "NOBRK"), NULL,
	     "I10", {"I10 block <nobrk>: its slice <nobrk-s> is rejected, but the broker took it"}},
	};

	CHECK_PLANTS(state, plants);
}

/* clang-format on */

/* What has ended longer ago than the retention may be gone; what is open at the broker may not. */
static void test_what_has_expired_is_no_violation(void **state)
{
	struct audit_scene *scene = *state;
	struct stack *stack = audit_scene_stack(scene);
	const char *const arguments[] = {"-o", "orders.retention_s=1", "--ledger", stack->ledger_path, NULL};
	char *output;

	audit_scene_restore(scene);
	audit_scene_redis(scene, "DEL @slice:<aapl-s> @block:<aapl> @block:<aapl>:orders @block:<aapl>:slices "
				 "@block:<aapl>:fills @order:<a> @order:<b> @order:<c>");
	assert_int_equal(audit_run(stack, arguments, &output), 0);
	free(output);
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

static int make_scene(void **state)
{
	*state = audit_scene_new();
	return 0;
}

static int end_scene(void **state)
{
	audit_scene_free(*state);
	return 0;
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
	    cmocka_unit_test(test_sums_that_are_not_exact_are_told),
	    cmocka_unit_test(test_an_allocation_that_the_rule_does_not_give_is_told),
	    cmocka_unit_test(test_a_share_that_is_not_posted_just_once_is_told),
	    cmocka_unit_test(test_states_that_do_not_go_together_are_told),
	    cmocka_unit_test(test_what_is_called_failed_but_is_not_is_told),
	    cmocka_unit_test(test_what_left_in_spite_of_a_halt_is_told),
	    cmocka_unit_test(test_what_left_while_its_market_was_closed_is_told),
	    cmocka_unit_test(test_what_has_expired_is_no_violation),
	    cmocka_unit_test(test_files_and_command_lines_that_cannot_be_read_are_refused),
	};

	return cmocka_run_group_tests(tests, make_scene, end_scene);
}
