/* One key, one request: repeated at once, later, across a window's end, across a crash, to two processes together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/check.h"
#include "tests/support/json_at.h"
#include "tests/support/ledger.h"

#define QUEUE "/trade-queue/queue/order"
#define BULK  "/smallcases/bulk/rebalance"

#define ORDER(user, quantity)                                                                                          \
	"{\"user_id\":\"" user "\",\"smallcase_id\":\"sc1\",\"suggestions\":["                                         \
	"{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":" #quantity "}]}"

/* A POST with a key. */
static struct http_call call_of(const char *path, const char *body, const char *header)
{
	return (struct http_call){.method = "POST", .url = path, .body = body, .headers = {header}};
}

static const struct http_reply *send_to(struct stack *stack, int api, const char *path, const char *body)
{
	const struct http_call call = call_of(path, body, "Idempotency-Key: k 1");

	return stack_call(stack, api, &call);
}

/* The repeated answer is the first one, with one field more. */
static void assert_replayed(const struct http_reply *first, const struct http_reply *again)
{
	json_t *copy = json_deep_copy(first->json);

	assert_int_equal(again->status, first->status);
	assert_true(json_is_true(json_at(again->json, "/replayed")));
	assert_null(json_object_get(first->json, "replayed"));
	json_object_set_new(copy, "replayed", json_true());
	if (!json_equal(copy, again->json))
		fail_msg("not the first answer again:\n%s\n%s", first->body, again->body);
	json_decref(copy);
	assert_string_equal(first->location, again->location);
}

/* How many orders the broker has accepted, and of how many shares. */
static void assert_at_broker(const struct stack *stack, int orders, int64_t quantity)
{
	struct ledger *ledger = ledger_read(stack->ledger_path);
	int64_t sum = 0;

	for (size_t i = 0; i < ledger->count; i++)
		sum += ledger->orders[i].quantity_nano;
	assert_int_equal(ledger_accepted(ledger), orders);
	assert_true(sum == quantity * NANO);
	ledger_free(ledger);
}

/* Same key and body: the first answer. Another body: 409. Another user or another path: another request. */
static void test_a_key_names_one_request(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const struct http_reply *first = send_to(stack, 0, QUEUE, ORDER("A", 10)), *other;

	assert_int_equal(first->status, 202);
	assert_replayed(first, send_to(stack, 0, QUEUE, ORDER("A", 10)));
	other = send_to(stack, 0, QUEUE, ORDER("A", 11));
	assert_int_equal(other->status, 409);
	assert_json_text(other->json, "/code", "idempotency_conflict");
	other = send_to(stack, 0, QUEUE, ORDER("B", 10));
	assert_int_equal(other->status, 202);
	assert_string_not_equal(json_text(other->json, "/queue_id"), json_text(first->json, "/queue_id"));
	(void)stack_process(stack);
	assert_at_broker(stack, 1, 20);
	stack_finish(stack);
}

/* The key holds after the window has ended: the answer is still the first one, word for word. */
static void test_a_key_holds_after_the_window_has_ended(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const struct http_reply *first = send_to(stack, 0, QUEUE, ORDER("A", 10));

	(void)stack_process(stack);
	assert_json_text(stack_wait_final(stack, first->json), "/orders/0/status", "filled");
	assert_replayed(first, send_to(stack, 0, QUEUE, ORDER("A", 10)));
	assert_int_equal(send_to(stack, 0, QUEUE, ORDER("A", 9))->status, 409);
	assert_at_broker(stack, 1, 10);
	stack_finish(stack);
}

/* The API holds nothing that matters: killed and started again it knows the key. */
static void test_a_key_holds_across_a_crash_of_the_api(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const struct http_reply *first = send_to(stack, 0, QUEUE, ORDER("A", 10));

	stack_kill_program(&stack->apis[0]);
	stack_start_api(stack, 0);
	stack_wait_ready(stack, 0, 200);
	assert_replayed(first, send_to(stack, 0, QUEUE, ORDER("A", 10)));
	assert_int_equal(send_to(stack, 0, QUEUE, ORDER("A", 12))->status, 409);
	(void)stack_process(stack);
	assert_at_broker(stack, 1, 10);
	stack_finish(stack);
}

