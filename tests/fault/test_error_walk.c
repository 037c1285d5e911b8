/* The error walk: for each fault point at which a step can fail, it fails as if its reply had been lost. What was done
 * is found out by asking, what the client was told is true, and in the end everything is exact. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/fault_walk.h"

static void test_error(void **state)
{
	const struct fault_step *step = *state;
	struct stack *stack = fault_walk_open(step);
	bool is_api = step->point->program == FAULT_IN_API;

	if (is_api) {
		fault_walk_start_armed_api(step);
		stack_start_worker_unseen(stack, 0);
	}
	fault_walk_play(step);
	if (!is_api)
		fault_walk_start_armed_worker(step, 0);
	fault_walk_wait_quiet(step);
	if (!fault_walk_has_struck(step, is_api ? stack->apis[0] : stack->workers[0]))
		fail_msg("the point was never reached");
	fault_walk_check(step);
	stack_end_program(&stack->workers[0]);
}

int main(void)
{
	return fault_walk_run("error", test_error);
}
