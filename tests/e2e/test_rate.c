/* The broker's rate limit, shared by two workers: 429 is the exception, not the rule. The broker counts in minutes of
 * its own, which are as short here as ours are, by configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/json_at.h"
#include "tests/support/ledger.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

#define BLOCKS	1000
#define SYMBOLS 200 /* each in five groups: a block each */
#define PER_MIN "200"
#define MINUTE	"300" /* ms */
#define SETTINGS                                                                                                       \
	"broker.paper.rate_per_min=" PER_MIN, "broker.paper.rate_period_ms=" MINUTE, "paper.rate_per_min=" PER_MIN,    \
	    "paper.rate_period_ms=" MINUTE

/* What the paper broker tells of itself. */
static int64_t refused_by_rate(struct stack *stack)
{
	struct http_reply *reply = http_call(&(struct http_call){
	    .method = "GET", .url = stack_text(stack, "http://127.0.0.1:%d/paper/settings", stack->paper_port)});
	int64_t refused = json_int(reply->json, "/rate_refused");

	http_reply_free(reply);
	return refused;
}

static int64_t allocated(struct stack *stack)
{
	return json_int(stack_get(stack, 200, "/trade-queue/queue/status"), "/blocks/allocated");
}

/* One order in each symbol, at a limit price far above the market that makes it a group of its own. */
static void queue_group(struct stack *stack, int group)
{
	const char *list = "";

	for (int i = 0; i < SYMBOLS; i++)
		list = stack_text(stack,
				  "%s%s{\"symbol\":\"S%03d\",\"action\":\"buy\",\"quantity\":1,\"order_type\":"
				  "\"limit\",\"limit_price\":%d}",
				  list, i ? "," : "", i, 1000 + group);
	(void)stack_queue(stack, "{\"user_id\":\"u%d\",\"smallcase_id\":\"sc1\",\"suggestions\":[%s]}", group, list);
}

static void test_a_thousand_blocks_at_200_a_minute_see_no_429(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 2, .settings = {SETTINGS}});
	struct ledger *ledger;

	for (int group = 0; group < BLOCKS / SYMBOLS; group++)
		queue_group(stack, group);
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	for (int64_t done = BLOCKS / 10; done <= BLOCKS; done += BLOCKS / 10) /* each tenth has its own patience */
		WAIT_UNTIL(allocated(stack) >= done);
	assert_int_equal(refused_by_rate(stack), 0);
	assert_false(process_log_has(stack->workers[0], "event=broker_rate_limited"));
	assert_false(process_log_has(stack->workers[1], "event=broker_rate_limited"));
	ledger = ledger_read(stack->ledger_path);
	assert_int_equal(ledger_accepted(ledger), BLOCKS);
	ledger_free(ledger);
	stack_finish(stack);
}

/* The account takes less than we are told, and its headers say so: that is kept to after the first reply. */
static void test_the_brokers_own_limit_counts_where_it_is_lower(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 2, .settings = {SETTINGS}});

	stack_set_paper(stack, "{\"rate_per_min\":80}");
	(void)stack_queue_one(stack, "A", "buy", "AAPL", "1");
	(void)stack_process(stack);
	WAIT_UNTIL(stack_redis_int(stack, "HGET muster:{0}:rate:paper limit") == 80);
	queue_group(stack, 0);
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(allocated(stack) == SYMBOLS + 1);
	assert_int_equal(refused_by_rate(stack), 0);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_a_thousand_blocks_at_200_a_minute_see_no_429, stack_teardown),
	    cmocka_unit_test_teardown(test_the_brokers_own_limit_counts_where_it_is_lower, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
