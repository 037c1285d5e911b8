/* Storing the orders of a bulk call in its private window, a chunk at a time. */
#ifndef MUSTER_API_BULK_STORE_H
#define MUSTER_API_BULK_STORE_H

#include "api/bulk_body.h"
#include "api/idempotency.h"
#include "shared/err.h"

struct app;

/* `err` is NULL where all is stored and acknowledged. ERR_IDEMPOTENCY_CONFLICT: another body is stored under this
 * queue_id. ERR_REDIS_UNAVAILABLE: it is not stored, or only in part, which will never be executed unless it is
 * completed. ERR_OUTCOME_UNKNOWN: all of it may be stored. */
typedef void bulk_store_fn(const struct err *err, void *arg);

struct bulk_store_source {
	struct app *app;
	const struct bulk_body *body;
	const struct idempotency *idempotency;
};

/* Calls `fn` once, never from inside; what `source` points to is borrowed until then. */
void bulk_store(const struct bulk_store_source *source, bulk_store_fn *fn, void *arg);

#endif
