/* Blocks: what the orders of a group became. `arg` is the struct app. */
#ifndef MUSTER_API_BLOCKS_H
#define MUSTER_API_BLOCKS_H

#include "shared/http.h"

/* GET /blocks/{block_id} */
void blocks_get(struct http_request *request, void *arg);

/* GET /blocks?status=, paged. */
void blocks_list(struct http_request *request, void *arg);

#endif
