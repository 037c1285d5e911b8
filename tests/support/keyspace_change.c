/* The text is made to be read and to be written down in a test: one line a key, times and ids as words. */
#include "tests/support/keyspace_change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct lines {
	char **line;
	size_t count;
};

struct writer {
	const struct tokens *tokens;
	const struct snapshot *ids; /* where stream ids are looked up */
	struct lines lines;
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

/* Takes over `line`. */
static void add_line(struct lines *lines, char *line)
{
	lines->line = must(realloc(lines->line, (lines->count + 1) * sizeof *lines->line));
	lines->line[lines->count++] = line;
}

static void free_lines(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->line[i]);
	free(lines->line);
}

static void write_value(const struct writer *writer, FILE *out, const char *text, bool has_quotes)
{
	const char *quote = !has_quotes || (*text && !strchr(text, ' ')) ? "" : "'";

	(void)fputs(quote, out);
	tokens_write(out, writer->tokens, writer->ids, text);
	(void)fputs(quote, out);
}

/* " field=value"; a member of a set has no value. */
static void write_element(const struct writer *writer, FILE *out, const char *type,
			  const struct snapshot_element *element)
{
	(void)fputc(' ', out);
	write_value(writer, out, element->name, true);
	if (strcmp(type, "set") == 0)
		return;
	(void)fputc('=', out);
	write_value(writer, out, element->value, strcmp(type, "stream") != 0);
}

static const char *short_name(const char *name)
{
	size_t length = strlen(KEYSPACE_PREFIX);

	return strncmp(name, KEYSPACE_PREFIX, length) == 0 ? name + length : name;
}

static void write_expiry(const struct writer *writer, FILE *out, const char *expires_ms)
{
	if (strcmp(expires_ms, "-1") == 0)
		(void)fputc('-', out);
	else
		tokens_write(out, writer->tokens, NULL, expires_ms);
}

static void write_new_key(struct writer *writer, const struct snapshot_key *key)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = must(open_memstream(&text, &size));

	(void)fputc('+', out);
	tokens_write(out, writer->tokens, writer->ids, short_name(key->name));
	(void)fprintf(out, " %s ", key->type);
	write_expiry(writer, out, key->expires_ms);
	for (size_t i = 0; i < key->count; i++)
		write_element(writer, out, key->type, &key->elements[i]);
	(void)fclose(out);
	add_line(&writer->lines, text);
}

static void write_changed_key(struct writer *writer, const struct snapshot_key *before,
			      const struct snapshot_key *after)
{
	char *text = NULL;
	size_t size = 0, empty;
	FILE *out = must(open_memstream(&text, &size));

	(void)fputc('~', out);
	tokens_write(out, writer->tokens, writer->ids, short_name(after->name));
	empty = (size_t)ftell(out);
	if (strcmp(before->expires_ms, after->expires_ms) != 0) {
		(void)fputs(" ttl=", out);
		write_expiry(writer, out, after->expires_ms);
	}
	for (size_t i = 0; i < after->count; i++) {
		const char *old = snapshot_value(before, after->elements[i].name);

		if (!old || strcmp(old, after->elements[i].value) != 0)
			write_element(writer, out, after->type, &after->elements[i]);
	}
	for (size_t i = 0; i < before->count; i++) {
		if (snapshot_value(after, before->elements[i].name))
			continue;
		(void)fputs(" -", out);
		write_value(writer, out, before->elements[i].name, true);
	}
	bool same = (size_t)ftell(out) == empty;

	(void)fclose(out);
	if (same)
		free(text);
	else
		add_line(&writer->lines, text);
}

static void write_gone_key(struct writer *writer, const struct snapshot_key *key)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = must(open_memstream(&text, &size));

	(void)fputc('-', out);
	tokens_write(out, writer->tokens, writer->ids, short_name(key->name));
	(void)fclose(out);
	add_line(&writer->lines, text);
}

/* By key, whatever happened to it. */
static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a + 1, *(char *const *)b + 1);
}

void change_write(FILE *out, const struct tokens *tokens, const struct snapshot *before, const struct snapshot *after)
{
	struct writer writer = {.tokens = tokens, .ids = after};

	for (size_t i = 0; i < after->count; i++) {
		const struct snapshot_key *key = &after->keys[i];
		const struct snapshot_key *old = before ? snapshot_find(before, key->name) : NULL;

		if (old && strcmp(old->type, key->type) == 0)
			write_changed_key(&writer, old, key);
		else
			write_new_key(&writer, key);
	}
	for (size_t i = 0; before && i < before->count; i++)
		if (!snapshot_find(after, before->keys[i].name))
			write_gone_key(&writer, &before->keys[i]);
	if (writer.lines.count)
		qsort(writer.lines.line, writer.lines.count, sizeof *writer.lines.line, compare_lines);
	for (size_t i = 0; i < writer.lines.count; i++)
		(void)fprintf(out, "%s\n", writer.lines.line[i]);
	free_lines(&writer.lines);
}

/* The lines of a text, continued ones in one. */
static struct lines split(const char *text)
{
	struct lines lines = {0};
	char *line = NULL;
	size_t size = 0;
	FILE *out = must(open_memstream(&line, &size));

	for (; *text; text++) {
		if (*text == '\n' && text[1] == '\t') {
			(void)fputc(' ', out);
			text++;
		} else if (*text != '\n') {
			(void)fputc(*text, out);
		} else {
			(void)fclose(out);
			add_line(&lines, line);
			out = must(open_memstream(&line, &size));
		}
	}
	(void)fclose(out);
	if (*line)
		add_line(&lines, line);
	else
		free(line);
	return lines;
}

static bool has_line(const struct lines *lines, const char *line)
{
	for (size_t i = 0; i < lines->count; i++)
		if (strcmp(lines->line[i], line) == 0)
			return true;
	return false;
}

static void print_missing(const char *word, const struct lines *from, const struct lines *other)
{
	for (size_t i = 0; i < from->count; i++)
		if (!has_line(other, from->line[i]))
			print_error("  %s %s\n", word, from->line[i]);
}

void change_expect(const char *what, const char *where, const char *expected, const char *actual)
{
	struct lines want = split(expected), have = split(actual);
	bool same = want.count == have.count;

	for (size_t i = 0; same && i < want.count; i++)
		same = strcmp(want.line[i], have.line[i]) == 0;
	if (!same) {
		print_error("%s: %s\n", where, what);
		print_missing("expected:", &want, &have);
		print_missing("actual:  ", &have, &want);
		print_error("--- all that is there:\n%s---\n", actual);
	}
	free_lines(&want);
	free_lines(&have);
	if (!same)
		fail_msg("%s: %s is not as expected", where, what);
}
