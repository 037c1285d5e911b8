/* The rate limit of one broker, as far as a worker has to do with it. The tokens are in Redis, shared by all workers.
 *
 * Slices take theirs at the gate, with gate.lua. All other calls ask here, and wait. Of every call's reply the broker's
 * own word on its limit is told to Redis, together with the call's id, so that it no longer counts as on its way; what
 * is never told ends by itself after the longest time that a call can take. */
#ifndef MUSTER_RATE_H
#define MUSTER_RATE_H

#include <stdint.h>

#include <event2/event.h>

#include "shared/config.h"
#include "shared/redis_link.h"

/* Longer than any call to the broker can be on its way. */
#define RATE_OUT_MS(config) ((config)->timeout_ms + 2000)

/* What waits for what: lists are calls that tell of many orders. */
enum rate_kind { RATE_SINGLE, RATE_LIST, RATE_KINDS };

/* The broker's word: X-RateLimit-Limit, -Remaining, and how long its minute still is. */
struct rate_said {
	int64_t limit; /* < 0: it does not say */
	int64_t remaining;
	int64_t reset_ms;
};

struct rate;
struct rate_ask; /* a call that waits for its token */

/* Called once, from the loop, when the call may leave. `id` names it for rate_done. */
typedef void rate_fn(uint64_t id, void *arg);

/* `*calls` is the link once it is there; it and `config` are borrowed. `name` makes ids differ from other workers'.
 * Never NULL. */
struct rate *rate_new(struct event_base *base, struct redis_link *const *calls, const struct config_broker *config,
		      const char *name);
/* Asks that still wait are dropped without a word: cancel them first. Only once the link calls back no more. NULL is
 * fine. */
void rate_free(struct rate *rate);

struct rate_ask *rate_ask(struct rate *rate, enum rate_kind kind, rate_fn *fn, void *arg);
void rate_cancel(struct rate_ask *ask); /* NULL is fine */

/* How many asks had to wait for their token so far. */
uint64_t rate_waits(const struct rate *rate);

/* The call has been answered, or will never leave. `said` NULL: the broker said nothing. */
void rate_done(struct rate *rate, uint64_t id, const struct rate_said *said);
/* The same for a slice, named by its client_order_id. */
void rate_done_slice(struct rate *rate, const char *client_order_id, const struct rate_said *said);

#endif
