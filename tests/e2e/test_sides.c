/* Opposite sides of a stock never meet at the broker, and many workers share the blocks of a window. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/check.h"
#include "tests/support/json_at.h"
#include "tests/support/ledger.h"
#include "tests/support/wait_until.h"

/* Fails where the buy of a symbol was at the broker before its sell had ended. */
static void assert_sell_before_buy(const struct stack *stack, const char *symbol)
{
	struct ledger *ledger = ledger_read(stack->ledger_path);
	const struct ledger_order *sell = NULL, *buy = NULL;

	for (size_t i = 0; i < ledger->count; i++)
		if (strcmp(ledger->orders[i].symbol, symbol) == 0)
			*(strcmp(ledger->orders[i].side, "sell") == 0 ? &sell : &buy) = &ledger->orders[i];
	if (!sell || !buy || !sell->is_ended || sell->last_line >= buy->first_line)
		fail_msg("the sides of %s were not one after the other", symbol);
	assert_int_equal(ledger_refused(ledger), 0);
	ledger_free(ledger);
}

/* Sells first; the buy waits for the end of the sell, and says why. */
static void test_a_buy_waits_for_the_sell_of_its_window(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 2});
	const json_t *orders[6], *buy;
	static const char *const symbols[] = {"AAPL", "MSFT", "GOOG"};

	stack_set_paper(stack, "{\"fill\":\"none\"}");
	for (size_t i = 0; i < 3; i++) {
		orders[2 * i] = stack_queue_one(stack, "A", "buy", symbols[i], "10");
		orders[2 * i + 1] = stack_queue_one(stack, "B", "sell", symbols[i], "6");
	}
	buy = json_at(orders[0], "/orders/0");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(
	    strstr(json_text(stack_get(stack, 200, "/orders/%s", json_text(buy, "/order_id")), "/reason"), "opposite"));
	stack_set_paper(stack, "{\"fill\":\"in_parts\",\"parts\":2,\"delay_ms\":150}");
	for (size_t i = 0; i < 6; i++)
		assert_json_text(stack_wait_final(stack, orders[i]), "/orders/0/status", "filled");
	buy = stack_get(stack, 200, "/orders/%s", json_text(buy, "/order_id"));
	assert_json_text(buy, "/reason", "null");
	for (size_t i = 0; i < 3; i++)
		assert_sell_before_buy(stack, symbols[i]);
	stack_finish(stack);
}

/* Buys and sells that keep coming, in windows of a second: nothing is refused, nothing starves. */
static void test_sides_take_turns_over_many_windows(void **state)
{
	struct stack *stack = *state = stack_start(
	    &(struct stack_options){.workers = 2, .settings = {"window.length_s=1", "lanes.coalesce_ms=100"}});

	stack_set_paper(stack, "{\"fill\":\"after_delay\",\"delay_ms\":60}");
	for (int i = 0; i < 60; i++)
		(void)stack_queue(
		    stack,
		    "{\"user_id\":\"u%d\",\"smallcase_id\":\"sc1\",\"priority\":\"high\",\"suggestions\":["
		    "{\"symbol\":\"AAPL\",\"action\":\"%s\",\"quantity\":%d}]}",
		    i % 7, i % 3 ? "buy" : "sell", 1 + i);
	stack_finish(stack); /* the auditor looks for overlaps and refusals */
}

/* The sum of a field over all blocks. */
static int64_t sum_over_blocks(struct stack *stack, const char *field)
{
	redisReply *blocks = redis_server_command(stack->redis, "ZRANGE muster:{0}:blocks:allocated 0 -1");
	int64_t sum = 0;

	for (size_t i = 0; i < blocks->elements; i++) {
		redisReply *value =
		    redis_server_command(stack->redis, "HGET muster:{0}:block:%s %s", blocks->element[i]->str, field);

		sum += strtoll(value->str, NULL, 10);
		freeReplyObject(value);
	}
	freeReplyObject(blocks);
	return sum;
}

