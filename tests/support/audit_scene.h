/* A small Muster in which everything has happened once, all is quiet, and every word of it can be falsified: for tests
 * of the auditor. Programs have ended; only Redis runs.
 *
 *     AAPL  a, b and c buy 100, 50 and 75; 100 are filled, in two parts, then it is canceled; each order costs a fee of
 * 1 MSFT  d sells 40, filled at once F     the first half (m0) of a request of two orders, 10; x bought 5 and canceled
 *     GOOG  its second half (m1), 3; a bulk call of two users, 12 and 8 (g0, g1), has one order more that was rejected
 *     NOBRK n buys 4, which the broker refuses
 *
 * Texts may hold names in angle brackets: <a> is an order, <qa> its request, <a-tx> its transaction, <aapl> a block,
 * <aapl-s> its slice, <aapl-fill> one of its fills, <goog-bulk> the bulk call's block, <w> the window, <dep> the
 * deployment. */
#ifndef MUSTER_TEST_AUDIT_SCENE_H
#define MUSTER_TEST_AUDIT_SCENE_H

#include "tests/support/check_audit.h"
#include "tests/support/stack.h"

struct audit_scene;

struct audit_scene *audit_scene_new(void);
void audit_scene_free(struct audit_scene *scene);

/* Everything as it was at first. */
void audit_scene_restore(struct audit_scene *scene);

/* Runs commands, one a line, words between blanks, "@" for the prefix. Besides those of Redis there is REWRITE KEY
 * ENTRY FIELD VALUE, which changes a field of a stream's entry. */
void audit_scene_redis(struct audit_scene *scene, const char *commands);

/* Edits a file, one edit a line: "+LINE" appends, "-TEXT" drops lines with TEXT, "~FROM~TO" replaces the first FROM. An
 * apostrophe stands for a quotation mark. An edit that finds nothing fails the test. */
void audit_scene_edit_ledger(struct audit_scene *scene, const char *edits);
void audit_scene_edit_accepted(struct audit_scene *scene, const char *edits);

/* Runs the auditor on ledger and accepted requests; `more` is one more argument or NULL. What it printed is the scene's
 * until the next run. */
int audit_scene_run(struct audit_scene *scene, const char *more);
const char *audit_scene_output(const struct audit_scene *scene);

/* `text` with names replaced; the stack's. */
const char *audit_scene_expand(struct audit_scene *scene, const char *text);

struct stack *audit_scene_stack(struct audit_scene *scene);

#endif
