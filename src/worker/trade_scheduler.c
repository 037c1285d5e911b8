/* Two loops over one timer. Sealing goes a chunk a call, and a claim goes out behind each chunk, so that the first blocks
 * of a large window are on their way to the broker while the last ones are still being sealed. */
#include "worker/trade_scheduler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/fault.h"
#include "shared/ids.h"
#include "shared/log.h"
#include "worker/order_aggregation.h"
#include "worker/worker.h"

#define SEAL_GROUPS 50
#define SEALED_WORDS 6 /* of seal.lua's reply, before the blocks */
#define CLAIM_MOST 16
#define ATTEMPTS_MAX 5
#define DEPLOYMENT_ID_LENGTH 6
#define DEAF_POLL_MS 100
#define US_A_MS 1000
#define US_A_SECOND 1000000
#define MS_A_SECOND 1000
/* Blocks that leave hand or fall due within this share one claim. */
#define COALESCE_US 500

struct trade_scheduler {
	struct worker *worker;
	struct event *timer;
	bool is_going;	   /* Redis is there and the deployment has a name */
	bool is_seal_out;
	bool is_claim_out;
	bool is_woken;	   /* while a seal or claim was out: its answer may be too old */
	int64_t seal_us;   /* when to seal next; all on the monotonic clock */
	int64_t claim_us;  /* when to claim next */
	int64_t beat_us;   /* when Redis must hear of us, room or not */
	int64_t claim_sent_us;
	int64_t claim_most; /* asked for by the claim that is out */
	int64_t late_ms;    /* of the window being sealed: at its first chunk */
};

static void plan(struct trade_scheduler *scheduler);

/* How many more blocks may be taken in hand. */
static int64_t room(const struct trade_scheduler *scheduler)
{
	return scheduler->worker->config->worker.concurrency - (int64_t)scheduler->worker->in_hand_count;
}

/* The longest sleep. While we do not hear what is announced we look more often. */
static int64_t poll_us(const struct trade_scheduler *scheduler)
{
	int64_t poll_ms = scheduler->worker->config->worker.poll_ms;

	if (poll_ms > DEAF_POLL_MS && !redis_link_is_up(scheduler->worker->wake))
		poll_ms = DEAF_POLL_MS;
	return poll_ms * US_A_MS;
}

/* A moment that Redis gave as "in `in_ms`" (< 0: nothing is planned), at most a poll away. */
static int64_t moment_us(const struct trade_scheduler *scheduler, int64_t in_ms)
{
	int64_t wait_us = in_ms < 0 || in_ms * US_A_MS > poll_us(scheduler) ? poll_us(scheduler) : in_ms * US_A_MS;

	return clock_monotonic_us() + wait_us;
}

/* A call failed: the next try is at the next poll, unless Redis comes back first. */
static void tell_failure(const char *script, const struct err *err)
{
	if (err->code == ERR_INTERNAL)
		log_event(LOG_ERROR, "script_failed", "script", script, "reason", err->message, NULL);
}

/* Says which blocks the groups of a window have become: these, of one chunk. */
static void log_blocks(const redisReply *reply)
{
	char ids[SEAL_GROUPS * BLOCK_ID_SIZE] = "";
	size_t length = 0;

	for (size_t i = SEALED_WORDS; i < reply->elements; i++) {
		int more = snprintf(ids + length, sizeof ids - length, "%s%s", length ? "," : "",
				    reply_text(reply_at(reply, i)));

		if (more < 0 || (size_t)more >= sizeof ids - length)
			break; /* no id is as long */
		length += (size_t)more;
	}
	if (length > 0)
		log_event(LOG_INFO, "blocks_sealed", "window_id", reply_text(reply_at(reply, 1)), "block_ids", ids, NULL);
}

/* sealing|sealed WINDOW LANE LATE_MS SEALED GROUPS BLOCK ... */
static void note_sealed(struct trade_scheduler *scheduler, const redisReply *reply)
{
	int64_t late_ms = reply_int(reply_at(reply, 3), 0);

	if (reply_int(reply_at(reply, 4), 0) <= SEAL_GROUPS)
		scheduler->late_ms = late_ms;
	log_blocks(reply);
	if (strcmp(reply_text(reply_at(reply, 0)), "sealed") != 0)
		return;
	worker_metrics_sealed(scheduler->worker->metrics, reply_text(reply_at(reply, 2)));
	log_event(LOG_INFO, "window_sealed", "window_id", reply_text(reply_at(reply, 1)), "lane",
			  reply_text(reply_at(reply, 2)), "late_ms", log_int(scheduler->late_ms), "took_ms",
			  log_int(late_ms - scheduler->late_ms), "groups", log_int(reply_int(reply_at(reply, 5), 0)), NULL);
}

