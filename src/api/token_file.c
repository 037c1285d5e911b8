/* Reading the file of tokens. */
#include "api/token_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/crypto.h>

#include "shared/ids.h"

#define WORDS_MAX	3
#define OPEN_TO_OTHERS	(S_IRWXO | S_IWGRP)
#define DIGEST_HEX	(2 * TOKEN_DIGEST_SIZE)
#define LIST_FIRST_SIZE 16

static const struct {
	const char *word;
	enum role role;
} roles[] = {{"user", ROLE_USER}, {"service", ROLE_SERVICE}, {"operator", ROLE_OPERATOR}, {"read", ROLE_READ}};

bool token_role_of(const char *word, enum role *role)
{
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
		if (strcmp(word, roles[i].word) == 0) {
			*role = roles[i].role;
			return true;
		}
	}
	return false;
}

const char *token_role_word(enum role role)
{
	size_t i = 0;

	while (roles[i].role != role)
		i++;
	return roles[i].word;
}

/* Reads 64 hex digits. */
static bool read_digest(const char *word, unsigned char *digest)
{
	size_t length = 0;

	/* In hand here: OPENSSL_hexstr2buf would take colons and any length. */
	if (strlen(word) != DIGEST_HEX || strspn(word, "0123456789abcdefABCDEF") != DIGEST_HEX)
		return false;
	return OPENSSL_hexstr2buf_ex(digest, TOKEN_DIGEST_SIZE, &length, word, '\0') == 1;
}

/* Cuts a line into words; their number, WORDS_MAX + 1 where there are more. */
static size_t split(char *line, char **words)
{
	size_t count = 0;
	char *rest = NULL;

	for (char *word = strtok_r(line, " \t\r\n", &rest); word; word = strtok_r(NULL, " \t\r\n", &rest)) {
		if (count == WORDS_MAX)
			return WORDS_MAX + 1;
		words[count++] = word;
	}
	return count;
}

/* Reads the words of one line. */
static bool read_entry(char **words, size_t count, struct token_entry *entry, struct err *err)
{
	*entry = (struct token_entry){0};
	if (!read_digest(words[0], entry->digest))
		return err_set(err, ERR_CONFIG,
			       "the first word must be the SHA-256 of a token, 64 hex digits "
			       "(muster-api --new-token prints the line)");
	if (count < 2 || !token_role_of(words[1], &entry->role))
		return err_set(err, ERR_CONFIG, "the second word must be a role: user, service, operator or read");
	if (count > WORDS_MAX || (count == WORDS_MAX && entry->role != ROLE_USER))
		return err_set(err, ERR_CONFIG, "nothing may follow %s",
			       entry->role == ROLE_USER ? "the user" : "this role: only `user` names a user");
	if (entry->role != ROLE_USER)
		return true;
	if (count < WORDS_MAX || !ids_is_name(words[2]))
		return err_set(err, ERR_CONFIG,
			       "the role `user` needs the user: 1 to 64 printable ASCII characters without space, "
			       "quotes, backslash and colon");
	memcpy(entry->user, words[2], strlen(words[2]) + 1);
	return true;
}

static void list_add(struct token_list *list, const struct token_entry *entry)
{
	/* Doubles at powers of two. */
	if (list->count == 0 || (list->count >= LIST_FIRST_SIZE && (list->count & (list->count - 1)) == 0)) {
		size_t size = list->count ? 2 * list->count : LIST_FIRST_SIZE;

		list->entries = realloc(list->entries, size * sizeof *list->entries);
		if (!list->entries)
			abort();
	}
	list->entries[list->count++] = *entry;
}

/* Reads all lines. */
static bool read_lines(FILE *file, struct token_list *list, struct err *err)
{
	struct token_entry entry;
	char *words[WORDS_MAX];
	char *line = NULL;
	size_t size = 0, number = 0;
	bool good = true;

	while (good && getline(&line, &size, file) >= 0) {
		size_t count;

		number++;
		if (line[strspn(line, " \t")] == '#' || (count = split(line, words)) == 0)
			continue;
		good = read_entry(words, count, &entry, err);
		if (good)
			list_add(list, &entry);
		else
			err_context(err, "line %zu", number);
	}
	free(line);
	if (good && ferror(file))
		return err_set(err, ERR_CONFIG, "%s", strerror(errno));
	if (good && list->count == 0)
		return err_set(err, ERR_CONFIG,
			       "there is no token in it; muster-api --new-token ROLE [USER] makes one");
	return good;
}

/* What the file is, before what it says. */
static bool check_file(FILE *file, struct err *err)
{
	struct stat status;

	if (fstat(fileno(file), &status) != 0)
		return err_set(err, ERR_CONFIG, "%s", strerror(errno));
	if (!S_ISREG(status.st_mode))
		return err_set(err, ERR_CONFIG, "it is not a regular file");
	if (status.st_mode & OPEN_TO_OTHERS)
		return err_set(err, ERR_CONFIG,
			       "others than its owner may write it, or others than its owner and group read it (mode "
			       "%04o); chmod 640 mends that",
			       (unsigned)(status.st_mode & 07777));
	return true;
}

bool token_file_read(const char *path, struct token_list *list, struct err *err)
{
	FILE *file = fopen(path, "re");

	*list = (struct token_list){0};
	if (!file)
		return err_set(err, ERR_CONFIG, "api.tokens_file: %s: %s", path, strerror(errno));
	if (check_file(file, err) && read_lines(file, list, err)) {
		(void)fclose(file);
		return true;
	}
	(void)fclose(file);
	token_list_free(list);
	return err_context(err, "api.tokens_file: %s", path);
}

void token_list_free(struct token_list *list)
{
	free(list->entries);
	*list = (struct token_list){0};
}
