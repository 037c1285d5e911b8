/* See redis_read.h. */
#include "tests/support/redis_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

redisReply *redis_hash(struct redis_server *server, const char *key)
{
	redisReply *hash = redis_server_command(server, "HGETALL %s", key);

	assert_int_equal(hash->type, REDIS_REPLY_ARRAY);
	return hash;
}

const char *redis_field(const redisReply *hash, const char *field)
{
	for (size_t i = 0; i + 1 < hash->elements; i += 2)
		if (strcmp(hash->element[i]->str, field) == 0)
			return hash->element[i + 1]->str;
	return "";
}

int128 redis_nano(const char *text)
{
	struct err err;
	int128 nano;

	if (!decimal_parse_wide(text, &nano, &err))
		fail_msg("no decimal: \"%s\": %s", text, err.message);
	return nano;
}

int128 redis_field_nano(const redisReply *hash, const char *field)
{
	const char *text = redis_field(hash, field);

	return *text ? redis_nano(text) : 0;
}

int128 redis_field_int(const redisReply *hash, const char *field)
{
	return redis_field_nano(hash, field) / NANO;
}
