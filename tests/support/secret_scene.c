/* See secret_scene.h. */
#include "tests/support/secret_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "tests/support/json_at.h"
#include "tests/support/wait_until.h"

#define PLANTED_VARIABLE "MUSTER_TEST_PLANTED"

static const char *const users[] = {
    [IN_VARIABLE] = "variable", [IN_NAMED_FILE] = "named", [IN_CREDENTIAL] = "credential"};

void secret_make(char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ab";
	unsigned char bytes[SECRET_LENGTH];

	assert_int_equal(getrandom(bytes, sizeof bytes, 0), SECRET_LENGTH);
	for (size_t i = 0; i < SECRET_LENGTH; i++)
		text[i] = letters[bytes[i] % 64];
	text[SECRET_LENGTH] = '\0';
}

/* A file of our folder; its path lives as long as the stack, which may not be there yet. */
static char *write_secret(const struct secret_scene *scene, const char *name, const char *text)
{
	char *path;
	FILE *file;

	if (asprintf(&path, "%s/%s", scene->folder, name) < 0 || !(file = fopen(path, "we")))
		abort();
	assert_int_equal(fchmod(fileno(file), 0600), 0);
	assert_true(fprintf(file, "%s\n", text) > 0);
	assert_int_equal(fclose(file), 0);
	return path;
}

static void set_to_file(const struct secret_scene *scene, const char *variable, const char *text)
{
	char *path = write_secret(scene, variable, text);

	assert_int_equal(setenv(variable, path, 1), 0);
	free(path);
}

/* The keys of brokers: in the environment and a file it names, both as credentials, both in the configuration, again
 * the first two. */
static void place_keys(struct secret_scene *scene)
{
	int port = key_echo_port(scene->echo);

	setenv("MUSTER_BROKER_PAPER_KEY_ID", scene->secrets[PAPER_ID], 1);
	set_to_file(scene, "MUSTER_BROKER_PAPER_KEY_SECRET_FILE", scene->secrets[PAPER_SECRET]);
	free(write_secret(scene, "broker.rejects.key_id", scene->secrets[REJECTS_ID]));
	free(write_secret(scene, "broker.rejects.key_secret", scene->secrets[REJECTS_SECRET]));
	setenv("CREDENTIALS_DIRECTORY", scene->folder, 1);
	set_to_file(scene, "MUSTER_BROKER_REDIRECTS_KEY_ID_FILE", scene->secrets[REDIRECTS_ID]);
	setenv("MUSTER_BROKER_REDIRECTS_KEY_SECRET", scene->secrets[REDIRECTS_SECRET], 1);
	setenv(PLANTED_VARIABLE, scene->planted, 1);
	(void)snprintf(scene->ini, sizeof scene->ini,
		       "[broker.rejects]\nadapter = alpaca\nbase_url = http://127.0.0.1:%d/rejects\ntimeout_ms = 500\n"
		       "[broker.refuses]\nadapter = alpaca\nbase_url = http://127.0.0.1:%d/refuses\ntimeout_ms = 500\n"
		       "key_id = %s\nkey_secret = %s\n"
		       "[broker.redirects]\nadapter = alpaca\nbase_url = http://127.0.0.1:%d/redirects\n"
		       "timeout_ms = 500\n",
		       port, port, scene->secrets[REFUSES_ID], scene->secrets[REFUSES_SECRET], port);
}

