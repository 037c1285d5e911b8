/* Reads everything that Redis holds into a struct audit whose config, prefix, arena and report are set. */
#ifndef MUSTER_AUDIT_READ_H
#define MUSTER_AUDIT_READ_H

#include "audit/redis.h"
#include "audit/state.h"

/* The deployment's name and Redis's time: what the ledgers are read by. */
bool audit_read_deployment(struct audit *audit, struct audit_redis *redis, struct err *err) MUST_USE;

/* All the rest. What changes while it is read is noted as moving. */
bool audit_read_redis(struct audit *audit, struct audit_redis *redis, struct err *err) MUST_USE;

/* --- its parts, in the order in which they are called */

bool audit_read_windows(struct audit *audit, struct audit_redis *redis, struct err *err) MUST_USE;
bool audit_read_blocks(struct audit *audit, struct audit_redis *redis, struct err *err) MUST_USE;
bool audit_read_orders(struct audit *audit, struct audit_redis *redis, struct err *err) MUST_USE;
bool audit_read_indexes(struct audit *audit, struct audit_redis *redis, struct err *err) MUST_USE;
bool audit_read_streams(struct audit *audit, struct audit_redis *redis, struct err *err) MUST_USE;

/* Compares all blocks that are not final, and the sums of open groups, with what they are now. */
bool audit_read_movements(struct audit *audit, struct audit_redis *redis, struct err *err) MUST_USE;
bool audit_read_sums_again(struct audit *audit, struct audit_redis *redis, struct err *err) MUST_USE;

/* --- one list an item: most are short and come many at once, the others are walked */

#define AUDIT_KEY_SIZE 512

struct audit_lists {
	const struct audit_list *items;
	enum audit_walk_kind kind;					     /* AUDIT_WALK_SORTED or AUDIT_WALK_HASH */
	void (*key)(const struct audit *audit, const void *item, char *key); /* AUDIT_KEY_SIZE bytes */
	void (*take)(struct audit *audit, void *item, const redisReply *page);
};

bool audit_read_lists(struct audit *audit, struct audit_redis *redis, const struct audit_lists *lists,
		      struct err *err) MUST_USE;

#endif
