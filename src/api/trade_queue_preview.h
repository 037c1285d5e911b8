/* The trade queue: what the open windows will send to the brokers. `arg` is the struct app. */
#ifndef MUSTER_API_TRADE_QUEUE_PREVIEW_H
#define MUSTER_API_TRADE_QUEUE_PREVIEW_H

#include "shared/http.h"

/* GET /trade-queue/queue/aggregation-preview, with ?window=. */
void trade_queue_preview_get(struct http_request *request, void *arg);

#endif
