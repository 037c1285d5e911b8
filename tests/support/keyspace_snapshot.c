/* Reads a whole Redis: one command a key and kind, in no hurry, because tests hold a few dozen keys. */
#include "tests/support/keyspace_snapshot.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How a kind of key is read, and how many replies make one element (0: the reply itself is one). */
static const struct kind {
	const char *type;
	const char *command;
	size_t stride;
} kinds[] = {
    {"hash", "HGETALL %s", 2}, {"zset", "ZRANGE %s 0 -1 WITHSCORES", 2},
    {"set", "SMEMBERS %s", 1}, {"stream", "XRANGE %s - +", 1},
    {"string", "GET %s", 0},
};

/* Never NULL: a test whose Redis is gone has nothing to say. */
static redisReply *ask(redisContext *redis, const char *format, ...)
{
	redisReply *reply;
	va_list args;

	va_start(args, format);
	reply = redisvCommand(redis, format, args);
	va_end(args);
	if (!reply || reply->type == REDIS_REPLY_ERROR) {
		(void)fprintf(stderr, "keyspace: %s: %s\n", format, reply ? reply->str : redis->errstr);
		abort();
	}
	return reply;
}

static char *copy(const char *text)
{
	char *made = strdup(text);

	if (!made)
		abort();
	return made;
}

/* "(field=value field='two words')" of a stream's entry. */
static char *entry_text(const redisReply *fields)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	for (size_t i = 0; i + 1 < fields->elements; i += 2) {
		const char *value = fields->element[i + 1]->str;
		const char *quote = *value && !strchr(value, ' ') ? "" : "'";

		(void)fprintf(out, "%s%s=%s%s%s", i ? " " : "(", fields->element[i]->str, quote, value, quote);
	}
	(void)fputc(')', out);
	(void)fclose(out);
	return text;
}

static int compare_elements(const void *a, const void *b)
{
	return strcmp(((const struct snapshot_element *)a)->name, ((const struct snapshot_element *)b)->name);
}

/* Sorted sets and streams keep their own order: it is part of what they say. */
static void read_elements(redisContext *redis, struct snapshot_key *key, const struct kind *kind)
{
	redisReply *reply = ask(redis, kind->command, key->name);

	key->elements = calloc(reply->elements + 1, sizeof *key->elements);
	if (!key->elements)
		abort();
	if (reply->type == REDIS_REPLY_STRING)
		key->elements[key->count++] = (struct snapshot_element){copy("value"), copy(reply->str)};
	for (size_t i = 0; kind->stride && i + kind->stride <= reply->elements; i += kind->stride) {
		const redisReply *name = reply->element[i];
		struct snapshot_element *element = &key->elements[key->count++];

		if (name->type == REDIS_REPLY_ARRAY)
			*element = (struct snapshot_element){copy(name->element[0]->str), entry_text(name->element[1])};
		else
			*element = (struct snapshot_element){copy(name->str),
							     copy(kind->stride == 2 ? reply->element[i + 1]->str : "")};
	}
	if (strcmp(key->type, "hash") == 0 || strcmp(key->type, "set") == 0)
		qsort(key->elements, key->count, sizeof *key->elements, compare_elements);
	freeReplyObject(reply);
}

/* Fills in one key by its name. */
static void read_key(redisContext *redis, struct snapshot_key *key, const char *name)
{
	redisReply *type = ask(redis, "TYPE %s", name);
	redisReply *expires = ask(redis, "PEXPIRETIME %s", name);
	char digits[32];

	(void)snprintf(digits, sizeof digits, "%lld", expires->integer);
	*key = (struct snapshot_key){.name = copy(name), .type = copy(type->str), .expires_ms = copy(digits)};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].type, key->type) == 0)
			read_elements(redis, key, &kinds[i]);
	if (!key->elements) {
		(void)fprintf(stderr, "keyspace: no script writes keys of type %s: %s\n", key->type, name);
		abort();
	}
	freeReplyObject(type);
	freeReplyObject(expires);
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(((const struct snapshot_key *)a)->name, ((const struct snapshot_key *)b)->name);
}

struct snapshot *snapshot_take(redisContext *redis)
{
	struct snapshot *snapshot = calloc(1, sizeof *snapshot);
	redisReply *names = ask(redis, "KEYS *");

	if (!snapshot)
		abort();
	snapshot->keys = calloc(names->elements + 1, sizeof *snapshot->keys);
	if (!snapshot->keys)
		abort();
	for (size_t i = 0; i < names->elements; i++)
		read_key(redis, &snapshot->keys[snapshot->count++], names->element[i]->str);
	qsort(snapshot->keys, snapshot->count, sizeof *snapshot->keys, compare_keys);
	freeReplyObject(names);
	return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	for (size_t i = 0; i < snapshot->count; i++) {
		struct snapshot_key *key = &snapshot->keys[i];

		for (size_t e = 0; e < key->count; e++) {
			free(key->elements[e].name);
			free(key->elements[e].value);
		}
		free(key->elements);
		free(key->name);
		free(key->type);
		free(key->expires_ms);
	}
	free(snapshot->keys);
	free(snapshot);
}

const struct snapshot_key *snapshot_find(const struct snapshot *snapshot, const char *name)
{
	for (size_t i = 0; i < snapshot->count; i++)
		if (strcmp(snapshot->keys[i].name, name) == 0)
			return &snapshot->keys[i];
	return NULL;
}

const char *snapshot_value(const struct snapshot_key *key, const char *element)
{
	for (size_t i = 0; i < key->count; i++)
		if (strcmp(key->elements[i].name, element) == 0)
			return key->elements[i].value;
	return NULL;
}
