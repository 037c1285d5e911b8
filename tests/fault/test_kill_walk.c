/* The kill walk: for each fault point the program is killed there, a fresh one takes its place, clients repeat what was
 * cut short, and in the end everything is exact. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/fault_walk.h"
#include "tests/support/wait_until.h"

/* A worker dies at the point; another one goes on. */
static void kill_worker(const struct fault_step *step, struct stack *stack)
{
	int64_t end_us;

	end_us = clock_monotonic_us() + WAIT_MOST_US;
	do {
		fault_walk_play(step);
		fault_walk_start_armed_worker(step, 0);
		while (process_is_running(stack->workers[0]) && clock_monotonic_us() < end_us)
			fault_walk_tend(step, 0);
	} while (fault_walk_was_idle(step, stack->workers[0]) && clock_monotonic_us() < end_us);
	if (!fault_walk_has_struck(step, stack->workers[0]))
		fail_msg("the point was never reached");
	assert_int_equal(process_wait(stack->workers[0]), -SIGKILL);
	stack_start_worker_unseen(stack, 0);
	fault_walk_wait_quiet(step);
}

/* An API dies at the point; its clients find another one in its place. */
static void kill_api(const struct fault_step *step, struct stack *stack)
{
	fault_walk_start_armed_api(step);
	stack_start_worker_unseen(stack, 0);
	fault_walk_play(step);
	fault_walk_wait_quiet(step);
	if (!step->walk->has_struck)
		fail_msg("the point was never reached");
}

static void test_kill(void **state)
{
	const struct fault_step *step = *state;
	struct stack *stack = fault_walk_open(step);

	if (step->point->program == FAULT_IN_WORKER)
		kill_worker(step, stack);
	else
		kill_api(step, stack);
	fault_walk_check(step);
	stack_end_program(&stack->workers[0]);
}

int main(void)
{
	return fault_walk_run("kill", test_kill);
}
