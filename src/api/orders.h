/* Single orders. `arg` is the struct app. */
#ifndef MUSTER_API_ORDERS_H
#define MUSTER_API_ORDERS_H

#include "shared/http.h"

/* GET /orders/{order_id} */
void orders_get(struct http_request *request, void *arg);

#endif
