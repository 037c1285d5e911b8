/* Orders go through with each secret from each of its places, well and badly; then no secret may stand in anything that
 * can be seen of the programs: logs, Redis and its files, the broker's ledger, what the API shows, /proc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "tests/support/check_audit.h"
#include "tests/support/secret_places.h"
#include "tests/support/secret_scene.h"
#include "tests/support/source_folder.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

#define NOT_A_CORE "Max core file size        0                    0 "

struct fixture {
	struct secret_scene *scene;
	struct secret_places *places;
};

static int set_up(void **state)
{
	struct fixture *fixture = *state = calloc(1, sizeof *fixture);

	if (!fixture)
		abort();
	fixture->scene = secret_scene_new();
	fixture->places = secret_places_new();
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	secret_scene_free(fixture->scene);
	secret_places_free(fixture->places);
	free(fixture);
	return 0;
}

/* One answer of the first API, or of a whole URL. */
static void add_answer(struct fixture *fixture, enum secret token, int status, const char *url, const char *word)
{
	struct http_call call = {.method = "GET", .url = url};
	const struct http_reply *reply;

	fixture->scene->stack->bearer = fixture->scene->secrets[token];
	if (*url == '/') {
		reply = stack_call(fixture->scene->stack, 0, &call);
		assert_int_equal(reply->status, status);
		secret_places_add(fixture->places, url, reply->body, reply->length, word);
		return;
	}
	struct http_reply *own = http_call(&call);

	assert_int_equal(own->status, status);
	secret_places_add(fixture->places, url, own->body, own->length, word);
	http_reply_free(own);
}

/* The worker's own address. */
static int metrics_port(const struct process *worker)
{
	static const char mark[] = "event=metrics_listening address=127.0.0.1:";
	char *log = process_log(worker), *at = strstr(log, mark);
	int port = at ? atoi(at + sizeof mark - 1) : 0;

	free(log);
	return port;
}

static void add_answers(struct fixture *fixture)
{
	struct stack *stack = fixture->scene->stack;
	char url[64];

	add_answer(fixture, TOKEN_OPERATOR, 200, "/trade-queue/queue/status", "\"workers\"");
	add_answer(fixture, TOKEN_OPERATOR, 200, "/trade-queue/queue/aggregation-preview", "\"windows\"");
	add_answer(fixture, TOKEN_OPERATOR, 200, "/metrics", "# TYPE");
	add_answer(fixture, TOKEN_OPERATOR, 200, "/readyz", "ready");
	add_answer(fixture, TOKEN_OPERATOR, 200, "/healthz", "alive");
	add_answer(fixture, TOKEN_OPERATOR, 200, "/blocks?status=submitting", "\"items\"");
	add_answer(fixture, TOKEN_OPERATOR, 200, "/blocks?status=waiting", "\"items\"");
	add_answer(fixture, TOKEN_OPERATOR, 200, "/blocks?status=allocated", "\"block_id\"");
	add_answer(fixture, TOKEN_USER, 200, "/users/alice/orders", fixture->scene->planted);
	add_answer(fixture, TOKEN_SERVICE, 200, "/users/alice/transactions", fixture->scene->planted);
	add_answer(fixture, TOKEN_USER, 403, "/trade-queue/queue/status", "forbidden");
	add_answer(fixture, TOKEN_WRONG, 401, "/trade-queue/queue/status", "unauthorized");
	add_answer(fixture, TOKEN_OPERATOR, 200, "/", "<html");
	for (int i = 0; i < 2; i++) {
		(void)snprintf(url, sizeof url, "http://127.0.0.1:%d/metrics", metrics_port(stack->workers[i]));
		add_answer(fixture, TOKEN_OPERATOR, 200, url, "broker=\"refuses\"");
	}
	(void)snprintf(url, sizeof url, "http://127.0.0.1:%d/paper/settings", stack->paper_port);
	add_answer(fixture, TOKEN_OPERATOR, 200, url, "fill");
}

/* Whether the word stands in what Redis replies; that is then `*text`, to be freed. */
static bool redis_says(struct redis_server *redis, const char *command, const char *word, char **text)
{
	redisReply *reply = redis_server_command(redis, command);
	bool has;

	*text = secret_places_reply_text(reply);
	freeReplyObject(reply);
	has = strstr(*text, word) != NULL;
	if (!has)
		free(*text);
	return has;
}

