/* The walk through all fault points (src/shared/fault.h): a stack, a scene in which the point is passed, clients that
 * repeat what was cut short, and the check at the end. It reads the table: a new row is walked without a change here.
 *
 * Programs that include this are built with FAULT=1 only (see the Makefile). */
#ifndef MUSTER_TEST_FAULT_WALK_H
#define MUSTER_TEST_FAULT_WALK_H

#include <stdbool.h>

#include "shared/fault.h"
#include "tests/support/stack.h"

struct fault_walk;

/* One test: the fault NAME:N:KIND. */
struct fault_step {
	struct fault_walk *walk;
	const struct fault_point *point;
	enum fault_scene scene;
	int n;		/* at which passing */
	char fault[96]; /* as MUSTER_FAULT takes it; NAME:N:KIND, or NAME:N:KIND:S000 for the blocks of that symbol
			 */
	char death[96]; /* how the log tells it */
};

/* What is kept from step to step, and of the one that runs. */
struct fault_walk {
	struct stack *stack; /* NULL before the first step and after one that failed */
	const struct fault_step *step;
	int worth;	  /* how many steps the stack is still good for */
	char stopped[48]; /* the large block that a person has canceled */
	int requests;	  /* of the walk: part of every Idempotency-Key */
	bool has_struck;
};

typedef void fault_walk_fn(void **state); /* *state is the step */

/* Runs `fn` for each row that can have faults of this kind ("kill", "stop", "error"), in its second passing, too, where
 * it is passed again and again; `stop` is walked for the workers only. The exit code of main. */
int fault_walk_run(const char *kind, fault_walk_fn *fn);

/* A stack with one API and no worker, this walk's or a new one. */
struct stack *fault_walk_open(const struct fault_step *step);

/* Plays the clients' part of the step's scene. Where the armed program is an API it is there already. */
void fault_walk_play(const struct fault_step *step);

/* Starts the program with the fault armed. */
void fault_walk_start_armed_worker(const struct fault_step *step, int i);
void fault_walk_start_armed_api(const struct fault_step *step);

/* Plays what comes after: the person who resolves blocks in review, the signal that makes a worker drain. To be called
 * while waiting. */
void fault_walk_tend(const struct fault_step *step, int worker);

/* Whether the worker was told to drain when the blocks that it had in hand needed it no more, and so has ended without
 * passing the point: the moment cannot be seen from outside, so that it takes another try with new orders. */
bool fault_walk_was_idle(const struct fault_step *step, struct process *worker);

/* Waits until everything has ended. */
void fault_walk_wait_quiet(const struct fault_step *step);

/* Everything is exact, by check.h and by muster-audit; then the step has passed. */
void fault_walk_check(const struct fault_step *step);

/* Whether the program's log tells of the fault. */
bool fault_walk_has_struck(const struct fault_step *step, const struct process *process);

#endif
