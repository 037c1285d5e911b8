/* Redis's reply to an enqueue that never came: 503 outcome_unknown, and the same key then gives the one true answer.
 * The same where replicas must have it (redis.min_replicas) and do not say so in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/script.h"
#include "tests/support/check.h"
#include "tests/support/json_at.h"
#include "tests/support/order_load.h"
#include "tests/support/proxy.h"
#include "tests/support/wait_until.h"

#define QUEUE	"/trade-queue/queue/order"
#define BULK	"/smallcases/bulk/rebalance"
#define CLIENTS 8
#define EACH	12
#define ROUNDS	25
#define TWINS	4

#define ORDER_OF(user, symbol)                                                                                         \
	"{\"user_id\":\"" user "\",\"smallcase_id\":\"sc1\",\"suggestions\":["                                         \
	"{\"symbol\":\"" symbol "\",\"action\":\"buy\",\"quantity\":2},"                                               \
	"{\"symbol\":\"MSFT\",\"action\":\"sell\",\"quantity\":1}]}"

/* The call of order `i`, with a key of its own. */
static struct http_call call_of(struct stack *stack, const char *path, const char *body, int i)
{
	return (struct http_call){
	    .method = "POST", .url = path, .body = body, .headers = {stack_text(stack, "Idempotency-Key: key %d", i)}};
}

static const struct http_reply *send_queue(struct stack *stack, const char *body, int i)
{
	const struct http_call call = call_of(stack, QUEUE, body, i);

	return stack_call(stack, 0, &call);
}

/* Whether the reply is outcome_unknown. On a busy machine Redis may also be away for a moment; anything else fails. */
static bool is_unknown(const struct http_reply *reply)
{
	assert_int_equal(reply->status, 503);
	assert_true(atoi(reply->retry_after) > 0);
	if (strcmp(json_text(reply->json, "/code"), "outcome_unknown") == 0)
		return true;
	assert_json_text(reply->json, "/code", "redis_unavailable");
	return false;
}

/* Strikes the next enqueue. */
static void strike(struct stack *stack, enum proxy_fault fault)
{
	const struct proxy_rule rule = {.fault = fault, .on = script_get(SCRIPT_ENQUEUE)->sha1, .times = 1};

	proxy_set(stack->proxy, &rule, 1);
}

/* The answer to the key now: 503 outcome_unknown. */
static void send_until_unknown(struct stack *stack, const char *body, int i)
{
	WAIT_UNTIL(is_unknown(send_queue(stack, body, i)));
}

/* The answer to the key now: 202, again and again until Redis is reached. */
static const struct http_reply *send_until_accepted(struct stack *stack, const char *body, int i)
{
	const struct http_reply *reply;

	WAIT_UNTIL((reply = send_queue(stack, body, i))->status == 202);
	return reply;
}

/* Each way of losing a reply, with what of it is stored. */
static void test_a_reply_that_never_came_is_found_by_its_key(void **state)
{
	static const struct {
		enum proxy_fault fault;
		bool is_stored;
	} cases[] = {{PROXY_LOSE_CALL, false}, {PROXY_CUT_REPLY, true}, {PROXY_SWALLOW_REPLY, true}};
	struct stack *stack = *state =
	    stack_start(&(struct stack_options){.workers = 1, .has_proxy = true, .settings = {"redis.timeout_ms=700"}});

	for (int i = 0; i < (int)(sizeof cases / sizeof cases[0]); i++) {
		const struct http_reply *again;

		stack_wait_ready(stack, 0, 200);
		strike(stack, cases[i].fault);
		send_until_unknown(stack, ORDER_OF("A", "AAPL"), i);
		assert_int_equal(proxy_struck(stack->proxy), 1);
		WAIT_UNTIL(order_load_stored(stack) == 2 * (i + cases[i].is_stored));
		again = send_until_accepted(stack, ORDER_OF("A", "AAPL"), i);
		assert_int_equal(json_object_get(again->json, "replayed") != NULL, cases[i].is_stored);
		assert_int_equal(order_load_stored(stack), 2 * (i + 1));
		WAIT_UNTIL(send_queue(stack, ORDER_OF("A", "GOOG"), i)->status == 409);
	}
	(void)stack_process(stack);
	stack_finish(stack);
}

