/* Stable words for what differs from run to run, so that a test can write down what Redis holds.
 *
 *     <now> <then>          milliseconds: since the last call began; before it, but in this test
 *     <now_us> <then_us>    the same in microseconds
 *     <now+lease> …         so much later; the durations are those below
 *     <due>                 when windows of the grid <grid> fall due: always the same
 *     <b1> <b2> …           block ids by their counter (hexadecimal)
 *     <t1> <h1> …           ids of the streams `transactions` and `house`, by age; <l1> of `halts:log`
 */
#ifndef MUSTER_TEST_KEYSPACE_TOKENS_H
#define MUSTER_TEST_KEYSPACE_TOKENS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/support/keyspace_snapshot.h"

/* Far enough apart that no test runs from one into the next. */
#define KEYSPACE_DURATIONS(X)                                                                                          \
	X("minute", 60000)                                                                                             \
	X("wait", 200000)                                                                                              \
	X("lease", 600000)                                                                                             \
	X("abandon", 1200000)                                                                                          \
	X("retention", 604800000)

#define KEYSPACE_GRID "1000000000000" /* ms: a grid whose next point is in 2033 whenever the test runs */
#define KEYSPACE_DUE  "2000000000000"

struct tokens {
	int64_t start_us; /* the test's */
	int64_t mark_us;  /* when the last call began */
	int64_t end_us;	  /* when it had ended */
};

/* Writes the text with words in place of what differs. `snapshot`: names the stream ids. */
void tokens_write(FILE *out, const struct tokens *tokens, const struct snapshot *snapshot, const char *text);

/* The other way round, for arguments: <b1>, <lease>, <grid>, <due>, and <now>, <then>: the mark and the start, in ms.
 * False where a word is not known. */
bool tokens_expand(FILE *out, const struct tokens *tokens, const struct snapshot *snapshot, const char *text);

#endif
