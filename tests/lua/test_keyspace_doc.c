/* lua/README.md and the heads of the scripts say what is true: one life of orders through every script that writes,
 * each key it touches looked up in both. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/script_case.h"
#include "tests/support/script_life.h"
#include "tests/support/source_folder.h"

#define ROWS_MAX	 64
#define SCRIPT_LINES_MAX 70

/* One row of the table of keys. */
struct key_row {
	char pattern[64], type[32], writers[128], expires[64];
	bool seen;
};

struct key_table {
	struct key_row row[ROWS_MAX];
	size_t count;
};

/* Copies a cell without blanks around it, back-ticks left out; returns where the next one begins. */
static char *read_cell(char *from, char *cell, size_t size)
{
	size_t length = 0;

	while (*from == ' ')
		from++;
	for (; *from && *from != '|'; from++)
		if (*from != '`' && length + 1 < size)
			cell[length++] = *from;
	while (length && cell[length - 1] == ' ')
		length--;
	cell[length] = '\0';
	return *from ? from + 1 : from;
}

/* Reads the table under "## Keys". */
static void read_table(struct key_table *table)
{
	char *text = source_read("lua/README.md"), *line, *rest = strstr(text, "## Keys");

	memset(table, 0, sizeof *table);
	assert_non_null(rest);
	while ((line = strsep(&rest, "\n"))) {
		struct key_row *row = &table->row[table->count];
		char what[512];

		if (strncmp(line, "## ", 3) == 0 && table->count)
			break;
		if (strncmp(line, "| `", 3) != 0)
			continue;
		assert_true(table->count + 1 < ROWS_MAX);
		line = read_cell(line + 1, row->pattern, sizeof row->pattern);
		line = read_cell(line, row->type, sizeof row->type);
		line = read_cell(line, what, sizeof what);
		line = read_cell(line, row->writers, sizeof row->writers);
		(void)read_cell(line, row->expires, sizeof row->expires);
		table->count++;
	}
	free(text);
	assert_true(table->count > 20);
}

static bool is_placeholder(const char *part, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isupper((unsigned char)part[i]) && part[i] != '_')
			return false;
	return length > 0;
}

/* Whether the key is of this form: words in capitals and "*" stand for one part, "*" at the end for all that follow. */
static bool key_matches(const char *pattern, const char *key)
{
	for (;;) {
		size_t wanted = strcspn(pattern, ":"), length = strcspn(key, ":");
		bool is_any = wanted == 1 && *pattern == '*';

		if (is_any && !pattern[wanted])
			return true;
		if (!is_any && !is_placeholder(pattern, wanted) &&
		    (wanted != length || strncmp(pattern, key, length) != 0))
			return false;
		pattern += wanted;
		key += length;
		if (!*pattern || !*key)
			return *pattern == *key;
		pattern++;
		key++;
	}
}

/* The row of a key; the one that names it most exactly. NULL: it is not in the table. */
static struct key_row *find_row(struct key_table *table, const char *key)
{
	struct key_row *found = NULL;

	for (size_t i = 0; i < table->count; i++)
		if (key_matches(table->row[i].pattern, key) && (!found || strcmp(table->row[i].pattern, key) == 0))
			found = &table->row[i];
	return found;
}

/* Whether the text holds this word. */
static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
		if ((at == text || !isalnum((unsigned char)at[-1])) && !isalnum((unsigned char)at[length]) &&
		    at[length] != '_')
			return true;
	return false;
}

/* The WRITES lines of a script's head in one, or "". The caller frees. */
static char *writes_of(const char *text)
{
	const char *from = strstr(text, "\n-- WRITES   "), *end;
	char *writes;

	if (!from)
		return strdup("");
	from += strlen("\n-- WRITES   ");
	end = strchr(from, '\n');
	while (end && strncmp(end, "\n--          ", 13) == 0)
		end = strchr(end + 1, '\n');
	writes = strndup(from, (size_t)(end - from));
	for (char *c = writes; *c; c++)
		if (*c == '\n' || (*c == '-' && c[1] == '-') || (*c == '-' && c > writes && c[-1] == ' '))
			*c = ' ';
	return writes;
}

/* Whether the head says that the script writes this key. */
static bool head_has_key(const char *writes, const char *key)
{
	char *copy = strndup(writes, strcspn(writes, ";")), *rest = copy, *word;
	bool found = false;

	while (!found && (word = strsep(&rest, " ")))
		found = *word && key_matches(word, key);
	free(copy);
	return found;
}

/* Whether the table says that the script changes the values of such a key. */
static bool row_has_writer(const struct key_row *row, const struct script *script)
{
	return has_word(row->writers, script->name) || has_word(row->writers, "all") || has_word(row->writers, "every");
}

/* Whether such a key must never have a TTL: it lasts, or its entries go one by one. */
static bool row_is_lasting(const struct key_row *row)
{
	return strcmp(row->expires, "never") == 0 || strcmp(row->expires, "emptied") == 0 ||
	       strncmp(row->expires, "entries", 7) == 0;
}

/* One key that a script changed. */
struct key_change {
	char how; /* "+" new, "~" changed, "-" gone, "t" only its TTL */
	char key[128], type[32];
};

/* Looks it up in the head of the script and in the table. */
static void check_key(struct key_table *table, const struct script *script, const struct key_change *change)
{
	struct key_row *row = find_row(table, change->key);
	char *writes = writes_of(script->text);

	if (!head_has_key(writes, change->key))
		fail_msg("the head of %s does not say that it writes %s", script->name, change->key);
	free(writes);
	if (!row)
		fail_msg("%s writes %s, which is not in lua/README.md", script->name, change->key);
	row->seen = true;
	if (change->how == 't')
		assert_false(row_is_lasting(row));
	else if (!row_has_writer(row, script) && !(change->how == '-' && has_word(row->expires, script->name)))
		fail_msg("lua/README.md does not say that %s writes %s (%s)", script->name, row->pattern, row->writers);
	if (change->how == '+' &&
	    strcmp(strcmp(change->type, "zset") == 0 ? "sorted set" : change->type, row->type) != 0)
		fail_msg("lua/README.md says that %s is a %s, not a %s", row->pattern, row->type, change->type);
}

