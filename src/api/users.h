/* What belongs to one user. `arg` is the struct app. */
#ifndef MUSTER_API_USERS_H
#define MUSTER_API_USERS_H

#include "shared/http.h"

/* GET /users/{user_id}/orders, newest first, paged. */
void users_get_orders(struct http_request *request, void *arg);

/* GET /users/{user_id}/transactions, newest first, paged. */
void users_get_transactions(struct http_request *request, void *arg);

#endif
