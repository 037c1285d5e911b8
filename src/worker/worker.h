/* What one worker process consists of. Handed down to everything in it; nothing here outlives the process in
 * importance: all that matters is in Redis. */
#ifndef MUSTER_WORKER_H
#define MUSTER_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

#include "shared/program.h"
#include "shared/redis_generation.h"
#include "shared/redis_link.h"
#include "worker/block.h"
#include "worker/broker.h"
#include "worker/http_client.h"
#include "worker/lease.h"
#include "worker/log_limit.h"
#include "worker/rate.h"
#include "worker/strangers.h"
#include "worker/sweeper.h"
#include "worker/trade_scheduler.h"
#include "worker/worker_metrics.h"

struct worker {
	struct program *program;
	struct event_base *base;
	const struct config *config;
	struct redis_generation *generation; /* what Redis is held against before it is worked with */
	struct strangers *strangers;
	struct redis_link *calls; /* every script */
	struct redis_link *wake;  /* listens */
	struct script_args *args; /* scratch: filled and sent within one function */
	struct worker_metrics *metrics;
	struct http_client *http;
	struct broker *brokers[CONFIG_BROKERS_MAX]; /* as in config->brokers */
	struct rate *rates[CONFIG_BROKERS_MAX];	    /* NULL where a broker has no limit */
	struct trade_scheduler *scheduler;
	struct lease *lease;
	struct sweeper *sweeper;
	struct block_list in_hand;
	size_t in_hand_count;
	char name[320]; /* HOST:PID */
	char host[256];
	char pid[24];
	int64_t started_at_ms; /* the host's clock: for people */
	bool is_draining;
	bool has_begun; /* work goes on */
	bool was_up; /* Redis could be used at least once */
	struct event *drain_limit;
	struct log_limit halted_limit, unknown_limit, follow_limit, fills_limit;
};

/* Starts to connect; work begins when Redis is there. Never NULL. */
struct worker *worker_new(struct program *program);
void worker_free(struct worker *worker);

/* Redis and the brokers agree about what there is: work begins, unless history is lost. Again and again is fine. */
void worker_begin(struct worker *worker);

/* Claims nothing more, brings the blocks in hand to their next record, gives them back, and stops the program. */
void worker_drain(struct worker *worker);

/* Stops the program once a drain has nothing left to wait for. */
void worker_check_drained(struct worker *worker);

/* The broker of that name; NULL where it is not configured here. */
struct broker *worker_broker(const struct worker *worker, const char *name);

/* For block.c: the list of blocks in hand. */
void worker_add_block(struct worker *worker, struct block *block);
void worker_remove_block(struct worker *worker, struct block *block);

/* Forgets all blocks in hand; their leases end by themselves. */
void worker_drop_blocks(struct worker *worker);

#endif
