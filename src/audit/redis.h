/* Reading Redis: one connection that blocks, and many questions on their way at once. Only commands that read are ever
 * sent; lists come in pages. */
#ifndef MUSTER_AUDIT_REDIS_H
#define MUSTER_AUDIT_REDIS_H

#include <stdbool.h>
#include <stddef.h>

#include <hiredis/hiredis.h>

#include "audit/arena.h"
#include "shared/config.h"
#include "shared/err.h"

#define AUDIT_PAGE 1000

struct audit_redis;

/* Connects and logs in; ERR_CONFIG for a wrong URL, ERR_REDIS_UNAVAILABLE otherwise. */
struct audit_redis *audit_redis_open(const struct config *config, struct err *err);
void audit_redis_close(struct audit_redis *redis);

/* Queues one command, in the form of hiredis. */
void audit_redis_ask(struct audit_redis *redis, const char *format, ...);

/* The reply to the oldest command that is queued, to be freed; NULL with `err` where there is none or it is an error,
 * other than one about a key of a wrong type. */
redisReply *audit_redis_reply(struct audit_redis *redis, struct err *err);

/* One command and its reply. */
redisReply *audit_redis_command(struct audit_redis *redis, struct err *err, const char *format, ...);

/* Many questions: `ask` queues `replies` commands for an item, `take` gets the reply to each. */
struct audit_questions {
	const struct audit_list *items;
	size_t from;	/* the first item to ask about */
	size_t replies; /* an item */
	void (*ask)(struct audit_redis *redis, const void *item, void *arg);
	void (*take)(void *item, size_t which, const redisReply *reply, void *arg);
	void *arg;
};

bool audit_redis_each(struct audit_redis *redis, const struct audit_questions *questions, struct err *err) MUST_USE;

/* A walk over one key (or all that match a pattern) in pages; `take` gets each page as hiredis has it: of a sorted set
 * members with scores, of a hash fields with values, of a stream entries, of a set members, of keys keys (one may come
 * twice). A page is an error reply where the key is of another type. */
enum audit_walk_kind { AUDIT_WALK_SORTED, AUDIT_WALK_HASH, AUDIT_WALK_STREAM, AUDIT_WALK_KEYS };

struct audit_walk {
	enum audit_walk_kind kind;
	const char *key;
	void (*take)(const redisReply *page, void *arg);
	void *arg;
};

bool audit_redis_walk(struct audit_redis *redis, const struct audit_walk *walk, struct err *err) MUST_USE;

/* Whether the reply says that the key is of another type. */
bool audit_reply_is_wrong_type(const redisReply *reply);

#endif