/* What Redis tells of itself and its clients, and all that it keeps. */
static void add_redis(struct fixture *fixture)
{
	static const struct {
		const char *command, *word;
	} rows[] = {
	    {"CLIENT LIST", "user=variable"}, {"CLIENT LIST", "user=named"}, {"CLIENT LIST", "user=credential"},
	    {"SLOWLOG GET -1", "(redacted)"}, {"ACL LOG", "default"},	     {"INFO everything", "redis_version"}};
	struct redis_server *redis = fixture->scene->stack->redis;
	const char *folder = redis_server_folder(redis);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *text;

		WAIT_UNTIL(redis_says(redis, rows[i].command, rows[i].word, &text));
		secret_places_add_text(fixture->places, rows[i].command, text, rows[i].word);
		free(text);
	}
	redis_server_run(redis, "SAVE");
	/* The word was in an order: the snapshot has it, and the append-only files. */
	secret_places_add_file(fixture->places, stack_text(fixture->scene->stack, "%s/dump.rdb", folder),
			       fixture->scene->planted);
	(void)secret_places_add_folder(fixture->places, stack_text(fixture->scene->stack, "%s/appendonlydir", folder),
				       fixture->scene->planted);
	assert_true(secret_places_add_folder(fixture->places, folder, fixture->scene->planted) >= 4);
}

/* Each program and its log; no core files. */
static void add_programs(struct fixture *fixture)
{
	struct stack *stack = fixture->scene->stack;
	const struct process *programs[] = {stack->paper, stack->apis[0], stack->workers[0], stack->workers[1],
					    stack->workers[2]};
	static const char *const logs[] = {"paper", "api0", "worker0", "worker1", "worker2"};

	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		secret_places_add_process(fixture->places, programs[i], fixture->scene->planted);
		secret_places_add_file(fixture->places, stack_text(stack, "%s/%s.log", stack->folder, logs[i]),
				       " level=info ");
		secret_places_add_file(fixture->places,
				       stack_text(stack, "/proc/%d/limits", (int)process_pid(programs[i])), NOT_A_CORE);
	}
	secret_places_add_file(fixture->places, stack->ledger_path, "\"client_order_id\"");
}

/* What -n prints, with each secret in its place. */
static void add_checks(struct fixture *fixture)
{
	static const char *const names[] = {"muster-api", "muster-worker", "muster-paper", "muster-audit"};
	struct stack *stack = fixture->scene->stack;

	secret_scene_set_url(fixture->scene);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *const argv[] = {stack_text(stack, "%s/%s", stack->build, names[i]), "-n", "-c",
					    stack_text(stack, "%s/muster.conf", stack->folder), NULL};
		const char *log = stack_text(stack, "%s/check-%s.log", stack->folder, names[i]);
		struct process *check = process_start(argv, log);

		assert_int_equal(process_wait(check), 0);
		process_free(check);
		secret_places_add_file(fixture->places, log, "configuration is good");
		secret_places_add_file(fixture->places, log, "warning: "); /* the configuration is open to others */
	}
	secret_scene_unset_url();
}

/* What the auditor prints, who reads Redis and one of the brokers. */
static void add_audit(struct fixture *fixture)
{
	const char *const arguments[] = {"--ledger", fixture->scene->stack->ledger_path, "--broker", "rejects", NULL};
	char *output;

	assert_int_equal(audit_run(fixture->scene->stack, arguments, &output), 3);
	secret_places_add_text(fixture->places, "muster-audit", output, "the broker rejects answers 422");
	free(output);
}

static void require_absent(const struct fixture *fixture, const char *what, const char *text)
{
	const char *where = "";
	size_t count = secret_places_count(fixture->places, text, &where);

	if (count > 0)
		fail_msg("secret %s stands in %zu places, such as %s", what, count, where);
}

/* No secret stands anywhere, nor a pair of them as a header of Basic authentication would have it. */
static void require_all_absent(const struct fixture *fixture)
{
	char what[32], pair[2 * SECRET_LENGTH + 2], coded[4 * SECRET_LENGTH];

	for (int i = 0; i < SECRET_COUNT; i++) {
		(void)snprintf(what, sizeof what, "%d", i);
		require_absent(fixture, what, fixture->scene->secrets[i]);
		if (i > REDIRECTS_SECRET || i % 2)
			continue;
		(void)snprintf(pair, sizeof pair, "%s:%s", fixture->scene->secrets[i], fixture->scene->secrets[i + 1]);
		(void)EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)pair, (int)strlen(pair));
		require_absent(fixture, "pair", coded);
	}
}

