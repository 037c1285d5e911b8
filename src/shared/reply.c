/* Reading replies: every helper takes any reply, also NULL, so that callers need no ladder of type checks. */
#include "shared/redis_link.h"

#include <stdlib.h>
#include <string.h>

/* Whether a reply has text. */
static bool is_text(const redisReply *reply)
{
	return reply && (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS);
}

const char *reply_text(const redisReply *reply)
{
	return is_text(reply) ? reply->str : "";
}

int64_t reply_int(const redisReply *reply, int64_t otherwise)
{
	const char *digits;
	int64_t value = 0;
	bool negative;

	if (reply && reply->type == REDIS_REPLY_INTEGER)
		return reply->integer;
	digits = reply_text(reply);
	negative = *digits == '-';
	digits += negative;
	if (!*digits)
		return otherwise;
	for (; *digits; digits++) {
		int digit = *digits - '0';

		/* downwards, so that the least int64 can be read too */
		if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, digit, &value))
			return otherwise;
	}
	if (!negative && value == INT64_MIN)
		return otherwise;
	return negative ? value : -value;
}

const redisReply *reply_at(const redisReply *reply, size_t i)
{
	if (!reply || reply->type != REDIS_REPLY_ARRAY || i >= reply->elements)
		return NULL;
	return reply->element[i];
}

const char *reply_field(const redisReply *reply, const char *field)
{
	if (!reply || reply->type != REDIS_REPLY_ARRAY)
		return NULL;
	for (size_t i = 0; i + 1 < reply->elements; i += 2)
		if (strcmp(reply_text(reply->element[i]), field) == 0)
			return is_text(reply->element[i + 1]) ? reply->element[i + 1]->str : NULL;
	return NULL;
}
