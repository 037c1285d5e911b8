/* The API's own numbers (shared/metrics.h) and GET /metrics, which adds what only Redis knows. */
#ifndef MUSTER_API_METRICS_VIEW_H
#define MUSTER_API_METRICS_VIEW_H

#include "shared/http.h"
#include "shared/metrics.h"
#include "shared/script.h"

struct app;

/* With the API's routes and links as labels. Never NULL. */
struct metrics *metrics_view_new(void);

/* Counts and times a request as its answer leaves. */
void metrics_view_answered(struct app *app, const struct http_request *request, int status, int64_t took_us);

/* For redis_link_hooks.timed. */
void metrics_view_timed(enum script_id script, int64_t took_us, void *app);

/* GET /metrics. Where Redis cannot be asked, what it knows is left out. */
void metrics_view_get(struct http_request *request, void *app);

#endif