/* A reply that is only late is a reply. */
static void test_a_late_reply_is_waited_for(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1, .has_proxy = true});
	const struct proxy_rule late = {
	    .fault = PROXY_DELAY_REPLY, .on = script_get(SCRIPT_ENQUEUE)->sha1, .times = 1, .ms = 300};

	proxy_set(stack->proxy, &late, 1);
	assert_int_equal(send_queue(stack, ORDER_OF("A", "AAPL"), 0)->status, 202);
	assert_int_equal(proxy_struck(stack->proxy), 1);
	assert_int_equal(order_load_stored(stack), 2);
	(void)stack_process(stack);
	stack_finish(stack);
}

/* Any call of API and worker may lose its reply, by a seed, while orders flow. */
static void test_orders_flow_through_a_network_that_loses_replies(void **state)
{
	static const struct proxy_rule rules[] = {
	    {.fault = PROXY_CUT_REPLY, .per_mille = 25, .seed = 1},
	    {.fault = PROXY_LOSE_CALL, .per_mille = 25, .seed = 2},
	    {.fault = PROXY_SWALLOW_REPLY, .per_mille = 4, .seed = 3},
	    {.fault = PROXY_DELAY_REPLY, .per_mille = 40, .seed = 4, .ms = 30},
	};
	struct stack *stack = *state = stack_start(&(struct stack_options){
	    .workers = 2, .has_proxy = true, .settings = {"redis.timeout_ms=500", "window.length_s=1"}});

	proxy_set(stack->proxy, rules, sizeof rules / sizeof rules[0]);
	for (int i = 0; i < CLIENTS * EACH; i += CLIENTS) {
		struct http_call calls[CLIENTS];
		struct http_task *tasks[CLIENTS];

		for (int c = 0; c < CLIENTS; c++) {
			calls[c] = call_of(stack, QUEUE, ORDER_OF("A", "AAPL"), i + c);
			tasks[c] = stack_begin(stack, 0, &calls[c]);
		}
		for (int c = 0; c < CLIENTS; c++)
			if (stack_end(stack, tasks[c])->status != 202)
				(void)send_until_accepted(stack, ORDER_OF("A", "AAPL"), i + c);
	}
	assert_true(proxy_struck(stack->proxy) > 0);
	proxy_set(stack->proxy, NULL, 0);
	assert_int_equal(order_load_stored(stack), 2 * CLIENTS * EACH);
	stack_wait_ready(stack, 0, 200);
	stack_finish(stack);
}

/* Two processes receive the same key at the same instant, round after round: one request each. */
static void test_two_processes_that_get_one_key_at_once_store_one_request(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.apis = 2, .workers = 1});

	for (int round = 0; round < ROUNDS; round++) {
		const struct http_call call = call_of(stack, QUEUE, ORDER_OF("A", "AAPL"), round);
		struct http_task *tasks[TWINS];
		const char *queue_id = NULL;
		int first_answers = 0;

		for (int i = 0; i < TWINS; i++)
			tasks[i] = stack_begin(stack, i % 2, &call);
		for (int i = 0; i < TWINS; i++) {
			const struct http_reply *reply = stack_end(stack, tasks[i]);

			assert_int_equal(reply->status, 202);
			queue_id = queue_id ? queue_id : json_text(reply->json, "/queue_id");
			assert_json_text(reply->json, "/queue_id", queue_id);
			first_answers += json_object_get(reply->json, "replayed") == NULL;
		}
		assert_int_equal(first_answers, 1);
	}
	assert_int_equal(order_load_stored(stack), 2 * ROUNDS);
	(void)stack_process(stack);
	stack_finish(stack);
}

