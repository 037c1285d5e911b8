/* A worker's life: built, up and down with Redis, drained, torn down. All workers are equal; there is no leader. */
#include "worker/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/log.h"

#define DRAIN_MOST_S 10
#define MS_A_SECOND  1000

/* Redis can be used. */
static void on_up(struct redis_link *link, void *arg)
{
	struct worker *worker = arg;

	(void)link;
	worker->was_up = true;
	strangers_look(worker->strangers);
}

void worker_begin(struct worker *worker)
{
	if (worker->is_draining || !redis_link_is_up(worker->calls) ||
	    redis_generation_is_lost(worker->generation, NULL) || worker->has_begun)
		return;
	worker->has_begun = true;
	trade_scheduler_go(worker->scheduler);
	sweeper_go(worker->sweeper);
}

/* Nothing more, until it is known what there is. */
static void worker_rest(struct worker *worker)
{
	worker->has_begun = false;
	trade_scheduler_pause(worker->scheduler);
	sweeper_pause(worker->sweeper);
	worker_drop_blocks(worker);
	worker_check_drained(worker);
}

/* History is lost: what is in hand may belong to it. Or a person has confirmed it. */
static void on_history(struct redis_link *link, void *arg)
{
	struct worker *worker = arg;

	(void)link;
	if (redis_generation_is_lost(worker->generation, NULL))
		worker_rest(worker);
	else
		strangers_look(worker->strangers);
}

/* Redis is gone. What the blocks in hand did last may be stored or not: somebody claims them again and finds out. */
static void on_down(struct redis_link *link, const struct err *why, void *arg)
{
	struct worker *worker = arg;

	strangers_pause(worker->strangers);
	worker_rest(worker);
	if (worker->was_up || !redis_link_is_unfit(link))
		return;
	/* A Redis that may forget what was sent to a broker is refused at the start. */
	log_event(LOG_ERROR, "start_refused", "reason", why->message, "option", "redis.durability", NULL);
	program_stop(worker->program, 1);
}

/* Something is due before its time. */
static void on_wake(struct redis_link *link, const char *channel, const char *text, void *arg)
{
	struct worker *worker = arg;

	(void)link;
	(void)channel;
	if (strcmp(text, "resume") == 0)
		for (size_t i = 0; i < worker->config->broker_count; i++)
			worker->brokers[i]->ops->resume(worker->brokers[i]);
	trade_scheduler_wake(worker->scheduler);
	if (strcmp(text, "halt") == 0 || strcmp(text, "resume") == 0)
		redis_link_recheck(worker->calls);
}

/* We listen again; what was announced meanwhile went unheard. */
static void on_listening(struct redis_link *link, void *arg)
{
	struct worker *worker = arg;

	(void)link;
	trade_scheduler_wake(worker->scheduler);
	if (redis_generation_is_lost(worker->generation, NULL))
		redis_link_recheck(worker->calls);
}

static const struct redis_link_hooks calls_hooks = {.up = on_up, .down = on_down, .history = on_history, .timed = worker_metrics_timed};
static const struct redis_link_hooks wake_hooks = {.up = on_listening, .message = on_wake};

/* Who we are, for people who read the keyspace. */
static void name_worker(struct worker *worker)
{
	if (gethostname(worker->host, sizeof worker->host - 1) != 0)
		(void)snprintf(worker->host, sizeof worker->host, "unknown");
	(void)snprintf(worker->pid, sizeof worker->pid, "%ld", (long)getpid());
	(void)snprintf(worker->name, sizeof worker->name, "%s:%s", worker->host, worker->pid);
	worker->started_at_ms = clock_wall_ms();
}

/* The drain took as long as it may. */
static void on_drain_limit(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;

	(void)fd;
	(void)what;
	if (TAILQ_EMPTY(&worker->in_hand)) {
		program_stop(worker->program, 0);
		return;
	}
	log_event(LOG_WARN, "drain_cut_short", "blocks_in_hand", log_int((long long)worker->in_hand_count), NULL);
	lease_release_all(worker);
}

/* The answer to a halt that was asked for here. */
static void on_halted(const redisReply *reply, const struct err *err, void *arg)
{
	(void)arg;
	if (err)
		log_event(LOG_ERROR, "halt_failed", "reason", err->message, NULL);
	else if (strcmp(reply_text(reply_at(reply, 0)), "halted") == 0)
		log_event(LOG_ERROR, "trading_halted", "code", "credentials", NULL);
}

