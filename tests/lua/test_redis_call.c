/* Calls on a link against a real Redis: every call is answered once, with what really happened to it. */
#include "shared/redis_link_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/link_fixture.h"

#define MANY	      10000
#define STOCKS_A_CALL 1500

static int set_up(void **state)
{
	struct link_fixture *fixture = link_fixture_new(NULL);

	fixture->config.redis.timeout_ms = 30000;
	link_fixture_connect(fixture, NULL);
	WAIT_FOR(fixture, fixture->ups);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	link_fixture_free(*state);
	return 0;
}

/* Calls a script that stores one stock; the reply is {"stored", 1}. */
static void store_stock(struct link_fixture *fixture, struct outcome *outcome)
{
	struct script_args *args = script_args_new();

	script_args_add(args, "AAPL");
	script_args_add(args, "{}");
	redis_link_script(fixture->link, SCRIPT_STOCKS, args, outcome_take, outcome);
	script_args_free(args);
}

/* What the test below counts. */
struct sequence {
	int next;
	int wrong;
};

/* Reply to ECHO of a number: must be the next one. */
static void take_next(const redisReply *reply, const struct err *err, void *arg)
{
	struct sequence *sequence = arg;

	sequence->wrong += err != NULL || reply_int(reply, -1) != sequence->next;
	sequence->next++;
}

static void ten_thousand_calls_are_answered_in_order(void **state)
{
	struct link_fixture *fixture = *state;
	struct sequence sequence = {0, 0};
	char number[16];

	for (int i = 0; i < MANY; i++) {
		(void)snprintf(number, sizeof number, "%d", i);
		redis_link_command(fixture->link, 2, (const char *[]){"ECHO", number}, take_next, &sequence);
	}
	WAIT_FOR(fixture, sequence.next == MANY);
	assert_int_equal(sequence.wrong, 0);
	fixture->passed = true;
}

/* Every script call carries a number of its own as the id of a deployment; only the first is taken. What is counted is
 * that all calls came through although the script was forgotten again and again between them. */
static void scripts_survive_being_forgotten_under_load(void **state)
{
	struct link_fixture *fixture = *state;
	struct outcome *outcomes = calloc(MANY, sizeof *outcomes);
	struct outcome flushed = {0};
	struct script_args *args = script_args_new();

	assert_non_null(outcomes);
	script_args_add(args, "deployment-1");
	for (int i = 0; i < MANY; i++) {
		if (i % 7 == 0)
			link_fixture_command(fixture, &flushed, "SCRIPT FLUSH");
		redis_link_script(fixture->link, i % 2 ? SCRIPT_OPEN : SCRIPT_STATUS, args, outcome_take, &outcomes[i]);
		if (i % 100 == 0)
			link_fixture_turn(fixture);
	}
	for (int i = 0; i < MANY; i++) {
		WAIT_FOR(fixture, outcomes[i].answers);
		assert_int_equal(outcomes[i].code, ERR_NONE);
		assert_int_equal(outcomes[i].type, REDIS_REPLY_ARRAY);
	}
	assert_true(fixture->link->repeats > MANY / 20);
	for (int i = 0; i < 10; i++)
		link_fixture_turn(fixture);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(outcomes[i].answers, 1);
	script_args_free(args);
	free(outcomes);
	fixture->passed = true;
}

