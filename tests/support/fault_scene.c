/* The walk's clients: each repeats a call under its key until it is answered, as one must who saw a connection cut or a
 * 503. */
#include "tests/support/fault_walk.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/faults.h"
#include "tests/support/json_at.h"
#include "tests/support/wait_until.h"

#define BULK_USERS   3	 /* with 200 orders of one symbol each: several chunks of shares */
#define BULK_SYMBOLS 105 /* of another user: two chunks of the seal */

/* The founding scenario, opposite sides of two symbols, and one whose fills come in parts. */
static const struct {
	const char *user, *action, *symbol, *quantity;
} orders[] = {
    {"A", "buy", "AAPL", "100"}, {"B", "buy", "AAPL", "50"}, {"C", "buy", "AAPL", "75"}, {"D", "sell", "AAPL", "20"},
    {"A", "buy", "MSFT", "30"},	 {"B", "sell", "GOOG", "7"}, {"C", "buy", "F", "31"},	 {"D", "sell", "F", "5"},
};

/* The API is gone: it must be the fault. A new one takes its place. */
static void replace_api(const struct fault_step *step)
{
	struct stack *stack = step->walk->stack;

	if (process_wait(stack->apis[0]) != -SIGKILL || !fault_walk_has_struck(step, stack->apis[0]))
		fail_msg("an API has ended by itself");
	step->walk->has_struck = true;
	stack_start_api(stack, 0);
	stack_wait_ready(stack, 0, 200);
}

/* Calls until it is answered. */
static const struct http_reply *call_until_answered(const struct fault_step *step, const struct http_call *call)
{
	int64_t end_us = clock_monotonic_us() + WAIT_MOST_US;

	for (;;) {
		const struct http_reply *reply = stack_call(step->walk->stack, 0, call);

		if (reply->status != 0 && reply->status != 503)
			return reply;
		if (clock_monotonic_us() > end_us)
			fail_msg("%s %s: %d for 30 s", call->method, call->url, reply->status);
		if (reply->status == 0)
			replace_api(step);
		wait_pause();
	}
}

/* POSTs under a new Idempotency-Key; must be accepted. */
static const json_t *post(const struct fault_step *step, const char *url, const char *body)
{
	const char *key = stack_text(step->walk->stack, "Idempotency-Key: request %d", ++step->walk->requests);
	const struct http_call call = {.method = "POST", .url = url, .body = body, .headers = {key}};
	const struct http_reply *reply = call_until_answered(step, &call);

	if (reply->status != 200 && reply->status != 202)
		fail_msg("POST %s: %d %.400s", url, reply->status, reply->body);
	return reply->json;
}

/* Queues one order. */
static const json_t *queue_order(const struct fault_step *step, size_t i)
{
	return post(step, "/trade-queue/queue/order",
		    stack_text(step->walk->stack,
			       "{\"user_id\":\"%s\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"%s\","
			       "\"action\":\"%s\",\"quantity\":%s}]}",
			       orders[i].user, orders[i].symbol, orders[i].action, orders[i].quantity));
}

/* Queues one more and cancels it. */
static void cancel_one(const struct fault_step *step)
{
	const json_t *answer = queue_order(step, 0);
	const struct http_call call = {
	    .method = "DELETE",
	    .url = stack_text(step->walk->stack, "/trade-queue/queue/order/%s", json_text(answer, "/queue_id"))};
	const struct http_reply *reply = call_until_answered(step, &call);

	assert_int_equal(reply->status, 200);
	assert_json_text(reply->json, "/orders/0/status", "canceled");
}

/* The large bulk call. */
static void bulk_call(const struct fault_step *step)
{
	char *body;
	size_t size;
	FILE *out = open_memstream(&body, &size);

	assert_non_null(out);
	for (int user = 0; user <= BULK_USERS; user++) {
		(void)fprintf(out, "%s{\"user_id\":\"u%d\",\"smallcase_id\":\"sc1\",\"suggestions\":[",
			      user ? "," : "[", user);
		for (int i = 0; i < (user < BULK_USERS ? 200 : BULK_SYMBOLS); i++) {
			char symbol[16] = "AAPL";

			if (user == BULK_USERS)
				(void)snprintf(symbol, sizeof symbol, "S%03d", i);
			(void)fprintf(out, "%s{\"symbol\":\"%s\",\"action\":\"buy\",\"quantity\":%d}", i ? "," : "",
				      symbol, 1 + i % 3);
		}
		(void)fputs("]}", out);
	}
	(void)fputs("]", out);
	(void)fclose(out);
	(void)post(step, "/smallcases/bulk/rebalance?wait=0", body);
	free(body);
}

/* Two large orders. Each slice of the first leaves something to the later ones, and one of the second stays open. */
static void queue_large(const struct fault_step *step)
{
	static const struct {
		const char *symbol, *quantity;
	} large[] = {{"S000", "61"}, {"S001", "40"}};
	struct stack *stack = step->walk->stack;

	for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
		const json_t *answer =
		    post(step, "/trade-queue/queue/order",
			 stack_text(stack,
				    "{\"user_id\":\"E\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"%s\","
				    "\"action\":\"sell\",\"quantity\":%s}]}",
				    large[i].symbol, large[i].quantity));
		redisReply *block = redis_server_command(stack->redis, "HGET muster:{0}:order:%s block",
							 json_text(answer, "/orders/0/order_id"));

		freeReplyObject(redis_server_command(stack->redis, "HSET muster:{0}:block:%s lane large", block->str));
		if (i == 1)
			(void)snprintf(step->walk->stopped, sizeof step->walk->stopped, "%s", block->str);
		freeReplyObject(block);
	}
}

