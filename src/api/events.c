/* One timer, one reading, one text for all. The preview of many groups takes several calls, so that it is read anew
 * only after ten times as long as it took: watching must not cost more than a tenth of Redis. */
#include "api/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "api/app.h"
#include "api/events_samples.h"
#include "api/glance.h"
#include "api/read_answer.h"
#include "api/trade_queue_preview.h"
#include "api/view_json.h"
#include "shared/clock.h"
#include "shared/http_stream.h"
#include "shared/program.h"

#define PREVIEW_GROUPS 100
#define PREVIEW_REST   10
#define LISTENERS_MAX  256

struct listener {
	TAILQ_ENTRY(listener) entry;
	struct events *events;
	struct http_request *request;
	bool is_greeted;
};
TAILQ_HEAD(listener_list, listener);

struct events {
	struct app *app;
	struct listener_list listeners;
	size_t count;
	struct event *tick, *greet;
	struct events_samples *samples;
	json_t *preview;	  /* the last one, or NULL */
	int64_t preview_asked_us; /* 0: none is out */
	int64_t preview_next_us;
	char *state; /* the last event as text, or NULL */
};

static void listener_remove(struct listener *listener)
{
	TAILQ_REMOVE(&listener->events->listeners, listener, entry);
	listener->events->count--;
	free(listener);
}

/* The client has left. */
static void on_gone(void *arg)
{
	listener_remove(arg);
}

/* `event: NAME` with a JSON value as its data. New text. */
static char *event_text(const char *name, json_t *take_data)
{
	char *data = json_dumps(take_data, JSON_COMPACT), *text;

	if (!data || asprintf(&text, "event: %s\ndata: %s\n\n", name, data) < 0)
		abort();
	free(data);
	json_decref(take_data);
	return text;
}

/* What a listener is told first. */
static char *hello_text(const struct events *events)
{
	const struct app *app = events->app;
	json_t *hello = json_object();

	view_set(hello, "version", json_string(MUSTER_VERSION));
	view_set(hello, "deployment", json_string(app->deployment));
	view_set(hello, "window_length_s", json_integer(app->config->window.length_s));
	view_set(hello, "samples", events_samples_all(events->samples));
	return event_text("hello", hello);
}

/* Greets who has come since, with the state as it was last told. */
static void on_greet(evutil_socket_t fd, short what, void *arg)
{
	struct events *events = arg;
	struct listener *listener, *next;
	char *hello = hello_text(events);

	(void)fd;
	(void)what;
	for (listener = TAILQ_FIRST(&events->listeners); listener; listener = next) {
		next = TAILQ_NEXT(listener, entry);
		if (listener->is_greeted)
			continue;
		listener->is_greeted = true;
		if (http_stream_send(listener->request, hello, strlen(hello)) && events->state)
			(void)http_stream_send(listener->request, events->state, strlen(events->state));
	}
	free(hello);
}

/* Tells everybody the state. */
static void tell_all(struct events *events)
{
	struct listener *listener, *next;

	for (listener = TAILQ_FIRST(&events->listeners); listener; listener = next) {
		next = TAILQ_NEXT(listener, entry);
		if (listener->is_greeted)
			(void)http_stream_send(listener->request, events->state, strlen(events->state));
	}
}

/* The status of this second. */
static void on_glance(json_t *status, const struct err *err, void *arg)
{
	struct events *events = arg;
	json_t *state;

	if (events->app->is_ending)
		return;
	state = json_object();
	events_samples_take(events->samples, events->app->metrics, status);
	view_set(state, "status", status ? json_incref(status) : json_null());
	view_set(state, "why", err ? json_string(err->message) : json_null());
	view_set(state, "preview", status && events->preview ? json_incref(events->preview) : json_null());
	view_set(state, "sample", events_samples_last(events->samples));
	free(events->state);
	events->state = event_text("state", state);
	tell_all(events);
}

/* The preview is here, whenever it comes. */
static void on_preview(json_t *preview, const struct err *err, void *arg)
{
	struct events *events = arg;
	int64_t now_us = clock_monotonic_us();

	(void)err;
	if (events->app->is_ending)
		return;
	json_decref(events->preview);
	events->preview = json_incref(preview);
	events->preview_next_us = now_us + (now_us - events->preview_asked_us) * PREVIEW_REST;
	events->preview_asked_us = 0;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct events *events = arg;
	int64_t now_us = clock_monotonic_us();

	(void)fd;
	(void)what;
	if (TAILQ_EMPTY(&events->listeners)) {
		events_samples_take(events->samples, events->app->metrics, NULL);
		return;
	}
	if (!events->preview_asked_us && now_us >= events->preview_next_us) {
		events->preview_asked_us = now_us;
		preview_load(events->app, PREVIEW_GROUPS, on_preview, events);
	}
	glance_get(events->app->glance, on_glance, events);
}

struct events *events_new(struct app *app)
{
	const struct timeval second = {1, 0};
	struct events *events = calloc(1, sizeof *events);

	if (!events)
		abort();
	events->app = app;
	TAILQ_INIT(&events->listeners);
	events->samples = events_samples_new();
	events->tick = event_new(app->base, -1, EV_PERSIST, on_tick, events);
	events->greet = evtimer_new(app->base, on_greet, events);
	if (!events->tick || !events->greet || event_add(events->tick, &second))
		abort();
	return events;
}

void events_drain(struct events *events)
{
	struct listener *listener;

	while ((listener = TAILQ_FIRST(&events->listeners))) {
		http_stream_end(listener->request);
		listener_remove(listener);
	}
}

void events_free(struct events *events)
{
	if (!events)
		return;
	events_drain(events);
	event_free(events->tick);
	event_free(events->greet);
	events_samples_free(events->samples);
	json_decref(events->preview);
	free(events->state);
	free(events);
}

size_t events_listeners(const struct events *events)
{
	return events->count;
}

void events_get(struct http_request *request, void *arg)
{
	struct app *app = arg;
	struct events *events = app->events;
	struct listener *listener;

	if (app->is_draining || events->count >= LISTENERS_MAX) {
		read_answer_refuse(request, ERR_REDIS_UNAVAILABLE,
				   app->is_draining ? "the process is shutting down" : "%d clients listen already",
				   LISTENERS_MAX);
		return;
	}
	listener = calloc(1, sizeof *listener);
	if (!listener)
		abort();
	listener->events = events;
	listener->request = request;
	http_set_header(request, "Cache-Control", "no-store");
	if (!http_stream_begin(request, "text/event-stream", on_gone, listener)) {
		free(listener);
		return;
	}
	TAILQ_INSERT_TAIL(&events->listeners, listener, entry);
	events->count++;
	event_active(events->greet, EV_TIMEOUT, 0);
	if (events->count == 1)
		event_active(events->tick, EV_TIMEOUT, 0); /* what was told last may be old */
}
