/* Idempotency keys. */
#include "api/idempotency.h"

#include <string.h>

#include "api/app.h"

#define KEY_LENGTH_MAX 255

/* 1 to 255 printable ASCII characters. */
static bool key_is_good(const char *key)
{
	size_t length = 0;
	while (key[length] >= ' ' && key[length] <= '~')
		length++;
	return length >= 1 && length <= KEY_LENGTH_MAX && !key[length];
}

bool idempotency_read(struct http_request *request, const char *scope, const char *who, struct idempotency *idempotency,
		      struct err *err)
{
	size_t length;
	const char *key = http_header(request, "Idempotency-Key");
	idempotency->has_key = key != NULL;
	if (!key) {
		/* Nothing can be compared with it later, so that hashing the body would be for nothing. */
		idempotency->digest[0] = '\0';
		ids_queue_id_take(&((struct app *)http_arg(request))->ids, idempotency->queue_id);
		return true;
	}
	if (!key_is_good(key))
		return err_set(err, ERR_BAD_IDEMPOTENCY_KEY,
			       "the Idempotency-Key must be 1 to %d printable ASCII characters", KEY_LENGTH_MAX);
	const void *body = http_body(request, &length);
	ids_body_digest(body, length, idempotency->digest);
	ids_queue_id_from_key(scope, who, key, idempotency->queue_id);
	return true;
}

void idempotency_refuse(struct http_request *request)
{
	struct err err;
	err_set(&err, ERR_IDEMPOTENCY_CONFLICT, "this Idempotency-Key was used before, with another body");
	http_answer_error(request, &err, NULL);
}
