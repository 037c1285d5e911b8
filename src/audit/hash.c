/* See hash.h. */
#include "audit/hash.h"

#include <string.h>

#include "audit/redis.h"
#include "shared/redis_link.h"

bool audit_hash_is_there(const struct audit_hash *hash)
{
	if (!audit_reply_is_wrong_type(hash->reply))
		return hash->reply->type == REDIS_REPLY_ARRAY && hash->reply->elements > 0;
	audit_report_violation(hash->audit->report, AUDIT_CONSISTENT, "%s %s: its key is of a wrong type", hash->kind,
			       hash->id);
	return false;
}

const char *audit_hash_text(const struct audit_hash *hash, const char *field)
{
	const char *text = reply_field(hash->reply, field);

	return text ? audit_arena_text(hash->audit->arena, text) : "";
}

int128 audit_hash_nano(const struct audit_hash *hash, const char *field)
{
	const char *text = reply_field(hash->reply, field);
	int128 nano = 0;

	if (text && *text && !decimal_parse_wide(text, &nano, NULL))
		audit_report_violation(hash->audit->report, AUDIT_CONSISTENT, "%s %s: its %s \"%.40s\" is no number",
				       hash->kind, hash->id, field, text);
	return nano;
}

int128 audit_hash_integer(const struct audit_hash *hash, const char *field)
{
	int128 nano = audit_hash_nano(hash, field);

	if (nano % NANO != 0)
		audit_report_violation(hash->audit->report, AUDIT_CONSISTENT, "%s %s: its %s is no whole number",
				       hash->kind, hash->id, field);
	return nano / NANO;
}

int64_t audit_hash_int(const struct audit_hash *hash, const char *field)
{
	int128 value = audit_hash_integer(hash, field);

	return value > INT64_MAX || value < INT64_MIN ? 0 : (int64_t)value;
}

int64_t audit_ttl(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_INTEGER ? reply->integer : AUDIT_NO_KEY;
}
