/* The paper broker's faults in tests of the whole stack, and the scenario that meets them. */
#ifndef MUSTER_TEST_FAULTS_H
#define MUSTER_TEST_FAULTS_H

#include "tests/support/stack.h"

/* PUT /paper/faults: one, or an array of them. */
void faults_set(struct stack *stack, const char *faults);

/* DELETE /paper/faults. */
void faults_clear(struct stack *stack);

/* How often all of them have struck together; how often the first one of this mode has. */
int64_t faults_struck(struct stack *stack);
int64_t faults_struck_by(struct stack *stack, const char *mode);

/* Queues the founding scenario (A, B and C buy 100, 50 and 75 of AAPL) and three more orders of other stocks, one a
 * sell, and makes their window due. */
void faults_queue_scenario(struct stack *stack);

/* Waits until every accepted order has ended, for at most 60 seconds; blocks in review fail the test. */
void faults_wait_quiet(struct stack *stack);

/* stack_finish, and the auditor itself finds nothing either. */
void faults_finish(struct stack *stack);

/* Everything that was accepted at the broker was so once; how many orders it refused. */
int faults_refused(struct stack *stack);

#endif
