/* How a scene is saved, falsified and restored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/audit_scene_private.h"
#include "tests/support/redis_read.h"

#define COMMAND_SIZE  4096
#define REWRITE_WORDS 5

char *scene_read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		fail_msg("%s cannot be read", path);
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = strdup("");
	}
	(void)fclose(file);
	return text;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (!file || fputs(text, file) < 0 || fclose(file))
		fail_msg("%s cannot be written", path);
}

void scene_save(struct audit_scene *scene)
{
	struct redis_server *redis = scene->stack->redis;

	scene->keys = redis_server_command(redis, "KEYS *");
	scene->values = calloc(scene->keys->elements, sizeof *scene->values);
	scene->ttls = calloc(scene->keys->elements, sizeof *scene->ttls);
	if (!scene->values || !scene->ttls)
		abort();
	for (size_t i = 0; i < scene->keys->elements; i++) {
		redisReply *ttl = redis_server_command(redis, "PTTL %s", scene->keys->element[i]->str);

		scene->values[i] = redis_server_command(redis, "DUMP %s", scene->keys->element[i]->str);
		scene->ttls[i] = ttl->integer < 0 ? 0 : ttl->integer;
		freeReplyObject(ttl);
	}
}

void scene_drop_saved(struct audit_scene *scene)
{
	for (size_t i = 0; scene->keys && i < scene->keys->elements; i++)
		freeReplyObject(scene->values[i]);
	free(scene->values);
	free(scene->ttls);
	freeReplyObject(scene->keys);
}

void audit_scene_restore(struct audit_scene *scene)
{
	redis_server_run(scene->stack->redis, "FLUSHALL");
	for (size_t i = 0; i < scene->keys->elements; i++)
		if (scene->values[i]->type == REDIS_REPLY_STRING) /* what a worker leaves behind may expire meanwhile */
			redis_server_run(scene->stack->redis, "RESTORE %s %lld %b", scene->keys->element[i]->str,
					 scene->ttls[i], scene->values[i]->str, (size_t)scene->values[i]->len);
	write_file(scene->stack->ledger_path, scene->first_ledger);
	write_file(scene->accepted_path, scene->first_accepted);
}

const char *audit_scene_expand(struct audit_scene *scene, const char *text)
{
	char *result = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&result, &size);
	const char *kept;

	if (!out)
		abort();
	while (*text) {
		size_t length = *text == '<' ? strcspn(text, ">") : 0;

		if (length > 0) {
			char name[32];
			const char *value;

			(void)snprintf(name, sizeof name, "%.*s", (int)length - 1, text + 1);
			value = json_string_value(json_object_get(scene->names, name));
			if (!value)
				fail_msg("nothing is called <%s>", name);
			(void)fputs(value, out);
			text += length + 1;
		} else {
			(void)fputc(*text, out);
			text++;
		}
	}
	(void)fclose(out);
	kept = stack_text(scene->stack, "%s", result);
	free(result);
	return kept;
}

/* Adds one entry of a stream as it was; `words` of REWRITE say what of it is changed. */
static bool add_entry(struct redis_server *redis, const redisReply *entry, char *const *words)
{
	const redisReply *id = entry->element[0], *fields = entry->element[1];
	bool is_it = strcmp(id->str, words[2]) == 0, found = false;
	char command[COMMAND_SIZE];
	int length = snprintf(command, sizeof command, "XADD %s %s", words[1], id->str);

	for (size_t f = 0; f + 1 < fields->elements; f += 2) {
		bool is_field = is_it && strcmp(fields->element[f]->str, words[3]) == 0;

		found = found || is_field;
		length += snprintf(command + length, sizeof command - (size_t)length, " %s %s", fields->element[f]->str,
				   is_field ? words[4] : fields->element[f + 1]->str);
	}
	redis_server_run(redis, command);
	return found;
}

