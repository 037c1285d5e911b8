/* One script call at a time: what comes meanwhile goes with the next. So the more calls there are, the more of them
 * share one question. */
#include "worker/rate.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "shared/clock.h"
#include "shared/log.h"

#define DONE_MOST    64	 /* ids of answered calls that go with one question */
#define RETRY_MS     250 /* after a failure */
#define ID_TEXT_SIZE 352

struct rate_ask {
	TAILQ_ENTRY(rate_ask) entry;
	struct rate *rate;
	enum rate_kind kind;
	uint64_t id;
	bool is_out; /* in the question that is out */
	bool has_waited;
	rate_fn *fn;
	void *arg;
};
TAILQ_HEAD(rate_asks, rate_ask);

struct done {
	STAILQ_ENTRY(done) entry;
	char id[ID_TEXT_SIZE];
};
STAILQ_HEAD(done_list, done);

struct rate {
	struct redis_link *const *calls;
	const struct config_broker *config;
	const char *name;
	struct script_args *args;
	struct event *timer;
	int64_t planned_us; /* when the timer comes, on the monotonic clock */
	struct rate_asks asks[RATE_KINDS];
	struct done_list done;
	uint64_t last_id;
	uint64_t waits; /* asks that got no token at once */
	bool is_out;
	bool has_said; /* something that Redis does not know */
	struct rate_said said;
};

/* Asks in that many milliseconds, or earlier where that is planned already. */
static void plan(struct rate *rate, int64_t in_ms)
{
	struct timeval delay = {in_ms / 1000, in_ms % 1000 * 1000};
	int64_t at_us = clock_monotonic_us() + in_ms * 1000;

	if (rate->is_out || (event_pending(rate->timer, EV_TIMEOUT, NULL) && rate->planned_us <= at_us))
		return;
	rate->planned_us = at_us;
	(void)event_add(rate->timer, &delay);
}

/* An id as Redis knows it. */
static const char *id_text(const struct rate *rate, uint64_t id, char *text)
{
	(void)snprintf(text, ID_TEXT_SIZE, "%s:%llu", rate->name, (unsigned long long)id);
	return text;
}

/* Lets the first `count` of those that were asked for go. */
static void grant(struct rate *rate, enum rate_kind kind, int64_t count)
{
	struct rate_ask *ask;

	while (count-- > 0 && (ask = TAILQ_FIRST(&rate->asks[kind]))) {
		rate_fn *fn = ask->fn;
		void *arg = ask->arg;
		uint64_t id = ask->id;

		TAILQ_REMOVE(&rate->asks[kind], ask, entry);
		free(ask);
		if (fn)
			fn(id, arg);
		else
			rate_done(rate, id, NULL); /* canceled meanwhile: the token was taken, but nothing leaves */
	}
}

/* Those that were canceled while the question was out, and got nothing. */
static void drop_canceled(struct rate *rate)
{
	for (int kind = 0; kind < RATE_KINDS; kind++) {
		struct rate_ask *ask = TAILQ_FIRST(&rate->asks[kind]);

		while (ask) {
			struct rate_ask *next = TAILQ_NEXT(ask, entry);

			rate->waits += ask->is_out && !ask->has_waited;
			ask->has_waited = ask->has_waited || ask->is_out;
			ask->is_out = false;
			if (!ask->fn) {
				TAILQ_REMOVE(&rate->asks[kind], ask, entry);
				free(ask);
			}
			ask = next;
		}
	}
}

/* Whether there is something to ask or to tell. */
static bool has_work(const struct rate *rate)
{
	return rate->has_said || !STAILQ_EMPTY(&rate->done) || !TAILQ_EMPTY(&rate->asks[RATE_SINGLE]) ||
	       !TAILQ_EMPTY(&rate->asks[RATE_LIST]);
}

/* The reply: granted SINGLES LISTS IN_MS. */
static void on_rate(const redisReply *reply, const struct err *err, void *arg)
{
	struct rate *rate = arg;
	int64_t in_ms = err ? RETRY_MS : reply_int(reply_at(reply, 3), 0);

	rate->is_out = false;
	if (err && err->code == ERR_INTERNAL)
		log_event(LOG_ERROR, "script_failed", "script", "rate", "reason", err->message, NULL);
	if (!err) {
		grant(rate, RATE_SINGLE, reply_int(reply_at(reply, 1), 0));
		grant(rate, RATE_LIST, reply_int(reply_at(reply, 2), 0));
	}
	drop_canceled(rate);
	if (has_work(rate))
		plan(rate, rate->has_said || !STAILQ_EMPTY(&rate->done) ? (err ? RETRY_MS : 0) : in_ms);
}

/* Adds the ids of those that ask. */
static void add_asks(struct rate *rate, enum rate_kind kind)
{
	struct rate_ask *ask;
	char text[ID_TEXT_SIZE];

	TAILQ_FOREACH (ask, &rate->asks[kind], entry) {
		ask->is_out = true;
		script_args_add(rate->args, id_text(rate, ask->id, text));
	}
}

/* How many ask. */
static int64_t count_asks(const struct rate *rate, enum rate_kind kind)
{
	const struct rate_ask *ask;
	int64_t count = 0;

	TAILQ_FOREACH (ask, &rate->asks[kind], entry)
		count++;
	return count;
}

