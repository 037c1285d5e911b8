/* A waiter looks, and where something is left to end it rests until told. What ended while it looked is kept for a
 * moment in a ring, since a message and a reply come over two connections in any order. */
#include "api/waiter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/queue.h>

#include "api/app.h"
#include "api/order_view.h"
#include "api/view_json.h"
#include "api/waiter_index.h"
#include "api/window_view.h"
#include "shared/clock.h"

#define TICK_MS	     1000
#define TICKS_A_LOOK 5 /* where messages should tell: a net, and no more */
#define RING_SIZE    1024
#define KEY_SIZE     96
#define US_A_MS	     1000

enum waiter_state {
	WAITER_LOOKING, /* waits for what it has asked Redis */
	WAITER_RESTING, /* waits for messages and for its timer */
};

struct waiter {
	TAILQ_ENTRY(waiter) entry;
	struct waiters *all;
	enum waiter_state state;
	struct event *timer;
	int64_t deadline_us;
	const struct http_request *client; /* NULL: none */
	struct watch_list watches;
	uint64_t told_before; /* messages that had come when it began to look */
	unsigned ticks;	      /* since it looked last */
	bool has_looked;
	bool is_over;		/* the time, the client or the process: this look is the last */
	enum request_kind kind; /* of a request, once it is known */
	bool is_guessing;	/* the blocks are not known yet: it looks at every tick */

	char queue_id[REQUEST_TEXT_SIZE]; /* of a request; else "" */
	json_t *window_ids;		  /* of windows; else NULL */
	request_view_fn *request_fn;
	waiter_windows_fn *windows_fn;
	void *arg;
};

TAILQ_HEAD(waiter_list, waiter);

struct waiters {
	struct app *app;
	struct waiter_list list;
	struct waiter_index *index;
	uint64_t told; /* messages so far */
	char ring[RING_SIZE][KEY_SIZE];
	bool is_draining;
};

static void waiter_look(struct waiter *waiter);

/* Takes the waiter off the lists and frees it. */
static void waiter_free(struct waiter *waiter)
{
	struct watch *watch;

	while ((watch = LIST_FIRST(&waiter->watches)))
		waiter_index_remove(waiter->all->index, watch);
	TAILQ_REMOVE(&waiter->all->list, waiter, entry);
	event_free(waiter->timer);
	json_decref(waiter->window_ids);
	free(waiter);
}

/* Calls back, the only time. */
static void waiter_end(struct waiter *waiter, const struct request_view *view, const struct err *err)
{
	request_view_fn *request_fn = waiter->request_fn;
	waiter_windows_fn *windows_fn = waiter->windows_fn;
	void *arg = waiter->arg;

	waiter_free(waiter);
	if (request_fn)
		request_fn(view, err, arg);
	else
		windows_fn(err, arg);
}

/* Lists the waiter under "KIND ID", once, unless that has ended since it began to look. */
static void waiter_watch(struct waiter *waiter, const char *kind, const char *id)
{
	const struct waiters *all = waiter->all;
	const struct watch *watch;
	char key[KEY_SIZE];

	(void)snprintf(key, sizeof key, "%s %s", kind, id);
	for (uint64_t told = waiter->told_before; told < all->told; told++) {
		if (strcmp(all->ring[told % RING_SIZE], key) == 0)
			return;
	}
	LIST_FOREACH (watch, &waiter->watches, in_owner) {
		if (strcmp(watch->key, key) == 0)
			return;
	}
	waiter_index_add(all->index, key, waiter, &waiter->watches);
}

/* Sets the timer to the next tick, or to the deadline where that is sooner. */
static void waiter_tick(struct waiter *waiter)
{
	int64_t left_ms = (waiter->deadline_us - clock_monotonic_us() + US_A_MS - 1) / US_A_MS;
	int64_t delay_ms = left_ms < TICK_MS ? left_ms : TICK_MS;

	if (delay_ms < 0 || waiter->all->is_draining)
		delay_ms = 0;
	(void)event_add(waiter->timer, &(struct timeval){delay_ms / 1000, delay_ms % 1000 * US_A_MS});
}

