/* A link must not come up on a Redis that could forget orders, must say what to change, and must notice when a good
 * Redis turns bad under it. */
#include "shared/redis_link_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "shared/redis_check.h"
#include "tests/support/link_fixture.h"

#define KEYS_TO_LOAD 5000

static int tear_down(void **state)
{
	link_fixture_free(*state);
	return 0;
}

static int set_up(void **state)
{
	*state = link_fixture_new(NULL);
	return 0;
}

static int set_up_without_aof(void **state)
{
	static const char *const options[] = {"--appendonly", "no", NULL};

	*state = link_fixture_new(options);
	return 0;
}

static int set_up_evicting(void **state)
{
	static const char *const options[] = {"--maxmemory-policy", "allkeys-lru", NULL};

	*state = link_fixture_new(options);
	return 0;
}

static int set_up_replica(void **state)
{
	static const char *const options[] = {"--replicaof", "127.0.0.1 1", NULL};

	*state = link_fixture_new(options);
	return 0;
}

/* Stores one stock by script. */
static struct outcome store_stock(struct link_fixture *fixture)
{
	struct script_args *args = script_args_new();
	struct outcome outcome = {0};

	script_args_add(args, "AAPL");
	script_args_add(args, "{}");
	redis_link_script(fixture->link, SCRIPT_STOCKS, args, outcome_take, &outcome);
	script_args_free(args);
	WAIT_FOR(fixture, outcome.answers);
	return outcome;
}

/* Asserts that nothing is stored. */
static void assert_empty(struct link_fixture *fixture)
{
	redisReply *reply = redis_server_command(fixture->server, "DBSIZE");

	assert_int_equal(reply->integer, 0);
	freeReplyObject(reply);
}

/* Connects, sees the refusal, mends Redis with `remedy` and sees the link come up by itself. */
static void refused_until(struct link_fixture *fixture, const char *words, const char *remedy)
{
	struct outcome outcome;

	link_fixture_connect(fixture, NULL);
	WAIT_FOR(fixture, fixture->link->attempts >= 2);
	assert_int_equal(fixture->ups, 0);
	assert_int_equal(fixture->downs, 1);
	assert_non_null(strstr(fixture->why, words));
	outcome = store_stock(fixture);
	assert_int_equal(outcome.code, ERR_REDIS_UNAVAILABLE);
	assert_non_null(strstr(outcome.message, words));
	assert_empty(fixture);
	redis_server_run(fixture->server, remedy);
	WAIT_FOR(fixture, fixture->ups);
	assert_int_equal(store_stock(fixture).code, ERR_NONE);
	fixture->passed = true;
}

static void strict_refuses_to_work_without_an_append_only_file(void **state)
{
	refused_until(*state, "appendonly yes", "CONFIG SET appendonly yes");
}

static void strict_refuses_to_work_where_keys_are_evicted(void **state)
{
	refused_until(*state, "maxmemory-policy noeviction", "CONFIG SET maxmemory-policy noeviction");
}

static void strict_refuses_to_work_on_a_replica(void **state)
{
	refused_until(*state, "needs a master", "REPLICAOF NO ONE");
}

static void relaxed_only_warns(void **state)
{
	struct link_fixture *fixture = *state;

	fixture->config.redis.durability = DURABILITY_RELAXED;
	link_fixture_connect(fixture, NULL);
	WAIT_FOR(fixture, fixture->ups);
	assert_int_equal(fixture->downs, 0);
	assert_non_null(strstr(fixture->link->durable_warned.message, "appendonly yes"));
	assert_string_equal(fixture->link->fsync_warned, "everysec");
	assert_int_equal(store_stock(fixture).code, ERR_NONE);
	fixture->passed = true;
}