static void arguments_arrive_byte_for_byte(void **state)
{
	static const char binary[] = "\0\r\n$5\r\n\xff{}";
	struct link_fixture *fixture = *state;
	struct script_args *args = script_args_new();
	struct outcome outcome = {0};
	redisReply *reply;

	script_args_add(args, "left over from another call");
	script_args_reset(args);
	assert_int_equal(script_args_count(args), 0);
	script_args_add(args, "BINARY");
	script_args_add_bytes(args, binary, sizeof binary - 1);
	script_args_add(args, "LEAST");
	script_args_add_int(args, INT64_MIN);
	script_args_add(args, "MOST");
	script_args_add_int(args, INT64_MAX);
	script_args_add(args, "ZERO");
	script_args_add_int(args, 0);
	script_args_add(args, "");
	script_args_add_bytes(args, NULL, 0);
	assert_int_equal(script_args_count(args), 10);
	redis_link_script(fixture->link, SCRIPT_STOCKS, args, outcome_take, &outcome);
	script_args_reset(args);
	script_args_add(args, "the call has its own copy");
	script_args_free(args);
	WAIT_FOR(fixture, outcome.answers);
	assert_int_equal(outcome.code, ERR_NONE);
	reply = redis_server_command(fixture->server, "HMGET muster:{0}:stocks BINARY LEAST MOST ZERO %s", "");
	assert_int_equal(reply->elements, 5);
	/* The script puts a stamp in the place of the last byte of each. */
	assert_true(reply->element[0]->len > sizeof binary - 2);
	assert_memory_equal(reply->element[0]->str, binary, sizeof binary - 2);
	assert_ptr_equal(strstr(reply->element[1]->str, "-922337203685477580,"), reply->element[1]->str);
	assert_ptr_equal(strstr(reply->element[2]->str, "922337203685477580,"), reply->element[2]->str);
	assert_ptr_equal(strchr(reply->element[3]->str, ','), reply->element[3]->str);
	assert_ptr_equal(strchr(reply->element[4]->str, ','), reply->element[4]->str);
	freeReplyObject(reply);
	fixture->passed = true;
}

static void a_large_call_arrives_whole(void **state)
{
	struct link_fixture *fixture = *state;
	struct script_args *args = script_args_new();
	struct outcome outcome = {0};
	char symbol[16];
	redisReply *reply;

	for (int i = 0; i < STOCKS_A_CALL; i++) {
		(void)snprintf(symbol, sizeof symbol, "S%d", i);
		script_args_add(args, symbol);
		script_args_add_int(args, i);
	}
	redis_link_script(fixture->link, SCRIPT_STOCKS, args, outcome_take, &outcome);
	script_args_free(args);
	WAIT_FOR(fixture, outcome.answers);
	assert_int_equal(outcome.code, ERR_NONE);
	reply = redis_server_command(fixture->server, "HLEN muster:{0}:stocks");
	assert_int_equal(reply->integer, STOCKS_A_CALL);
	freeReplyObject(reply);
	fixture->passed = true;
}

/* An error out of the middle of a script is never "nothing was executed". */
static void an_error_inside_a_script_is_internal(void **state)
{
	struct link_fixture *fixture = *state;
	struct outcome outcome = {0};

	redis_server_run(fixture->server, "SET muster:{0}:stocks spoiled");
	store_stock(fixture, &outcome);
	WAIT_FOR(fixture, outcome.answers);
	assert_int_equal(outcome.code, ERR_INTERNAL);
	assert_non_null(strstr(outcome.message, "script stocks failed: WRONGTYPE"));
	assert_true(redis_link_is_up(fixture->link));
	fixture->passed = true;
}

/* Also where its first word is one that Redis says before it runs something: the script may have written by then. */
static void a_refusal_inside_a_script_is_internal(void **state)
{
	const char *argv[] = {"EVAL", "redis.call('SET', 'a', 'b')", "0"};
	struct link_fixture *fixture = *state;
	struct outcome outcome = {0};

	redis_server_run(fixture->server, "CONFIG SET maxmemory 100kb");
	redis_link_command(fixture->link, 3, argv, outcome_take, &outcome);
	WAIT_FOR(fixture, outcome.answers);
	assert_int_equal(outcome.code, ERR_INTERNAL);
	assert_non_null(strstr(outcome.message, "OOM"));
	fixture->passed = true;
}

static void an_error_of_a_command_is_internal(void **state)
{
	struct link_fixture *fixture = *state;
	struct outcome outcome = {0};

	link_fixture_command(fixture, &outcome, "NONSENSE 1");
	WAIT_FOR(fixture, outcome.answers);
	assert_int_equal(outcome.code, ERR_INTERNAL);
	assert_non_null(strstr(outcome.message, "NONSENSE failed: ERR unknown command"));
	fixture->passed = true;
}

