/* A person's word on a block: on one in review, or that no more of one is to be traded. `arg` is the struct app. */
#ifndef MUSTER_API_BLOCK_RESOLVE_H
#define MUSTER_API_BLOCK_RESOLVE_H

#include "shared/http.h"

/* POST /blocks/{block_id}/resolve */
void block_resolve_post(struct http_request *request, void *arg);

/* POST /blocks/{block_id}/cancel */
void block_cancel_post(struct http_request *request, void *arg);

#endif
