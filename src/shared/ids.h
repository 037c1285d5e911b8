/* Identifiers that are made outside Redis.
 *
 * A queue_id is 96 bits as 20 characters of lower-case Crockford base32. With an Idempotency-Key it is a hash of (who,
 * key), so that the same key always names the same request; without one it is random. An order_id is the queue_id, a
 * dash, and the order's index in the request. */
#ifndef MUSTER_IDS_H
#define MUSTER_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUEUE_ID_LENGTH 20
#define ORDER_ID_SIZE 32 /* with dash, index and NUL */
#define DIGEST_LENGTH 12

/* `queue_id` has QUEUE_ID_LENGTH + 1 bytes. `scope` keeps the two POSTs apart ("queue", "bulk"). */
void ids_queue_id_from_key(const char *scope, const char *who, const char *key, char *queue_id);
void ids_queue_id_random(char *queue_id);

/* Random bytes for queue_ids, of which the kernel gives those of many in one call: a call for each was a fortieth of a
 * small request. Begins as {0}. */
#define IDS_POOL_BYTES 252 /* of 21; up to 256 come whole or not at all */
struct ids_pool {
	unsigned char bytes[IDS_POOL_BYTES];
	size_t left;
};
void ids_queue_id_take(struct ids_pool *pool, char *queue_id);

/* DIGEST_LENGTH characters (60 bits) that stand for a body; `digest` has one byte more. */
void ids_body_digest(const void *body, size_t length, char *digest);

bool ids_is_queue_id(const char *text);

/* Splits "queue_id-index"; false where the text is not of that form. `queue_id` as above. */
bool ids_split_order_id(const char *order_id, char *queue_id, uint32_t *index);

/* "[A-Z0-9][A-Z0-9.&-]{0,31}" */
bool ids_is_symbol(const char *text);

/* User and smallcase ids: 1-64 printable ASCII characters without space, quotes (' and "), backslash or colon. */
bool ids_is_name(const char *text);

#endif
