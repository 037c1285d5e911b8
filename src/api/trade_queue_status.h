/* The trade queue at a glance. `arg` is the struct app. */
#ifndef MUSTER_API_TRADE_QUEUE_STATUS_H
#define MUSTER_API_TRADE_QUEUE_STATUS_H

#include <hiredis/hiredis.h>

#include "shared/http.h"

/* GET /trade-queue/queue/status */
void trade_queue_status_get(struct http_request *request, void *arg);

/* What GET answers, out of the reply of status.lua. New. */
struct app;
json_t *trade_queue_status_view(const struct app *app, const redisReply *reply);

#endif
