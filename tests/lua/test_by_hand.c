/* The lines for redis-cli in the heads of the scripts that only read: they work as they stand there, from the source
 * folder, and show what the programs see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/script_case.h"
#include "tests/support/source_folder.h"

#define LINE_MARK "--     redis-cli "

/* What stands for ids in those lines. */
static const struct {
	const char *word, *id;
} ids[] = {
    {"QUEUE_ID", "q1"}, {"ORDER_ID", "q1-0"}, {"BLOCK_ID", "<b1>"}, {"WINDOW_ID", "window-<due>"}, {"USER_ID", "alice"},
};

static const enum script_id by_hand[] = {
    SCRIPT_STATUS, SCRIPT_PREVIEW,   SCRIPT_WINDOW,	  SCRIPT_BLOCK,
    SCRIPT_ORDER,  SCRIPT_STATEMENT, SCRIPT_TRANSACTIONS, SCRIPT_REQUEST,
};

static FILE *open_text(char **text, size_t *size)
{
	FILE *out = open_memstream(text, size);

	if (!out)
		abort();
	return out;
}

/* The command in the head of lua/NAME.lua after "redis-cli ", ids filled in. The caller frees. */
static char *command_of(struct keyspace *ks, const char *name)
{
	char path[64], *text, *at, *line = NULL, *expanded;
	size_t size = 0;
	FILE *out = open_text(&line, &size);

	(void)snprintf(path, sizeof path, "lua/%s.lua", name);
	text = source_read(path);
	at = strstr(text, LINE_MARK);
	if (!at)
		fail_msg("%s does not say how to run it by hand", path);
	at += strlen(LINE_MARK);
	at[strcspn(at, "\n")] = '\0';
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		char *word = strstr(at, ids[i].word);

		if (!word)
			continue;
		(void)fprintf(out, "%.*s%s%s", (int)(word - at), at, ids[i].id, word + strlen(ids[i].word));
		break;
	}
	(void)fflush(out);
	expanded = keyspace_expand(ks, size ? line : at);
	(void)fclose(out);
	free(line);
	free(text);
	return expanded;
}

/* Every element of a reply on a line of its own, as redis-cli prints them; empty ones are left out. */
static void flatten(FILE *out, const redisReply *reply)
{
	if (reply->type == REDIS_REPLY_INTEGER)
		(void)fprintf(out, "%lld\n", reply->integer);
	else if (reply->str && *reply->str)
		(void)fprintf(out, "%s\n", reply->str);
	for (size_t i = 0; i < reply->elements; i++)
		flatten(out, reply->element[i]);
}

/* What the command prints, without empty lines. The caller frees. */
static char *run_by_hand(struct keyspace *ks, const char *command)
{
	char *folder = source_folder(), *shell = NULL, *text = NULL, line[1024];
	size_t size = 0;
	FILE *out = open_text(&text, &size), *in;

	if (asprintf(&shell, "cd '%s' && redis-cli -s '%s' %s 2>&1", folder, redis_server_socket(keyspace_server(ks)),
		     command) < 0)
		abort();
	in = popen(shell, "re");
	while (in && fgets(line, sizeof line, in))
		if (*line != '\n')
			(void)fputs(line, out);
	assert_int_equal(pclose(in), 0);
	(void)fclose(out);
	free(shell);
	free(folder);
	return text;
}

/* Without the second line, which is the time of the call. */
static const char *after_the_time(const char *text)
{
	const char *line = strchr(text, '\n');

	line = line ? strchr(line + 1, '\n') : NULL;
	return line ? line : "";
}

static void scripts_that_only_read_run_by_hand(void **state)
{
	struct keyspace *ks = *state;

	script_case_reach(ks, STAGE_FINISHED);
	GIVEN(ks, ENQUEUE, ENQUEUE_LANES "1" ENQUEUE_ONE("q4", "dave", "5"));
	for (size_t i = 0; i < sizeof by_hand / sizeof by_hand[0]; i++) {
		char *command = command_of(ks, script_get(by_hand[i])->name), *printed = run_by_hand(ks, command);
		char *comma = strstr(command, " , "), *expected = NULL;
		size_t size = 0;
		FILE *out = open_text(&expected, &size);

		keyspace_call(ks, by_hand[i], comma ? comma + 3 : "");
		assert_int_not_equal(keyspace_reply(ks)->type, REDIS_REPLY_ERROR);
		flatten(out, keyspace_reply(ks));
		(void)fclose(out);
		assert_true(strlen(expected) > 5);
		if (by_hand[i] == SCRIPT_STATUS)
			assert_string_equal(after_the_time(printed), after_the_time(expected));
		else
			assert_string_equal(printed, expected);
		free(expected);
		free(printed);
		free(command);
	}
}

static void every_script_that_only_reads_is_tried(void **state)
{
	size_t readers = 0;

	(void)state;
	for (int i = 0; i < SCRIPT_COUNT; i++)
		readers += strstr(script_get((enum script_id)i)->text, "flags=no-writes") != NULL;
	assert_int_equal(readers, sizeof by_hand / sizeof by_hand[0] + 1); /* and route, which needs many words */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(scripts_that_only_read_run_by_hand),
	    SCRIPT_TEST(every_script_that_only_reads_is_tried),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
