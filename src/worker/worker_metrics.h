/* A worker's own numbers (shared/metrics.h), and the small listener that shows them: worker.metrics_listen. */
#ifndef MUSTER_WORKER_METRICS_H
#define MUSTER_WORKER_METRICS_H

#include "shared/redis_link.h"
#include "shared/status.h"
#include "worker/broker.h"
#include "worker/slice.h"

struct worker;
struct block;
struct worker_metrics;

/* With the labels of this configuration. Never NULL. */
struct worker_metrics *worker_metrics_new(struct worker *worker);
void worker_metrics_free(struct worker_metrics *metrics);

/* Opens the listener, where one is configured. */
bool worker_metrics_listen(struct worker_metrics *metrics, struct err *err) MUST_USE;

/* For the redis link: how long a script took. `arg` is the worker. */
void worker_metrics_timed(enum script_id script, int64_t took_us, void *arg);

/* A window is sealed. */
void worker_metrics_sealed(struct worker_metrics *metrics, const char *lane);
/* The block was claimed; `is_lost`: from a worker that let its lease run out. */
void worker_metrics_claimed(const struct block *block, bool is_lost);
/* All orders of the block, or so many of them, have come into this status. */
void worker_metrics_orders(const struct block *block, enum order_status status, int64_t count);
void worker_metrics_fence_refused(const struct block *block);
void worker_metrics_review(const struct block *block);
/* A call to the broker was answered: the slice's `result` is set, its `asked_us` says since when. */
void worker_metrics_called(const struct slice *slice);
void worker_metrics_ambiguous(const struct slice *slice);
/* The gate let nothing of the block through, because of the broker's rate. */
void worker_metrics_rate_wait(const struct block *block);
/* The reply of finish.lua, times by Redis's clock. */
void worker_metrics_finished(const struct block *block, const redisReply *reply);

#endif