static void a_refusal_that_a_user_may_not_is_no_execution(void **state)
{
	struct link_fixture *fixture = *state;
	struct outcome outcome = {0};

	redis_server_run(fixture->server, "ACL SETUSER default -set");
	link_fixture_command(fixture, &outcome, "SET a 1");
	WAIT_FOR(fixture, outcome.answers);
	assert_int_equal(outcome.code, ERR_REDIS_UNAVAILABLE);
	assert_non_null(strstr(outcome.message, "NOPERM"));
	fixture->passed = true;
}

static void no_reply_function_runs_inside_the_call(void **state)
{
	struct link_fixture *fixture = *state;
	struct outcome by_script = {0}, by_command = {0}, by_wait = {0};

	redis_server_kill(fixture->server);
	WAIT_FOR(fixture, !redis_link_is_up(fixture->link));
	store_stock(fixture, &by_script);
	link_fixture_command(fixture, &by_command, "PING");
	redis_link_wait_replicas(fixture->link, outcome_take, &by_wait);
	assert_int_equal(by_script.answers + by_command.answers + by_wait.answers, 0);
	WAIT_FOR(fixture, by_script.answers && by_command.answers && by_wait.answers);
	assert_int_equal(by_script.code, ERR_REDIS_UNAVAILABLE);
	assert_int_equal(by_command.code, ERR_REDIS_UNAVAILABLE);
	assert_int_equal(by_wait.code, ERR_OUTCOME_UNKNOWN); /* the write was done, by what the caller knows */
	fixture->passed = true;
}

/* Starts a second Redis that follows the first, and sees it acknowledge something. */
static void start_replica(struct link_fixture *fixture)
{
	char master[32];
	const char *options[] = {"--replicaof", master, NULL};

	(void)snprintf(master, sizeof master, "127.0.0.1 %d", redis_server_port(fixture->server));
	redis_server_run(fixture->server, "CONFIG SET repl-diskless-sync-delay 0");
	fixture->replica = redis_server_start(options);
	redis_server_run(fixture->server, "SET before 1");
	for (long long count = 0; count < 1;) {
		redisReply *reply = redis_server_command(fixture->server, "WAIT 1 100");

		count = reply->integer;
		freeReplyObject(reply);
	}
	fixture->config.redis.min_replicas = 1;
}

/* The first WAIT overtakes the write, because the script is unknown and goes out again behind it: it must not count. */
static void a_wait_covers_a_write_that_had_to_go_out_again(void **state)
{
	struct link_fixture *fixture = *state;
	struct outcome write = {0}, wait = {0};

	assert_false(redis_link_needs_wait(fixture->link));
	start_replica(fixture);
	assert_true(redis_link_needs_wait(fixture->link));
	redis_server_run(fixture->server, "SCRIPT FLUSH");
	store_stock(fixture, &write);
	redis_link_wait_replicas(fixture->link, outcome_take, &wait);
	WAIT_FOR(fixture, wait.answers);
	assert_int_equal(write.answers, 1);
	assert_int_equal(write.code, ERR_NONE);
	assert_int_equal(wait.code, ERR_NONE);
	assert_int_equal(wait.integer, 1);
	fixture->passed = true;
}

/* Three of them one after the other take longer than the time limit of one, and are not given up for that. */
static void without_acknowledgement_the_outcome_is_unknown(void **state)
{
	struct link_fixture *fixture = *state;
	struct outcome loaded = {0}, write = {0}, waits[3] = {0}, behind = {0};

	start_replica(fixture);
	store_stock(fixture, &loaded); /* later on, Redis knows the script */
	WAIT_FOR(fixture, loaded.answers);
	redis_server_freeze(fixture->replica);
	fixture->config.redis.timeout_ms = 800;
	store_stock(fixture, &write);
	for (int i = 0; i < 3; i++)
		redis_link_wait_replicas(fixture->link, outcome_take, &waits[i]);
	link_fixture_command(fixture, &behind, "ECHO behind");
	WAIT_FOR(fixture, behind.answers);
	assert_int_equal(write.code, ERR_NONE);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(waits[i].code, ERR_OUTCOME_UNKNOWN);
		assert_non_null(strstr(waits[i].message, "0 of 1 replicas"));
	}
	assert_string_equal(behind.text, "behind");
	assert_int_equal(fixture->downs, 0);
	fixture->passed = true;
}

