/* The file of tokens (api.tokens_file): who may call the API, one bearer a line:
 *
 *     sha256-of-the-token role [user]
 *
 * The hash is 64 hex digits; the role is user (which needs the user), service, operator or read. Blank lines and lines
 * that begin with # are skipped. The file holds no token: whoever reads it cannot call the API. Whoever can write it
 * can do anything, and nobody but its owner and group has business with it: one that is open to others is refused. */
#ifndef MUSTER_API_TOKEN_FILE_H
#define MUSTER_API_TOKEN_FILE_H

#include <stddef.h>

#include "api/access.h"
#include "api/suggestion.h"
#include "shared/err.h"

#define TOKEN_DIGEST_SIZE 32

struct token_entry {
	unsigned char digest[TOKEN_DIGEST_SIZE];
	enum role role;
	char user[NAME_SIZE]; /* "" unless the role is user */
};

struct token_list {
	struct token_entry *entries;
	size_t count;
};

/* Reads all of it, or fills `err` with a message that names file and line and repeats nothing that stands there: it may
 * be a token. A file without any bearer is refused: it locks everybody out, and is more likely one that is just being
 * written. */
bool token_file_read(const char *path, struct token_list *list, struct err *err) MUST_USE;
void token_list_free(struct token_list *list);

/* `word` is one of the four; false otherwise. */
bool token_role_of(const char *word, enum role *role);
const char *token_role_word(enum role role);

/* For `muster-api --new-token ROLE [USER]`: prints a new token and, on the second line, what belongs into the file; the
 * words for people go to standard error. Returns the exit code. */
int token_new_main(int argc, char **argv);

#endif
