/* Reading Redis in tests: hashes and lists of keys, failing the test where something is missing. */
#ifndef MUSTER_TEST_REDIS_READ_H
#define MUSTER_TEST_REDIS_READ_H

#include <stdbool.h>

#include "shared/decimal.h"
#include "tests/support/redis_server.h"

/* A hash as HGETALL replies; to be freed with freeReplyObject. */
redisReply *redis_hash(struct redis_server *server, const char *key);

/* The text of a field; "" where it is absent. */
const char *redis_field(const redisReply *hash, const char *field);

/* The field as a decimal, 0 where it is absent or empty. */
int128 redis_field_nano(const redisReply *hash, const char *field);

/* The field, an integer of any size as text. */
int128 redis_field_int(const redisReply *hash, const char *field);

/* Decimal text in nano. */
int128 redis_nano(const char *text);

#endif
