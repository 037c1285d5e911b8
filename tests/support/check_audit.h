/* The real auditor, build/muster-audit, run on a stack: the independent opinion at the end of every test. */
#ifndef MUSTER_TEST_CHECK_AUDIT_H
#define MUSTER_TEST_CHECK_AUDIT_H

#include "tests/support/stack.h"

/* Everything must be right and quiet: the paper broker's ledger, Redis, and what was accepted. */
void check_audit(struct stack *stack);

/* Writes what was accepted as the auditor reads it, each with the idempotency key "key-QUEUE_ID". */
void check_audit_write_accepted(const struct stack *stack, const char *path);

/* Runs the auditor with the stack's configuration and these arguments, ended by NULL. Returns its exit code; what it
 * printed is to be freed. */
int audit_run(struct stack *stack, const char *const *arguments, char **output);

#endif
