/* The auditor on what became of orders: sums, shares, postings and states that are not right, each told as just what it
 * is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/audit_plant.h"

/* clang-format off */

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sums_that_are_not_exact_are_told),
	    cmocka_unit_test(test_an_allocation_that_the_rule_does_not_give_is_told),
	    cmocka_unit_test(test_a_share_that_is_not_posted_just_once_is_told),
	    cmocka_unit_test(test_states_that_do_not_go_together_are_told),
	    cmocka_unit_test(test_what_is_called_failed_but_is_not_is_told),
	};

	return cmocka_run_group_tests(tests, audit_plants_setup, audit_plants_teardown);
}
