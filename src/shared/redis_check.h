/* Is this Redis fit to hold orders? Judged from the text of INFO, which also managed services answer.
 *
 * Messages say what was found and what to change, and can stand as the reason why a link is down. */
#ifndef MUSTER_REDIS_CHECK_H
#define MUSTER_REDIS_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/err.h"

/* Copies the value of `field` out of the text of INFO, cut to `size`; "" where it is not there. Returns `value`. */
char *redis_check_field(const char *info, const char *field, char *value, size_t size);

/* What nothing works without: Redis 7.0 or newer (scripts that declare themselves, exact error texts), done loading. */
bool redis_check_usable(const char *info, struct err *err) MUST_USE;

/* What `redis.durability = strict` asks for: a master, appendonly yes, maxmemory-policy noeviction. */
bool redis_check_durable(const char *info, struct err *err) MUST_USE;

/* What can be lost with this appendfsync although it is allowed; NULL where nothing. */
const char *redis_check_fsync_risk(const char *appendfsync);

#endif