/* Hundreds of blocks of both sides that piled up for a stock go in a few turns. None asks again and again whether its turn
 * has come: that is what the claims tell. */
static void test_a_backlog_of_turns_goes_in_few_claims(void **state)
{
	enum { ROUNDS = 120, CLAIMS_MOST = 12 };
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 2});
	int64_t claims;

	(void)stack_post(stack, 200, "/admin/halt", "{\"reason\":\"lunch\"}");
	for (int i = 0; i < ROUNDS; i++) {
		(void)stack_queue_one(stack, "A", "buy", "AAPL", "2");
		(void)stack_queue_one(stack, "B", "sell", "AAPL", "3");
		(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	}
	WAIT_UNTIL(stack_redis_int(stack, "ZCARD muster:{0}:blocks:waiting") == INT64_C(2) * ROUNDS);
	(void)stack_post(stack, 200, "/admin/resume", NULL);
	WAIT_UNTIL(stack_redis_int(stack, "ZCARD muster:{0}:blocks:allocated") == INT64_C(2) * ROUNDS);
	claims = sum_over_blocks(stack, "fence");
	print_message("%d blocks, %lld claims\n", 2 * ROUNDS, (long long)claims);
	assert_in_range(claims, 1, CLAIMS_MOST * 2 * ROUNDS);
	stack_finish(stack); /* the auditor looks for overlaps and refusals */
}

/* Whether this worker has a block in hand. */
static bool has_in_hand(struct stack *stack, int i)
{
	redisReply *blocks = redis_server_command(stack->redis, "ZRANGE muster:{0}:blocks 0 -1");
	const char *mark = stack_text(stack, ":%d", (int)process_pid(stack->workers[i]));
	bool has = false;

	for (size_t b = 0; b < blocks->elements && !has; b++) {
		redisReply *holder = redis_server_command(stack->redis, "HGET muster:{0}:block:%s worker",
							  blocks->element[b]->str);

		has = holder->str && strstr(holder->str, mark);
		freeReplyObject(holder);
	}
	freeReplyObject(blocks);
	return has;
}

/* Two workers, 200 blocks: each drives some, every block is sent once. The broker is slow until both have some: one alone
 * would need half a minute for all of them. */
static void test_two_workers_share_two_hundred_blocks(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){
	    .workers = 2,
	    .settings = {"worker.concurrency=4", "worker.lease_ms=10000", "broker.paper.timeout_ms=5000"}});
	struct ledger *ledger;
	const json_t *done;

	stack_set_paper(stack, "{\"fill\":\"after_delay\",\"delay_ms\":20,\"reply_delay_ms\":700}");
	for (int i = 0; i < STACK_SPARE_SYMBOLS; i++) {
		const char *symbol = stack_text(stack, "S%03d", i);

		(void)stack_queue_one(stack, "A", i % 2 ? "buy" : "sell", symbol, "3");
		(void)stack_queue_one(stack, "B", i % 2 ? "buy" : "sell", symbol, "4");
	}
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	for (int i = 0; i < 2; i++)
		WAIT_UNTIL(has_in_hand(stack, i));
	stack_set_paper(stack, "{\"reply_delay_ms\":0}");
	check_all_final(stack);
	done = stack_get(stack, 200, "/trade-queue/queue/status");
	assert_json_int(done, "/blocks/allocated", STACK_SPARE_SYMBOLS);
	ledger = ledger_read(stack->ledger_path);
	assert_int_equal(ledger_accepted(ledger), STACK_SPARE_SYMBOLS);
	assert_int_equal(ledger_refused(ledger), 0);
	ledger_free(ledger);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_a_buy_waits_for_the_sell_of_its_window, stack_teardown),
	    cmocka_unit_test_teardown(test_sides_take_turns_over_many_windows, stack_teardown),
	    cmocka_unit_test_teardown(test_a_backlog_of_turns_goes_in_few_claims, stack_teardown),
	    cmocka_unit_test_teardown(test_two_workers_share_two_hundred_blocks, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