/* The reply of seal.lua. */
static void on_sealed(const redisReply *reply, const struct err *err, void *arg)
{
	struct trade_scheduler *scheduler = arg;

	scheduler->is_seal_out = false;
	if (err) {
		tell_failure("seal", err);
		scheduler->seal_us = moment_us(scheduler, -1);
	} else if (strcmp(reply_text(reply_at(reply, 0)), "idle") == 0) {
		scheduler->seal_us = scheduler->is_woken ? 0 : moment_us(scheduler, reply_int(reply_at(reply, 1), -1));
		scheduler->is_woken = false;
	} else {
		FAULT_POINT(SEALED, NULL);
		note_sealed(scheduler, reply);
		scheduler->seal_us = 0;
		scheduler->claim_us = 0;
	}
	plan(scheduler);
}

/* Seals a chunk of the window that is due. */
static void send_seal(struct trade_scheduler *scheduler)
{
	struct script_args *args = scheduler->worker->args;

	scheduler->is_seal_out = true;
	script_args_reset(args);
	script_args_add_int(args, SEAL_GROUPS);
	script_args_add_int(args, scheduler->worker->config->orders.retention_s * MS_A_SECOND);
	FAULT_POINT(SEAL_READY, NULL);
	redis_link_script(scheduler->worker->calls, SCRIPT_SEAL, args, on_sealed, scheduler);
}

/* A block is in a worker's hand for the first time, or in another's than the one that has lost it. Those that come back
 * after a pause are silent: thousands of them may wait. */
static void log_taken(const struct block *block, bool was_lost)
{
	char quantity[DECIMAL_TEXT];

	if (!was_lost && strcmp(block->fence, "1") != 0)
		return;
	log_event(LOG_INFO, was_lost ? "block_taken_over" : "block_taken", "block_id", block->id, "window_id",
		  block->window_id, "symbol", block->symbol, "side", block->is_sell ? "sell" : "buy", "orders",
		  log_int(block->orders), "quantity", decimal_format(block->quantity_nano, quantity), "status",
		  block_status_word(block->status), "fence", block->fence, NULL);
}

/* Takes the claimed blocks in hand. */
static void take_blocks(struct trade_scheduler *scheduler, const redisReply *reply)
{
	int64_t lease_ends_us = scheduler->claim_sent_us + scheduler->worker->config->worker.lease_ms * US_A_MS;

	FAULT_POINT(CLAIMED, NULL);
	for (size_t i = 2; i < reply->elements; i++) {
		bool was_lost = strcmp(reply_text(reply_at(reply_at(reply, i), 3)), "lost") == 0;
		struct err err;
		struct block *block = block_new(scheduler->worker, reply_at(reply, i), &err);

		if (!block) {
			log_event(LOG_ERROR, "block_failed", "reason", err.message, NULL);
			continue;
		}
		block->lease_ends_us = lease_ends_us;
		worker_metrics_claimed(block, was_lost);
		log_taken(block, was_lost);
		order_aggregation_start(block);
	}
}

/* The reply of claim.lua: NEXT_IN_MS DEPLOYMENT, then blocks. */
static void on_claimed(const redisReply *reply, const struct err *err, void *arg)
{
	struct trade_scheduler *scheduler = arg;
	int64_t claimed = err ? 0 : (int64_t)reply->elements - 2;
	bool is_full = scheduler->claim_most > 0 && claimed >= scheduler->claim_most;
	int64_t expected_us = scheduler->claim_us;

	scheduler->is_claim_out = false;
	if (err) {
		tell_failure("claim", err);
		scheduler->claim_us = moment_us(scheduler, -1);
	} else {
		int64_t next_us = is_full ? 0 : moment_us(scheduler, reply_int(reply_at(reply, 0), -1));

		/* Blocks that we have given away since the claim was sent may be due before what it says. */
		scheduler->claim_us = next_us < expected_us ? next_us : expected_us;
	}
	if (!err && !*reply_text(reply_at(reply, 1)))
		redis_link_recheck(scheduler->worker->calls); /* it has been emptied under our hands */
	if (claimed > 0)
		take_blocks(scheduler, reply);
	plan(scheduler);
	worker_check_drained(scheduler->worker);
}

/* Claims what there is room for; without room it only says that we are alive. */
static void send_claim(struct trade_scheduler *scheduler)
{
	struct worker *worker = scheduler->worker;
	struct script_args *args = worker->args;
	int64_t most = room(scheduler) < CLAIM_MOST ? room(scheduler) : CLAIM_MOST;

	scheduler->is_claim_out = true;
	scheduler->claim_most = most > 0 ? most : 0;
	scheduler->claim_sent_us = clock_monotonic_us();
	scheduler->beat_us = scheduler->claim_sent_us + poll_us(scheduler);
	if (most > 0)
		scheduler->claim_us = scheduler->beat_us;
	script_args_reset(args);
	script_args_add(args, worker->name);
	script_args_add_int(args, worker->config->worker.lease_ms);
	script_args_add_int(args, scheduler->claim_most);
	script_args_add(args, worker->host);
	script_args_add(args, worker->pid);
	script_args_add_int(args, (int64_t)worker->in_hand_count);
	script_args_add_int(args, worker->started_at_ms);
	script_args_add_int(args, ATTEMPTS_MAX);
	FAULT_POINT(CLAIM_READY, NULL);
	redis_link_script(worker->calls, SCRIPT_CLAIM, args, on_claimed, scheduler);
}

