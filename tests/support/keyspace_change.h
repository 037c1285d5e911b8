/* What differs between two snapshots, as text: a line for each key, sorted, without the prefix.
 *
 *     +KEY TYPE EXPIRES field=value …     a new key; EXPIRES is "-" for never
 *     ~KEY ttl=EXPIRES field=value -gone  what is new, different or gone in a key
 *     -KEY                                a key that is gone
 *
 * Values that are empty or hold blanks stand in single quotes; a sorted set's are its scores. */
#ifndef MUSTER_TEST_KEYSPACE_CHANGE_H
#define MUSTER_TEST_KEYSPACE_CHANGE_H

#include <stdio.h>

#include "tests/support/keyspace_snapshot.h"
#include "tests/support/keyspace_tokens.h"

#define KEYSPACE_PREFIX "muster:{0}:"

/* `before`: NULL for nothing. Writes nothing where nothing differs, to the last byte. */
void change_write(FILE *out, const struct tokens *tokens, const struct snapshot *before, const struct snapshot *after);

/* Fails the running test unless both texts say the same, printing which lines differ. A line that begins with a tab
 * goes on with the one before. `what` and `where` head the message. */
void change_expect(const char *what, const char *where, const char *expected, const char *actual);

#endif
