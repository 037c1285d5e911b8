/* Fields of one hash (or of one entry of a stream) as they were read, with whose they are: a number that is none is a
 * violation, told with its key. */
#ifndef MUSTER_AUDIT_HASH_H
#define MUSTER_AUDIT_HASH_H

#include <hiredis/hiredis.h>

#include "audit/state.h"

struct audit_hash {
	struct audit *audit;
	const char *kind, *id;	 /* "order", its id: for messages */
	const redisReply *reply; /* field, value, ... */
};

/* Whether there is anything. A key of a wrong type is reported, and counts as nothing. */
bool audit_hash_is_there(const struct audit_hash *hash);

/* A copy; "" where there is no such field. */
const char *audit_hash_text(const struct audit_hash *hash, const char *field);

/* 0 where there is no such field, or it is empty. */
int128 audit_hash_nano(const struct audit_hash *hash, const char *field); /* of decimal text */
int128 audit_hash_integer(const struct audit_hash *hash, const char *field);
int64_t audit_hash_int(const struct audit_hash *hash, const char *field);

/* Of a PTTL's reply. */
int64_t audit_ttl(const redisReply *reply);

#endif
