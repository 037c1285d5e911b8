/* Who may do what: tokens, roles, and that a user sees nothing of any other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include "tests/support/json_at.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

enum who { ALICE, BOB, SERVICE, OPERATOR, READER, WHO_COUNT };

static const struct {
	const char *token, *line;
} people[WHO_COUNT] = {
    [ALICE] = {"token-of-alice", "user alice"},	 [BOB] = {"token-of-bob", "user bob"},
    [SERVICE] = {"token-of-service", "service"}, [OPERATOR] = {"token-of-operator", "operator"},
    [READER] = {"token-of-reader", "read"},
};

static const char *hash_of(const char *token, char *hex)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (!EVP_Digest(token, strlen(token), digest, NULL, EVP_sha256(), NULL))
		abort();
	for (int i = 0; i < 32; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return hex;
}

/* The file of all people, then `more`. */
static const char *file_of(const char *more)
{
	static char text[2048];
	char hex[65];
	size_t length = 0;

	for (size_t i = 0; i < WHO_COUNT; i++)
		length += (size_t)snprintf(text + length, sizeof text - length, "%s %s\n",
					   hash_of(people[i].token, hex), people[i].line);
	(void)snprintf(text + length, sizeof text - length, "# a comment\n\n%s", more);
	return text;
}

/* One call as one of them (WHO_COUNT: as nobody). */
static const struct http_reply *call_as(struct stack *stack, enum who who, const char *method, const char *path,
					const char *body)
{
	const struct http_call call = {.method = method, .url = path, .body = body};

	stack->bearer = who == WHO_COUNT ? NULL : people[who].token;
	return stack_call(stack, 0, &call);
}

#define U 1u
#define S 2u
#define O 4u
#define R 8u

static void test_each_role_may_what_the_contract_says(void **state)
{
	static const struct {
		const char *method, *path, *body;
		unsigned who;
	} rows[] = {
	    {"POST", "/trade-queue/queue/order", "{}", U | S | O},
	    {"GET", "/trade-queue/queue/order/00000000000000000000", NULL, U | S | O | R},
	    {"DELETE", "/trade-queue/queue/order/00000000000000000000", NULL, U | S | O},
	    {"GET", "/trade-queue/queue/status", NULL, S | O | R},
	    {"GET", "/trade-queue/queue/aggregation-preview", NULL, S | O | R},
	    {"POST", "/trade-queue/queue/process", NULL, O},
	    {"POST", "/smallcases/bulk/rebalance", "[]", U | S | O},
	    {"GET", "/orders/x", NULL, U | S | O | R},
	    {"GET", "/blocks/x", NULL, S | O | R},
	    {"GET", "/blocks/x/statement", NULL, S | O | R},
	    {"GET", "/blocks?status=needs_review", NULL, S | O | R},
	    {"POST", "/blocks/x/resolve", "{}", O},
	    {"GET", "/users/alice/orders", NULL, U | S | O | R},
	    {"GET", "/users/alice/transactions", NULL, U | S | O | R},
	    {"GET", "/users/alice/investments/sc1", NULL, U | S | O | R},
	    {"PUT", "/users/alice/investments/sc1", "{}", U | S | O},
	    {"GET", "/stocks", NULL, U | S | O | R},
	    {"GET", "/stocks/AAPL", NULL, U | S | O | R},
	    {"PUT", "/stocks", "[]", O},
	    {"PUT", "/stocks/AAPL", "{}", O},
	    {"POST", "/admin/halt", "[]", O},
	    {"POST", "/admin/resume", "[]", O},
	};
	struct stack *stack = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct http_reply *reply = call_as(stack, WHO_COUNT, rows[i].method, rows[i].path, rows[i].body);

		assert_int_equal(reply->status, 401);
		assert_string_equal(json_text(reply->json, "/code"), "unauthorized");
		assert_string_equal(reply->authenticate, "Bearer realm=\"muster\"");
		for (enum who who = ALICE; who < WHO_COUNT; who++) {
			unsigned role = who <= BOB ? U : 1u << (who - 1);

			if (who == BOB)
				continue;
			reply = call_as(stack, who, rows[i].method, rows[i].path, rows[i].body);
			if ((reply->status == 403) == ((rows[i].who & role) != 0) || reply->status == 401 ||
			    reply->status == 0)
				fail_msg("%s %s as %s: %d", rows[i].method, rows[i].path, people[who].line,
					 reply->status);
		}
	}
	assert_int_equal(call_as(stack, WHO_COUNT, "GET", "/healthz", NULL)->status, 200);
	assert_int_equal(call_as(stack, WHO_COUNT, "GET", "/readyz", NULL)->status, 200);
}

