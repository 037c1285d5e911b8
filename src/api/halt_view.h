/* Halts as people see them: out of the hash `halts`, in status, readyz, the answers of halt and resume, and logs. */
#ifndef MUSTER_API_HALT_VIEW_H
#define MUSTER_API_HALT_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include <hiredis/hiredis.h>
#include <jansson.h>

#include "shared/redis_link.h"

/* The scope of a halt of all brokers; no broker may have this name. */
#define HALT_ALL "all"

struct app;

/* [{"broker_type" (null: all brokers), "code", "by", "reason", "since"}], all brokers first, then by name. `hash` is
 * HGETALL of `halts`. */
json_t *halt_views(const redisReply *hash);

/* One sentence on the first of the views: "trading is halted at all brokers since … by …: …"; "" where there is none.
 * Returns `text`. */
const char *halt_views_sentence(const json_t *views, char *text, size_t size);

/* Asks Redis for `halts`; the reply is HGETALL's. */
void halt_views_load(struct app *app, redis_reply_fn *fn, void *arg);

#endif
