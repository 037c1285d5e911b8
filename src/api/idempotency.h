/* Idempotency: how a repeated request is known for what it is.
 *
 * The queue_id is made of who asks and the Idempotency-Key, so the key is remembered by nothing but the stored request
 * itself: whatever dies between storing and answering, and whichever process is asked next, the same key finds it. */
#ifndef MUSTER_API_IDEMPOTENCY_H
#define MUSTER_API_IDEMPOTENCY_H

#include <stdbool.h>

#include "shared/err.h"
#include "shared/http.h"
#include "shared/ids.h"

struct idempotency {
	bool has_key;
	char queue_id[QUEUE_ID_LENGTH + 1]; /* random without a key */
	char digest[DIGEST_LENGTH + 1];	    /* of the body; "" without a key */
};

/* ERR_BAD_IDEMPOTENCY_KEY where the header is there and not 1 to 255 printable ASCII characters. `scope` and `who` as
 * in ids_queue_id_from_key. */
bool idempotency_read(struct http_request *request, const char *scope, const char *who, struct idempotency *idempotency,
		      struct err *err) MUST_USE;

/* Refuses the request: its key was used with another body. */
void idempotency_refuse(struct http_request *request);

#endif