/* Redis's command line: the default user's password, and those of the others; files that can be searched. */
static void plan_redis(struct secret_scene *scene)
{
	size_t count = 0;

	scene->redis[count++] = "--requirepass";
	scene->redis[count++] = scene->secrets[IN_FILE];
	scene->redis[count++] = "--rdbcompression";
	scene->redis[count++] = "no";
	scene->redis[count++] = "--slowlog-log-slower-than";
	scene->redis[count++] = "0";
	scene->redis[count++] = "--slowlog-max-len";
	scene->redis[count++] = "100000";
	for (int i = IN_VARIABLE; i <= IN_CREDENTIAL; i++) {
		scene->acl[i][0] = '>';
		memcpy(scene->acl[i] + 1, scene->secrets[i], sizeof scene->secrets[i]);
		scene->redis[count++] = "--user";
		scene->redis[count++] = users[i];
		scene->redis[count++] = "on";
		scene->redis[count++] = scene->acl[i];
		scene->redis[count++] = "~*";
		scene->redis[count++] = "&*";
		scene->redis[count++] = "+@all";
	}
	scene->login[0] = ':';
	memcpy(scene->login + 1, scene->secrets[IN_FILE], sizeof scene->secrets[IN_FILE]);
}

/* The file of tokens, as their hashes. */
static void write_tokens(struct secret_scene *scene)
{
	static const char *const lines[] = {"operator", "service", "user alice"};
	size_t length = 0;

	for (int i = TOKEN_OPERATOR; i <= TOKEN_USER; i++) {
		unsigned char digest[EVP_MAX_MD_SIZE];

		assert_int_equal(EVP_Digest(scene->secrets[i], SECRET_LENGTH, digest, NULL, EVP_sha256(), NULL), 1);
		for (int at = 0; at < 32; at++)
			length +=
			    (size_t)snprintf(scene->tokens + length, sizeof scene->tokens - length, "%02x", digest[at]);
		length += (size_t)snprintf(scene->tokens + length, sizeof scene->tokens - length, " %s\n",
					   lines[i - TOKEN_OPERATOR]);
	}
}

/* The URL of Redis for one of its users. */
static const char *url_for(struct secret_scene *scene, const char *user, enum secret password)
{
	return stack_text(scene->stack, "unix://%s:%s@%s", user, scene->secrets[password],
			  redis_server_socket(scene->stack->redis));
}

/* Starts the programs again, each with the URL from another place. */
static void start_programs(struct secret_scene *scene)
{
	struct stack *stack = scene->stack;
	char *path;

	stack_end_program(&stack->apis[0]);
	secret_scene_set_url(scene);
	stack_start_api(stack, 0);
	setenv("MUSTER_REDIS_URL", url_for(scene, "default", WRONG_PASSWORD), 1);
	stack_start_worker_unseen(stack, 2);
	WAIT_UNTIL(process_log_has(stack->workers[2], "WRONGPASS"));
	unsetenv("MUSTER_REDIS_URL");
	set_to_file(scene, "MUSTER_REDIS_URL_FILE", url_for(scene, users[IN_NAMED_FILE], IN_NAMED_FILE));
	stack_start_worker(stack, 0);
	unsetenv("MUSTER_REDIS_URL_FILE");
	path = write_secret(scene, "redis.url", url_for(scene, users[IN_CREDENTIAL], IN_CREDENTIAL));
	stack_start_worker(stack, 1);
	assert_int_equal(unlink(path), 0);
	free(path);
	stack_wait_ready(stack, 0, 200);
}

struct secret_scene *secret_scene_new(void)
{
	struct secret_scene *scene = calloc(1, sizeof *scene);
	struct rlimit cores;

	if (!scene)
		abort();
	for (int i = 0; i < SECRET_COUNT; i++)
		secret_make(scene->secrets[i]);
	secret_make(scene->planted);
	scene->secrets[REJECTS_SECRET][SECRET_LENGTH / 2] = '/';
	scene->secrets[REDIRECTS_SECRET][SECRET_LENGTH / 2] = '+';
	(void)snprintf(scene->folder, sizeof scene->folder, "/tmp/muster-secrets-XXXXXX");
	if (!mkdtemp(scene->folder))
		abort();
	for (int i = 0; i < KEY_ECHO_PATHS; i++)
		scene->keys[i] =
		    (struct key_echo_keys){scene->secrets[REJECTS_ID + 2 * i], scene->secrets[REJECTS_SECRET + 2 * i]};
	scene->echo = key_echo_start(scene->keys);
	place_keys(scene);
	plan_redis(scene);
	write_tokens(scene);
	/* As many as are allowed, so that forbidding them shows. */
	(void)getrlimit(RLIMIT_CORE, &cores);
	cores.rlim_cur = cores.rlim_max;
	(void)setrlimit(RLIMIT_CORE, &cores);
	return scene;
}

