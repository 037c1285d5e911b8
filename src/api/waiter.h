/* Waiting for the end of things: answers that are held back until orders or windows are final, for at most `?wait=`.
 *
 * The channel `done` says which block or window has ended. Each waiter is listed under those that it waits for, so that
 * a message costs only those whom it concerns, and however many wait nothing else is looked at. A slow poll is the net
 * under it: messages can be lost. */
#ifndef MUSTER_API_WAITER_H
#define MUSTER_API_WAITER_H

#include <stdbool.h>
#include <stdint.h>

#include "api/request_view.h"
#include "shared/http.h"

struct app;
struct waiter;
struct waiters;

/* All waiters of a process: app->waiters. */
struct waiters *waiters_new(struct app *app);

/* Only once the read link calls back no more. Whoever still waits gets an error. NULL is fine. */
void waiters_free(struct waiters *waiters);

/* A message of the channel `done`: "block ID" or "window ID". */
void waiters_tell(struct waiters *waiters, const char *text);

/* The process drains: who waits gets the present state now, and so does who comes later. */
void waiters_drain(struct waiters *waiters);

/* Calls `fn` once, never from inside: as soon as all orders are final, or with the view as it is when the time is
 * over (0: at once). Errors and REQUEST_NOT_FOUND come at once too. `client` may be NULL; else the wait ends early when
 * it has left. */
struct waiter_options {
	const char *queue_id; /* copied */
	int64_t wait_ms;
	const struct http_request *client;
};
void waiter_new_for_request(struct app *app, const struct waiter_options *options, request_view_fn *fn, void *arg);

/* The same without a client: for calls that must go on even if nobody listens. */
void waiter_new(struct app *app, const char *queue_id, int64_t wait_ms, request_view_fn *fn, void *arg);

/* Calls `fn` once, never from inside, as soon as all these windows (array of ids, owned from here on) are done, or when
 * the time is over, or when the client has left. What then is the case the caller has to look up; `err` is NULL but
 * where it cannot. */
typedef void waiter_windows_fn(const struct err *err, void *arg);
void waiter_new_for_windows(struct app *app, json_t *take_window_ids, const struct waiter_options *options,
			    waiter_windows_fn *fn, void *arg);

#endif
