/* Scripts run on one connection; a second one is subscribed to every channel. Both are plain and blocking. */
#include "tests/support/keyspace.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/keyspace_change.h"
#include "tests/support/keyspace_tokens.h"

#define ARGS_MAX 400

struct keyspace {
	struct redis_server *server;
	redisContext *redis;
	redisContext *subscriber;
	struct tokens tokens;
	struct snapshot *before;
	struct snapshot *after;
	redisReply *reply;
	char *reply_text;
	char *change;
};

/* Ends the test program: the connection is gone. */
static void give_up(struct keyspace *keyspace, const char *what)
{
	(void)fprintf(stderr, "keyspace: %s\n", what);
	redis_server_print_log(keyspace->server);
	abort();
}

static FILE *open_text(char **text, size_t *size)
{
	FILE *out = open_memstream(text, size);

	if (!out)
		abort();
	return out;
}

static redisContext *connect_to(struct keyspace *keyspace)
{
	redisContext *redis = redisConnectUnix(redis_server_socket(keyspace->server));

	if (!redis || redis->err)
		give_up(keyspace, "cannot connect");
	return redis;
}

/* The keyspace of a server that runs. */
static struct keyspace *join_server(struct redis_server *server)
{
	struct keyspace *keyspace = calloc(1, sizeof *keyspace);

	if (!keyspace)
		abort();
	keyspace->server = server;
	keyspace->redis = connect_to(keyspace);
	keyspace->subscriber = connect_to(keyspace);
	freeReplyObject(redisCommand(keyspace->subscriber, "PSUBSCRIBE %s*", KEYSPACE_PREFIX));
	keyspace_reset(keyspace);
	return keyspace;
}

struct keyspace *keyspace_new(const char *const *options)
{
	return join_server(redis_server_start(options));
}

struct keyspace *keyspace_new_at(int64_t at_ms)
{
	return join_server(redis_server_start_at(NULL, at_ms));
}

/* What is known of the last call. */
static void forget_call(struct keyspace *keyspace)
{
	snapshot_free(keyspace->before);
	freeReplyObject(keyspace->reply);
	free(keyspace->reply_text);
	free(keyspace->change);
	keyspace->before = NULL;
	keyspace->reply = NULL;
	keyspace->reply_text = keyspace->change = NULL;
}

void keyspace_free(struct keyspace *keyspace)
{
	if (!keyspace)
		return;
	forget_call(keyspace);
	snapshot_free(keyspace->after);
	redisFree(keyspace->redis);
	redisFree(keyspace->subscriber);
	redis_server_stop(keyspace->server);
	free(keyspace);
}

int64_t keyspace_time_us(struct keyspace *keyspace)
{
	redisReply *reply = redisCommand(keyspace->redis, "TIME");
	int64_t us;

	if (!reply || reply->type != REDIS_REPLY_ARRAY)
		give_up(keyspace, "no time");
	us = strtoll(reply->element[0]->str, NULL, 10) * 1000000 + strtoll(reply->element[1]->str, NULL, 10);
	freeReplyObject(reply);
	return us;
}

/* Waits until the millisecond of what was last seen is over. */
static int64_t next_millisecond(struct keyspace *keyspace)
{
	int64_t now_us;

	do
		now_us = keyspace_time_us(keyspace);
	while (now_us / 1000 <= keyspace->tokens.end_us / 1000);
	return now_us;
}

/* Looks at everything, and waits until the clock is past it. */
static void look(struct keyspace *keyspace)
{
	snapshot_free(keyspace->after);
	keyspace->after = snapshot_take(keyspace->redis);
	keyspace->tokens.end_us = keyspace_time_us(keyspace);
}

void keyspace_reset(struct keyspace *keyspace)
{
	freeReplyObject(redisCommand(keyspace->redis, "CONFIG SET maxmemory 0"));
	freeReplyObject(redisCommand(keyspace->redis, "FLUSHALL"));
	forget_call(keyspace);
	keyspace->tokens.start_us = keyspace->tokens.mark_us = keyspace_time_us(keyspace);
	look(keyspace);
}

void keyspace_reset_at(struct keyspace *keyspace, int64_t at_ms)
{
	redis_server_set_clock(keyspace->server, at_ms);
	keyspace_reset(keyspace);
}

char *keyspace_expand(const struct keyspace *keyspace, const char *text)
{
	char *expanded = NULL;
	size_t size = 0;
	FILE *out = open_text(&expanded, &size);

	if (!tokens_expand(out, &keyspace->tokens, keyspace->after, text))
		abort();
	(void)fclose(out);
	return expanded;
}

char *keyspace_shorten(const struct keyspace *keyspace, const char *text)
{
	char *shortened = NULL;
	size_t size = 0;
	FILE *out = open_text(&shortened, &size);

	tokens_write(out, &keyspace->tokens, keyspace->after, text);
	(void)fclose(out);
	return shortened;
}