static void a_link_that_is_up_goes_down_when_redis_stops_being_durable(void **state)
{
	struct link_fixture *fixture = *state;

	link_fixture_connect(fixture, NULL);
	WAIT_FOR(fixture, fixture->ups);
	assert_true(event_pending(fixture->link->check, EV_TIMEOUT, NULL));
	redis_server_run(fixture->server, "CONFIG SET appendonly no");
	event_active(fixture->link->check, EV_TIMEOUT, 0); /* not to wait for 5 s */
	WAIT_FOR(fixture, fixture->downs);
	assert_non_null(strstr(fixture->why, "appendonly yes"));
	assert_false(redis_link_is_up(fixture->link));
	redis_server_run(fixture->server, "CONFIG SET appendonly yes");
	WAIT_FOR(fixture, fixture->ups == 2);
	assert_int_equal(fixture->downs, 1);
	fixture->passed = true;
}

static void the_standing_check_repeats_while_all_is_well(void **state)
{
	struct link_fixture *fixture = *state;
	struct event *check;

	link_fixture_connect(fixture, NULL);
	WAIT_FOR(fixture, fixture->ups);
	check = fixture->link->check;
	for (int i = 0; i < 3; i++) {
		(void)event_del(check);
		event_active(check, EV_TIMEOUT, 0);
		WAIT_FOR(fixture, event_pending(check, EV_TIMEOUT, NULL) && !fixture->link->is_checking);
	}
	assert_true(redis_link_is_up(fixture->link));
	assert_int_equal(fixture->downs, 0);
	fixture->passed = true;
}

static void demotion_closes_the_link_with_the_first_refused_write(void **state)
{
	struct link_fixture *fixture = *state;
	struct outcome first = {0}, second = {0}, outcome;

	link_fixture_connect(fixture, NULL);
	WAIT_FOR(fixture, fixture->ups);
	redis_server_run(fixture->server, "REPLICAOF 127.0.0.1 1");
	link_fixture_command(fixture, &first, "SET a 1");
	link_fixture_command(fixture, &second, "SET b 1");
	WAIT_FOR(fixture, first.answers && second.answers);
	assert_int_equal(first.code, ERR_REDIS_UNAVAILABLE);
	assert_non_null(strstr(first.message, "READONLY"));
	assert_int_equal(second.code, ERR_REDIS_UNAVAILABLE); /* Redis said so: not "unknown" */
	assert_false(redis_link_is_up(fixture->link));
	assert_non_null(strstr(fixture->why, "replica"));
	WAIT_FOR(fixture, strstr(fixture->why, "needs a master"));
	outcome = store_stock(fixture);
	assert_int_equal(outcome.code, ERR_REDIS_UNAVAILABLE);
	assert_empty(fixture);
	redis_server_run(fixture->server, "REPLICAOF NO ONE");
	WAIT_FOR(fixture, fixture->ups == 2);
	assert_int_equal(store_stock(fixture).code, ERR_NONE);
	fixture->passed = true;
}

/* What Redis refuses before it runs has changed nothing, and the link stays. */
static void refused_and_unchanged(struct link_fixture *fixture, const char *spoil, const char *word, const char *mend)
{
	struct outcome outcome;

	link_fixture_connect(fixture, NULL);
	WAIT_FOR(fixture, fixture->ups);
	redis_server_run(fixture->server, spoil);
	outcome = store_stock(fixture);
	assert_int_equal(outcome.code, ERR_REDIS_UNAVAILABLE);
	assert_non_null(strstr(outcome.message, word));
	assert_empty(fixture);
	assert_true(redis_link_is_up(fixture->link));
	redis_server_run(fixture->server, mend);
	assert_int_equal(store_stock(fixture).code, ERR_NONE);
	assert_int_equal(fixture->downs, 0);
	fixture->passed = true;
}

static void full_memory_refuses_and_changes_nothing(void **state)
{
	refused_and_unchanged(*state, "CONFIG SET maxmemory 100kb", "OOM", "CONFIG SET maxmemory 0");
}