void secret_scene_free(struct secret_scene *scene)
{
	static const char *const names[] = {"MUSTER_REDIS_URL",
					    "MUSTER_REDIS_URL_FILE",
					    "MUSTER_BROKER_PAPER_KEY_ID",
					    "MUSTER_BROKER_PAPER_KEY_SECRET_FILE",
					    "MUSTER_BROKER_REDIRECTS_KEY_ID_FILE",
					    "MUSTER_BROKER_REDIRECTS_KEY_SECRET",
					    "CREDENTIALS_DIRECTORY",
					    PLANTED_VARIABLE,
					    "broker.rejects.key_id",
					    "broker.rejects.key_secret",
					    "redis.url"};
	char path[160];

	stack_stop(scene->stack);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", scene->folder, names[i]);
		(void)unlink(path);
		(void)unsetenv(names[i]);
	}
	(void)rmdir(scene->folder);
	key_echo_stop(scene->echo);
	free(scene);
}

void secret_scene_start(struct secret_scene *scene)
{
	scene->stack = stack_start(&(struct stack_options){
	    .redis = scene->redis,
	    .login = scene->login,
	    .ini = scene->ini,
	    .tokens = scene->tokens,
	    .bearer = scene->secrets[TOKEN_OPERATOR],
	    .settings = {"worker.metrics_listen=127.0.0.1:0"},
	});
	start_programs(scene);
}

void secret_scene_set_url(struct secret_scene *scene)
{
	setenv("MUSTER_REDIS_URL", url_for(scene, users[IN_VARIABLE], IN_VARIABLE), 1);
}

void secret_scene_unset_url(void)
{
	unsetenv("MUSTER_REDIS_URL");
}

/* One order of AAPL at this broker, with the planted word in it. */
static json_t *queue_at(struct secret_scene *scene, const char *broker)
{
	scene->stack->bearer = scene->secrets[TOKEN_SERVICE];
	return stack_queue(scene->stack,
			   "{\"user_id\":\"alice\",\"smallcase_id\":\"%s\",\"priority\":\"high\",\"suggestions\":[{"
			   "\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":\"5\",\"broker_type\":\"%s\"}]}",
			   scene->planted, broker);
}

void secret_scene_run(struct secret_scene *scene)
{
	struct stack *stack = scene->stack;
	const json_t *view = stack_wait_final(stack, queue_at(scene, "paper"));

	assert_json_text(view, "/orders/0/status", "filled");
	view = stack_wait_final(stack, queue_at(scene, "rejects"));
	assert_json_text(view, "/orders/0/status", "rejected");
	assert_non_null(strstr(json_text(view, "/orders/0/reason"), "*** may not: of ***"));
	(void)queue_at(scene, "refuses");
	(void)queue_at(scene, "redirects");
	WAIT_UNTIL(process_log_has(stack->workers[0], "event=broker_credentials_refused") ||
		   process_log_has(stack->workers[1], "event=broker_credentials_refused"));
	WAIT_UNTIL(key_echo_right(scene->echo, KEY_ECHO_REDIRECTS) >= 3);
	redis_server_end(stack->redis);
	stack_wait_ready(stack, 0, 503);
	redis_server_restart(stack->redis);
	stack_wait_ready(stack, 0, 200);
	view = stack_wait_final(stack, queue_at(scene, "paper"));
	assert_json_text(view, "/orders/0/status", "filled");
	for (int path = 0; path < KEY_ECHO_PATHS; path++)
		assert_true(key_echo_right(scene->echo, (enum key_echo_path)path) > 0);
	assert_int_equal(key_echo_wrong(scene->echo), 0);
}
