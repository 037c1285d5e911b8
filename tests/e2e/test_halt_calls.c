/* The kill switch as people meet it: what halt and resume answer, where it shows, and that it outlives every program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/check_audit.h"
#include "tests/support/json_at.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

#define STATUS "/trade-queue/queue/status"
#define TWO_NAMES                                                                                                      \
	"broker.other.adapter=alpaca", "broker.other.base_url=http://127.0.0.1:9", "broker.other.timeout_ms=500"

/* How many halts the status shows; both of its words must agree. */
static size_t halts_shown(struct stack *stack)
{
	const json_t *status = stack_get(stack, 200, STATUS);
	size_t count = json_array_size(json_at(status, "/halts"));

	assert_int_equal(json_is_true(json_at(status, "/halted")), count > 0);
	return count;
}

static void test_a_halt_is_told_everywhere(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.apis = 2});
	const json_t *answer;

	assert_int_equal(halts_shown(stack), 0);
	assert_null(json_find(stack_get(stack, 200, "/readyz"), "/detail"));
	answer = stack_post(stack, 200, "/admin/halt", "{\"reason\":\"a drill\",\"by\":\"ann\"}");
	assert_true(json_is_true(json_at(answer, "/changed")));
	assert_true(json_is_true(json_at(answer, "/halted")));
	assert_true(json_is_null(json_at(answer, "/halts/0/broker_type")));
	assert_json_text(answer, "/halts/0/reason", "a drill");
	assert_json_text(answer, "/halts/0/by", "ann");
	assert_json_text(answer, "/halts/0/code", "operator");
	assert_int_equal(strlen(json_text(answer, "/halts/0/since")), strlen("2026-11-28T00:00:00.000Z"));

	answer = stack_get(stack, 200, STATUS);
	assert_true(json_is_true(json_at(answer, "/halted")));
	assert_json_text(answer, "/halts/0/reason", "a drill");
	for (int i = 0; i < 2; i++) {
		const struct http_reply *ready =
		    stack_call(stack, i, &(struct http_call){.method = "GET", .url = "/readyz"});

		assert_int_equal(ready->status, 200);
		assert_json_text(ready->json, "/status", "ready");
		assert_non_null(strstr(json_text(ready->json, "/detail"), "halted at all brokers since "));
		assert_non_null(strstr(json_text(ready->json, "/detail"), " by ann: a drill"));
	}
	assert_true(process_log_has(stack->apis[0], "event=trading_halted"));
	stack_end_program(&stack->apis[1]);
	stack_start_api(stack, 1);
	WAIT_UNTIL(process_log_has(stack->apis[1], "event=trading_is_halted"));

	answer = stack_post(stack, 200, "/admin/resume", "{\"by\":\"bob\",\"reason\":\"over\"}");
	assert_true(json_is_true(json_at(answer, "/changed")));
	assert_false(json_is_true(json_at(answer, "/halted")));
	assert_int_equal(halts_shown(stack), 0);
	assert_null(json_find(stack_get(stack, 200, "/readyz"), "/detail"));
	assert_true(process_log_has(stack->apis[0], "event=trading_resumed"));
	assert_int_equal(stack_redis_int(stack, "XLEN muster:{0}:halts:log"), 2);
	stack_finish(stack);
}

/* A call without a body, without even a length, means all brokers: who is in haste types little. */
static void test_a_bare_call_halts_everything(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.apis = 1});
	const json_t *answer;
	char *text;
	static const char bare[] = "POST /admin/halt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

	text = http_raw(stack->api_ports[0], bare, sizeof bare - 1, 10000, NULL);
	assert_non_null(strstr(text, " 200 "));
	free(text);
	assert_int_equal(halts_shown(stack), 1);
	answer = stack_get(stack, 200, STATUS);
	assert_json_text(answer, "/halts/0/by", "127.0.0.1");
	assert_json_text(answer, "/halts/0/reason", "none given");
	answer = stack_post(stack, 200, "/admin/resume", NULL);
	assert_true(json_is_true(json_at(answer, "/changed")));
	assert_int_equal(halts_shown(stack), 0);
	stack_finish(stack);
}