/* A stack whose Redis has one replica, reached through the proxy. */
static struct stack *start_replicated(struct redis_server **replica)
{
	static char port[16];
	static const char *options[] = {"--replicaof", "127.0.0.1", port, NULL};
	static const char *const prompt[] = {"--repl-diskless-sync-delay", "0", NULL};
	struct stack *stack =
	    stack_start(&(struct stack_options){.workers = 1,
						.has_proxy = true,
						.redis = prompt,
						.settings = {"redis.min_replicas=1", "redis.timeout_ms=500"}});

	(void)snprintf(port, sizeof port, "%d", proxy_port(stack->proxy));
	*replica = redis_server_start(options);
	WAIT_UNTIL(stack_redis_int(stack, "WAIT 1 1000") == 1);
	return stack;
}

/* Stored, but no replica says so in time: not acknowledged, neither at first nor to a repetition, until one does. */
static void test_an_order_is_acknowledged_when_replicas_have_it(void **state)
{
	struct redis_server *replica;
	struct stack *stack = *state = start_replicated(&replica);
	const struct http_call bulk = call_of(stack, BULK "?wait=30", "[" ORDER_OF("B", "AAPL") "]", 9);

	(void)send_until_accepted(stack, ORDER_OF("A", "AAPL"), 0);
	redis_server_freeze(replica);
	send_until_unknown(stack, ORDER_OF("A", "AAPL"), 1);
	send_until_unknown(stack, ORDER_OF("A", "AAPL"), 1);
	assert_int_equal(order_load_stored(stack), 4);

	/* The same where the repetition cannot be sized any more, and so does not go through the enqueue. */
	(void)stack_put(stack, 200, "/stocks/AAPL", "{\"price\":\"190.25\",\"tradable\":false}");
	WAIT_UNTIL(send_queue(stack, ORDER_OF("A", "AAPL"), 5)->status == 422);
	send_until_unknown(stack, ORDER_OF("A", "AAPL"), 1);
	redis_server_thaw(replica);
	assert_true(json_is_true(json_at(send_until_accepted(stack, ORDER_OF("A", "AAPL"), 1)->json, "/replayed")));
	(void)stack_put(stack, 200, "/stocks/AAPL", "{\"price\":\"190.25\"}");

	redis_server_freeze(replica);
	WAIT_UNTIL(is_unknown(stack_call(stack, 0, &bulk)));
	WAIT_UNTIL(is_unknown(stack_call(stack, 0, &bulk)));
	redis_server_thaw(replica);
	WAIT_UNTIL(stack_call(stack, 0, &bulk)->status == 200);
	assert_true(json_is_true(json_at(stack_call(stack, 0, &bulk)->json, "/replayed")));
	(void)stack_process(stack);
	stack_finish(stack);
	redis_server_stop(replica);
}

/* The replica is gone for good: what was acknowledged stays, nothing more is. */
static void test_without_its_replica_nothing_is_acknowledged(void **state)
{
	struct redis_server *replica;
	struct stack *stack = *state = start_replicated(&replica);

	(void)send_until_accepted(stack, ORDER_OF("A", "AAPL"), 0);
	redis_server_kill(replica);
	send_until_unknown(stack, ORDER_OF("A", "AAPL"), 1);
	redis_server_restart(replica);
	(void)send_until_accepted(stack, ORDER_OF("A", "AAPL"), 1);
	assert_int_equal(order_load_stored(stack), 4);
	(void)stack_process(stack);
	stack_finish(stack);
	redis_server_stop(replica);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_a_reply_that_never_came_is_found_by_its_key, stack_teardown),
	    cmocka_unit_test_teardown(test_a_late_reply_is_waited_for, stack_teardown),
	    cmocka_unit_test_teardown(test_orders_flow_through_a_network_that_loses_replies, stack_teardown),
	    cmocka_unit_test_teardown(test_two_processes_that_get_one_key_at_once_store_one_request, stack_teardown),
	    cmocka_unit_test_teardown(test_an_order_is_acknowledged_when_replicas_have_it, stack_teardown),
	    cmocka_unit_test_teardown(test_without_its_replica_nothing_is_acknowledged, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
