/* POST /trade-queue/queue/order: takes orders into the trade queue. */
#ifndef MUSTER_API_TRADE_QUEUE_ACCEPT_H
#define MUSTER_API_TRADE_QUEUE_ACCEPT_H

#include "shared/http.h"

/* `arg` is struct app. */
void trade_queue_accept(struct http_request *http, void *arg);

#endif
