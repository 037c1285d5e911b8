/* The answer 202 to orders that have just been stored: the hot path's last step. */
#ifndef MUSTER_API_ACCEPTED_ANSWER_H
#define MUSTER_API_ACCEPTED_ANSWER_H

#include <event2/buffer.h>

#include "api/commit.h"
#include "api/order_request.h"

/* The body as JSON, of a request whose outcome is COMMIT_QUEUED: what GET would show of it now. Never NULL; the caller
 * owns it. */
struct evbuffer *accepted_answer(const struct commit_request *stored, const struct order_request *request);

#endif
