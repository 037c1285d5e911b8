/* DELETE /trade-queue/queue/order/{queue_id}: takes orders out of the trade queue again. */
#ifndef MUSTER_API_TRADE_QUEUE_CANCEL_H
#define MUSTER_API_TRADE_QUEUE_CANCEL_H

#include "shared/http.h"

/* `arg` is struct app. */
void trade_queue_cancel(struct http_request *http, void *arg);

#endif