static void test_what_is_no_token_is_refused(void **state)
{
	static const char *const bad[] = {"Authorization: Bearer wrong",   "Authorization: Bearer",
					  "Authorization: Bearer ",	   "Authorization: Basic token-of-alice",
					  "Authorization: token-of-alice", "Authorization: Bearer token-of-alice2"};
	static const char *const good[] = {"Authorization: Bearer token-of-alice",
					   "Authorization: bearer   token-of-alice"};
	struct stack *stack = *state;

	stack->bearer = NULL;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const struct http_call call = {.method = "GET", .url = "/stocks/AAPL", .headers = {bad[i]}};
		const struct http_reply *reply = stack_call(stack, 0, &call);

		assert_int_equal(reply->status, 401);
		/* curl leaves a header without a value away */
		assert_true(strstr(reply->authenticate, "error=\"invalid_token\"") || i == 1);
		assert_null(strstr(reply->body, "alice"));
	}
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		const struct http_call call = {.method = "GET", .url = "/stocks/AAPL", .headers = {good[i]}};

		assert_int_equal(stack_call(stack, 0, &call)->status, 200);
	}
}

#define ORDER(who)                                                                                                     \
	"{" who "\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":1}]}"

static void test_a_user_acts_for_itself_only(void **state)
{
	static const char path[] = "/trade-queue/queue/order", bulk[] = "/smallcases/bulk/rebalance?wait=0";
	struct stack *stack = *state;
	const struct http_reply *reply = call_as(stack, ALICE, "POST", path, ORDER(""));

	assert_int_equal(reply->status, 202);
	assert_string_equal(json_text(reply->json, "/orders/0/user_id"), "alice");
	assert_int_equal(call_as(stack, ALICE, "POST", path, ORDER("\"user_id\":\"alice\","))->status, 202);
	reply = call_as(stack, ALICE, "POST", path, ORDER("\"user_id\":\"bob\","));
	assert_int_equal(reply->status, 403);
	assert_string_equal(json_text(reply->json, "/errors/0/pointer"), "/user_id");
	assert_int_equal(call_as(stack, ALICE, "POST", bulk, "[" ORDER("") "]")->status, 202);
	assert_int_equal(
	    call_as(stack, ALICE, "POST", bulk, "[" ORDER("") "," ORDER("\"user_id\":\"bob\",") "]")->status, 403);
	/* A service acts for any, and has to say for whom. */
	assert_int_equal(call_as(stack, SERVICE, "POST", path, ORDER("\"user_id\":\"bob\","))->status, 202);
	reply = call_as(stack, SERVICE, "POST", path, ORDER(""));
	assert_int_equal(reply->status, 400);
	assert_string_equal(json_text(reply->json, "/code"), "missing_field");
}

/* How many commands Redis has run of those that answers are made of. */
static int64_t commands_run(struct stack *stack)
{
	static const char *const names[] = {"evalsha", "eval",	 "hmget",  "hget",   "hgetall",
					    "exists",  "zscore", "zrange", "xrange", "zrevrange"};
	redisReply *reply = redis_server_command(stack->redis, "INFO commandstats");
	int64_t sum = 0;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char key[64];
		const char *at;

		(void)snprintf(key, sizeof key, "cmdstat_%s:calls=", names[i]);
		at = strstr(reply->str, key);
		sum += at ? strtoll(at + strlen(key), NULL, 10) : 0;
	}
	freeReplyObject(reply);
	return sum;
}

