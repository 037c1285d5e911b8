/* One connection to Redis on the event loop: connects, checks, reconnects with back-off, loads scripts, times out.
 *
 * A link is `up` only after it has connected, authenticated, selected its database and passed the durability checks of
 * the configuration (master, not loading, appendonly, noeviction). While it is down, calls fail at once with
 * ERR_REDIS_UNAVAILABLE. hiredis 0.14 has no timeout for asynchronous calls: the link has its own, and after one closes
 * the connection, so that a late reply can never be taken for another's. */
#ifndef MUSTER_REDIS_LINK_H
#define MUSTER_REDIS_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>
#include <hiredis/hiredis.h>

#include "shared/config.h"
#include "shared/err.h"
#include "shared/script.h"

struct redis_link;

struct redis_link_hooks {
	/* The link came up (also again). It may be used from inside. */
	void (*up)(struct redis_link *link, void *arg);
	/* The link went down or could not come up; `why` can be printed. Called once for each change or new reason. */
	void (*down)(struct redis_link *link, const struct err *why, void *arg);
	/* A message on a subscribed channel. Borrowed for the call. */
	void (*message)(struct redis_link *link, const char *channel, const char *text, void *arg);
};

/* `name` stands in the logs ("commit", "read", "events"). `subscribe`: NULL, or the channel that this link listens on
 * (after the prefix and tag: "wake" means muster:{0}:wake); such a link takes no calls. Starts to connect at once.
 * `config`, `hooks` and `arg` are borrowed for the link's life. Never NULL. */
struct redis_link *redis_link_new(struct event_base *base, const struct config *config, const char *name,
				  const char *subscribe, const struct redis_link_hooks *hooks, void *arg);

/* Calls still out get their reply function called with ERR_OUTCOME_UNKNOWN. NULL is fine. Not from inside a reply or hook. */
void redis_link_free(struct redis_link *link);

bool redis_link_is_up(const struct redis_link *link);

/* Why the link is down; borrowed, valid until the next change. */
const struct err *redis_link_why_down(const struct redis_link *link);

/* Exactly one call for each request. `reply` is NULL exactly where `err` is not:
 *   ERR_REDIS_UNAVAILABLE  nothing was executed (link down, or Redis refused before it ran: OOM, LOADING, READONLY,
 *                          NOREPLICAS, MISCONF, WRONGTYPE and other error replies; the message holds Redis's words)
 *   ERR_OUTCOME_UNKNOWN    it was sent and no reply came (connection lost, or timed out)
 * The reply lives only during the call. */
typedef void redis_reply_fn(const redisReply *reply, const struct err *err, void *arg);

/* The arguments of one script call, built up in one growing buffer. Reusable: script_args_reset keeps the memory. */
struct script_args;
struct script_args *script_args_new(void);
void script_args_free(struct script_args *args);
void script_args_reset(struct script_args *args);
void script_args_add(struct script_args *args, const char *text);
void script_args_add_bytes(struct script_args *args, const void *bytes, size_t length);
void script_args_add_int(struct script_args *args, int64_t value);
size_t script_args_count(const struct script_args *args);

/* EVALSHA with KEYS[1] = "PREFIX:{0}" and these ARGV (borrowed for the call only); NOSCRIPT loads and repeats. */
void redis_link_script(struct redis_link *link, enum script_id script, const struct script_args *args, redis_reply_fn *fn,
		       void *arg);

/* Any other command; `argv` is borrowed for the call only. */
void redis_link_command(struct redis_link *link, int argc, const char **argv, redis_reply_fn *fn, void *arg);

/* WAIT for `redis.min_replicas` on this connection, for the writes sent on it before. The reply is how many
 * acknowledged; where the connection changed since, ERR_OUTCOME_UNKNOWN. */
void redis_link_wait_replicas(struct redis_link *link, redis_reply_fn *fn, void *arg);

/* Helpers for replies. */
const char *reply_text(const redisReply *reply);		/* "" for anything but a string or status */
int64_t reply_int(const redisReply *reply, int64_t otherwise);	/* integers and strings of digits */
const redisReply *reply_at(const redisReply *reply, size_t i); /* NULL beyond the end or where it is no array */
/* In a flat array of field, value, field, value: the value's text, or NULL. */
const char *reply_field(const redisReply *reply, const char *field);

#endif
