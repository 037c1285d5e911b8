/* GET /trade-queue/queue/route: how an order would be routed now. Nothing is stored. */
#ifndef MUSTER_API_TRADE_QUEUE_ROUTE_H
#define MUSTER_API_TRADE_QUEUE_ROUTE_H

#include "shared/http.h"

/* `arg` is the struct app. */
void trade_queue_route_get(struct http_request *request, void *arg);

#endif