/* What an answer to Alice says, with its id struck out, and how many commands it took. */
static const char *answer_to(struct stack *stack, const char *method, const char *path, const char *id)
{
	int64_t before = commands_run(stack);
	const struct http_reply *reply =
	    call_as(stack, ALICE, method,
		    stack_text(stack, "%.*s%s%s", (int)strcspn(path, "*"), path, id, strchr(path, '*') + 1), NULL);
	char *body = strdup(reply->body), *at;
	const char *text;

	for (at = strstr(body, id); at; at = strstr(at, id))
		memset(at, 'X', strlen(id));
	text = stack_text(stack, "%d %s %s, commands: %lld", reply->status, reply->content_type, body,
			  (long long)(commands_run(stack) - before));
	free(body);
	return text;
}

static void test_what_is_anothers_looks_like_what_is_unknown(void **state)
{
	struct stack *stack = *state;
	const struct http_reply *single =
	    call_as(stack, SERVICE, "POST", "/trade-queue/queue/order", ORDER("\"user_id\":\"bob\","));
	const struct http_reply *mixed =
	    call_as(stack, SERVICE, "POST", "/smallcases/bulk/rebalance?wait=0",
		    "[" ORDER("\"user_id\":\"bob\",") "," ORDER("\"user_id\":\"alice\",") "]");
	const struct http_reply *his =
	    call_as(stack, BOB, "POST", "/smallcases/bulk/rebalance?wait=0", "[" ORDER("") "]");
	const char *const requests[] = {json_text(single->json, "/queue_id"), json_text(mixed->json, "/queue_id"),
					json_text(his->json, "/queue_id")};
	static const char *const on_request[][2] = {
	    {"GET", "/trade-queue/queue/order/*"}, {"DELETE", "/trade-queue/queue/order/*"}, {"GET", "/orders/*-0"}};
	static const char *const on_user[] = {"/users/*/orders", "/users/*/transactions", "/users/*/investments/sc1"};

	(void)call_as(stack, BOB, "PUT", "/users/bob/investments/sc1", "{\"value\":1000}");
	for (size_t i = 0; i < sizeof on_request / sizeof *on_request; i++) {
		const char *method = on_request[i][0], *path = on_request[i][1];
		const char *unknown = answer_to(stack, method, path, "0123456789abcdefghj0");

		assert_true(strncmp(unknown, "404 ", 4) == 0);
		for (size_t j = 0; j < sizeof requests / sizeof *requests; j++)
			assert_string_equal(answer_to(stack, method, path, requests[j]), unknown);
	}
	for (size_t i = 0; i < sizeof on_user / sizeof *on_user; i++)
		assert_string_equal(answer_to(stack, "GET", on_user[i], "bob"),
				    answer_to(stack, "GET", on_user[i], "nob"));
	/* Nothing of Bob's was canceled; Alice's part of a mixed call is hers. */
	assert_int_equal(call_as(stack, BOB, "GET", stack_text(stack, "/orders/%s-0", requests[0]), NULL)->status, 200);
	assert_int_equal(call_as(stack, ALICE, "GET", stack_text(stack, "/orders/%s-1", requests[1]), NULL)->status,
			 200);
	assert_int_equal(
	    call_as(stack, BOB, "GET", stack_text(stack, "/trade-queue/queue/order/%s", requests[2]), NULL)->status,
	    200);
	assert_int_equal(
	    call_as(stack, BOB, "DELETE", stack_text(stack, "/trade-queue/queue/order/%s", requests[0]), NULL)->status,
	    200);
	assert_null(strstr(call_as(stack, ALICE, "GET", "/users/alice/orders", NULL)->body, "bob"));
}

