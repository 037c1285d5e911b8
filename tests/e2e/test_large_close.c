/* A large order late in the session, with Redis's clock moved there: its plan ends five minutes before the close. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/clock.h"
#include "tests/support/json_at.h"
#include "tests/support/source_folder.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

static char calendars[512]; /* "calendars.dir=..." */

/* The block's slices, once they are planned. */
static const json_t *wait_slices(struct stack *stack, const json_t *order, const char **id)
{
	const json_t *slices;

	WAIT_UNTIL(
	    strcmp(json_text(stack_get(stack, 200, "/orders/%s", json_text(order, "/orders/0/order_id")), "/status"),
		   "queued") != 0);
	*id = stack_text(
	    stack, "%s",
	    json_text(stack_get(stack, 200, "/orders/%s", json_text(order, "/orders/0/order_id")), "/block_id"));
	WAIT_UNTIL(json_array_size(json_object_get(stack_get(stack, 200, "/blocks/%s", *id), "slices")) > 0);
	slices = json_object_get(stack_get(stack, 200, "/blocks/%s", *id), "slices");
	return slices;
}

/* Fourteen minutes are left: the half hour is pressed into less than nine. */
static void test_the_plan_is_through_five_minutes_before_the_close(void **state)
{
	struct stack *stack = *state = stack_start(
	    &(struct stack_options){.workers = 1,
				    .at = "2026-12-07T20:46:00Z",
				    .settings = {calendars, "broker.paper.calendar=XNYS", "lanes.large_quantity=100"}});
	const json_t *order = stack_queue_one(stack, "A", "buy", "AAPL", "1000"), *slices;
	int64_t open_ms, end_ms, due_ms, last_ms = 0, sum = 0;
	const char *id;

	assert_json_text(order, "/orders/0/lane", "large");
	assert_true(clock_parse("2026-12-07T20:46:00Z", &open_ms, NULL));
	assert_true(clock_parse("2026-12-07T20:55:00Z", &end_ms, NULL));
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	slices = wait_slices(stack, order, &id);
	assert_in_range(json_array_size(slices), 5, 9);
	for (size_t i = 0; i < json_array_size(slices); i++) {
		const json_t *slice = json_array_get(slices, i);

		assert_true(clock_parse(json_text(slice, "/due_at"), &due_ms, NULL));
		assert_true(due_ms >= open_ms && due_ms < end_ms && due_ms > last_ms);
		last_ms = due_ms;
		sum += atoll(json_text(slice, "/quantity"));
	}
	assert_int_equal(sum, 1000);
	(void)stack_post(stack, 200, stack_text(stack, "/blocks/%s/cancel", id), "{\"note\":\"the plan was seen\"}");
	(void)stack_wait_final(stack, order);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_the_plan_is_through_five_minutes_before_the_close, stack_teardown),
	};
	char *source = source_folder();

	(void)snprintf(calendars, sizeof calendars, "calendars.dir=%s/conf/calendars", source);
	free(source);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