/* Checks one line of what a step changed (see keyspace_change.h). */
static void check_line(struct key_table *table, const struct script *script, const char *line)
{
	struct key_change change = {.how = *line};
	char *writes = writes_of(script->text), *publishes = strstr(writes, "; publishes "), more[32] = "";

	(void)sscanf(line + 1, "%127s %31s %31s", change.key, change.type, more);
	if (strncmp(change.type, "ttl=", 4) == 0 && !*more)
		change.how = 't';
	if (*line != '>')
		check_key(table, script, &change);
	else if (!publishes || !has_word(publishes + 1, change.key))
		fail_msg("the head of %s does not say that it publishes on %s", script->name, change.key);
	free(writes);
}

/* What is lasting has no TTL. */
static void check_expiry(struct key_table *table, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct snapshot_key *key = &snapshot->keys[i];
		const struct key_row *row = find_row(table, key->name + strlen("muster:{0}:"));

		if (row && row_is_lasting(row) && strcmp(key->expires_ms, "-1") != 0)
			fail_msg("lua/README.md says that %s expires: %s", row->pattern, row->expires);
	}
}

static void every_key_is_as_documented(void **state)
{
	struct keyspace *ks = *state;
	struct key_table *table = calloc(1, sizeof *table);
	bool ran[SCRIPT_COUNT] = {false};

	read_table(table);
	for (size_t i = 0; i < script_life_length; i++) {
		char *change, *rest, *line;

		keyspace_call(ks, script_life[i].script, script_life[i].args);
		change = rest = strdup(keyspace_change(ks));
		if (!*change)
			fail_msg("step %zu, %s, changes nothing: %s", i, script_get(script_life[i].script)->name,
				 keyspace_reply_text(ks));
		while ((line = strsep(&rest, "\n")))
			if (*line)
				check_line(table, script_get(script_life[i].script), line);
		check_expiry(table, keyspace_snapshot(ks));
		ran[script_life[i].script] = true;
		free(change);
	}
	for (size_t i = 0; i < table->count; i++)
		if (!table->row[i].seen && !has_word(table->row[i].writers, "investment"))
			fail_msg("lua/README.md has %s, which no script writes", table->row[i].pattern);
	for (int i = 0; i < SCRIPT_COUNT; i++)
		if (!ran[i] && !strstr(script_get((enum script_id)i)->text, "flags=no-writes"))
			fail_msg("%s is not part of the life in this test", script_get((enum script_id)i)->name);
	free(table);
}

static void nothing_unfinished_expires(void **state)
{
	struct keyspace *ks = *state;

	for (int stage = STAGE_QUEUED; stage <= STAGE_ALLOCATED; stage++) {
		const struct snapshot *snapshot;

		keyspace_reset(ks);
		script_case_reach(ks, (enum stage)stage);
		snapshot = keyspace_snapshot(ks);
		for (size_t i = 0; i < snapshot->count; i++) {
			const char *name = snapshot->keys[i].name + strlen("muster:{0}:");
			bool may_expire = strncmp(name, "worker:", 7) == 0 ||
					  (stage == STAGE_ALLOCATED && strncmp(name, "order:", 6) == 0);

			if (!may_expire && strcmp(snapshot->keys[i].expires_ms, "-1") != 0)
				fail_msg("%s expires at stage %d", name, stage);
		}
	}
}

/* The source of a script, whose head must have this line. */
static void need_line(const char *name, const char *text, const char *line)
{
	if (!strstr(text, line))
		fail_msg("the head of lua/%s.lua has no line %s", name, line + 1);
}

static void every_script_has_its_head(void **state)
{
	(void)state;
	for (int i = 0; i < SCRIPT_COUNT; i++) {
		const char *name = script_get((enum script_id)i)->name;
		char path[64], *text;
		size_t lines = 0;

		(void)snprintf(path, sizeof path, "lua/%s.lua", name);
		text = source_read(path);
		for (const char *c = text; *c; c++)
			lines += *c == '\n';
		assert_in_range(lines, 1, SCRIPT_LINES_MAX);
		assert_int_equal(strncmp(text, "#!lua", 5), 0);
		need_line(name, text, "\n-- KEYS[1]  PREFIX:{SHARD}\n");
		need_line(name, text, "\n-- RETURNS  ");
		if (strstr(text, "ARGV[") || strstr(text, "ipairs(ARGV)"))
			need_line(name, text, "\n-- ARGV     ");
		if (!strstr(text, "flags=no-writes"))
			need_line(name, text, "\n-- WRITES   ");
		free(text);
	}
}

static void joined_scripts_are_clean(void **state)
{
	char *source = source_folder(), *build = build_folder(), *command = NULL;

	(void)state;
	if (system("command -v luacheck > /dev/null 2>&1") != 0) {
		free(source);
		free(build);
		print_message("luacheck is not installed\n");
		skip();
	}
	if (asprintf(&command, "luacheck -q --config '%s/.luacheckrc' '%s'/lua/*.lua", source, build) < 0)
		abort();
	assert_int_equal(system(command), 0);
	free(command);
	free(source);
	free(build);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(every_key_is_as_documented),
	    SCRIPT_TEST(nothing_unfinished_expires),
	    SCRIPT_TEST(every_script_has_its_head),
	    SCRIPT_TEST(joined_scripts_are_clean),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
