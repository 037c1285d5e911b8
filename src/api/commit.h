/* Group commit: the orders of all requests that arrive together go to Redis in one script call.
 *
 * While batches are out, the next one fills; each request is answered when its batch is acknowledged (by replicas too,
 * where redis.min_replicas asks for it). So the cost of a round trip is shared by all who wait for it, and a lone
 * request waits for nobody. */
#ifndef MUSTER_API_COMMIT_H
#define MUSTER_API_COMMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event.h>

#include "api/route.h"
#include "api/sizing.h"
#include "shared/config.h"
#include "shared/err.h"
#include "shared/redis_link.h"

struct commit;
struct metrics;

enum commit_result {
	COMMIT_QUEUED,	   /* stored */
	COMMIT_REPLAYED,   /* was stored before, with this digest */
	COMMIT_CONFLICT,   /* was stored before, with another digest */
	COMMIT_OVER_CAP,   /* it would break a cap; nothing is stored */
	COMMIT_BAD_WINDOW, /* there is no window for it; nothing is stored */
};

/* What became of a request. */
struct commit_outcome {
	enum commit_result result;
	int64_t arrival_us;	    /* COMMIT_QUEUED: of the first order; the next ones follow by a microsecond */
	struct route_place refusal; /* COMMIT_BAD_WINDOW: why_not */
	long order;		    /* COMMIT_OVER_CAP: which of its orders would; -1: all together */
	char why[240];		    /* COMMIT_OVER_CAP */
};

struct commit_request;

/* `err` is NULL where the request's outcome tells what became of it; else ERR_REDIS_UNAVAILABLE (nothing is stored) or
 * ERR_OUTCOME_UNKNOWN (it may be). */
typedef void commit_fn(struct commit_request *request, const struct err *err);

/* A request on its way. The caller fills the first part, keeps it and all it points to until `fn` has been called, and
 * may free it in there. */
struct commit_request {
	const char *queue_id, *user_id, *smallcase_id;
	const char *digest;    /* of the body; "" without an Idempotency-Key */
	struct routes *routes; /* with the wishes; their places are filled in where it is queued */
	const struct sized_order *orders;
	size_t order_count;
	commit_fn *fn;
	void *arg;

	struct commit_outcome outcome;
	STAILQ_ENTRY(commit_request) entry;
	int64_t deadline_us;
};

/* All are borrowed. Never NULL. */
struct commit *commit_new(struct event_base *base, const struct config *config, struct redis_link *write,
			  struct metrics *metrics);

/* Orders that wait for a batch. */
size_t commit_waiting(const struct commit *commit);

/* Only once `write` calls back no more. Requests that still wait get ERR_REDIS_UNAVAILABLE. NULL is fine. */
void commit_free(struct commit *commit);

/* Calls request->fn once, never from inside. false (and no call) where too much waits already: ERR_REDIS_UNAVAILABLE.
 */
bool commit_put(struct commit *commit, struct commit_request *request, struct err *err) MUST_USE;

#endif
