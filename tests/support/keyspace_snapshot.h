/* Everything that a Redis holds at one moment, as plain data: what tests of scripts compare. */
#ifndef MUSTER_TEST_KEYSPACE_SNAPSHOT_H
#define MUSTER_TEST_KEYSPACE_SNAPSHOT_H

#include <stddef.h>

#include <hiredis/hiredis.h>

/* One element of a key. Hash: field and value; sorted set: member and score; set: member and ""; stream: id and
 * "(field=value ...)"; string: "value" and the text. */
struct snapshot_element {
	char *name;
	char *value;
};

struct snapshot_key {
	char *name;
	char *type;
	char *expires_ms; /* since 1970; "-1": never */
	struct snapshot_element *elements;
	size_t count;
};

struct snapshot {
	struct snapshot_key *keys; /* by name */
	size_t count;
};

/* Reads all keys. The caller frees. */
struct snapshot *snapshot_take(redisContext *redis);
void snapshot_free(struct snapshot *snapshot);

/* NULL where there is none. */
const struct snapshot_key *snapshot_find(const struct snapshot *snapshot, const char *name);
const char *snapshot_value(const struct snapshot_key *key, const char *element);

#endif