/* Looks again later. */
static void waiter_rest(struct waiter *waiter)
{
	waiter->state = WAITER_RESTING;
	waiter_tick(waiter);
}

/* It has looked and watches what is left. Where all of that has ended meanwhile, or the ring could not hold what was
 * told, it looks again at once. */
static void waiter_settle(struct waiter *waiter)
{
	waiter->has_looked = true;
	if (LIST_EMPTY(&waiter->watches) || waiter->all->told - waiter->told_before > RING_SIZE)
		waiter_look(waiter);
	else
		waiter_rest(waiter);
}

/* Watches what the orders of a request are in. */
static void watch_orders(struct waiter *waiter, const json_t *orders)
{
	waiter->is_guessing = false;
	for (size_t i = 0; i < json_array_size(orders); i++) {
		const json_t *order = json_array_get(orders, i);
		const char *block = view_get_text(order, "block_id");

		if (order_view_is_final(order))
			continue;
		if (*block) {
			waiter_watch(waiter, "block", block);
			continue;
		}
		waiter_watch(waiter, "window", view_get_text(order, "window_id"));
		waiter->is_guessing = true;
	}
}

/* The request as it is now: whole, or its head alone. A bulk call is looked at by its window until that is done. */
static void on_request(const struct request_view *view, const struct err *err, void *arg)
{
	struct waiter *waiter = arg;

	if (err && waiter->has_looked && !waiter->is_over) {
		waiter_rest(waiter);
		return;
	}
	if (err || view->kind == REQUEST_NOT_FOUND || (view->orders && (view->all_final || waiter->is_over))) {
		waiter_end(waiter, view, err);
		return;
	}
	waiter->kind = view->kind;
	if (!view->orders && (view->kind == REQUEST_QUEUE || view->all_final || waiter->is_over)) {
		request_view_load(waiter->all->app, waiter->queue_id, on_request, waiter);
		return;
	}
	if (view->kind == REQUEST_BULK)
		waiter_watch(waiter, "window", view->window_id);
	else
		watch_orders(waiter, view->orders);
	waiter_settle(waiter);
}

/* The windows as they are now. */
static void on_windows(json_t *windows, json_t *block_ids, const struct err *err, void *arg)
{
	struct waiter *waiter = arg;
	size_t left = 0;

	(void)block_ids;
	for (size_t i = 0; i < json_array_size(windows); i++) {
		const json_t *window = json_array_get(windows, i);

		if (window_view_is_done(window))
			continue;
		left++;
		waiter_watch(waiter, "window", view_get_text(window, "window_id"));
	}
	if (waiter->is_over || (!err && left == 0))
		waiter_end(waiter, NULL, err);
	else if (err)
		waiter_rest(waiter);
	else
		waiter_settle(waiter);
}

/* Asks Redis how things are; what was watched is watched anew with the answer. */
static void waiter_look(struct waiter *waiter)
{
	struct app *app = waiter->all->app;
	struct watch *watch;

	while ((watch = LIST_FIRST(&waiter->watches)))
		waiter_index_remove(waiter->all->index, watch);
	(void)event_del(waiter->timer);
	waiter->state = WAITER_LOOKING;
	waiter->told_before = waiter->all->told;
	waiter->ticks = 0;
	if (waiter->window_ids)
		window_views_load(app, (struct window_views_wanted){.take_ids = json_incref(waiter->window_ids)},
				  on_windows, waiter);
	else if (waiter->is_over || waiter->kind == REQUEST_QUEUE)
		request_view_load(app, waiter->queue_id, on_request, waiter);
	else
		request_view_load_head(app, waiter->queue_id, on_request, waiter);
}

