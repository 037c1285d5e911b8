/* A block is ours as long as Redis says so: what a renewal does not confirm is dropped, whatever it was doing. */
#include "worker/lease.h"

#include <stdlib.h>

#include "shared/clock.h"
#include "shared/fault.h"
#include "shared/log.h"
#include "worker/worker.h"

#define RENEWALS_A_LEASE 3
#define BLOCKS_A_CALL 256
#define US_A_MS 1000

struct lease {
	struct worker *worker;
	struct event *timer;
	unsigned releases_out;
};

/* One renewal that is out, with references to its blocks. */
struct renewal {
	int64_t sent_us;
	size_t count;
	struct block *blocks[BLOCKS_A_CALL];
};

/* Redis says which of the blocks are still ours. */
static void on_renewed(const redisReply *reply, const struct err *err, void *arg)
{
	struct renewal *renewal = arg;

	for (size_t i = 0; i < renewal->count; i++) {
		struct block *block = renewal->blocks[i];
		int64_t ends_us = renewal->sent_us + block->worker->config->worker.lease_ms * US_A_MS;

		if (!err && !block->is_dropped) {
			if (reply_int(reply_at(reply, i), 0) == 1) {
				block->lease_ends_us = ends_us > block->lease_ends_us ? ends_us : block->lease_ends_us;
			} else {
				log_event(LOG_INFO, "block_lost", "block_id", block->id, "why", "its lease was not renewed",
					  NULL);
				block_drop(block);
			}
		}
		block_let_go(block);
	}
	free(renewal);
}

/* Renews up to BLOCKS_A_CALL blocks from this one on; returns the first that is left. */
static struct block *renew_some(struct worker *worker, struct block *block)
{
	struct renewal *renewal = malloc(sizeof *renewal);
	struct script_args *args = worker->args;

	if (!renewal)
		abort();
	renewal->sent_us = clock_monotonic_us();
	renewal->count = 0;
	script_args_reset(args);
	script_args_add_int(args, worker->config->worker.lease_ms);
	for (; block && renewal->count < BLOCKS_A_CALL; block = TAILQ_NEXT(block, entry)) {
		script_args_add(args, block->id);
		script_args_add(args, block->fence);
		block_hold(block);
		renewal->blocks[renewal->count++] = block;
	}
	redis_link_script(worker->calls, SCRIPT_RENEW, args, on_renewed, renewal);
	return block;
}

/* The timer. */
static void on_time(evutil_socket_t fd, short what, void *arg)
{
	struct lease *lease = arg;
	struct block *block = TAILQ_FIRST(&lease->worker->in_hand);

	(void)fd;
	(void)what;
	while (block)
		block = renew_some(lease->worker, block);
}

struct lease *lease_new(struct worker *worker)
{
	struct lease *lease = calloc(1, sizeof *lease);
	int64_t period_us = worker->config->worker.lease_ms * US_A_MS / RENEWALS_A_LEASE;
	struct timeval period = {period_us / 1000000, period_us % 1000000};

	if (!lease)
		abort();
	lease->worker = worker;
	lease->timer = event_new(worker->base, -1, EV_PERSIST, on_time, lease);
	if (!lease->timer || event_add(lease->timer, &period) != 0)
		abort();
	return lease;
}

void lease_free(struct lease *lease)
{
	if (!lease)
		return;
	event_free(lease->timer);
	free(lease);
}

/* Given back, or not: then the lease ends by itself. */
static void on_released(const redisReply *reply, const struct err *err, void *arg)
{
	struct worker *worker = arg;

	(void)reply;
	(void)err;
	FAULT_POINT(RELEASED, NULL);
	worker->lease->releases_out--;
	worker_check_drained(worker);
}

/* Sends what `args` has collected. */
static void send_release(struct worker *worker, const struct script_args *args)
{
	worker->lease->releases_out++;
	FAULT_POINT(RELEASE_READY, NULL);
	redis_link_script(worker->calls, SCRIPT_RELEASE, args, on_released, worker);
}

void lease_release(struct block *block, int64_t pause_ms)
{
	struct script_args *args = block->worker->args;

	script_args_reset(args);
	script_args_add_int(args, pause_ms);
	script_args_add(args, block->id);
	script_args_add(args, block->fence);
	send_release(block->worker, args);
	block_drop(block);
}

void lease_release_all(struct worker *worker)
{
	struct script_args *args = worker->args;
	struct block *block;

	if (TAILQ_EMPTY(&worker->in_hand))
		return;
	script_args_reset(args);
	script_args_add_int(args, 0);
	TAILQ_FOREACH (block, &worker->in_hand, entry) {
		script_args_add(args, block->id);
		script_args_add(args, block->fence);
	}
	send_release(worker, args);
	worker_drop_blocks(worker);
}

bool lease_is_quiet(const struct lease *lease)
{
	return lease->releases_out == 0;
}