/* Makes the calls whose time has come. The seal goes first, so that the claim behind it finds its blocks. */
static void look(struct trade_scheduler *scheduler)
{
	int64_t now_us = clock_monotonic_us();

	if (!scheduler->is_going)
		return;
	if (!scheduler->is_seal_out && now_us >= scheduler->seal_us) {
		send_seal(scheduler);
		scheduler->claim_us = 0;
	}
	if (!scheduler->is_claim_out &&
	    ((room(scheduler) > 0 && now_us >= scheduler->claim_us) || now_us >= scheduler->beat_us))
		send_claim(scheduler);
	plan(scheduler);
}

/* The timer. */
static void on_time(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	look(arg);
}

/* Sets the timer to the next moment at which there is something to do. */
static void plan(struct trade_scheduler *scheduler)
{
	int64_t now_us = clock_monotonic_us();
	int64_t next_us = now_us + poll_us(scheduler);
	struct timeval delay;

	if (!scheduler->is_going)
		return;
	if (!scheduler->is_seal_out && scheduler->seal_us < next_us)
		next_us = scheduler->seal_us;
	if (!scheduler->is_claim_out) {
		int64_t claim_us = room(scheduler) > 0 ? scheduler->claim_us : scheduler->beat_us;

		next_us = claim_us < next_us ? claim_us : next_us;
	}
	next_us = next_us > now_us ? next_us - now_us : 0;
	delay = (struct timeval){next_us / US_A_SECOND, next_us % US_A_SECOND};
	(void)event_add(scheduler->timer, &delay);
}

/* The reply of open.lua: ID CREATED_AT. */
static void on_opened(const redisReply *reply, const struct err *err, void *arg)
{
	struct trade_scheduler *scheduler = arg;

	if (err) {
		tell_failure("open", err);
		return; /* not going; Redis coming up again brings us back here */
	}
	log_event(LOG_INFO, "scheduler_going", "deployment", reply_text(reply_at(reply, 0)), "worker",
		  scheduler->worker->name, NULL);
	if (redis_generation_is_lost(scheduler->worker->generation, NULL))
		return;
	redis_link_recheck(scheduler->worker->calls); /* it has a name now, which is to be remembered */
	scheduler->is_going = !scheduler->worker->is_draining;
	trade_scheduler_wake(scheduler);
}

void trade_scheduler_go(struct trade_scheduler *scheduler)
{
	struct script_args *args = scheduler->worker->args;
	char id[QUEUE_ID_LENGTH + 1];

	ids_queue_id_random(id);
	script_args_reset(args);
	script_args_add_bytes(args, id, DEPLOYMENT_ID_LENGTH);
	redis_link_script(scheduler->worker->calls, SCRIPT_OPEN, args, on_opened, scheduler);
}

void trade_scheduler_pause(struct trade_scheduler *scheduler)
{
	scheduler->is_going = false;
	(void)event_del(scheduler->timer);
}

void trade_scheduler_wake(struct trade_scheduler *scheduler)
{
	scheduler->is_woken = scheduler->is_seal_out;
	scheduler->seal_us = 0;
	scheduler->claim_us = 0;
	plan(scheduler);
}

void trade_scheduler_expect(struct trade_scheduler *scheduler, int64_t in_ms)
{
	int64_t due_us = moment_us(scheduler, in_ms) + COALESCE_US;

	if (due_us < scheduler->claim_us)
		scheduler->claim_us = due_us;
	plan(scheduler);
}

void trade_scheduler_has_room(struct trade_scheduler *scheduler)
{
	int64_t soon_us = clock_monotonic_us() + COALESCE_US;

	/* What was due while there was no room waits a little for more room, so that one claim fills it. */
	if (scheduler->claim_us < soon_us && !scheduler->is_claim_out && room(scheduler) < CLAIM_MOST)
		scheduler->claim_us = soon_us;
	plan(scheduler);
}

bool trade_scheduler_is_quiet(const struct trade_scheduler *scheduler)
{
	return !scheduler->is_claim_out;
}

struct trade_scheduler *trade_scheduler_new(struct worker *worker)
{
	struct trade_scheduler *scheduler = calloc(1, sizeof *scheduler);

	if (!scheduler)
		abort();
	scheduler->worker = worker;
	scheduler->timer = evtimer_new(worker->base, on_time, scheduler);
	if (!scheduler->timer)
		abort();
	return scheduler;
}

void trade_scheduler_free(struct trade_scheduler *scheduler)
{
	if (!scheduler)
		return;
	event_free(scheduler->timer);
	free(scheduler);
}