/* The timer. */
static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct waiter *waiter = arg;
	bool client_left = waiter->client && !http_client_is_there(waiter->client);

	(void)fd;
	(void)what;
	waiter->ticks++;
	if (client_left || waiter->all->is_draining || clock_monotonic_us() >= waiter->deadline_us)
		waiter->is_over = true;
	if (waiter->is_over || waiter->is_guessing || waiter->ticks >= TICKS_A_LOOK)
		waiter_look(waiter);
	else
		waiter_tick(waiter);
}

/* A waiter that looks at nothing yet. */
static struct waiter *waiter_alloc(struct app *app, const struct waiter_options *options, void *arg)
{
	struct waiter *waiter = calloc(1, sizeof *waiter);

	if (!waiter)
		abort();
	waiter->all = app->waiters;
	waiter->timer = evtimer_new(app->base, on_tick, waiter);
	if (!waiter->timer)
		abort();
	waiter->deadline_us = clock_monotonic_us() + options->wait_ms * US_A_MS;
	waiter->client = options->client;
	waiter->is_over = options->wait_ms <= 0 || app->waiters->is_draining;
	waiter->arg = arg;
	LIST_INIT(&waiter->watches);
	TAILQ_INSERT_TAIL(&waiter->all->list, waiter, entry);
	return waiter;
}

void waiter_new_for_request(struct app *app, const struct waiter_options *options, request_view_fn *fn, void *arg)
{
	struct waiter *waiter = waiter_alloc(app, options, arg);

	(void)snprintf(waiter->queue_id, sizeof waiter->queue_id, "%s", options->queue_id);
	waiter->request_fn = fn;
	waiter_look(waiter);
}

void waiter_new(struct app *app, const char *queue_id, int64_t wait_ms, request_view_fn *fn, void *arg)
{
	waiter_new_for_request(app, &(struct waiter_options){.queue_id = queue_id, .wait_ms = wait_ms}, fn, arg);
}

void waiter_new_for_windows(struct app *app, json_t *take_window_ids, const struct waiter_options *options,
			    waiter_windows_fn *fn, void *arg)
{
	struct waiter *waiter = waiter_alloc(app, options, arg);

	waiter->window_ids = take_window_ids;
	waiter->windows_fn = fn;
	waiter_look(waiter);
}

struct waiters *waiters_new(struct app *app)
{
	struct waiters *all = calloc(1, sizeof *all);

	if (!all)
		abort();
	all->app = app;
	TAILQ_INIT(&all->list);
	all->index = waiter_index_new();
	return all;
}

void waiters_free(struct waiters *waiters)
{
	struct err err;

	if (!waiters)
		return;
	(void)err_set(&err, ERR_REDIS_UNAVAILABLE, "the process is shutting down");
	while (!TAILQ_EMPTY(&waiters->list))
		waiter_end(TAILQ_FIRST(&waiters->list), NULL, &err);
	waiter_index_free(waiters->index);
	free(waiters);
}

/* What this waiter waited for has ended; after the last of them it looks. */
static void on_ended(struct watch *watch, void *arg)
{
	struct waiters *all = arg;
	struct waiter *waiter = watch->owner;

	waiter_index_remove(all->index, watch);
	if (waiter->state == WAITER_RESTING && LIST_EMPTY(&waiter->watches))
		waiter_look(waiter);
}

void waiters_tell(struct waiters *waiters, const char *text)
{
	(void)snprintf(waiters->ring[waiters->told % RING_SIZE], KEY_SIZE, "%s", text);
	waiters->told++;
	waiter_index_tell(waiters->index, text, on_ended, waiters);
}

void waiters_drain(struct waiters *waiters)
{
	struct waiter *waiter;

	waiters->is_draining = true;
	for (waiter = TAILQ_FIRST(&waiters->list); waiter; waiter = TAILQ_NEXT(waiter, entry)) {
		waiter->is_over = true;
		if (waiter->state == WAITER_RESTING)
			waiter_look(waiter);
	}
}
