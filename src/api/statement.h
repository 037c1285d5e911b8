/* The frozen list of a block's orders, with each share beside it. `arg` is the struct app. */
#ifndef MUSTER_API_STATEMENT_H
#define MUSTER_API_STATEMENT_H

#include "shared/http.h"

/* GET /blocks/{block_id}/statement, paged. */
void statement_get(struct http_request *request, void *arg);

#endif