/* REWRITE KEY ENTRY FIELD VALUE: the whole stream again, with one field changed. */
static void rewrite(struct redis_server *redis, char *const *words)
{
	redisReply *entries = redis_server_command(redis, "XRANGE %s - +", words[1]);
	bool found = false;

	redis_server_run(redis, "DEL %s", words[1]);
	for (size_t i = 0; i < entries->elements; i++)
		found = add_entry(redis, entries->element[i], words) || found;
	freeReplyObject(entries);
	assert_true(found);
}

/* Puts the prefix in place of each "@", and takes REWRITE apart. */
static void run_command(struct audit_scene *scene, const char *line)
{
	char command[COMMAND_SIZE] = "", *words[REWRITE_WORDS] = {0}, *at = command;
	size_t length = 0;

	for (; *line && length < sizeof command - 16; line++)
		if (*line == '@')
			length += (size_t)snprintf(command + length, sizeof command - length, "muster:{0}:");
		else
			command[length++] = *line;
	if (strncmp(command, "REWRITE ", strlen("REWRITE ")) != 0) {
		redis_server_run(scene->stack->redis, command);
		return;
	}
	for (size_t i = 0; i < REWRITE_WORDS; i++)
		assert_non_null(words[i] = strsep(&at, " "));
	rewrite(scene->stack->redis, words);
}

void audit_scene_redis(struct audit_scene *scene, const char *commands)
{
	char *lines = strdup(audit_scene_expand(scene, commands)), *at = lines, *line;

	if (!lines)
		abort();
	while ((line = strsep(&at, "\n")) != NULL)
		if (*line)
			run_command(scene, line);
	free(lines);
}

/* Drops all lines with `text`. */
static char *drop_lines(const char *from, const char *text)
{
	char *result = calloc(1, strlen(from) + 1), *to = result;
	bool found = false;

	while (result && *from) {
		size_t length = strcspn(from, "\n") + 1;
		char *line = strndup(from, length);

		if (line && strstr(line, text))
			found = true;
		else
			to = stpncpy(to, from, length);
		free(line);
		from += length;
	}
	if (!found)
		fail_msg("there is no line with %s", text);
	return result;
}

/* Replaces the first `what`. */
static char *replace_first(const char *from, const char *what, const char *with)
{
	const char *at = strstr(from, what);
	char *result;

	if (!at)
		fail_msg("there is no %s", what);
	if (asprintf(&result, "%.*s%s%s", (int)(at - from), from, with, at + strlen(what)) < 0)
		abort();
	return result;
}

/* Applies one edit. */
static char *edit_once(char *take_text, char *edit)
{
	char *result, *with;

	if (*edit == '+' && asprintf(&result, "%s%s\n", take_text, edit + 1) < 0)
		abort();
	else if (*edit == '-')
		result = drop_lines(take_text, edit + 1);
	else if (*edit == '~') {
		with = strchr(edit + 1, '~');
		assert_non_null(with);
		*with++ = '\0';
		result = replace_first(take_text, edit + 1, with);
	}
	free(take_text);
	return result;
}

/* Applies all edits to a file. */
static void edit_file(struct audit_scene *scene, const char *path, const char *edits)
{
	char *lines = strdup(audit_scene_expand(scene, edits)), *at = lines, *line, *text = scene_read_file(path);

	if (!lines)
		abort();
	for (char *quote = lines; (quote = strchr(quote, '\'')) != NULL;)
		*quote = '"';
	while ((line = strsep(&at, "\n")) != NULL)
		if (*line)
			text = edit_once(text, line);
	write_file(path, text);
	free(text);
	free(lines);
}

void audit_scene_edit_ledger(struct audit_scene *scene, const char *edits)
{
	edit_file(scene, scene->stack->ledger_path, edits);
}

void audit_scene_edit_accepted(struct audit_scene *scene, const char *edits)
{
	edit_file(scene, scene->accepted_path, edits);
}