static void test_keys_of_users_and_services_are_apart(void **state)
{
	struct stack *stack = *state;
	struct http_call call = {.method = "POST",
				 .url = "/smallcases/bulk/rebalance?wait=0",
				 .body = "[" ORDER("\"user_id\":\"alice\",") "]",
				 .headers = {"Idempotency-Key: same"}};
	const char *first, *second;

	stack->bearer = people[ALICE].token;
	first = json_text(stack_call(stack, 0, &call)->json, "/queue_id");
	stack->bearer = people[SERVICE].token;
	second = json_text(stack_call(stack, 0, &call)->json, "/queue_id");
	assert_string_not_equal(first, second);
}

/* Why a block failed says what all of it came to: not to a user whose order is a part of it. */
static void test_a_blocks_reason_is_kept_from_users(void **state)
{
	struct stack *stack = *state;
	static const char general[] = "the broker did not execute all of it";
	const char *id, *path, *why;

	id = json_text(call_as(stack, ALICE, "POST", "/trade-queue/queue/order",
			       "{\"smallcase_id\":\"s\",\"suggestions\":[{\"symbol\":\"GOOG\",\"action\":\"sell\","
			       "\"quantity\":77}]}")
			   ->json,
		       "/queue_id");
	path = stack_text(stack, "/orders/%s-0", id);
	stack_set_paper(stack, "{\"reject_symbols\":[\"GOOG\"]}");
	stack->bearer = people[OPERATOR].token;
	stack_start_worker(stack, 0);
	(void)stack_process(stack);
	why = json_text(call_as(stack, SERVICE, "GET", path, NULL)->json, "/reason");
	assert_string_not_equal(why, general);
	assert_string_equal(json_text(call_as(stack, ALICE, "GET", path, NULL)->json, "/reason"), general);
	assert_null(strstr(call_as(stack, ALICE, "GET", "/users/alice/orders", NULL)->body, why));
	path = stack_text(stack, "/trade-queue/queue/order/%s", id);
	assert_null(strstr(call_as(stack, ALICE, "GET", path, NULL)->body, why));
}

static void test_tokens_are_read_again_at_SIGHUP(void **state)
{
	struct stack *stack = *state;
	char hex[65];
	const struct http_call call = {
	    .method = "GET", .url = "/stocks/AAPL", .headers = {"Authorization: Bearer token-of-carol"}};

	stack->bearer = NULL;
	assert_int_equal(stack_call(stack, 0, &call)->status, 401);
	stack_write_tokens(stack, file_of(stack_text(stack, "%s user carol\n", hash_of("token-of-carol", hex))));
	process_signal(stack->apis[0], SIGHUP);
	WAIT_UNTIL(stack_call(stack, 0, &call)->status == 200);
	/* A bad file changes nothing, and says where. */
	stack_write_tokens(stack, file_of("token-of-carol user carol\n"));
	process_signal(stack->apis[0], SIGHUP);
	WAIT_UNTIL(process_log_has(stack->apis[0], "event=reload_failed"));
	assert_true(process_log_has(stack->apis[0], "line 8: the first word must be the SHA-256"));
	assert_int_equal(stack_call(stack, 0, &call)->status, 200);
	stack_write_tokens(stack, file_of(""));
	process_signal(stack->apis[0], SIGHUP);
	WAIT_UNTIL(stack_call(stack, 0, &call)->status == 401);
	assert_false(process_log_has(stack->apis[0], "token-of-"));
}

/* Starts an API that must not start, and says why. */
static void refuses_to_start(struct stack *stack, int code, const char *setting, const char *why)
{
	const char *const argv[] = {stack_text(stack, "%s/muster-api", stack->build),
				    "-c",
				    stack_text(stack, "%s/muster.conf", stack->folder),
				    "-o",
				    setting,
				    NULL};
	struct process *api = process_start(argv, stack_text(stack, "%s/refused.log", stack->folder));

	assert_int_equal(process_wait(api), code);
	if (!process_log_has(api, why))
		process_print_log_tail(api);
	assert_true(process_log_has(api, why));
	process_free(api);
}

