#include "shared/ini_file.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

struct reading {
	const char *path;
	FILE *file;
	char *line; /* grown by getline */
	size_t line_size;
	int line_number;
	bool has_failed;
	ini_file_fn *fn;
	void *arg;
	struct err *err;
};

/* Ends the reading: the first error counts. */
static void reading_fail(struct reading *reading)
{
	if (reading->has_failed)
		return;
	reading->has_failed = true;
	err_context(reading->err, "%s:%d", reading->path, reading->line_number);
}

/* Whether inih would make of the line what it says. */
static bool line_is_plain(const char *line, size_t length, size_t room, struct err *err)
{
	const char *end;

	if (strlen(line) != length)
		return err_set(err, ERR_CONFIG, "there is a zero byte in the line");
	if (length + 3 > room)
		return err_set(err, ERR_CONFIG, "the line is longer than %zu bytes", room - 3);
	if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
		return true;
	if (line[0] != '[')
		return strchr(line, '=') ||
		       err_set(err, ERR_CONFIG, "this is no key = value, no [section], no comment");
	end = strchr(line, ']');
	return (end && !end[1]) || err_set(err, ERR_CONFIG, "a section is [name] on a line of its own");
}

/* What inih reads lines with, in place of fgets: without blanks around them. */
static char *read_line(char *text, int room, void *arg)
{
	struct reading *reading = arg;
	ssize_t length;
	char *line;

	if (reading->has_failed)
		return NULL;
	length = getline(&reading->line, &reading->line_size, reading->file);
	if (length < 0)
		return NULL;
	reading->line_number++;
	while (length > 0 && strchr(" \t\r\n", reading->line[length - 1]))
		reading->line[--length] = '\0';
	line = reading->line + strspn(reading->line, " \t");
	length -= line - reading->line;
	if (!line_is_plain(line, (size_t)length, (size_t)room, reading->err)) {
		reading_fail(reading);
		return NULL;
	}
	(void)snprintf(text, (size_t)room, "%s\n", line);
	return text;
}

/* inih found a key and its value. */
static int take_value(void *arg, const char *section, const char *key, const char *value)
{
	struct reading *reading = arg;

	if (!reading->has_failed && !reading->fn(section, key, value, reading->err, reading->arg))
		reading_fail(reading);
	return 1;
}

bool ini_file_read(const char *path, ini_file_fn *fn, void *arg, struct err *err)
{
	struct err ignored;
	struct reading reading = {.path = path, .fn = fn, .arg = arg, .err = err ? err : &ignored};

	reading.file = fopen(path, "re");
	if (!reading.file)
		return err_set(err, ERR_CONFIG, "%s: %s", path, strerror(errno));
	errno = 0;
	if (ini_parse_stream(read_line, &reading, take_value, &reading) < 0)
		abort(); /* out of memory */
	if (!reading.has_failed && ferror(reading.file)) {
		reading.has_failed = true;
		err_set(err, ERR_CONFIG, "%s: %s", path, strerror(errno));
	}
	(void)fclose(reading.file);
	free(reading.line);
	return !reading.has_failed;
}