static void a_wait_after_a_reconnect_proves_nothing(void **state)
{
	struct link_fixture *fixture = *state;
	struct outcome write = {0}, wait = {0};

	store_stock(fixture, &write);
	WAIT_FOR(fixture, write.answers);
	redis_server_run(fixture->server, "CLIENT KILL TYPE normal");
	WAIT_FOR(fixture, fixture->ups == 2);
	redis_link_wait_replicas(fixture->link, outcome_take, &wait);
	WAIT_FOR(fixture, wait.answers);
	assert_int_equal(wait.code, ERR_OUTCOME_UNKNOWN);
	assert_non_null(strstr(wait.message, "connection changed"));
	fixture->passed = true;
}

/* A reply out of nothing, for the helpers. */
static redisReply text_reply(const char *text)
{
	return (redisReply){.type = REDIS_REPLY_STRING, .str = (char *)(uintptr_t)text, .len = strlen(text)};
}

static void replies_are_read_without_surprises(void **state)
{
	redisReply integer = {.type = REDIS_REPLY_INTEGER, .integer = -5};
	redisReply nil = {.type = REDIS_REPLY_NIL};
	redisReply name = text_reply("size"), value = text_reply("12");
	redisReply *pairs[] = {&name, &value, &value};
	redisReply array = {.type = REDIS_REPLY_ARRAY, .element = pairs, .elements = 3};
	static const struct {
		const char *text;
		int64_t value;
	} numbers[] = {{"12", 12}, {"-12", -12},
		       {"", 7},	   {"-", 7},
		       {"1x", 7},  {"9223372036854775807", INT64_MAX},
		       {" 1", 7},  {"-9223372036854775808", INT64_MIN},
		       {"1.0", 7}, {"9223372036854775808", 7}};

	(void)state;
	assert_int_equal(reply_int(&integer, 7), -5);
	assert_int_equal(reply_int(&nil, 7), 7);
	assert_int_equal(reply_int(NULL, 7), 7);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		redisReply reply = text_reply(numbers[i].text);

		assert_true(reply_int(&reply, 7) == numbers[i].value);
	}
	assert_string_equal(reply_text(&nil), "");
	assert_string_equal(reply_text(NULL), "");
	assert_ptr_equal(reply_at(&array, 1), &value);
	assert_null(reply_at(&array, 3));
	assert_null(reply_at(&value, 0));
	assert_null(reply_at(NULL, 0));
	assert_string_equal(reply_field(&array, "size"), "12");
	assert_null(reply_field(&array, "12")); /* a field without a value */
	assert_null(reply_field(&value, "size"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(ten_thousand_calls_are_answered_in_order),
	    TEST(scripts_survive_being_forgotten_under_load),
	    TEST(arguments_arrive_byte_for_byte),
	    TEST(a_large_call_arrives_whole),
	    TEST(an_error_inside_a_script_is_internal),
	    TEST(a_refusal_inside_a_script_is_internal),
	    TEST(an_error_of_a_command_is_internal),
	    TEST(a_refusal_that_a_user_may_not_is_no_execution),
	    TEST(no_reply_function_runs_inside_the_call),
	    TEST(a_wait_covers_a_write_that_had_to_go_out_again),
	    TEST(without_acknowledgement_the_outcome_is_unknown),
	    TEST(a_wait_after_a_reconnect_proves_nothing),
	    cmocka_unit_test(replies_are_read_without_surprises),
	};
#undef TEST
	return cmocka_run_group_tests(tests, NULL, NULL);
}
