/* What a user has in a smallcase: the money that a weight change is a percentage of. `arg` is the struct app. */
#ifndef MUSTER_API_INVESTMENTS_H
#define MUSTER_API_INVESTMENTS_H

#include "shared/http.h"

/* PUT /users/{user_id}/investments/{smallcase_id} */
void investments_put(struct http_request *request, void *arg);

/* GET /users/{user_id}/investments/{smallcase_id} */
void investments_get(struct http_request *request, void *arg);

#endif