/* Writes one reply and what is in it. */
static void write_reply(const struct keyspace *keyspace, FILE *out, const redisReply *reply)
{
	const char *quote;

	switch (reply->type) {
	case REDIS_REPLY_ARRAY:
		(void)fputc('[', out);
		for (size_t i = 0; i < reply->elements; i++) {
			(void)fputs(i ? " " : "", out);
			write_reply(keyspace, out, reply->element[i]);
		}
		(void)fputc(']', out);
		break;
	case REDIS_REPLY_INTEGER: {
		char digits[32];

		(void)snprintf(digits, sizeof digits, "%lld", reply->integer);
		tokens_write(out, &keyspace->tokens, keyspace->after, digits);
		break;
	}
	case REDIS_REPLY_NIL:
		(void)fputs("nil", out);
		break;
	case REDIS_REPLY_ERROR:
		(void)fprintf(out, "!%.*s", (int)strcspn(reply->str, " "), reply->str);
		break;
	default:
		quote = *reply->str && !strchr(reply->str, ' ') ? "" : "'";
		(void)fputs(quote, out);
		tokens_write(out, &keyspace->tokens, keyspace->after, reply->str);
		(void)fputs(quote, out);
	}
}

/* Writes what came in on the subscription. Whatever was published before the PING is before its answer. */
static void write_published(struct keyspace *keyspace, FILE *out)
{
	redisReply *reply = NULL;

	(void)redisAppendCommand(keyspace->subscriber, "PING");
	while (redisGetReply(keyspace->subscriber, (void **)&reply) == REDIS_OK && reply->elements == 4) {
		(void)fprintf(out, ">%s ", reply->element[2]->str + strlen(KEYSPACE_PREFIX));
		tokens_write(out, &keyspace->tokens, keyspace->after, reply->element[3]->str);
		(void)fputc('\n', out);
		freeReplyObject(reply);
		reply = NULL;
	}
	if (!reply)
		give_up(keyspace, "the subscription is gone");
	freeReplyObject(reply);
}

/* EVAL with the arguments cut at every "|". */
static redisReply *evaluate(struct keyspace *keyspace, const struct script *script, char *args)
{
	const char *argv[ARGS_MAX] = {"EVAL", script->text, "1", "muster:{0}"};
	size_t lengths[ARGS_MAX];
	int argc = 4;
	redisReply *reply;

	for (char *rest = *args ? args : NULL; rest && argc < ARGS_MAX;)
		argv[argc++] = strsep(&rest, "|");
	for (int i = 4; i < argc; i++)
		if (strcmp(argv[i], "''") == 0)
			argv[i] = "";
	for (int i = 0; i < argc; i++)
		lengths[i] = strlen(argv[i]);
	lengths[1] = script->length;
	reply = redisCommandArgv(keyspace->redis, argc, argv, lengths);
	if (!reply)
		give_up(keyspace, "no reply to a script");
	return reply;
}

void keyspace_call(struct keyspace *keyspace, enum script_id script, const char *args)
{
	char *expanded = keyspace_expand(keyspace, args);
	size_t size = 0;
	FILE *out;

	forget_call(keyspace);
	keyspace->before = keyspace->after;
	keyspace->after = NULL;
	keyspace->tokens.mark_us = next_millisecond(keyspace);
	keyspace->reply = evaluate(keyspace, script_get(script), expanded);
	look(keyspace);
	out = open_text(&keyspace->reply_text, &size);
	write_reply(keyspace, out, keyspace->reply);
	(void)fclose(out);
	out = open_text(&keyspace->change, &size);
	change_write(out, &keyspace->tokens, keyspace->before, keyspace->after);
	write_published(keyspace, out);
	(void)fclose(out);
	free(expanded);
}

const char *keyspace_reply_text(const struct keyspace *keyspace)
{
	return keyspace->reply_text;
}

const redisReply *keyspace_reply(const struct keyspace *keyspace)
{
	return keyspace->reply;
}

const char *keyspace_change(const struct keyspace *keyspace)
{
	return keyspace->change;
}

char *keyspace_text(const struct keyspace *keyspace)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_text(&text, &size);

	change_write(out, &keyspace->tokens, NULL, keyspace->after);
	(void)fclose(out);
	return text;
}

const struct snapshot *keyspace_snapshot(const struct keyspace *keyspace)
{
	return keyspace->after;
}

void keyspace_command(struct keyspace *keyspace, const char *command)
{
	char *expanded = keyspace_expand(keyspace, command);
	const char *argv[32];
	int argc = 0;
	redisReply *reply;

	for (char *rest = expanded; rest && argc < 32;)
		argv[argc++] = strsep(&rest, " ");
	reply = redisCommandArgv(keyspace->redis, argc, argv, NULL);
	if (!reply || reply->type == REDIS_REPLY_ERROR)
		give_up(keyspace, reply ? reply->str : command);
	freeReplyObject(reply);
	free(expanded);
	look(keyspace);
}

const char *keyspace_value(const struct keyspace *keyspace, const char *key, const char *element)
{
	char *name = NULL, *expanded = keyspace_expand(keyspace, key);
	char *wanted = keyspace_expand(keyspace, element);
	const struct snapshot_key *found;
	const char *value = NULL;

	if (asprintf(&name, KEYSPACE_PREFIX "%s", expanded) < 0)
		abort();
	found = snapshot_find(keyspace->after, name);
	if (found)
		value = snapshot_value(found, wanted);
	free(name);
	free(expanded);
	free(wanted);
	return value ? value : "";
}

struct redis_server *keyspace_server(struct keyspace *keyspace)
{
	return keyspace->server;
}
