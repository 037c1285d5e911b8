/* What a process remembers of the Redis that it works with, to be held against what it finds whenever it connects, and
 * every few seconds: which deployment it held, how far its counters were, and the last write that it acknowledged. A
 * Redis that came back empty, older, or as another one then halts all trading (lua/generation.lua) before anything acts
 * on it.
 *
 * The link does the asking: it is not up before it is done. */
#ifndef MUSTER_REDIS_GENERATION_H
#define MUSTER_REDIS_GENERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hiredis/hiredis.h>

#include "shared/err.h"

#define GENERATION_ARGS 8

struct redis_generation;

/* `by` says in the halt who noticed. A write is not held against Redis when it is older than half of `retention_ms`:
 * what it wrote may have expired. Never NULL. */
struct redis_generation *redis_generation_new(const char *by, int64_t retention_ms);
void redis_generation_free(struct redis_generation *generation); /* NULL is fine */

/* Whether a person must confirm before anything is done; `why` (may be NULL) then gets the reason, borrowed. */
bool redis_generation_is_lost(const struct redis_generation *generation, const char **why);

/* Something else has told that history is lost, and has halted trading: the same, until the next look. */
void redis_generation_lose(struct redis_generation *generation, const char *why);

/* What it was made with. */
const char *redis_generation_by(const struct redis_generation *generation);

/* Redis's clock at the last look. */
int64_t redis_generation_now_ms(const struct redis_generation *generation);

/* A write that Redis has acknowledged: the hash `key` (without the prefix) has `field`; with a number of at least
 * `least`, unless that is -1. The last one counts: what was written before it cannot be gone without it. */
void redis_generation_note_write(struct redis_generation *generation, const char *key, const char *field,
				 int64_t least);

/* --- for the link */

/* The ARGV of lua/generation.lua, good until the next call. */
void redis_generation_args(struct redis_generation *generation, const char *args[GENERATION_ARGS]);

/* Takes the script's reply, and logs where it is the first that says so. True where lost has changed. */
bool redis_generation_take(struct redis_generation *generation, const redisReply *reply);

#endif