/* A search that finds nothing must be able to find. */
static void require_found(struct fixture *fixture)
{
	const char *where = "";
	char text[2 * SECRET_LENGTH];

	assert_true(secret_places_size(fixture->places) > 35);
	assert_true(secret_places_count(fixture->places, fixture->scene->planted, NULL) >= 4);
	assert_int_equal(secret_places_count(fixture->places, fixture->scene->secrets[TOKEN_WRONG], NULL), 0);
	(void)snprintf(text, sizeof text, "so %s!", fixture->scene->secrets[TOKEN_WRONG]);
	secret_places_add_text(fixture->places, "a place with a secret", text, "so ");
	assert_int_equal(secret_places_count(fixture->places, fixture->scene->secrets[TOKEN_WRONG], &where), 1);
	assert_string_equal(where, "a place with a secret");
}

static void test_no_secret_is_seen_anywhere(void **state)
{
	struct fixture *fixture = *state;
	struct stack *stack;

	secret_scene_start(fixture->scene);
	stack = fixture->scene->stack;
	secret_scene_run(fixture->scene);
	add_answers(fixture);
	add_redis(fixture);
	add_programs(fixture);
	add_checks(fixture);
	add_audit(fixture);
	require_all_absent(fixture);
	require_found(fixture);
	stack_finish_unchecked(stack);
	for (int i = 0; i < 3; i++) /* also their last words */
		secret_places_add_file(fixture->places, stack_text(stack, "%s/worker%d.log", stack->folder, i), NULL);
	secret_make(fixture->scene->secrets[TOKEN_WRONG]); /* the one that was put in to be found */
	require_all_absent(fixture);
}

/* A program that waits for a Redis that is not there, as a user who may read nothing of root's; so whoever runs this
 * test, it is another one than owns what cannot be dumped. NULL-terminated. */
static struct process *start_as_nobody(const char *folder, const char *name, const char *setting)
{
	char program[160], log[160], url[] = "redis.url=unix:///nowhere/redis";
	const char *const argv[] = {"/usr/bin/setpriv",
				    "--reuid=65534",
				    "--regid=65534",
				    "--clear-groups",
				    program,
				    "-o",
				    url,
				    "-o",
				    setting,
				    NULL};

	(void)snprintf(program, sizeof program, "%s/%s", folder, name);
	(void)snprintf(log, sizeof log, "%s/%s.log", folder, name);
	return process_start(geteuid() == 0 ? argv : argv + 4, log);
}

/* What cannot be dumped belongs to root in /proc, whoever it runs as: nobody else of that user may trace it, read its
 * memory or its environment. */
static void test_programs_cannot_be_looked_into(void **state)
{
	static const struct {
		const char *name, *setting;
	} rows[] = {{"muster-api", "api.listen=127.0.0.1:0"}, {"muster-worker", "worker.metrics_listen=127.0.0.1:0"}};
	char folder[] = "/tmp/muster-looked-XXXXXX", command[512], path[64];
	char *build = build_folder();

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct process *process;
		struct stat status;

		(void)snprintf(command, sizeof command, "chmod 755 %s && cp %s/%s %s", folder, build, rows[i].name,
			       folder);
		assert_int_equal(system(command), 0);
		process = start_as_nobody(folder, rows[i].name, rows[i].setting);
		WAIT_UNTIL(process_log_has(process, "event=redis_down"));
		(void)snprintf(path, sizeof path, "/proc/%d", (int)process_pid(process));
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_uid, geteuid() == 0 ? 65534 : geteuid());
		(void)snprintf(path, sizeof path, "/proc/%d/environ", (int)process_pid(process));
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_uid, 0);
		process_free(process);
	}
	(void)snprintf(command, sizeof command, "rm -r %s", folder);
	assert_int_equal(system(command), 0);
	free(build);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_no_secret_is_seen_anywhere, set_up, tear_down),
	    cmocka_unit_test(test_programs_cannot_be_looked_into),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
