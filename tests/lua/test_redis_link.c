/* The life of a link against a real Redis: it comes up, it says why it does not, it comes back. */
#include "shared/redis_link_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/link_fixture.h"

#define CALLS 20

static int set_up(void **state)
{
	*state = link_fixture_new(NULL);
	return 0;
}

static int tear_down(void **state)
{
	link_fixture_free(*state);
	return 0;
}

/* Points the configuration at a URL in printf form. */
static void use_url(struct link_fixture *fixture, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void use_url(struct link_fixture *fixture, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(fixture->config.redis.url, sizeof fixture->config.redis.url, format, args);
	va_end(args);
}

/* One call from beginning to end. */
static struct outcome call(struct link_fixture *fixture, const char *command)
{
	struct outcome outcome = {0};

	link_fixture_command(fixture, &outcome, command);
	WAIT_FOR(fixture, outcome.answers);
	return outcome;
}

static void comes_up_over_a_unix_socket(void **state)
{
	struct link_fixture *fixture = *state;
	struct outcome outcome;

	link_fixture_connect(fixture, NULL);
	assert_false(redis_link_is_up(fixture->link));
	assert_int_equal(fixture->ups + fixture->downs, 0); /* no hook from inside redis_link_new */
	WAIT_FOR(fixture, fixture->ups);
	assert_true(redis_link_is_up(fixture->link));
	assert_int_equal(redis_link_generation(fixture->link), 1);
	outcome = call(fixture, "ECHO hello");
	assert_string_equal(outcome.text, "hello");
	outcome = call(fixture, "CLIENT GETNAME");
	assert_string_equal(outcome.text, "muster-test");
	assert_int_equal(fixture->downs, 0);
	fixture->passed = true;
}

static void comes_up_over_tcp_in_the_database_of_the_url(void **state)
{
	struct link_fixture *fixture = *state;
	struct outcome outcome;
	redisReply *reply;

	use_url(fixture, "redis://127.0.0.1:%d/3", redis_server_port(fixture->server));
	link_fixture_connect(fixture, NULL);
	WAIT_FOR(fixture, fixture->ups);
	outcome = call(fixture, "SET where here");
	assert_int_equal(outcome.code, ERR_NONE);
	reply = redis_server_command(fixture->server, "EXISTS where");
	assert_int_equal(reply->integer, 0);
	freeReplyObject(reply);
	redis_server_run(fixture->server, "SELECT 3");
	reply = redis_server_command(fixture->server, "GET where");
	assert_string_equal(reply->str, "here");
	freeReplyObject(reply);
	fixture->passed = true;
}

static void logs_in_as_the_default_user_or_another(void **state)
{
	struct link_fixture *fixture = *state;
	struct outcome outcome;

	redis_server_run(fixture->server, "ACL SETUSER trader on >p@ss:word/1 ~* &* +@all");
	redis_server_run(fixture->server, "CONFIG SET requirepass %s", "top%secret");
	use_url(fixture, "redis://trader:p%%40ss:word%%2f1@127.0.0.1:%d", redis_server_port(fixture->server));
	link_fixture_connect(fixture, NULL);
	WAIT_FOR(fixture, fixture->ups == 1);
	outcome = call(fixture, "ACL WHOAMI");
	assert_string_equal(outcome.text, "trader");
	redis_link_free(fixture->link);
	use_url(fixture, "unix://:top%%25secret@%s?db=0", redis_server_socket(fixture->server));
	link_fixture_connect(fixture, NULL);
	WAIT_FOR(fixture, fixture->ups == 2);
	outcome = call(fixture, "ACL WHOAMI");
	assert_string_equal(outcome.text, "default");
	fixture->passed = true;
}

static void says_why_without_saying_the_password(void **state)
{
	struct link_fixture *fixture = *state;

	redis_server_run(fixture->server, "CONFIG SET requirepass right");
	use_url(fixture, "redis://:wrong-one@127.0.0.1:%d/0", redis_server_port(fixture->server));
	link_fixture_connect(fixture, NULL);
	WAIT_FOR(fixture, fixture->downs);
	assert_non_null(strstr(fixture->why, "WRONGPASS"));
	assert_non_null(strstr(fixture->why, "127.0.0.1"));
	assert_null(strstr(fixture->why, "wrong-one"));
	redis_link_free(fixture->link);
	use_url(fixture, "%s", redis_server_url(fixture->server)); /* no login at all */
	link_fixture_connect(fixture, NULL);
	WAIT_FOR(fixture, fixture->downs == 2);
	assert_non_null(strstr(fixture->why, "NOAUTH"));
	redis_link_free(fixture->link);
	use_url(fixture, "http://user:wrong-one@host");
	link_fixture_connect(fixture, NULL);
	WAIT_FOR(fixture, fixture->downs == 3);
	assert_non_null(strstr(fixture->why, "redis://"));
	assert_null(strstr(fixture->why, "wrong-one"));
	assert_int_equal(fixture->ups, 0);
	fixture->passed = true;
}

/* A Redis without AUTH repeats its arguments, cut off somewhere. */
static void says_no_password_where_redis_does_not_know_how_to_log_in(void **state)
{
	static const char *const no_auth[] = {"--rename-command", "AUTH", "", NULL};
	static const char *const passwords[] = {"word-one",
						"word-0123456789-0123456789-0123456789-0123456789-0123456789-"
						"0123456789-0123456789-0123456789-0123456789-0123456789-"
						"0123456789-0123456789-0123456789-0123456789-0123456789"};
	struct link_fixture *fixture = *state;

	redis_server_end(fixture->server);
	redis_server_restart_with(fixture->server, no_auth);
	for (int i = 0; i < 2; i++) {
		use_url(fixture, "unix://:%s@%s?db=0", passwords[i], redis_server_socket(fixture->server));
		link_fixture_connect(fixture, NULL);
		WAIT_FOR(fixture, strstr(fixture->why, "unknown command"));
		assert_null(strstr(fixture->why, "word"));
		redis_link_free(fixture->link);
		fixture->link = NULL;
		fixture->why[0] = '\0';
	}
	fixture->passed = true;
}

static void comes_up_when_redis_starts_later_and_tells_each_reason_once(void **state)
{
	struct link_fixture *fixture = *state;
	struct outcome outcome;

	redis_server_kill(fixture->server);
	use_url(fixture, "%s", redis_server_tcp_url(fixture->server));
	link_fixture_connect(fixture, NULL);
	WAIT_FOR(fixture, fixture->link->attempts >= 4);
	assert_int_equal(fixture->downs, 1);
	assert_non_null(strstr(fixture->why, "refused"));
	assert_string_equal(redis_link_why_down(fixture->link)->message, fixture->why);
	outcome = call(fixture, "ECHO x");
	assert_int_equal(outcome.code, ERR_REDIS_UNAVAILABLE);
	assert_string_equal(outcome.message, fixture->why);
	redis_server_restart(fixture->server);
	WAIT_FOR(fixture, fixture->ups);
	assert_int_equal(fixture->downs, 1);
	outcome = call(fixture, "ECHO x");
	assert_string_equal(outcome.text, "x");
	fixture->passed = true;
}

/* Calls that are out when the connection ends were perhaps executed: nobody may say that they were not. */
static void kill_makes_calls_unknown_and_the_link_comes_back(void **state)
{
	struct link_fixture *fixture = *state;
	struct outcome outcomes[CALLS] = {0};
	struct outcome outcome;

	link_fixture_connect(fixture, NULL);
	WAIT_FOR(fixture, fixture->ups);
	redis_server_freeze(fixture->server);
	for (int i = 0; i < CALLS; i++)
		link_fixture_command(fixture, &outcomes[i], "INCR n");
	link_fixture_turn(fixture);
	redis_server_kill(fixture->server);
	WAIT_FOR(fixture, fixture->downs);
	for (int i = 0; i < CALLS; i++) {
		assert_int_equal(outcomes[i].answers, 1);
		assert_int_equal(outcomes[i].code, ERR_OUTCOME_UNKNOWN);
	}
	assert_false(redis_link_is_up(fixture->link));
	outcome = call(fixture, "INCR n");
	assert_int_equal(outcome.code, ERR_REDIS_UNAVAILABLE);
	redis_server_restart(fixture->server);
	WAIT_FOR(fixture, fixture->ups == 2);
	assert_int_equal(redis_link_generation(fixture->link), 2);
	outcome = call(fixture, "INCR other");
	assert_int_equal(outcome.integer, 1);
	fixture->passed = true;
}

static void a_frozen_redis_is_left_after_the_time_limit(void **state)
{
	struct link_fixture *fixture = *state;
	struct outcome outcome = {0};
	int64_t sent_us;

	link_fixture_connect(fixture, NULL);
	WAIT_FOR(fixture, fixture->ups);
	fixture->config.redis.timeout_ms = 300;
	redis_server_freeze(fixture->server);
	sent_us = clock_monotonic_us();
	link_fixture_command(fixture, &outcome, "INCR n");
	WAIT_FOR(fixture, outcome.answers);
	assert_true(clock_monotonic_us() - sent_us >= 300000);
	assert_int_equal(outcome.code, ERR_OUTCOME_UNKNOWN);
	assert_non_null(strstr(outcome.message, "no reply to INCR within 300 ms"));
	assert_int_equal(fixture->downs, 1);
	WAIT_FOR(fixture, fixture->downs == 2); /* a new connection is taken by the kernel, but nobody speaks */
	redis_server_thaw(fixture->server);
	WAIT_FOR(fixture, fixture->ups == 2);
	assert_int_equal(outcome.answers, 1); /* the late reply reached nobody */
	fixture->passed = true;
}

static void calls_are_answered_once_however_often_the_connection_is_killed(void **state)
{
	struct link_fixture *fixture = *state;
	struct outcome *outcomes = calloc(5000, sizeof *outcomes);
	int answered = 0, known = 0;

	assert_non_null(outcomes);
	link_fixture_connect(fixture, NULL);
	for (int i = 0; i < 5000; i++) {
		if (i % 100 == 0) {
			WAIT_FOR(fixture, redis_link_is_up(fixture->link));
			redis_server_run(fixture->server, "CLIENT KILL TYPE normal");
		}
		link_fixture_command(fixture, &outcomes[i], "INCR n");
		if (i % 10 == 0)
			link_fixture_turn(fixture);
	}
	WAIT_FOR(fixture, redis_link_is_up(fixture->link));
	for (int i = 0; i < 5000; i++) {
		WAIT_FOR(fixture, outcomes[i].answers);
		answered += outcomes[i].answers;
		known += outcomes[i].code == ERR_NONE;
		assert_true(outcomes[i].code == ERR_NONE || outcomes[i].code == ERR_OUTCOME_UNKNOWN ||
			    outcomes[i].code == ERR_REDIS_UNAVAILABLE);
	}
	assert_int_equal(answered, 5000);
	assert_true(fixture->ups > 10);
	assert_true(call(fixture, "INCR n").integer > known);
	free(outcomes);
	fixture->passed = true;
}

/* A reply function that makes another call, as flows do. */
static void call_again(const redisReply *reply, const struct err *err, void *arg)
{
	struct link_fixture *fixture = arg;

	(void)reply, (void)err;
	if (fixture->messages++ < 2)
		redis_link_command(fixture->link, 1, (const char *[]){"PING"}, call_again, fixture);
}

static void freeing_answers_what_is_out_and_what_is_asked_meanwhile(void **state)
{
	struct link_fixture *fixture = *state;
	struct outcome outcome = {0};

	link_fixture_connect(fixture, NULL);
	WAIT_FOR(fixture, fixture->ups);
	link_fixture_command(fixture, &outcome, "PING");
	redis_link_command(fixture->link, 1, (const char *[]){"PING"}, call_again, fixture);
	redis_link_free(fixture->link);
	fixture->link = NULL;
	assert_int_equal(outcome.answers, 1);
	assert_int_equal(outcome.code, ERR_OUTCOME_UNKNOWN);
	assert_int_equal(fixture->messages, 3);
	fixture->passed = true;
}

static void freeing_is_possible_in_every_state(void **state)
{
	struct link_fixture *fixture = *state;

	for (int turns = 0; turns < 20; turns++) {
		link_fixture_connect(fixture, turns % 2 ? "wake" : NULL);
		for (int i = 0; i < turns; i++)
			(void)event_base_loop(fixture->base, EVLOOP_NONBLOCK);
		redis_link_free(fixture->link);
		fixture->link = NULL;
	}
	redis_link_free(NULL);
	fixture->passed = true;
}

static void listens_again_after_redis_was_killed(void **state)
{
	struct link_fixture *fixture = *state;

	link_fixture_connect(fixture, "wake");
	WAIT_FOR(fixture, fixture->ups == 1);
	redis_server_run(fixture->server, "PUBLISH muster:{0}:wake first");
	WAIT_FOR(fixture, fixture->messages == 1);
	assert_string_equal(fixture->channel, "muster:{0}:wake");
	assert_string_equal(fixture->text, "first");
	redis_server_kill(fixture->server);
	WAIT_FOR(fixture, !redis_link_is_up(fixture->link));
	redis_server_restart(fixture->server);
	WAIT_FOR(fixture, fixture->ups == 2);
	redis_server_run(fixture->server, "PUBLISH muster:{0}:wake second");
	WAIT_FOR(fixture, fixture->messages == 2);
	assert_string_equal(fixture->text, "second");
	fixture->passed = true;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(comes_up_over_a_unix_socket),
	    TEST(comes_up_over_tcp_in_the_database_of_the_url),
	    TEST(logs_in_as_the_default_user_or_another),
	    TEST(says_why_without_saying_the_password),
	    TEST(says_no_password_where_redis_does_not_know_how_to_log_in),
	    TEST(comes_up_when_redis_starts_later_and_tells_each_reason_once),
	    TEST(kill_makes_calls_unknown_and_the_link_comes_back),
	    TEST(a_frozen_redis_is_left_after_the_time_limit),
	    TEST(calls_are_answered_once_however_often_the_connection_is_killed),
	    TEST(freeing_answers_what_is_out_and_what_is_asked_meanwhile),
	    TEST(freeing_is_possible_in_every_state),
	    TEST(listens_again_after_redis_was_killed),
	};
#undef TEST
	return cmocka_run_group_tests(tests, NULL, NULL);
}
