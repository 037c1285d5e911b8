/* Blocks that a person must look at: nothing is shown as failed while the broker may hold it, and a word sends them on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/script.h"
#include "tests/support/check.h"
#include "tests/support/json_at.h"
#include "tests/support/redis_read.h"
#include "tests/support/wait_until.h"

/* Sets a block aside as a worker that is at its wits' end would: with the fence that holds now. */
static bool set_aside(struct stack *stack, const char *block_id)
{
	redisReply *block = redis_hash(stack->redis, stack_text(stack, "muster:{0}:block:%s", block_id));
	redisReply *reply =
	    redis_server_command(stack->redis, "EVAL %s 1 muster:{0} %s %s %s %s", script_get(SCRIPT_REVIEW)->text,
				 block_id, redis_field(block, "fence"), "set aside by a test", "none");
	bool done = reply->type == REDIS_REPLY_ARRAY && strcmp(reply->element[0]->str, "needs_review") == 0;

	freeReplyObject(block);
	freeReplyObject(reply);
	return done;
}

/* Whether an order at the API has this status. */
static bool order_is(struct stack *stack, const json_t *request, const char *status)
{
	const json_t *order = stack_get(stack, 200, "/orders/%s", json_text(request, "/orders/0/order_id"));

	return strcmp(json_text(order, "/status"), status) == 0;
}

/* The only block in review. */
static const json_t *block_in_review(struct stack *stack)
{
	const json_t *page = stack_get(stack, 200, "/blocks?status=needs_review");

	assert_int_equal(json_array_size(json_at(page, "/items")), 1);
	return json_at(page, "/items/0");
}

/* Retry: the block goes on where it was, and completes. */
static void test_a_block_that_is_retried_completes(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *order = stack_queue_one(stack, "A", "buy", "AAPL", "10"), *block;
	const char *block_id;

	stack_set_paper(stack, "{\"fill\":\"none\"}");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(order_is(stack, order, "working"));
	block_id = json_text(stack_get(stack, 200, "/orders/%s", json_text(order, "/orders/0/order_id")), "/block_id");
	WAIT_UNTIL(set_aside(stack, block_id));
	block = block_in_review(stack);
	assert_json_text(block, "/block_id", block_id);
	assert_json_text(block, "/reason", "set aside by a test");
	assert_true(order_is(stack, order, "working"));
	stack_set_paper(stack, "{\"fill\":\"at_once\"}");

	(void)stack_post(stack, 400, stack_text(stack, "/blocks/%s/resolve", block_id),
			 "{\"action\":\"explode\",\"note\":\"n\"}");
	(void)stack_post(stack, 404, "/blocks/1-1/resolve", "{\"action\":\"retry\",\"note\":\"n\"}");
	assert_true(order_is(stack, order, "working"));
	(void)stack_post(stack, 200, stack_text(stack, "/blocks/%s/resolve", block_id),
			 "{\"action\":\"retry\",\"note\":\"looked at it\"}");
	assert_json_text(stack_wait_final(stack, order), "/orders/0/status", "filled");
	block = stack_post(stack, 409, stack_text(stack, "/blocks/%s/resolve", block_id),
			   "{\"action\":\"retry\",\"note\":\"n\"}");
	assert_json_text(block, "/code", "not_in_review");
	stack_finish(stack);
}

/* Cancel: what is open at the broker is canceled, what was filled is shared. */
static void test_a_block_that_is_canceled_shares_what_was_filled(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *one = stack_queue_one(stack, "A", "buy", "AAPL", "10"), *two, *block;
	const char *block_id;

	two = stack_queue_one(stack, "B", "buy", "AAPL", "10");
	stack_set_paper(stack, "{\"fill_quantity\":\"6\"}");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(order_is(stack, one, "working"));
	block_id = json_text(stack_get(stack, 200, "/orders/%s", json_text(one, "/orders/0/order_id")), "/block_id");
	WAIT_UNTIL(strcmp(json_text(stack_get(stack, 200, "/blocks/%s", block_id), "/filled_quantity"), "6") == 0);
	WAIT_UNTIL(set_aside(stack, block_id));
	(void)stack_post(stack, 200, stack_text(stack, "/blocks/%s/resolve", block_id),
			 "{\"action\":\"cancel\",\"note\":\"enough\"}");
	assert_json_text(stack_wait_final(stack, one), "/orders/0/filled_quantity", "3");
	assert_json_text(stack_wait_final(stack, two), "/orders/0/status", "partially_filled");
	block = stack_get(stack, 200, "/blocks/%s", block_id);
	assert_json_text(block, "/slices/0/status", "canceled");
	stack_finish(stack);
}

/* Puts an order under the id that the block's first slice will have, as if it had been sent in another life. */
static void occupy_id(struct stack *stack, const char *quantity)
{
	redisReply *blocks = redis_server_command(stack->redis, "KEYS muster:{0}:block:*");
	redisReply *deployment = redis_server_command(stack->redis, "HGET muster:{0}:deployment id");
	struct http_call call = {.method = "POST",
				 .url = stack_text(stack, "http://127.0.0.1:%d/v2/orders", stack->paper_port)};
	struct http_reply *reply;

	for (size_t i = 0; i < blocks->elements; i++) {
		const char *block_id = blocks->element[i]->str + strlen("muster:{0}:block:");

		if (strchr(block_id, ':'))
			continue;
		call.body = stack_text(stack,
				       "{\"symbol\":\"AAPL\",\"qty\":\"%s\",\"side\":\"buy\",\"type\":\"market\","
				       "\"time_in_force\":\"day\",\"client_order_id\":\"muster-%s-%s-1\"}",
				       quantity, deployment->str, block_id);
		reply = http_call(&call);
		assert_int_equal(reply->status, 200);
		http_reply_free(reply);
	}
	freeReplyObject(blocks);
	freeReplyObject(deployment);
}

/* What stands under our id is not what we sent: a person decides, and until then the orders are not shown as failed. */
static void test_a_contradiction_waits_for_a_person_and_is_adopted(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *order = stack_queue_one(stack, "A", "buy", "AAPL", "10"), *block;

	occupy_id(stack, "12");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(json_array_size(json_at(stack_get(stack, 200, "/blocks?status=needs_review"), "/items")) == 1);
	block = block_in_review(stack);
	assert_string_not_equal(json_text(block, "/reason"), "null");
	assert_string_not_equal(json_text(block, "/evidence"), "null");
	assert_true(order_is(stack, order, "working"));
	(void)stack_post(stack, 200, stack_text(stack, "/blocks/%s/resolve", json_text(block, "/block_id")),
			 "{\"action\":\"adopt\",\"note\":\"it is ours\"}");
	order = stack_wait_final(stack, order);
	assert_json_text(order, "/orders/0/status", "filled");
	assert_json_text(order, "/orders/0/filled_quantity", "10");
	block = stack_get(stack, 200, "/blocks/%s", json_text(block, "/block_id"));
	assert_json_text(block, "/filled_quantity", "12");
	assert_json_text(block, "/house/quantity", "2"); /* what nobody asked for */
	assert_json_text(block, "/house/gross_amount", "380.5");
	stack_finish_unchecked(stack); /* the auditor would find that the broker has another quantity than the slice */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_a_block_that_is_retried_completes, stack_teardown),
	    cmocka_unit_test_teardown(test_a_block_that_is_canceled_shares_what_was_filled, stack_teardown),
	    cmocka_unit_test_teardown(test_a_contradiction_waits_for_a_person_and_is_adopted, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
