/* See redis.h. */
#include "audit/redis.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/redis_url.h"

#define ON_THEIR_WAY 500 /* questions */
#define MS_A_SECOND  1000

struct audit_redis {
	redisContext *context;
};

/* What went wrong on the connection. */
static bool set_unreachable(const struct audit_redis *redis, struct err *err)
{
	return err_set(err, ERR_REDIS_UNAVAILABLE, "Redis cannot be read: %s",
		       redis->context ? redis->context->errstr : "out of memory");
}

/* One command of the log-in. */
static bool greet(struct audit_redis *redis, struct err *err, const char *format, ...)
{
	va_list list;
	redisReply *reply;

	va_start(list, format);
	(void)redisvAppendCommand(redis->context, format, list);
	va_end(list);
	reply = audit_redis_reply(redis, err);
	freeReplyObject(reply);
	return reply != NULL;
}

/* User, password, database. */
static bool log_in(struct audit_redis *redis, const struct redis_url *url, struct err *err)
{
	bool is_in = !url->has_login || (url->user[0] ? greet(redis, err, "AUTH %s %s", url->user, url->password)
						      : greet(redis, err, "AUTH %s", url->password));

	if (!is_in)
		redis_url_clean(url, err->message);
	return is_in && (url->database == 0 || greet(redis, err, "SELECT %u", url->database));
}

struct audit_redis *audit_redis_open(const struct config *config, struct err *err)
{
	struct timeval timeout = {config->redis.timeout_ms / MS_A_SECOND,
				  config->redis.timeout_ms % MS_A_SECOND * 1000};
	struct audit_redis *redis;
	struct redis_url url;
	bool good;

	if (!redis_url_parse(config->redis.url, &url, err)) {
		(void)err_context(err, "redis.url");
		return NULL;
	}
	redis = calloc(1, sizeof *redis);
	if (!redis)
		abort();
	redis->context = url.path[0] ? redisConnectUnixWithTimeout(url.path, timeout)
				     : redisConnectWithTimeout(url.host, url.port, timeout);
	good = redis->context && !redis->context->err && redisSetTimeout(redis->context, timeout) == REDIS_OK;
	good = good ? log_in(redis, &url, err) : set_unreachable(redis, err);
	explicit_bzero(&url, sizeof url);
	if (good)
		return redis;
	audit_redis_close(redis);
	return NULL;
}

void audit_redis_close(struct audit_redis *redis)
{
	if (!redis)
		return;
	if (redis->context)
		redisFree(redis->context);
	free(redis);
}

void audit_redis_ask(struct audit_redis *redis, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	if (redisvAppendCommand(redis->context, format, list) != REDIS_OK)
		abort(); /* no memory, or a format of ours that is none */
	va_end(list);
}

bool audit_reply_is_wrong_type(const redisReply *reply)
{
	return reply && reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "WRONGTYPE", strlen("WRONGTYPE")) == 0;
}

redisReply *audit_redis_reply(struct audit_redis *redis, struct err *err)
{
	void *reply = NULL;
	redisReply *got;

	if (redisGetReply(redis->context, &reply) != REDIS_OK) {
		(void)set_unreachable(redis, err);
		return NULL;
	}
	got = reply;
	if (got->type != REDIS_REPLY_ERROR || audit_reply_is_wrong_type(got))
		return got;
	(void)err_set(err, ERR_REDIS_UNAVAILABLE, "Redis refuses: %.200s", got->str);
	freeReplyObject(got);
	return NULL;
}

redisReply *audit_redis_command(struct audit_redis *redis, struct err *err, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	if (redisvAppendCommand(redis->context, format, list) != REDIS_OK)
		abort();
	va_end(list);
	return audit_redis_reply(redis, err);
}

/* Takes the replies of one item. */
static bool take_replies(struct audit_redis *redis, const struct audit_questions *questions, size_t i, struct err *err)
{
	for (size_t which = 0; which < questions->replies; which++) {
		redisReply *reply = audit_redis_reply(redis, err);

		if (!reply)
			return false;
		questions->take(questions->items->items[i], which, reply, questions->arg);
		freeReplyObject(reply);
	}
	return true;
}

bool audit_redis_each(struct audit_redis *redis, const struct audit_questions *questions, struct err *err)
{
	size_t count = questions->items->count, asked = questions->from;

	for (size_t i = questions->from; i < count; i++) {
		/* Half of them are written at once while the other half is read. */
		if (asked - i <= ON_THEIR_WAY / 2)
			for (; asked < count && asked - i < ON_THEIR_WAY; asked++)
				questions->ask(redis, questions->items->items[asked], questions->arg);
		if (!take_replies(redis, questions, i, err))
			return false;
	}
	return true;
}

/* Where a walk is: an index, or a cursor of Redis's. */
struct place {
	long long index;
	char cursor[64];
	bool is_over;
};

/* Asks for the next page. */
static redisReply *ask_page(struct audit_redis *redis, const struct audit_walk *walk, const struct place *place,
			    struct err *err)
{
	switch (walk->kind) {
	case AUDIT_WALK_SORTED:
		return audit_redis_command(redis, err, "ZRANGE %s %lld %lld WITHSCORES", walk->key, place->index,
					   place->index + AUDIT_PAGE - 1);
	case AUDIT_WALK_STREAM:
		return audit_redis_command(redis, err, "XRANGE %s %s + COUNT %d", walk->key,
					   place->index ? place->cursor : "-", AUDIT_PAGE);
	case AUDIT_WALK_HASH:
		return audit_redis_command(redis, err, "HSCAN %s %s COUNT %d", walk->key, place->cursor, AUDIT_PAGE);
	case AUDIT_WALK_KEYS:
		break;
	}
	return audit_redis_command(redis, err, "SCAN %s MATCH %s COUNT %d", place->cursor, walk->key, AUDIT_PAGE);
}

/* Goes behind a page that was listed by index or id. */
static void go_behind(const struct audit_walk *walk, const redisReply *page, struct place *place)
{
	size_t each = walk->kind == AUDIT_WALK_SORTED ? 2 : 1;

	place->index += AUDIT_PAGE;
	place->is_over = page->type != REDIS_REPLY_ARRAY || page->elements < AUDIT_PAGE * each;
	if (!place->is_over && walk->kind == AUDIT_WALK_STREAM)
		(void)snprintf(place->cursor, sizeof place->cursor, "(%s",
			       page->element[page->elements - 1]->element[0]->str);
}

/* Gives a page to its taker, and goes on. */
static void take_page(const struct audit_walk *walk, const redisReply *reply, struct place *place)
{
	bool is_scan = walk->kind != AUDIT_WALK_SORTED && walk->kind != AUDIT_WALK_STREAM;

	if (!is_scan || reply->type != REDIS_REPLY_ARRAY) {
		go_behind(walk, reply, place);
		walk->take(reply, walk->arg);
		return;
	}
	(void)snprintf(place->cursor, sizeof place->cursor, "%s", reply->element[0]->str);
	place->is_over = strcmp(place->cursor, "0") == 0;
	walk->take(reply->element[1], walk->arg);
}

bool audit_redis_walk(struct audit_redis *redis, const struct audit_walk *walk, struct err *err)
{
	struct place place = {.cursor = "0"};

	while (!place.is_over) {
		redisReply *reply = ask_page(redis, walk, &place, err);

		if (!reply)
			return false;
		take_page(walk, reply, &place);
		freeReplyObject(reply);
	}
	return true;
}
