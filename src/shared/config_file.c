/* The INI file. libinih takes its lines apart; what stands here makes it strict, since it would itself pass over much
 * in silence: it cuts long lines and names, takes an indented line for more of the value before, and makes nothing of a
 * section without keys, known or not. So the lines come from here one by one, and are looked at first. */
#include "shared/config.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "shared/config_option.h"

/* Reading one file: where it stands, and what was given so far. */
struct reader {
	struct config *config;
	const char *path;
	FILE *file;
	config_problem_fn *tell;
	void *arg;
	char *line; /* grown by getline */
	size_t line_size;
	int line_number;
	int read_errno;
	size_t problems;
	enum { SECTION_NONE, SECTION_BAD, SECTION_GOOD } section; /* of the lines that follow */
	int seen[CONFIG_BROKERS_MAX + 1][CONFIG_OPTIONS_MAX]; /* line of each option; brokers from 0, then the others */
};

/* Tells a problem with the line that was read last; always false. */
static bool tell_problem(struct reader *reader, struct err *problem)
{
	err_context(problem, "%s:%d", reader->path, reader->line_number);
	reader->tell(problem, reader->arg);
	reader->problems++;
	return false;
}

/* "[name]" with at most blanks and a comment behind it. inih makes no call for a section without keys. */
static bool open_section(struct reader *reader, const char *line)
{
	const char *end = strchr(line, ']');
	const char *rest = end == NULL ? "?" : end + 1 + strspn(end + 1, " \t\r\n");
	char name[CONFIG_TEXT_SIZE];
	struct err err = {0};

	reader->section = SECTION_BAD;
	if (*rest != '\0' && *rest != '#' && *rest != ';') {
		err_set(&err, ERR_CONFIG, "a section is [name] on a line of its own");
		return tell_problem(reader, &err);
	}
	snprintf(name, sizeof(name), "%.*s", (int)(end - line - 1), line + 1);
	if (!config_section_open(reader->config, name, &err))
		return tell_problem(reader, &err);
	reader->section = SECTION_GOOD;
	return true;
}

/* Looks at the line before inih does; false where inih should not see it. */
static bool check_line(struct reader *reader, const char *line, size_t length, size_t room)
{
	struct err err = {0};

	if (strlen(reader->line) != length)
		err_set(&err, ERR_CONFIG, "there is a zero byte in the line");
	else if (strlen(line) + 3 > room)
		err_set(&err, ERR_CONFIG, "the line is longer than %zu bytes", room - 3);
	else if (line[0] == '[')
		return open_section(reader, line);
	else if (line[0] != '\0' && strchr("#;", line[0]) == NULL && strpbrk(line, "=:") == NULL)
		err_set(&err, ERR_CONFIG, "this is no key = value, no [section] and no comment");
	else
		return true;
	return tell_problem(reader, &err);
}

/* What inih reads lines with, in place of fgets: without the blanks before and the line's end behind. */
static char *read_line(char *text, int room, void *arg)
{
	struct reader *reader = arg;
	const char *line;
	ssize_t length;

	errno = 0;
	length = getline(&reader->line, &reader->line_size, reader->file);
	if (length < 0) {
		reader->read_errno = ferror(reader->file) ? errno : 0;
		return NULL;
	}
	reader->line_number++;
	while (length > 0 && strchr("\r\n", reader->line[length - 1]) != NULL)
		reader->line[--length] = '\0';
	line = reader->line;
	if (reader->line_number == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0)
		line += 3;
	line += strspn(line, " \t");
	if (check_line(reader, line, (size_t)length, (size_t)room))
		snprintf(text, (size_t)room, "%s\n", line);
	else
		snprintf(text, (size_t)room, "\n");
	return text;
}

/* Where the line of the option's first appearance is kept. */
static int *seen_line(struct reader *reader, const char *section, const char *key)
{
	const struct config_option *option = config_option_find(section, key, NULL);
	size_t row = CONFIG_BROKERS_MAX;
	const char *broker;

	if (option == NULL)
		return NULL;
	if (config_section_split(section, &broker) && broker != NULL)
		row = (size_t)(config_broker(reader->config, broker) - reader->config->brokers);
	for (size_t i = 0;; i++) {
		if (config_option_at(i) == option)
			return &reader->seen[row][i];
	}
}

/* inih found a key and its value. Its result only says whether to go on counting errors: always fine. */
static int take_value(void *arg, const char *section, const char *key, const char *value)
{
	struct reader *reader = arg;
	struct err err = {0};
	int *seen;

	if (reader->section == SECTION_BAD)
		return 1; /* told at its head */
	if (reader->section == SECTION_NONE) {
		err_set(&err, ERR_CONFIG, "the key stands before any [section]");
		return tell_problem(reader, &err), 1;
	}
	seen = seen_line(reader, section, key);
	if (seen != NULL && *seen != 0) {
		err_set(&err, ERR_CONFIG, "%s.%s: given a second time, first on line %d", section, key, *seen);
		return tell_problem(reader, &err), 1;
	}
	if (seen != NULL)
		*seen = reader->line_number;
	if (!config_assign(reader->config, section, key, value, &err))
		tell_problem(reader, &err);
	return 1;
}

/* Takes the open file apart. */
static void read_file(struct reader *reader)
{
	int bad_line = ini_parse_stream(read_line, reader, take_value, reader);
	struct err err = {0};

	if (bad_line < 0)
		abort(); /* out of memory */
	if (reader->read_errno != 0) {
		err_set(&err, ERR_CONFIG, "%s: %s", reader->path, strerror(reader->read_errno));
		reader->tell(&err, reader->arg);
		reader->problems++;
	} else if (bad_line > 0) {
		reader->line_number = bad_line;
		err_set(&err, ERR_CONFIG, "this is no key = value, no [section] and no comment");
		tell_problem(reader, &err);
	}
}

size_t config_tell_file(struct config *config, const char *path, config_problem_fn *tell, void *arg)
{
	struct reader reader = {.config = config, .path = path, .tell = tell, .arg = arg};
	struct err err = {0};

	reader.file = fopen(path, "re");
	if (reader.file == NULL) {
		err_set(&err, ERR_CONFIG, "%s: %s", path, strerror(errno));
		tell(&err, arg);
		return 1;
	}
	read_file(&reader);
	fclose(reader.file);
	/* A line may have held a password. */
	if (reader.line != NULL)
		explicit_bzero(reader.line, reader.line_size);
	free(reader.line);
	return reader.problems;
}

bool config_read_file(struct config *config, const char *path, struct err *err)
{
	struct err first = {0};

	if (config_tell_file(config, path, config_keep_first, &first) == 0)
		return true;
	return err_set(err, first.code, "%s", first.message);
}
