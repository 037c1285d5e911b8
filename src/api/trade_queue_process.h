/* The trade queue: open windows made due by hand. `arg` is the struct app. */
#ifndef MUSTER_API_TRADE_QUEUE_PROCESS_H
#define MUSTER_API_TRADE_QUEUE_PROCESS_H

#include "shared/http.h"

/* POST /trade-queue/queue/process, with ?window= and ?wait=. */
void trade_queue_process_post(struct http_request *request, void *arg);

#endif
