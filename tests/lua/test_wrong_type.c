/* A key that is there as another type damages nothing: each script of one life, with each key that it touches spoiled
 * in turn, either refuses and has written nothing, or goes on without that key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/script_life.h"

#define KEYS_MAX 64

/* The keys that one step changes, as keyspace_change names them. */
struct touched {
	char *names[KEYS_MAX];
	size_t count;
};

/* Whether a line of a change is of a key that could not be there before: its name is made of the time and a counter. */
static bool is_just_named(enum script_id script, const char *line)
{
	return *line == '+' && (script == SCRIPT_ENQUEUE || script == SCRIPT_BULK) && strstr(line, "block:<b");
}

/* Reads them out of the lines of a change. A key that only gets a time to live can be of any type. */
static void touched_read(struct touched *touched, enum script_id script, const char *change)
{
	char *copy = strdup(change), *rest = copy, *line;

	while ((line = strsep(&rest, "\n"))) {
		size_t length = strcspn(line + !!*line, " ");
		const char *after = *line ? line + 1 + length : line;

		if (!*line || *line == '>' || is_just_named(script, line) ||
		    (strncmp(after, " ttl=", 5) == 0 && !strchr(after + 1, ' ')))
			continue;
		assert_true(touched->count < KEYS_MAX);
		touched->names[touched->count++] = strndup(line + 1, length);
	}
	free(copy);
}

static void touched_free(struct touched *touched)
{
	for (size_t i = 0; i < touched->count; i++)
		free(touched->names[i]);
}

static void run_step(struct keyspace *ks, size_t step)
{
	keyspace_call(ks, script_life[step].script, script_life[step].args);
}

/* The keyspace as it is before this step. */
static void reach(struct keyspace *ks, size_t step)
{
	keyspace_reset(ks);
	for (size_t i = 0; i < step; i++)
		run_step(ks, i);
}

/* Puts something else in the place of a key, or takes it away and puts the key back. */
static void spoil(struct redis_server *server, const char *key)
{
	const char *sweep = strstr(key, ":sweep"); /* the only string */
	redisReply *reply = redis_server_command(server, "EXISTS %s", key);

	if (reply->integer == 1)
		redis_server_run(server, "RENAME %s kept", key);
	redis_server_run(server, sweep ? "SADD %s spoiled" : "SET %s spoiled", key);
	freeReplyObject(reply);
}

static void mend(struct redis_server *server, const char *key)
{
	redisReply *reply = redis_server_command(server, "EXISTS kept");

	redis_server_run(server, "DEL %s", key);
	if (reply->integer == 1)
		redis_server_run(server, "RENAME kept %s", key);
	freeReplyObject(reply);
}

/* Whether a change has this key, which may be named in either way. */
static bool has_written(const char *change, const char *name, const char *key)
{
	char *line;
	bool has;

	if (asprintf(&line, "~%s ", name) < 0)
		abort();
	has = strstr(change, line) != NULL;
	free(line);
	if (asprintf(&line, "~%s ", key + strlen("muster:{0}:")) < 0)
		abort();
	has = has || strstr(change, line);
	free(line);
	return has;
}

/* Fails where the script has written although it refused, or written to the spoiled key. */
static void check_answer(struct keyspace *ks, const char *script, const char *name, const char *key)
{
	const char *reply = keyspace_reply_text(ks), *change = keyspace_change(ks);

	if (*reply == '!' && *change)
		fail_msg("%s with %s spoiled answers %s, but has written\n%s", script, name, reply, change);
	if (*reply == '!' && strcmp(reply, "!WRONGKEY") != 0 && strcmp(reply, "!WRONGTYPE") != 0)
		fail_msg("%s with %s spoiled answers %s", script, name, reply);
	if (has_written(change, name, key))
		fail_msg("%s with %s spoiled has written there:\n%s", script, name, change);
}

/* Runs the step with this key spoiled. True where it went on without it: then the keyspace has moved on. */
static bool goes_on(struct keyspace *ks, size_t step, const char *name)
{
	char *args = keyspace_expand(ks, script_life[step].args), *short_key, *key;
	bool has_moved;

	if (asprintf(&short_key, "muster:{0}:%s", name) < 0)
		abort();
	key = keyspace_expand(ks, short_key);
	spoil(keyspace_server(ks), key);
	keyspace_command(ks, "PING"); /* looks again */
	keyspace_call(ks, script_life[step].script, args);
	check_answer(ks, script_get(script_life[step].script)->name, name, key);
	has_moved = *keyspace_change(ks) != '\0';
	mend(keyspace_server(ks), key);
	keyspace_command(ks, "PING");
	free(args);
	free(short_key);
	free(key);
	return has_moved;
}

static void no_script_writes_around_a_spoiled_key(void **state)
{
	struct keyspace *ks = *state;
	struct touched *touched = calloc(script_life_length, sizeof *touched);

	for (size_t i = 0; i < script_life_length; i++) {
		run_step(ks, i);
		touched_read(&touched[i], script_life[i].script, keyspace_change(ks));
	}
	reach(ks, 0);
	for (size_t i = 0; i < script_life_length; i++) {
		for (size_t k = 0; k < touched[i].count; k++)
			if (goes_on(ks, i, touched[i].names[k]))
				reach(ks, i);
		run_step(ks, i);
		assert_true(*keyspace_reply_text(ks) != '!');
		touched_free(&touched[i]);
	}
	free(touched);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(no_script_writes_around_a_spoiled_key),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