/* A sell that rests at the broker half filled, and a buy that waits for it to give way. */
static void queue_resting(const struct fault_step *step)
{
	static const char *const of[] = {"\"sell\",\"quantity\":18", "\"buy\",\"quantity\":5"};

	for (size_t i = 0; i < sizeof of / sizeof of[0]; i++)
		(void)post(step, "/trade-queue/queue/order",
			   stack_text(step->walk->stack,
				      "{\"user_id\":\"G\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"S002\","
				      "\"action\":%s}]}",
				      of[i]));
}

/* A person wants no more of the second one, once, whether any of it has left or not. */
static void stop_large(const struct fault_step *step)
{
	struct stack *stack = step->walk->stack;
	const struct http_call call = {.method = "POST",
				       .url = stack_text(stack, "/blocks/%s/cancel", step->walk->stopped),
				       .body = "{\"note\":\"enough\"}"};
	int status;

	if (!step->walk->stopped[0] ||
	    stack_redis_int(stack, stack_text(stack, "HEXISTS muster:{0}:block:%s status", step->walk->stopped)) != 1)
		return; /* it is not a block yet */
	status = call_until_answered(step, &call)->status;
	step->walk->stopped[0] = '\0';
	if (status != 200 && status != 409) /* 409: the first try was heard, and it has ended */
		fail_msg("cancel: %d", status);
}

/* Somebody halts everything, and thinks better of it. */
static void halt_and_resume(const struct fault_step *step)
{
	static const char *const calls[] = {"/admin/halt", "/admin/resume"};

	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		const struct http_call call = {.method = "POST", .url = calls[i]};

		assert_int_equal(call_until_answered(step, &call)->status, 200);
	}
}

/* A call is refused for now, the next one is not answered, and what is looked up then is another order. */
static const char trouble[] = "[{\"mode\":\"rate_limit\",\"on\":\"submit\",\"times\":1,\"ms\":0},"
			      "{\"mode\":\"silent\",\"times\":1},"
			      "{\"mode\":\"wrong_quantity\",\"on\":\"look_up\",\"times\":1}]";

/* Blocks are followed for long enough to be told to end meanwhile. */
static const char delay[] = "{\"mode\":\"slow\",\"on\":\"follow\",\"ms\":150}";

void fault_walk_play(const struct fault_step *step)
{
	struct stack *stack = step->walk->stack;
	enum fault_scene scene = step->scene;
	const struct http_call process = {.method = "POST", .url = "/trade-queue/queue/process"};

	stack_set_paper(stack, "{\"commission_per_order\":\"1.07\",\"symbols\":{\"AAPL\":{\"fill_quantity\":\"100\","
			       "\"then\":\"canceled\"},\"MSFT\":{\"fill\":\"in_parts\",\"parts\":2,\"delay_ms\":40},"
			       "\"S000\":{\"fill_quantity\":\"11\",\"then\":\"canceled\"},"
			       "\"S001\":{\"fill_quantity\":\"4\"},\"S002\":{\"fill_quantity\":\"10\"}}}");
	faults_clear(stack);
	if (scene == FAULT_AT_TROUBLE || scene == FAULT_AT_DRAIN)
		faults_set(stack, scene == FAULT_AT_TROUBLE ? trouble : delay);
	for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
		(void)queue_order(step, i);
	if (scene == FAULT_AT_CANCEL)
		cancel_one(step);
	if (scene == FAULT_AT_BULK)
		bulk_call(step);
	if (scene == FAULT_AT_LARGE) {
		queue_large(step);
		queue_resting(step);
	}
	if (scene == FAULT_AT_TROUBLE)
		halt_and_resume(step);
	assert_int_equal(call_until_answered(step, &process)->status, 202);
}

/* A person resolves what waits for one. */
static void resolve_reviews(const struct fault_step *step)
{
	struct stack *stack = step->walk->stack;
	redisReply *blocks = redis_server_command(stack->redis, "ZRANGE muster:{0}:blocks:needs_review 0 -1");

	for (size_t i = 0; i < blocks->elements; i++) {
		const struct http_call call = {.method = "POST",
					       .url = stack_text(stack, "/blocks/%s/resolve", blocks->element[i]->str),
					       .body = "{\"action\":\"retry\",\"note\":\"looked at it\"}"};
		int status = call_until_answered(step, &call)->status;

		if (status != 200 && status != 409) /* 409: the first try was heard */
			fail_msg("resolve: %d", status);
	}
	freeReplyObject(blocks);
}

/* Whether a worker has blocks in hand that it will give back when told to end: those that it follows. */
static bool has_followed(struct stack *stack)
{
	redisReply *blocks = redis_server_command(stack->redis, "ZRANGE muster:{0}:blocks:working 0 -1");
	bool has = false;

	for (size_t i = 0; i < blocks->elements; i++)
		has = has || stack_redis_int(stack, stack_text(stack, "HSTRLEN muster:{0}:block:%s worker",
							       blocks->element[i]->str)) > 0;
	freeReplyObject(blocks);
	return has;
}

void fault_walk_tend(const struct fault_step *step, int worker)
{
	struct stack *stack = step->walk->stack;

	if (step->scene == FAULT_AT_TROUBLE)
		resolve_reviews(step);
	if (step->scene == FAULT_AT_DRAIN && worker >= 0 &&
	    !process_log_has(stack->workers[worker], "event=draining") && has_followed(stack))
		process_signal(stack->workers[worker], SIGTERM);
	if (step->scene == FAULT_AT_LARGE)
		stop_large(step);
	wait_pause();
}
