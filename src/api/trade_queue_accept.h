/* POST /trade-queue/queue/order: takes orders into the trade queue. */
#ifndef MUSTER_API_TRADE_QUEUE_ACCEPT_H
#define MUSTER_API_TRADE_QUEUE_ACCEPT_H

#include <jansson.h>

#include "shared/http.h"

/* `arg` is struct app. */
void trade_queue_accept(struct http_request *http, void *arg);

struct app;

/* The same for a body that is there already; owns `take_body`. */
void trade_queue_accept_body(struct http_request *request, struct app *app, json_t *take_body);

#endif
