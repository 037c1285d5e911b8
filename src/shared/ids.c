/* Identifiers that are made outside Redis: what is random, what is a hash, and which texts are well formed. */
#include "shared/ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/evp.h>

#define QUEUE_ID_BYTES	  12 /* 96 bits; the last of the 20 characters holds one of them */
#define NAME_LENGTH_MAX	  64
#define SYMBOL_LENGTH_MAX 32

/* Crockford's: no i, l, o, u, so that an id read out on the telephone arrives. */
static const char id_alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* Writes `length` characters for the first bits of `bytes`, five a character; bits beyond `size` bytes are zero. */
static void encode_base32(const unsigned char *bytes, size_t size, char *text, size_t length)
{
	unsigned window = 0;
	unsigned bits = 0;
	size_t next = 0;

	for (size_t i = 0; i < length; i++) {
		if (bits < 5) {
			window = (window << 8) | (next < size ? bytes[next] : 0u);
			next++;
			bits += 8;
		}
		bits -= 5;
		text[i] = id_alphabet[(window >> bits) & 31];
	}
	text[length] = '\0';
}

void ids_queue_id_from_key(const char *scope, const char *who, const char *key, char *queue_id)
{
	const char *parts[] = {scope, who, key};
	unsigned char hash[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	/* libcrypto fails here only where it has no memory or no SHA-256: nothing can go on without either. */
	if (!context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL))
		abort();
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) /* each with its NUL: "a","bc" is not "ab","c" */
		if (!EVP_DigestUpdate(context, parts[i], strlen(parts[i]) + 1))
			abort();
	if (!EVP_DigestFinal_ex(context, hash, NULL))
		abort();
	EVP_MD_CTX_free(context);
	encode_base32(hash, QUEUE_ID_BYTES, queue_id, QUEUE_ID_LENGTH);
}

void ids_queue_id_take(struct ids_pool *pool, char *queue_id)
{
	while (!pool->left) {
		ssize_t got = getrandom(pool->bytes, sizeof pool->bytes, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got != (ssize_t)sizeof pool->bytes) /* an id that repeats loses orders */
			abort();
		pool->left = sizeof pool->bytes;
	}
	pool->left -= QUEUE_ID_BYTES;
	encode_base32(pool->bytes + pool->left, QUEUE_ID_BYTES, queue_id, QUEUE_ID_LENGTH);
}

void ids_queue_id_random(char *queue_id)
{
	struct ids_pool pool = {.left = 0};

	ids_queue_id_take(&pool, queue_id);
}

void ids_body_digest(const void *body, size_t length, char *digest)
{
	unsigned char hash[EVP_MAX_MD_SIZE];

	if (!EVP_Digest(body, length, hash, NULL, EVP_sha256(), NULL))
		abort();
	encode_base32(hash, sizeof(hash), digest, DIGEST_LENGTH);
}

/* How many characters at the start of `text` an id can be made of. */
static size_t id_span(const char *text)
{
	return strspn(text, id_alphabet);
}

bool ids_is_queue_id(const char *text)
{
	return id_span(text) == QUEUE_ID_LENGTH && text[QUEUE_ID_LENGTH] == '\0';
}

bool ids_split_order_id(const char *order_id, char *queue_id, uint32_t *index)
{
	uint64_t value = 0;
	const char *digits;

	if (id_span(order_id) != QUEUE_ID_LENGTH || order_id[QUEUE_ID_LENGTH] != '-')
		return false;
	digits = order_id + QUEUE_ID_LENGTH + 1;
	if (digits[0] == '\0' || (digits[0] == '0' && digits[1] != '\0'))
		return false; /* "-07" would be a second name of the same order */
	for (; *digits >= '0' && *digits <= '9'; digits++) {
		value = value * 10 + (uint64_t)(*digits - '0');
		if (value > UINT32_MAX)
			return false;
	}
	if (*digits != '\0')
		return false;
	memcpy(queue_id, order_id, QUEUE_ID_LENGTH);
	queue_id[QUEUE_ID_LENGTH] = '\0';
	*index = (uint32_t)value;
	return true;
}

bool ids_is_symbol(const char *text)
{
	size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.&-");
	return length >= 1 && length <= SYMBOL_LENGTH_MAX && text[length] == '\0' && !strchr(".&-", text[0]);
}

bool ids_is_name(const char *text)
{
	size_t length = 0;

	for (; text[length] != '\0'; length++)
		if (length == NAME_LENGTH_MAX || text[length] <= ' ' || text[length] > '~' ||
		    strchr("\"'\\:", text[length]))
			return false;
	return length >= 1;
}
