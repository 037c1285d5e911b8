/* See fault_walk.h; the clients are in fault_scene.c. */
#include "tests/support/fault_walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/check.h"
#include "tests/support/wait_until.h"

#define STACK_WORTH   6 /* steps; the books that are checked grow with each, by a bulk call most */
#define STEPS_MAX     (3 * FAULT_COUNT)
#define QUIET_MOST_US INT64_C(60000000)

/* Whether the row can have faults of this kind. */
static bool suits(const struct fault_point *point, const char *kind)
{
	if (strcmp(kind, "error") == 0)
		return point->failing == FAULT_OR_ERROR;
	return strcmp(kind, "stop") != 0 || point->program == FAULT_IN_WORKER;
}

/* After each step: a stack that has failed is shown and not used again. */
static int end_step(void **state)
{
	const struct fault_step *step = *state;

	if (step->walk->stack && !step->walk->stack->passed) {
		stack_stop(step->walk->stack);
		step->walk->stack = NULL;
	}
	return 0;
}

/* What a block passes is walked once more for a large one (S000), at a moment in the middle of its plan, and for one that
 * gives way to the other side (S002), while it does. */
static const struct {
	enum fault_id id;
	int n;
	const char *subject;
} of_some[] = {
    {FAULT_PLANNED, 1, ":S000"},	{FAULT_GATE_PASSED, 2, ":S000"}, {FAULT_SUBMIT_READY, 2, ":S000"},
    {FAULT_RECORD_READY, 3, ":S000"},	{FAULT_RECORDED, 3, ":S000"},	 {FAULT_FOLLOWED, 1, ":S000"},
    {FAULT_FILLS_STORED, 1, ":S000"},	{FAULT_CLOSED, 1, ":S000"},	 {FAULT_RECORDED, 2, ":S002"},
    {FAULT_FOLLOWED, 2, ":S002"},	{FAULT_REPLAN_READY, 1, ":S002"}, {FAULT_REPLANNED, 1, ":S002"},
    {FAULT_GATE_PASSED, 3, ":S002"},	{FAULT_SUBMIT_READY, 3, ":S002"},
};

/* Everything that is to be walked. */
struct fault_plan {
	const char *kind;
	fault_walk_fn *fn;
	struct fault_walk walk;
	struct fault_step steps[STEPS_MAX];
	struct CMUnitTest tests[STEPS_MAX];
	size_t count;
};

/* Adds a step; `subject` is "" or ":" and a symbol. */
static void add_step(struct fault_plan *plan, const struct fault_point *point, int n, const char *subject)
{
	struct fault_step *step = &plan->steps[plan->count];

	step->walk = &plan->walk;
	step->point = point;
	step->scene = *subject ? FAULT_AT_LARGE : point->scene;
	step->n = n;
	(void)snprintf(step->fault, sizeof step->fault, "%s:%d:%s%s", point->name, n, plan->kind, subject);
	(void)snprintf(step->death, sizeof step->death, "event=fault point=%s kind=%s", point->name, plan->kind);
	plan->tests[plan->count++] = (struct CMUnitTest){step->fault, plan->fn, NULL, end_step, step};
}

int fault_walk_run(const char *kind, fault_walk_fn *fn)
{
	static struct fault_plan plan;
	int failed;

	plan.kind = kind;
	plan.fn = fn;
	for (size_t id = 0; id < FAULT_COUNT; id++)
		for (int n = 1; suits(&fault_points[id], kind) && n <= (fault_points[id].passes == FAULT_AGAIN ? 2 : 1);
		     n++)
			add_step(&plan, &fault_points[id], n, "");
	for (size_t i = 0; i < sizeof of_some / sizeof of_some[0]; i++)
		if (suits(&fault_points[of_some[i].id], kind))
			add_step(&plan, &fault_points[of_some[i].id], of_some[i].n, of_some[i].subject);
	if (getenv("MUSTER_WALK")) /* by hand: only these, as in "claimed:*" */
		cmocka_set_test_filter(getenv("MUSTER_WALK"));
	failed = _cmocka_run_group_tests("tests", plan.tests, plan.count, NULL, NULL);
	stack_stop(plan.walk.stack);
	return failed;
}

/* The walk's stack has done enough: ends it. */
static void close_stack(struct fault_walk *walk)
{
	stack_finish_unchecked(walk->stack);
	stack_stop(walk->stack);
	walk->stack = NULL;
}

struct stack *fault_walk_open(const struct fault_step *step)
{
	static const struct stack_options options = {
	    .settings = {"worker.lease_ms=400", "broker.paper.timeout_ms=250", "broker.paper.max_slice_quantity=150",
			 "lanes.large_interval_s=0.2", "lanes.large_horizon_s=0.8", "lanes.turn_s=0.2"}};
	struct fault_walk *walk = step->walk;

	walk->step = step;
	walk->has_struck = false;
	if (walk->stack && walk->worth <= 0)
		close_stack(walk);
	if (!walk->stack) {
		walk->stack = stack_start(&options);
		walk->worth = STACK_WORTH;
	}
	walk->worth -= step->scene == FAULT_AT_BULK ? STACK_WORTH : 1;
	walk->stack->passed = false;
	return walk->stack;
}

void fault_walk_start_armed_worker(const struct fault_step *step, int i)
{
	(void)setenv("MUSTER_FAULT", step->fault, 1);
	stack_start_worker_unseen(step->walk->stack, i);
	(void)unsetenv("MUSTER_FAULT");
}

void fault_walk_start_armed_api(const struct fault_step *step)
{
	struct stack *stack = step->walk->stack;

	stack_kill_program(&stack->apis[0]);
	(void)setenv("MUSTER_FAULT", step->fault, 1);
	stack_start_api(stack, 0);
	(void)unsetenv("MUSTER_FAULT");
	stack_wait_ready(stack, 0, 200);
}

void fault_walk_wait_quiet(const struct fault_step *step)
{
	struct stack *stack = step->walk->stack;
	int64_t end_us = clock_monotonic_us() + QUIET_MOST_US;

	while (stack_redis_int(stack, "EXISTS muster:{0}:windows muster:{0}:windows:working") != 0) {
		if (clock_monotonic_us() > end_us)
			fail_msg("after 60 s something is still under way");
		fault_walk_tend(step, -1);
	}
}

void fault_walk_check(const struct fault_step *step)
{
	struct stack *stack = step->walk->stack;

	check_all_exact(stack);
	json_object_clear(stack->accepted);
	stack->passed = true;
}

bool fault_walk_was_idle(const struct fault_step *step, struct process *worker)
{
	return step->scene == FAULT_AT_DRAIN && !process_is_running(worker) && process_wait(worker) == 0 &&
	       process_log_has(worker, "event=draining");
}

bool fault_walk_has_struck(const struct fault_step *step, const struct process *process)
{
	return process_log_has(process, step->death);
}
