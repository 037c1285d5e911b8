/* One call of lua/enqueue.lua: what goes into it for the requests of a batch, and what comes back. */
#ifndef MUSTER_API_COMMIT_CALL_H
#define MUSTER_API_COMMIT_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "api/commit.h"
#include "api/route.h"
#include "shared/config.h"
#include "shared/redis_link.h"

STAILQ_HEAD(commit_request_list, commit_request);

/* A wish of the call's orders, each once, and the place that it got. */
struct commit_slot {
	struct route_wish wish;
	struct route_place place;
};

struct commit_call {
	struct commit_request_list requests;
	size_t request_count, order_count;
	struct commit_slot *slots; /* owned; grown as needed */
	size_t slot_count, slot_room;
};

void commit_call_init(struct commit_call *call);
void commit_call_free(struct commit_call *call);

/* Adds a request to those of the call. */
void commit_call_put(struct commit_call *call, struct commit_request *request);

/* Writes the arguments, with the sessions around `now_ms`. */
void commit_call_write(struct commit_call *call, const struct config *config, int64_t now_ms, struct script_args *args);

/* Takes what became of each request, and where the orders of those that are queued went; false where the reply is none
 * that the script ever gives. */
bool commit_call_read(struct commit_call *call, const redisReply *reply) MUST_USE;

#endif
