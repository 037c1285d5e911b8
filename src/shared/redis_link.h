/* One connection to Redis on the event loop: connects, checks, reconnects with back-off, loads scripts, times out.
 *
 * A link is `up` only after it has connected, authenticated, selected its database and passed the checks: Redis 7, done
 * loading, and with `redis.durability = strict` a master with appendonly and noeviction. They are made again every 5 s.
 * While the link is down, calls fail with ERR_REDIS_UNAVAILABLE. hiredis 0.14 has no timeout for asynchronous calls:
 * the link has its own, and after one closes the connection, so that a late reply can never be taken for another's. */
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

/* Any of them may be NULL. */
struct redis_link_hooks {
	/* The link came up (also again). It may be used from inside. */
	void (*up)(struct redis_link *link, void *arg);
	/* The link went down or could not come up; `why` can be printed. Called once for each change or new reason. */
	void (*down)(struct redis_link *link, const struct err *why, void *arg);
	/* redis_link_guard: history was found to be lost, or a person has confirmed it. Not for what is known when the link
	 * comes up. */
	void (*history)(struct redis_link *link, void *arg);
	/* A script call was answered, so many microseconds after it was sent. */
	void (*timed)(enum script_id script, int64_t took_us, void *arg);
	/* A message on the subscribed channel, whose full name is given. Borrowed for the call. */
	void (*message)(struct redis_link *link, const char *channel, const char *text, void *arg);
};

/* `name` stands in the logs ("commit", "read", "events"). `subscribe`: NULL, or the channel that this link listens on
 * (after the prefix and tag: "wake" means muster:{0}:wake); such a link takes no calls, and is up while the
 * subscription stands. Starts to connect from the loop: no hook is called from inside. Tries for ever, 50 ms to 2 s
 * apart. `config`, `hooks` and `arg` are borrowed for the link's life. Never NULL; a wrong URL (see redis_url.h) is a
 * reason to be down. The program must ignore SIGPIPE. */
struct redis_link *redis_link_new(struct event_base *base, const struct config *config, const char *name,
				  const char *subscribe, const struct redis_link_hooks *hooks, void *arg);

/* Holds what Redis holds against `generation` before the link is up and with every check (see redis_generation.h). To be
 * called before the loop runs; `generation` is borrowed. */
struct redis_generation;
void redis_link_guard(struct redis_link *link, struct redis_generation *generation);

/* redis_generation_note_write of what guards this link, if anything does. */
void redis_link_note_write(struct redis_link *link, const char *key, const char *field);

/* Makes the checks at once that are made every 5 s. */
void redis_link_recheck(struct redis_link *link);

/* Redis's replication id at the last check: another one than before means that it was restarted or is another Redis. */
const char *redis_link_replication_id(const struct redis_link *link);

/* Calls still out get their reply function called with ERR_OUTCOME_UNKNOWN. NULL is fine. Not from inside a reply or
 * hook. */
void redis_link_free(struct redis_link *link);

bool redis_link_is_up(const struct redis_link *link);

/* Whether it is not up because Redis was reached and is none that may be used (redis.durability = strict): that is not
 * mended by waiting. */
bool redis_link_is_unfit(const struct redis_link *link);

/* Why the link is down; borrowed, valid until the next change. */
const struct err *redis_link_why_down(const struct redis_link *link);

/* Called exactly once for each call, always from the loop, never from inside the function that makes the call. `reply`
 * is NULL exactly where `err` is not. What the codes say:
 *
 * - ERR_REDIS_UNAVAILABLE: nothing was executed. The link is down, or Redis refused before it ran (OOM, LOADING,
 *   READONLY, NOREPLICAS, MISCONF, MASTERDOWN, NOAUTH, NOPERM, BUSY, CLUSTERDOWN, TRYAGAIN, MOVED, ASK); the message
 *   holds Redis's words.
 * - ERR_OUTCOME_UNKNOWN: it was sent and no reply came (connection lost, or timed out).
 * - ERR_INTERNAL: any other error reply, and every error out of the middle of a script, even an OOM. Our own mistake or
 *   a spoiled key; of a script, a part may have been executed.
 *
 * The reply lives only during the call. The link must not be freed from inside. */
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

/* EVALSHA with KEYS[1] = "PREFIX:{0}" and these ARGV (borrowed for the call only). After NOSCRIPT the same call goes
 * out once more with the script's text; so calls that are out together may run in another order than they were made in,
 * and who needs an order waits for the reply. */
void redis_link_script(struct redis_link *link, enum script_id script, const struct script_args *args,
		       redis_reply_fn *fn, void *arg);

/* Any other command; `argv` is borrowed for the call only. */
void redis_link_command(struct redis_link *link, int argc, const char **argv, redis_reply_fn *fn, void *arg);

/* Whether acknowledging needs redis_link_wait_replicas at all: redis.min_replicas > 0. */
bool redis_link_needs_wait(const struct redis_link *link);

/* WAIT for `redis.min_replicas` on this connection, for the calls made on it before, answered or not. The reply is how
 * many acknowledged; fewer than asked for, an error, or a connection that changed since the last call: always
 * ERR_OUTCOME_UNKNOWN, as the write itself was done. Other calls on this link wait behind it, for up to
 * redis.timeout_ms.
 *
 * WAIT proves something only on the connection that carried the write. Make the call right after the write, or from
 * inside its reply; who waits longer compares redis_link_generation with what it was at the write. */
void redis_link_wait_replicas(struct redis_link *link, redis_reply_fn *fn, void *arg);

/* The same for everything that Redis holds now, whoever wrote it: for answers about what was stored before. */
void redis_link_wait_all(struct redis_link *link, redis_reply_fn *fn, void *arg);

/* Grows each time the link comes up. */
uint64_t redis_link_generation(const struct redis_link *link);

/* Helpers for replies. */
const char *reply_text(const redisReply *reply);	       /* "" for anything but a string or status */
int64_t reply_int(const redisReply *reply, int64_t otherwise); /* integers and strings of digits */
const redisReply *reply_at(const redisReply *reply, size_t i); /* NULL beyond the end or where it is no array */
/* In a flat array of field, value, field, value: the value's text, or NULL. */
const char *reply_field(const redisReply *reply, const char *field);

#endif
