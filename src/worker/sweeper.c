/* Orders, blocks and windows expire by themselves; their places in indexes do not. sweep.lua walks those in small steps, and
 * this calls it: at leisure while there is little to take, at once again while there is much. */
#include "worker/sweeper.h"

#include <stdbool.h>
#include <stdlib.h>

#include "shared/log.h"
#include "worker/worker.h"

#define STEP_KEYS 200
#define REST_MS 1000
#define BUSY_REST_MS 20
#define MS_A_SECOND 1000

struct sweeper {
	struct worker *worker;
	struct event *timer;
	bool is_going, is_out;
};

static void sleep_for(struct sweeper *sweeper, int64_t rest_ms)
{
	struct timeval rest = {rest_ms / MS_A_SECOND, rest_ms % MS_A_SECOND * 1000};

	if (sweeper->is_going)
		(void)event_add(sweeper->timer, &rest);
}

/* The reply of sweep.lua: how many entries went. */
static void on_swept(const redisReply *reply, const struct err *err, void *arg)
{
	struct sweeper *sweeper = arg;

	sweeper->is_out = false;
	if (err && err->code == ERR_INTERNAL)
		log_event(LOG_ERROR, "script_failed", "script", "sweep", "reason", err->message, NULL);
	sleep_for(sweeper, !err && reply_int(reply, 0) >= STEP_KEYS ? BUSY_REST_MS : REST_MS);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	struct sweeper *sweeper = arg;
	struct script_args *args = sweeper->worker->args;

	(void)fd;
	(void)what;
	if (sweeper->is_out)
		return;
	sweeper->is_out = true;
	script_args_reset(args);
	script_args_add_int(args, sweeper->worker->config->orders.retention_s * MS_A_SECOND);
	script_args_add_int(args, STEP_KEYS);
	redis_link_script(sweeper->worker->calls, SCRIPT_SWEEP, args, on_swept, sweeper);
}

void sweeper_go(struct sweeper *sweeper)
{
	sweeper->is_going = true;
	sleep_for(sweeper, REST_MS);
}

void sweeper_pause(struct sweeper *sweeper)
{
	sweeper->is_going = false;
	(void)event_del(sweeper->timer);
}

struct sweeper *sweeper_new(struct worker *worker)
{
	struct sweeper *sweeper = calloc(1, sizeof *sweeper);

	if (!sweeper)
		abort();
	sweeper->worker = worker;
	sweeper->timer = evtimer_new(worker->base, on_time, sweeper);
	if (!sweeper->timer)
		abort();
	return sweeper;
}

void sweeper_free(struct sweeper *sweeper)
{
	if (!sweeper)
		return;
	event_free(sweeper->timer);
	free(sweeper);
}
