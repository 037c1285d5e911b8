/* See order_load.h. */
#include "tests/support/order_load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/json_at.h"
#include "tests/support/wait_until.h"

const struct http_reply *order_load_send(struct stack *stack, int i)
{
	const struct http_call call = {
	    .method = "POST",
	    .url = "/trade-queue/queue/order",
	    .body = stack_text(stack,
			       "{\"user_id\":\"u%d\",\"smallcase_id\":\"sc1\",\"priority\":\"%s\",\"suggestions\":["
			       "{\"symbol\":\"S%03d\",\"action\":\"%s\",\"quantity\":%d}]}",
			       i % 7, i % 2 ? "high" : "normal", i % 20, i % 3 ? "buy" : "sell", 1 + i % 5),
	    .headers = {stack_text(stack, "Idempotency-Key: order %d", i)},
	};

	return stack_call(stack, stack->options.apis > 1 ? i % stack->options.apis : 0, &call);
}

const char *order_load_refusal(const struct http_reply *reply)
{
	const char *code;

	assert_int_equal(reply->status, 503);
	assert_true(atoi(reply->retry_after) > 0);
	code = json_text(reply->json, "/code");
	assert_true(strcmp(code, "redis_unavailable") == 0 || strcmp(code, "outcome_unknown") == 0);
	return code;
}

void order_load_accept(struct stack *stack, int i)
{
	int64_t end_us = clock_monotonic_us() + WAIT_MOST_US;
	const struct http_reply *reply;

	while ((reply = order_load_send(stack, i))->status != 202) {
		(void)order_load_refusal(reply);
		assert_true(clock_monotonic_us() < end_us);
		wait_pause();
	}
}

bool order_load_is_unknown(struct stack *stack, int i)
{
	return strcmp(order_load_refusal(order_load_send(stack, i)), "outcome_unknown") == 0;
}

int64_t order_load_stored(struct stack *stack)
{
	redisReply *counts = redis_server_command(stack->redis, "HVALS muster:{0}:counts");
	int64_t sum = 0;

	for (size_t i = 0; i < counts->elements; i++)
		sum += strtoll(counts->element[i]->str, NULL, 10);
	freeReplyObject(counts);
	return sum;
}
