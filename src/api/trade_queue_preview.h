/* The trade queue: what the open windows will send to the brokers. `arg` is the struct app. */
#ifndef MUSTER_API_TRADE_QUEUE_PREVIEW_H
#define MUSTER_API_TRADE_QUEUE_PREVIEW_H

#include "shared/http.h"

/* GET /trade-queue/queue/aggregation-preview, with ?window=. */
void trade_queue_preview_get(struct http_request *request, void *arg);

struct app;

/* The same for all open windows, showing at most so many groups of each; the totals are of all. Calls `fn` once, from the
 * loop; `preview` is borrowed, NULL exactly where `err` is not. */
typedef void preview_fn(json_t *preview, const struct err *err, void *arg);
void preview_load(struct app *app, size_t groups_most, preview_fn *fn, void *arg);

#endif
