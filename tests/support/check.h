/* The auditor: holds what clients were told, what Redis has and the broker's own ledger against each other, in
 * integers. The invariants I1, I3 to I6 and I8 of the promise; each function fails the test where one does not hold. */
#ifndef MUSTER_TEST_CHECK_H
#define MUSTER_TEST_CHECK_H

#include "tests/support/stack.h"

/* Everything below, after everything that was accepted has ended. */
void check_all_exact(struct stack *stack);

/* Waits until every accepted request is final, and compares it with what was answered when it was accepted. */
void check_all_final(struct stack *stack);

/* Blocks, slices, fills, orders and transactions, as they are now. Blocks in review are allowed. */
void check_books(struct stack *stack);

/* Nothing unfinished has a TTL, and nothing is left in the indexes of unfinished things. */
void check_nothing_left(struct stack *stack);

#endif