/* A broker refuses our keys: it is halted for all workers, until somebody has seen to it. */
static void on_credentials(const struct config_broker *config, const struct err *why, void *arg)
{
	struct worker *worker = arg;

	script_args_reset(worker->args);
	script_args_add(worker->args, config->name);
	script_args_add(worker->args, "credentials");
	script_args_add(worker->args, worker->name);
	script_args_add(worker->args, why->message);
	redis_link_script(worker->calls, SCRIPT_HALT, worker->args, on_halted, worker);
}

/* The broker's adapter, with what it tells us and asks us for. */
static void add_broker(struct worker *worker, size_t i)
{
	const struct config_broker *config = &worker->config->brokers[i];
	struct broker *broker = broker_new(worker->base, worker->http, config);

	if (config->rate_per_min > 0)
		worker->rates[i] = rate_new(worker->base, &worker->calls, config, worker->name);
	broker->rate = worker->rates[i];
	broker->credentials = on_credentials;
	broker->credentials_arg = worker;
	worker->brokers[i] = broker;
}

struct worker *worker_new(struct program *program)
{
	struct worker *worker = calloc(1, sizeof *worker);
	char by[sizeof worker->name + 16];

	if (!worker)
		abort();
	worker->program = program;
	worker->base = program_base(program);
	worker->config = program_config(program);
	TAILQ_INIT(&worker->in_hand);
	name_worker(worker);
	worker->args = script_args_new();
	worker->drain_limit = event_new(worker->base, -1, EV_PERSIST, on_drain_limit, worker);
	if (!worker->drain_limit)
		abort();
	worker->metrics = worker_metrics_new(worker);
	worker->http = http_client_new(worker->base);
	for (size_t i = 0; i < worker->config->broker_count; i++)
		add_broker(worker, i);
	worker->scheduler = trade_scheduler_new(worker);
	worker->lease = lease_new(worker);
	worker->sweeper = sweeper_new(worker);
	(void)snprintf(by, sizeof by, "muster-worker %s", worker->name);
	worker->generation = redis_generation_new(by, worker->config->orders.retention_s * MS_A_SECOND);
	worker->strangers = strangers_new(worker);
	worker->calls = redis_link_new(worker->base, worker->config, "calls", NULL, &calls_hooks, worker);
	redis_link_guard(worker->calls, worker->generation);
	worker->wake = redis_link_new(worker->base, worker->config, "wake", "wake", &wake_hooks, worker);
	return worker;
}

void worker_free(struct worker *worker)
{
	worker->is_draining = true; /* answers that come from the freeing begin nothing */
	trade_scheduler_pause(worker->scheduler);
	worker_drop_blocks(worker);
	redis_link_free(worker->wake);
	redis_link_free(worker->calls);
	for (size_t i = 0; i < worker->config->broker_count; i++) {
		broker_free(worker->brokers[i]);
		rate_free(worker->rates[i]);
	}
	http_client_free(worker->http);
	strangers_free(worker->strangers);
	redis_generation_free(worker->generation);
	lease_free(worker->lease);
	sweeper_free(worker->sweeper);
	trade_scheduler_free(worker->scheduler);
	script_args_free(worker->args);
	event_free(worker->drain_limit);
	worker_metrics_free(worker->metrics);
	free(worker);
}

void worker_drain(struct worker *worker)
{
	struct timeval limit = {DRAIN_MOST_S, 0};

	worker->is_draining = true;
	trade_scheduler_pause(worker->scheduler);
	sweeper_pause(worker->sweeper);
	(void)event_add(worker->drain_limit, &limit);
	worker_check_drained(worker);
}

void worker_check_drained(struct worker *worker)
{
	if (worker->is_draining && worker->in_hand_count == 0 && lease_is_quiet(worker->lease) &&
	    trade_scheduler_is_quiet(worker->scheduler))
		program_stop(worker->program, 0);
}

struct broker *worker_broker(const struct worker *worker, const char *name)
{
	for (size_t i = 0; i < worker->config->broker_count; i++)
		if (strcmp(worker->config->brokers[i].name, name) == 0)
			return worker->brokers[i];
	return NULL;
}

void worker_add_block(struct worker *worker, struct block *block)
{
	TAILQ_INSERT_TAIL(&worker->in_hand, block, entry);
	worker->in_hand_count++;
}

void worker_remove_block(struct worker *worker, struct block *block)
{
	TAILQ_REMOVE(&worker->in_hand, block, entry);
	worker->in_hand_count--;
	trade_scheduler_has_room(worker->scheduler);
	worker_check_drained(worker);
}

void worker_drop_blocks(struct worker *worker)
{
	struct block *block;

	while ((block = TAILQ_FIRST(&worker->in_hand)))
		block_drop(block);
}
