/* Everything that can be seen of programs from outside, kept to be searched for what must not be in it: logs, files,
 * answers, and what /proc shows of a process.
 *
 * Each place says a word that must stand in it; so a search that finds nothing has searched what it should. */
#ifndef MUSTER_TEST_SECRET_PLACES_H
#define MUSTER_TEST_SECRET_PLACES_H

#include <stddef.h>

#include <hiredis/hiredis.h>

#include "tests/support/process.h"

struct secret_places;

struct secret_places *secret_places_new(void);
void secret_places_free(struct secret_places *places);

/* A copy of the bytes; fails the test where `word` does not stand in them. */
void secret_places_add(struct secret_places *places, const char *name, const void *bytes, size_t length,
		       const char *word);

/* The same of a text, and of a file. */
void secret_places_add_text(struct secret_places *places, const char *name, const char *text, const char *word);
void secret_places_add_file(struct secret_places *places, const char *path, const char *word);

/* All texts of a reply of Redis, one a line; the caller frees. */
char *secret_places_reply_text(const redisReply *reply);

/* All files of a folder and below it; `word` must stand in one of them. Their number. */
size_t secret_places_add_folder(struct secret_places *places, const char *path, const char *word);

/* The command line and the environment of a process, which has `word` in its environment. Where the system does not
 * show us the environment, nobody else sees it either: that is no failure. */
void secret_places_add_process(struct secret_places *places, const struct process *process, const char *word);

/* In how many places the word stands; where it first does is put into `*where` (may be NULL). */
size_t secret_places_count(const struct secret_places *places, const char *word, const char **where);

/* How many places there are. */
size_t secret_places_size(const struct secret_places *places);

#endif
