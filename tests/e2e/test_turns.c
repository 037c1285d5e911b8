/* Whose turn it is while a broker takes fewer calls than there are: sells before buys, high priority before normal, and
 * in the end everybody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/json_at.h"
#include "tests/support/ledger.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

#define BUYS  30
#define SELLS 8

/* Queues one order in each of `count` symbols from `first` on. */
static void queue_symbols(struct stack *stack, const char *action, int first, int count)
{
	const char *list = "";

	for (int i = 0; i < count; i++)
		list = stack_text(stack, "%s%s{\"symbol\":\"S%03d\",\"action\":\"%s\",\"quantity\":1}", list,
				  i ? "," : "", first + i, action);
	(void)stack_queue(stack, "{\"user_id\":\"A\",\"smallcase_id\":\"sc1\",\"suggestions\":[%s]}", list);
}

/* How many orders of this side were taken before the last one of the other. */
static int taken_before_the_last(const struct ledger *ledger, const char *side, const char *other)
{
	int count = 0, before = 0;

	for (size_t i = 0; i < ledger->count; i++) {
		count += strcmp(ledger->orders[i].side, side) == 0;
		if (strcmp(ledger->orders[i].side, other) == 0)
			before = count;
	}
	return before;
}

/* The place of a symbol's first order among all. */
static size_t place_of(const struct ledger *ledger, const char *symbol)
{
	size_t i = 0;

	while (i < ledger->count && strcmp(ledger->orders[i].symbol, symbol) != 0)
		i++;
	return i;
}

/* For a second and a half no call is free, which is long enough for all to ask; then they come evenly. */
static void empty_bucket(struct stack *stack)
{
	redis_server_run(stack->redis, "EVAL %s 1 muster:{0}:rate:paper",
			 "local t = redis.call('TIME') redis.call('HSET', KEYS[1], 'tokens', -51, 'at', "
			 "string.format('%d', t[1] * 1000 + t[2] / 1000)) return 1");
}

static int64_t blocks_in(struct stack *stack, const char *status)
{
	return json_int(stack_get(stack, 200, "/trade-queue/queue/status"), stack_text(stack, "/blocks/%s", status));
}

/* All of it waits for the same moment, the urgent order being the last that came; then 34 calls a second are free. */
static void test_sells_and_urgent_orders_go_first_when_calls_are_scarce(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){
	    .workers = 2, .settings = {"broker.paper.rate_per_min=2550", "lanes.coalesce_ms=20"}});
	struct ledger *ledger;
	int buys;

	(void)stack_post(stack, 200, "/admin/halt", NULL);
	queue_symbols(stack, "buy", 0, BUYS);
	queue_symbols(stack, "sell", BUYS, SELLS);
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	(void)stack_queue(stack, "{\"user_id\":\"B\",\"smallcase_id\":\"sc1\",\"priority\":\"high\",\"suggestions\":[{"
				 "\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":1}]}");
	WAIT_UNTIL(blocks_in(stack, "waiting") == BUYS + SELLS + 1);
	empty_bucket(stack);
	(void)stack_post(stack, 200, "/admin/resume", NULL);
	WAIT_UNTIL(blocks_in(stack, "allocated") == BUYS + SELLS + 1);
	ledger = ledger_read(stack->ledger_path);
	buys = taken_before_the_last(ledger, "buy", "sell");
	if (buys > BUYS / 2)
		fail_msg("%d of %d buys went before the last sell", buys, BUYS);
	if (place_of(ledger, "AAPL") > BUYS / 2)
		fail_msg("the urgent order went as number %zu", place_of(ledger, "AAPL"));
	ledger_free(ledger);
	assert_int_equal(stack_redis_int(stack, "EXISTS muster:{0}:rate:paper:waiting"), 0);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_sells_and_urgent_orders_go_first_when_calls_are_scarce, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
