/* Redis's clock as an API process knows it: asked for once a second and carried on by the monotonic clock. For checks
 * that are made here; whatever decides about windows and leases asks Redis itself, inside a script. */
#ifndef MUSTER_API_REDIS_TIME_H
#define MUSTER_API_REDIS_TIME_H

#include <stdint.h>

#include <event2/event.h>

#include "shared/redis_link.h"

struct redis_time;

/* `read` is borrowed. Never NULL. */
struct redis_time *redis_time_new(struct event_base *base, struct redis_link *read);

/* Only once `read` calls back no more. NULL is fine. */
void redis_time_free(struct redis_time *redis_time);

/* Asks now: the link has come up. */
void redis_time_ask(struct redis_time *redis_time);

/* Milliseconds since 1970; 0 before Redis has told them for the first time. */
int64_t redis_time_now_ms(const struct redis_time *redis_time);

#endif