static void missing_replicas_refuse_and_change_nothing(void **state)
{
	refused_and_unchanged(*state, "CONFIG SET min-replicas-to-write 1", "NOREPLICAS",
			      "CONFIG SET min-replicas-to-write 0");
}

static void loading_is_waited_for(void **state)
{
	static const char *const slow[] = {"--key-load-delay", "200", NULL};
	struct link_fixture *fixture = *state;

	for (int i = 0; i < KEYS_TO_LOAD; i++)
		redis_server_run(fixture->server, "SET key:%d x", i);
	redis_server_end(fixture->server);
	redis_server_restart_with(fixture->server, slow);
	link_fixture_connect(fixture, NULL);
	WAIT_FOR(fixture, strstr(fixture->why, "loading"));
	assert_int_equal(fixture->ups, 0);
	WAIT_FOR(fixture, fixture->ups);
	assert_int_equal(store_stock(fixture).code, ERR_NONE);
	fixture->passed = true;
}

static void a_managed_redis_that_hides_its_configuration_is_accepted(void **state)
{
	struct link_fixture *fixture = *state;

	redis_server_run(fixture->server, "ACL SETUSER default -config");
	link_fixture_connect(fixture, NULL);
	WAIT_FOR(fixture, fixture->ups);
	assert_true(fixture->link->fsync_is_secret);
	assert_int_equal(store_stock(fixture).code, ERR_NONE);
	fixture->passed = true;
}

static void an_old_redis_is_named(void **state)
{
	static const char good[] = "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nloading:0\r\n";
	static const char old[] = "# Server\r\nredis_version:6.2.7\r\nloading:0\r\n";
	struct err err;

	(void)state;
	assert_true(redis_check_usable(good, &err));
	assert_false(redis_check_usable(old, &err));
	assert_int_equal(err.code, ERR_REDIS_UNAVAILABLE);
	assert_string_equal(err.message, "Redis 7.0 or newer is needed, and this is 6.2.7");
	assert_false(redis_check_usable("", &err));
	assert_non_null(strstr(err.message, "unknown version"));
}

static void fields_are_found_by_their_whole_name(void **state)
{
	static const char info[] = "xrole:slave\r\nrole_x:slave\r\nrole:master\r\nlast:1";
	char value[8];

	(void)state;
	assert_string_equal(redis_check_field(info, "role", value, sizeof value), "master");
	assert_string_equal(redis_check_field(info, "last", value, sizeof value), "1");
	assert_string_equal(redis_check_field(info, "rol", value, sizeof value), "");
	assert_string_equal(redis_check_field(info, "role", value, 4), "mas");
	assert_non_null(strstr(redis_check_fsync_risk("everysec"), "two seconds of acknowledged orders"));
	assert_non_null(redis_check_fsync_risk("no"));
	assert_null(redis_check_fsync_risk("always"));
	assert_null(redis_check_fsync_risk(""));
}

int main(void)
{
#define TEST(name, set_up) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(strict_refuses_to_work_without_an_append_only_file, set_up_without_aof),
	    TEST(strict_refuses_to_work_where_keys_are_evicted, set_up_evicting),
	    TEST(strict_refuses_to_work_on_a_replica, set_up_replica),
	    TEST(relaxed_only_warns, set_up_without_aof),
	    TEST(a_link_that_is_up_goes_down_when_redis_stops_being_durable, set_up),
	    TEST(the_standing_check_repeats_while_all_is_well, set_up),
	    TEST(demotion_closes_the_link_with_the_first_refused_write, set_up),
	    TEST(full_memory_refuses_and_changes_nothing, set_up),
	    TEST(missing_replicas_refuse_and_change_nothing, set_up),
	    TEST(loading_is_waited_for, set_up),
	    TEST(a_managed_redis_that_hides_its_configuration_is_accepted, set_up),
	    cmocka_unit_test(an_old_redis_is_named),
	    cmocka_unit_test(fields_are_found_by_their_whole_name),
	};
#undef TEST
	return cmocka_run_group_tests(tests, NULL, NULL);
}
