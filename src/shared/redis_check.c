/* Start-up and standing checks of Redis. An order answered with 202 lives in Redis alone, so a Redis that forgets (no
 * append-only file, eviction, a replica that is overwritten by its master) must be refused, not worked with. */
#include "shared/redis_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAJOR_LEAST 7
#define VALUE_SIZE  64

/* One row: a field of INFO, the value it must have, and what to say where it has not. */
static const struct requirement {
	const char *field;
	const char *wanted;
	const char *remedy;
} requirements[] = {
    {"role", "master",
     "redis.durability = strict needs a master, and this is a replica; point redis.url at the master"},
    {"aof_enabled", "1",
     "redis.durability = strict needs appendonly yes; set it in redis.conf or use durability = relaxed"},
    {"maxmemory_policy", "noeviction",
     "redis.durability = strict needs maxmemory-policy noeviction; set it in redis.conf or use durability = relaxed"},
};

/* What each setting of appendfsync risks; NULL is nothing. */
static const struct fsync_risk {
	const char *appendfsync;
	const char *risk;
} fsync_risks[] = {
    {"always", NULL},
    {"everysec", "appendfsync everysec: a crash, a power loss or a full disk can lose two seconds of acknowledged orders; "
		 "appendfsync always loses none"},
    {"no", "appendfsync no: a power loss can lose up to half a minute of acknowledged orders; appendfsync always loses "
	   "none"},
};

char *redis_check_field(const char *info, const char *field, char *value, size_t size)
{
	size_t field_length = strlen(field);
	size_t length;

	value[0] = '\0';
	for (const char *line = info; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (strncmp(line, field, field_length) != 0 || line[field_length] != ':')
			continue;
		line += field_length + 1;
		length = strcspn(line, "\r\n");
		if (length >= size)
			length = size - 1;
		memcpy(value, line, length);
		value[length] = '\0';
		break;
	}
	return value;
}

bool redis_check_usable(const char *info, struct err *err)
{
	char value[VALUE_SIZE];

	redis_check_field(info, "redis_version", value, sizeof value);
	if (strtol(value, NULL, 10) < MAJOR_LEAST)
		return err_set(err, ERR_REDIS_UNAVAILABLE, "Redis %d.0 or newer is needed, and this is %s", MAJOR_LEAST,
			       value[0] ? value : "of unknown version");
	if (strcmp(redis_check_field(info, "loading", value, sizeof value), "0") != 0)
		return err_set(err, ERR_REDIS_UNAVAILABLE, "still loading its data; wait until it is done");
	return true;
}

bool redis_check_durable(const char *info, struct err *err)
{
	char value[VALUE_SIZE];

	for (size_t i = 0; i < sizeof requirements / sizeof requirements[0]; i++) {
		const struct requirement *row = &requirements[i];

		redis_check_field(info, row->field, value, sizeof value);
		if (strcmp(value, row->wanted) != 0)
			return err_set(err, ERR_REDIS_UNAVAILABLE, "%s (%s is %s)", row->remedy, row->field,
				       value[0] ? value : "not told");
	}
	return true;
}

const char *redis_check_fsync_risk(const char *appendfsync)
{
	for (size_t i = 0; i < sizeof fsync_risks / sizeof fsync_risks[0]; i++)
		if (strcmp(appendfsync, fsync_risks[i].appendfsync) == 0)
			return fsync_risks[i].risk;
	return NULL;
}
