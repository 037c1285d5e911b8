/* See strangers.h. One look at a time for each broker; what comes late is taken all the same, for a broker's list is as
 * good as it was. */
#include "worker/strangers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/log.h"
#include "worker/worker.h"

#define RETRY_MS     2000
#define AGAIN_MS     200 /* a list that shows a stranger is asked for again: it may be spoiled */
#define BACK_MOST_MS INT64_C(86400000)
#define MS_A_SECOND  1000

/* One broker. */
struct look {
	struct strangers *strangers;
	size_t broker; /* index */
	bool is_out, is_done;
	char suspect[BROKER_ID_SIZE]; /* what Redis did not know at the last look; "": nothing */
};

struct strangers {
	struct worker *worker;
	struct event *retry;
	char replication_id[48]; /* of the Redis that was looked at */
	struct look looks[CONFIG_BROKERS_MAX];
};

/* One look has ended. */
static void look_end(struct look *look, bool is_done)
{
	int64_t pause_ms = look->suspect[0] ? AGAIN_MS : RETRY_MS;
	const struct timeval pause = {pause_ms / MS_A_SECOND, pause_ms % MS_A_SECOND * 1000};
	struct strangers *strangers = look->strangers;

	look->is_out = false;
	look->is_done = is_done;
	if (!is_done)
		(void)event_add(strangers->retry, &pause);
	for (size_t i = 0; i < strangers->worker->config->broker_count; i++)
		if (strangers->looks[i].is_out)
			return;
	worker_begin(strangers->worker);
}

/* What strangers.lua says. */
static void on_compared(const redisReply *reply, const struct err *err, void *arg)
{
	struct look *look = arg;
	struct worker *worker = look->strangers->worker;
	const char *word = err ? "" : reply_text(reply_at(reply, 0));

	look->suspect[0] = '\0';
	if (strcmp(word, "suspects") == 0)
		(void)snprintf(look->suspect, sizeof look->suspect, "%s", reply_text(reply_at(reply, 2)));
	if (strcmp(word, "strangers") == 0) {
		log_event(LOG_ERROR, "unknown_orders_at_broker", "broker", worker->config->brokers[look->broker].name,
			  "orders", log_int(reply_int(reply_at(reply, 1), 0)), "one_of_them",
			  reply_text(reply_at(reply, 2)), NULL);
		redis_generation_lose(worker->generation, "a broker shows orders that Redis does not know");
		redis_link_recheck(worker->calls);
	}
	look_end(look, !err && !look->suspect[0]);
}

/* What the broker shows. */
static void on_listed(const struct broker_listed *orders, size_t count, const struct err *err, void *arg)
{
	struct look *look = arg;
	struct worker *worker = look->strangers->worker;
	const char *name = worker->config->brokers[look->broker].name;

	if (err) {
		log_event(LOG_WARN, "broker_not_asked", "broker", name, "why", err->message, "what",
			  "whether it has orders that Redis does not know; nothing is sent to it before", NULL);
		look_end(look, false);
		return;
	}
	script_args_reset(worker->args);
	script_args_add(worker->args, redis_generation_by(worker->generation));
	script_args_add(worker->args, name);
	script_args_add(worker->args, look->suspect);
	for (size_t i = 0; i < count; i++) {
		script_args_add(worker->args, orders[i].client_order_id);
		script_args_add_int(worker->args, orders[i].submitted_at_ms);
	}
	redis_link_script(worker->calls, SCRIPT_STRANGERS, worker->args, on_compared, look);
}

/* Asks the broker, unless it has answered or is being asked. Slices are kept for orders.retention_s after their end, so
 * whatever was sent in half that time must be known. */
static void look_start(struct look *look)
{
	struct worker *worker = look->strangers->worker;
	struct broker *broker = worker->brokers[look->broker];
	int64_t back_ms = worker->config->orders.retention_s * MS_A_SECOND / 2;
	int64_t since_ms =
	    redis_generation_now_ms(worker->generation) - (back_ms < BACK_MOST_MS ? back_ms : BACK_MOST_MS);

	if (look->is_done || look->is_out)
		return;
	look->is_done = !broker->ops->list;
	look->is_out = !look->is_done;
	if (look->is_out)
		broker->ops->list(broker, since_ms > 0 ? since_ms : 0, on_listed, look);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct strangers *strangers = arg;

	(void)fd, (void)what;
	for (size_t i = 0; i < strangers->worker->config->broker_count; i++)
		look_start(&strangers->looks[i]);
}

void strangers_look(struct strangers *strangers)
{
	const char *replication_id = redis_link_replication_id(strangers->worker->calls);
	bool is_same = *replication_id && strcmp(replication_id, strangers->replication_id) == 0;
	bool is_out = false;

	(void)snprintf(strangers->replication_id, sizeof strangers->replication_id, "%s", replication_id);
	for (size_t i = 0; i < strangers->worker->config->broker_count; i++) {
		strangers->looks[i].is_done = strangers->looks[i].is_done && is_same;
		look_start(&strangers->looks[i]);
		is_out = is_out || strangers->looks[i].is_out;
	}
	if (!is_out)
		worker_begin(strangers->worker);
}

void strangers_pause(struct strangers *strangers)
{
	(void)event_del(strangers->retry);
}

bool strangers_have_been_sought(const struct strangers *strangers, const struct broker *broker)
{
	for (size_t i = 0; i < strangers->worker->config->broker_count; i++)
		if (strangers->worker->brokers[i] == broker)
			return strangers->looks[i].is_done;
	return false;
}

struct strangers *strangers_new(struct worker *worker)
{
	struct strangers *strangers = calloc(1, sizeof *strangers);

	if (!strangers)
		abort();
	strangers->worker = worker;
	for (size_t i = 0; i < CONFIG_BROKERS_MAX; i++)
		strangers->looks[i] = (struct look){.strangers = strangers, .broker = i};
	strangers->retry = evtimer_new(worker->base, on_retry, strangers);
	if (!strangers->retry)
		abort();
	return strangers;
}

void strangers_free(struct strangers *strangers)
{
	if (!strangers)
		return;
	event_free(strangers->retry);
	free(strangers);
}