static void test_a_second_halt_and_a_second_resume_change_nothing(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.apis = 1, .settings = {TWO_NAMES}});
	const json_t *answer;

	answer = stack_post(stack, 200, "/admin/resume", "{}");
	assert_false(json_is_true(json_at(answer, "/changed")));
	(void)stack_post(stack, 200, "/admin/halt", "{\"broker_type\":\"paper\",\"by\":\"ann\",\"reason\":\"one\"}");
	answer = stack_post(stack, 200, "/admin/halt", "{\"broker_type\":\"paper\",\"by\":\"bob\",\"reason\":\"two\"}");
	assert_false(json_is_true(json_at(answer, "/changed")));
	assert_json_text(answer, "/halts/0/by", "ann");
	assert_json_text(answer, "/halts/0/broker_type", "paper");
	answer = stack_post(stack, 200, "/admin/halt", "{\"broker_type\":\"other\"}");
	assert_int_equal(json_array_size(json_at(answer, "/halts")), 2);
	answer = stack_post(stack, 200, "/admin/resume", "{\"broker_type\":\"other\"}");
	assert_true(json_is_true(json_at(answer, "/changed")));
	assert_true(json_is_true(json_at(answer, "/halted")));
	answer = stack_post(stack, 200, "/admin/resume", "{\"broker_type\":\"other\"}");
	assert_false(json_is_true(json_at(answer, "/changed")));
	assert_int_equal(halts_shown(stack), 1);
	(void)stack_post(stack, 200, "/admin/halt", NULL);
	assert_int_equal(halts_shown(stack), 2);
	(void)stack_post(stack, 200, "/admin/resume", NULL); /* all brokers: every halt */
	assert_int_equal(halts_shown(stack), 0);
	stack_finish(stack);
}

/* What is meant for one broker must never become a halt, or a resume, of all. */
static void test_what_is_not_understood_changes_nothing(void **state)
{
	static const struct {
		const char *body, *code;
		int status;
	} rows[] = {
	    {"{\"broker_type\":\"nobody\"}", "unknown_broker", 422},
	    {"{\"broker_type\":\"all\"}", "unknown_broker", 422},
	    {"{\"broker_type\":null}", "missing_field", 400},
	    {"{\"broker\":\"paper\"}", "unknown_field", 400},
	    {"{\"broker_type\":7}", "bad_type", 400},
	    {"{\"broker_type\":\"\"}", "bad_type", 400},
	    {"{\"reason\":\"\"}", "bad_type", 400},
	    {"[]", "bad_json", 400},
	    {"{\"broker_type\":\"paper\"", "bad_json", 400},
	    {"paper", "bad_json", 400},
	};
	struct stack *stack = *state = stack_start(&(struct stack_options){.apis = 1, .settings = {TWO_NAMES}});

	(void)stack_post(stack, 200, "/admin/halt", "{\"broker_type\":\"other\"}");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_json_text(stack_post(stack, rows[i].status, "/admin/halt", "%s", rows[i].body), "/code",
				 rows[i].code);
		assert_json_text(stack_post(stack, rows[i].status, "/admin/resume", "%s", rows[i].body), "/code",
				 rows[i].code);
	}
	assert_json_text(stack_post(stack, 400, "/admin/halt", "{\"confirm\":\"generation\"}"), "/code",
			 "unknown_field");
	assert_int_equal(stack_redis_int(stack, "XLEN muster:{0}:halts:log"), 1);
	assert_json_text(stack_get(stack, 200, STATUS), "/halts/0/broker_type", "other");
	(void)stack_post(stack, 200, "/admin/resume", NULL);
	stack_finish(stack);
}

/* A halt that says "something happened to the data" is not ended in passing. */
static void test_a_grave_halt_wants_a_confirmation(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.apis = 1});

	redis_server_run(stack->redis, "HSET muster:{0}:halts all %s",
			 "{\"since\":1790000000000,\"code\":\"generation\",\"by\":\"h:1\",\"reason\":\"lost\"}");
	assert_json_text(stack_get(stack, 200, STATUS), "/halts/0/code", "generation");
	assert_json_text(stack_post(stack, 409, "/admin/resume", NULL), "/code", "unconfirmed");
	assert_json_text(stack_post(stack, 409, "/admin/resume", "{\"confirm\":\"operator\"}"), "/code", "unconfirmed");
	assert_int_equal(halts_shown(stack), 1);
	(void)stack_post(stack, 200, "/admin/resume", "{\"confirm\":\"generation\",\"by\":\"ann\"}");
	assert_int_equal(halts_shown(stack), 0);

	redis_server_run(stack->redis, "HSET muster:{0}:halts paper {}"); /* by hand */
	assert_json_text(stack_get(stack, 200, STATUS), "/halts/0/broker_type", "paper");
	assert_json_text(stack_get(stack, 200, "/readyz"), "/detail", "trading is halted at paper");
	(void)stack_post(stack, 200, "/admin/resume", NULL);
	assert_int_equal(halts_shown(stack), 0);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_a_halt_is_told_everywhere, stack_teardown),
	    cmocka_unit_test_teardown(test_a_bare_call_halts_everything, stack_teardown),
	    cmocka_unit_test_teardown(test_a_second_halt_and_a_second_resume_change_nothing, stack_teardown),
	    cmocka_unit_test_teardown(test_what_is_not_understood_changes_nothing, stack_teardown),
	    cmocka_unit_test_teardown(test_a_grave_halt_wants_a_confirmation, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