static void test_what_is_not_safe_does_not_start(void **state)
{
	struct stack *stack = *state;
	char hex[65];
	const char *tokens = stack_text(stack, "api.tokens_file=%s", stack->tokens_path);
	const char *twice = stack_text(stack, "%s read\n%s operator\n", hash_of("t", hex), hex);

	refuses_to_start(stack, 2, "api.listen=0.0.0.0:0", "an open one needs api.tokens_file");
	refuses_to_start(stack, 1, "api.tokens_file=/nonexistent", "No such file");
	assert_int_equal(chmod(stack->tokens_path, 0644), 0);
	refuses_to_start(stack, 1, tokens, "chmod 640 mends that");
	assert_int_equal(chmod(stack->tokens_path, 0660), 0);
	refuses_to_start(stack, 1, tokens, "chmod 640 mends that");
	stack_write_tokens(stack, "\n# nobody\n");
	refuses_to_start(stack, 1, tokens, "there is no token in it");
	stack_write_tokens(stack, twice);
	refuses_to_start(stack, 1, tokens, "stands in two lines");
	stack_write_tokens(stack, stack_text(stack, "%s user\n", hex));
	refuses_to_start(stack, 1, tokens, "line 1: the role `user` needs the user");
	stack_write_tokens(stack, stack_text(stack, "%s admin\n", hex));
	refuses_to_start(stack, 1, tokens, "line 1: the second word must be a role");
	stack_write_tokens(stack, stack_text(stack, "%s read alice\n", hex));
	refuses_to_start(stack, 1, tokens, "line 1: nothing may follow this role");
	stack_write_tokens(stack, file_of(""));
}

static void test_a_new_token_is_printed_once_and_works(void **state)
{
	struct stack *stack = *state;
	const char *const argv[] = {stack_text(stack, "%s/muster-api", stack->build), "--new-token", "user", "dora",
				    NULL};
	const char *const wrong[] = {argv[0], "--new-token", "user", NULL};
	struct process *process = process_start(argv, stack_text(stack, "%s/new.log", stack->folder));
	char token[128] = "", line[256] = "", *log;

	assert_int_equal(process_wait(process), 0);
	log = process_log(process);
	assert_non_null(strstr(log, "muster_"));
	assert_int_equal(sscanf(strstr(log, "muster_"), "%127s %255[^\n]", token, line), 2);
	free(log);
	process_free(process);
	stack_write_tokens(stack, file_of(line));
	process_signal(stack->apis[0], SIGHUP);
	stack->bearer = token;
	const struct http_call call = {.method = "GET", .url = "/users/dora/orders"};
	WAIT_UNTIL(stack_call(stack, 0, &call)->status == 200);
	stack->bearer = NULL;
	process = process_start(wrong, stack_text(stack, "%s/new.log", stack->folder));
	assert_int_equal(process_wait(process), 2);
	process_free(process);
}

static void test_all_of_it_is_exact(void **state)
{
	struct stack *stack = *state;

	stack->bearer = people[OPERATOR].token;
	(void)stack_process(stack);
	stack_finish(stack);
}

static int setup(void **state)
{
	*state = stack_start(&(struct stack_options){.tokens = file_of(""), .bearer = people[OPERATOR].token});
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_role_may_what_the_contract_says),
	    cmocka_unit_test(test_what_is_no_token_is_refused),
	    cmocka_unit_test(test_a_user_acts_for_itself_only),
	    cmocka_unit_test(test_what_is_anothers_looks_like_what_is_unknown),
	    cmocka_unit_test(test_keys_of_users_and_services_are_apart),
	    cmocka_unit_test(test_a_blocks_reason_is_kept_from_users),
	    cmocka_unit_test(test_tokens_are_read_again_at_SIGHUP),
	    cmocka_unit_test(test_what_is_not_safe_does_not_start),
	    cmocka_unit_test(test_a_new_token_is_printed_once_and_works),
	    cmocka_unit_test(test_all_of_it_is_exact),
	};

	return cmocka_run_group_tests(tests, setup, stack_teardown);
}
