/* The trade queue: one request and the present state of its orders. `arg` is the struct app. */
#ifndef MUSTER_API_TRADE_QUEUE_REQUEST_H
#define MUSTER_API_TRADE_QUEUE_REQUEST_H

#include "shared/http.h"

/* GET /trade-queue/queue/order/{queue_id}, with ?wait=. */
void trade_queue_request_get(struct http_request *request, void *arg);

#endif