/* Adds what the broker said last. */
static void add_said(struct rate *rate)
{
	if (rate->has_said && rate->said.limit >= 0)
		script_args_add_int(rate->args, rate->said.limit);
	else
		script_args_add(rate->args, "");
	if (rate->has_said) {
		script_args_add_int(rate->args, rate->said.remaining);
		script_args_add_int(rate->args, rate->said.reset_ms);
	} else {
		script_args_add(rate->args, "");
		script_args_add(rate->args, "");
	}
	rate->has_said = false;
}

/* Adds answered calls, and forgets them: should the question be lost they end by themselves. */
static void add_done(struct rate *rate)
{
	struct done *done;

	for (int i = 0; i < DONE_MOST && (done = STAILQ_FIRST(&rate->done)); i++) {
		STAILQ_REMOVE_HEAD(&rate->done, entry);
		script_args_add(rate->args, done->id);
		free(done);
	}
}

/* The timer: asks. */
static void on_time(evutil_socket_t fd, short what, void *arg)
{
	struct rate *rate = arg;

	(void)fd;
	(void)what;
	if (rate->is_out || !has_work(rate))
		return;
	if (!redis_link_is_up(*rate->calls)) {
		plan(rate, RETRY_MS);
		return;
	}
	rate->is_out = true;
	script_args_reset(rate->args);
	script_args_add(rate->args, rate->config->name);
	script_args_add_int(rate->args, rate->config->rate_per_min);
	script_args_add_int(rate->args, rate->config->rate_period_ms);
	script_args_add_int(rate->args, RATE_OUT_MS(rate->config));
	add_said(rate);
	script_args_add_int(rate->args, count_asks(rate, RATE_SINGLE));
	script_args_add_int(rate->args, count_asks(rate, RATE_LIST));
	add_asks(rate, RATE_SINGLE);
	add_asks(rate, RATE_LIST);
	add_done(rate);
	redis_link_script(*rate->calls, SCRIPT_RATE, rate->args, on_rate, rate);
}

uint64_t rate_waits(const struct rate *rate)
{
	return rate->waits;
}

struct rate *rate_new(struct event_base *base, struct redis_link *const *calls, const struct config_broker *config,
		      const char *name)
{
	struct rate *rate = calloc(1, sizeof *rate);

	if (!rate)
		abort();
	rate->calls = calls;
	rate->config = config;
	rate->name = name;
	rate->args = script_args_new();
	rate->timer = evtimer_new(base, on_time, rate);
	if (!rate->timer)
		abort();
	for (int kind = 0; kind < RATE_KINDS; kind++)
		TAILQ_INIT(&rate->asks[kind]);
	STAILQ_INIT(&rate->done);
	return rate;
}

void rate_free(struct rate *rate)
{
	struct rate_ask *ask;
	struct done *done;

	if (!rate)
		return;
	for (int kind = 0; kind < RATE_KINDS; kind++)
		while ((ask = TAILQ_FIRST(&rate->asks[kind]))) {
			TAILQ_REMOVE(&rate->asks[kind], ask, entry);
			free(ask);
		}
	while ((done = STAILQ_FIRST(&rate->done))) {
		STAILQ_REMOVE_HEAD(&rate->done, entry);
		free(done);
	}
	script_args_free(rate->args);
	event_free(rate->timer);
	free(rate);
}

struct rate_ask *rate_ask(struct rate *rate, enum rate_kind kind, rate_fn *fn, void *arg)
{
	struct rate_ask *ask = malloc(sizeof *ask);

	if (!ask)
		abort();
	*ask = (struct rate_ask){.rate = rate, .kind = kind, .id = ++rate->last_id, .fn = fn, .arg = arg};
	TAILQ_INSERT_TAIL(&rate->asks[kind], ask, entry);
	plan(rate, 0);
	return ask;
}

void rate_cancel(struct rate_ask *ask)
{
	if (!ask)
		return;
	ask->fn = NULL;
	if (ask->is_out)
		return; /* the reply decides whether it has a token to give back */
	TAILQ_REMOVE(&ask->rate->asks[ask->kind], ask, entry);
	free(ask);
}

/* A later minute's word replaces an earlier one's; within one the least counts. */
static void hear(struct rate *rate, const struct rate_said *said)
{
	int64_t later_ms = said->reset_ms - rate->said.reset_ms;

	if (!rate->has_said || later_ms > rate->config->rate_period_ms / 4 ||
	    (later_ms > -rate->config->rate_period_ms / 4 && said->remaining < rate->said.remaining))
		rate->said = *said;
	rate->has_said = true;
}

void rate_done_slice(struct rate *rate, const char *client_order_id, const struct rate_said *said)
{
	struct done *done = malloc(sizeof *done);

	if (!done)
		abort();
	(void)snprintf(done->id, sizeof done->id, "%s", client_order_id);
	STAILQ_INSERT_TAIL(&rate->done, done, entry);
	if (said)
		hear(rate, said);
	plan(rate, 0);
}

void rate_done(struct rate *rate, uint64_t id, const struct rate_said *said)
{
	char text[ID_TEXT_SIZE];

	rate_done_slice(rate, id_text(rate, id, text), said);
}