/* Ten calls with one key to two processes at the same time: one request, ten times the same queue_id. */
static void test_two_processes_store_one_request(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.apis = 2, .workers = 1});
	const struct http_call call = call_of(QUEUE, ORDER("A", 10), "Idempotency-Key: k 1");
	struct http_task *tasks[10];
	const struct http_reply *replies[10];
	int first_answers = 0;

	for (int i = 0; i < 10; i++)
		tasks[i] = stack_begin(stack, i % 2, &call);
	for (int i = 0; i < 10; i++)
		replies[i] = stack_end(stack, tasks[i]);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(replies[i]->status, 202);
		assert_json_text(replies[i]->json, "/queue_id", json_text(replies[0]->json, "/queue_id"));
		first_answers += json_object_get(replies[i]->json, "replayed") == NULL;
	}
	assert_int_equal(first_answers, 1);
	assert_int_equal(stack_redis_int(stack, "HGET muster:{0}:counts queued"), 1);
	(void)stack_process(stack);
	assert_at_broker(stack, 1, 10);
	stack_finish(stack);
}

/* A bulk call repeated is not executed again; while it is under way the repeat waits for the same end. */
static void test_a_bulk_call_is_executed_once(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const struct http_call call = call_of(BULK, "[" ORDER("A", 10) "," ORDER("B", 5) "]", "Idempotency-Key: k 1");
	struct http_task *tasks[4];
	const struct http_reply *reply;

	stack_set_paper(stack, "{\"fill\":\"after_delay\",\"delay_ms\":200}");
	for (int i = 0; i < 4; i++)
		tasks[i] = stack_begin(stack, 0, &call);
	for (int i = 0; i < 4; i++) {
		reply = stack_end(stack, tasks[i]);
		assert_int_equal(reply->status, 200);
		assert_json_text(reply->json, "/orders/1/filled_quantity", "5");
	}
	reply = send_to(stack, 0, BULK, "[" ORDER("A", 10) "," ORDER("B", 5) "]");
	assert_int_equal(reply->status, 200);
	assert_true(json_is_true(json_at(reply->json, "/replayed")));
	assert_int_equal(send_to(stack, 0, BULK, "[" ORDER("A", 10) "]")->status, 409);
	assert_at_broker(stack, 1, 15);
	stack_finish(stack);
}

/* What could not be accepted is not remembered: the same key is free for the corrected body. */
static void test_a_refused_request_does_not_use_up_its_key(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});

	assert_int_equal(send_to(stack, 0, QUEUE, ORDER("A", 0))->status, 422);
	assert_int_equal(send_to(stack, 0, QUEUE, ORDER("A", 3))->status, 202);
	(void)stack_process(stack);
	assert_at_broker(stack, 1, 3);
	stack_finish(stack);
}

/* A stock that cannot be sized any more does not change what was accepted before. */
static void test_a_replay_does_not_look_at_stocks_again(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const struct http_reply *first = send_to(stack, 0, QUEUE, ORDER("A", 10));

	(void)stack_put(stack, 200, "/stocks/AAPL", "{\"price\":\"190.25\",\"tradable\":false}");
	assert_replayed(first, send_to(stack, 0, QUEUE, ORDER("A", 10)));
	(void)stack_process(stack);
	assert_at_broker(stack, 1, 10);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_a_key_names_one_request, stack_teardown),
	    cmocka_unit_test_teardown(test_a_key_holds_after_the_window_has_ended, stack_teardown),
	    cmocka_unit_test_teardown(test_a_key_holds_across_a_crash_of_the_api, stack_teardown),
	    cmocka_unit_test_teardown(test_two_processes_store_one_request, stack_teardown),
	    cmocka_unit_test_teardown(test_a_bulk_call_is_executed_once, stack_teardown),
	    cmocka_unit_test_teardown(test_a_refused_request_does_not_use_up_its_key, stack_teardown),
	    cmocka_unit_test_teardown(test_a_replay_does_not_look_at_stocks_again, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
