/* GET /events: the state once a second as server-sent events, to all who listen, from one reading of Redis.
 *
 * `event: hello` comes first: {"version", "deployment", "window_length_s", "roles", "samples"}. Then `event: state`
 * each second: {"status" (as GET /trade-queue/queue/status; null where Redis cannot be asked), "why" (then), "preview"
 * (as GET /trade-queue/queue/aggregation-preview, at most 100 groups a window), "sample"}. A sample is [TIME_MS, orders
 * accepted and orders ended since the deployment began (null where nobody listened), requests this process answered in
 * that second, their median and 99th percentile in milliseconds]; the last five minutes of them are kept. */
#ifndef MUSTER_API_EVENTS_H
#define MUSTER_API_EVENTS_H

#include <stddef.h>

#include "shared/http.h"

struct app;
struct events;

/* Never NULL. */
struct events *events_new(struct app *app);
/* Ends every stream. NULL is fine. */
void events_free(struct events *events);

/* Ends every stream and takes no more: the process is about to end. */
void events_drain(struct events *events);

size_t events_listeners(const struct events *events);

void events_get(struct http_request *request, void *app);

#endif
