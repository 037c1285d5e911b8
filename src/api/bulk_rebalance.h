/* POST /smallcases/bulk/rebalance: the orders of many users, executed at once as one private window. */
#ifndef MUSTER_API_BULK_REBALANCE_H
#define MUSTER_API_BULK_REBALANCE_H

#include "shared/http.h"

/* `arg` is struct app. */
void bulk_rebalance(struct http_request *http, void *arg);

#endif
