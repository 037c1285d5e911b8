/* A Redis of its own for tests of scripts: runs a script, and says what it answered, what it published, and what it
 * changed in the whole keyspace. The texts are described in keyspace_tokens.h and keyspace_change.h. */
#ifndef MUSTER_TEST_KEYSPACE_H
#define MUSTER_TEST_KEYSPACE_H

#include <stdint.h>

#include <hiredis/hiredis.h>

#include "shared/script.h"
#include "tests/support/keyspace_snapshot.h"
#include "tests/support/redis_server.h"

struct keyspace;

/* Starts Redis; `options` as of redis_server_start. */
struct keyspace *keyspace_new(const char *const *options);
/* The same with a clock of its own, as of redis_server_start_at. */
struct keyspace *keyspace_new_at(int64_t at_ms);
void keyspace_free(struct keyspace *keyspace);

/* Empties it: for the beginning of a test. */
void keyspace_reset(struct keyspace *keyspace);
/* The same, at another time; only where it has a clock of its own. */
void keyspace_reset_at(struct keyspace *keyspace, int64_t at_ms);

/* Runs a script with KEYS[1] = "muster:{0}". `args`: the ARGV with "|" between them ("" is none at all, "''" an empty
 * one), words like <b1> replaced. Waits for the next millisecond of Redis's clock first, so that <now> and <then> are
 * always different. */
void keyspace_call(struct keyspace *keyspace, enum script_id script, const char *args);

/* Of the last call. Arrays in brackets, nil as "nil", empty text as '', an error as "!" and its first word. */
const char *keyspace_reply_text(const struct keyspace *keyspace);
const redisReply *keyspace_reply(const struct keyspace *keyspace);

/* What the last call changed; then ">CHANNEL MESSAGE" for each message it published. */
const char *keyspace_change(const struct keyspace *keyspace);

/* Everything, as if it were new. The caller frees. */
char *keyspace_text(const struct keyspace *keyspace);

/* As it was after the last call or look. */
const struct snapshot *keyspace_snapshot(const struct keyspace *keyspace);

/* Runs a command for its effect, and looks again. `command`: blanks between the words, words like <b1> replaced. */
void keyspace_command(struct keyspace *keyspace, const char *command);

/* The value of one element (see keyspace_snapshot.h); `key` without the prefix, words replaced. "" where there is none.
 * Good until the next call. */
const char *keyspace_value(const struct keyspace *keyspace, const char *key, const char *element);

/* `text` with words like <b1> replaced, and the other way round. The caller frees. */
char *keyspace_expand(const struct keyspace *keyspace, const char *text);
char *keyspace_shorten(const struct keyspace *keyspace, const char *text);

/* Redis's clock. */
int64_t keyspace_time_us(struct keyspace *keyspace);

struct redis_server *keyspace_server(struct keyspace *keyspace);

#endif
