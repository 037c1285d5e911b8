/* The configuration: single values at and beyond their bounds, the environment, and what must fit together. */
#include "shared/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void count_problem(const struct err *problem, void *arg)
{
	assert_int_equal(problem->code, ERR_CONFIG);
	++*(int *)arg;
}

static void values_at_their_bounds_are_taken(void **state)
{
	static const char *const good[] = {
	    "redis.url=redis://h",
	    "redis.url=redis://me@h:1/15",
	    "redis.url=redis://[::1]:6379/0",
	    "redis.url=unix:///s",
	    "redis.prefix=a-b_9",
	    "redis.min_replicas=16",
	    "redis.min_replicas=0",
	    "api.listen=localhost:0",
	    "api.listen=[::1]:65535",
	    "api.tokens_file=",
	    "api.default_user=a@b.c",
	    "window.length_s=1",
	    "window.length_s=86400",
	    "lanes.large_quantity=9223372036",
	    "lanes.large_quantity=0.5",
	    "broker.0a_.lot=1000000",
	    "broker.x.max_slice_quantity=0",
	    "broker.x.adapter=kite",
	    "broker.x.calendar=",
	    "broker.x.calendar=XNYS",
	    "broker.x.calendar=./my/24x7",
	    "calendars.dir=/etc/muster/calendars",
	    "lanes.large_adv_pct=0.5",
	    "broker.x.base_url=https://host",
	    "paper.ledger_file=a=b c",
	};
	struct config config;

	(void)state;
	config_init(&config);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct err err = {0};

		if (!config_set(&config, good[i], &err))
			fail_msg("%s: %s", good[i], err.message);
	}
	assert_string_equal(config.paper.ledger_file, "a=b c");
}

static void values_beyond_their_bounds_change_nothing(void **state)
{
	static const char *const bad[] = {
	    "redis.url=",
	    "redis.url=rediss://h",
	    "redis.url=redis://",
	    "redis.url=redis://h/x",
	    "redis.url=redis://h:0",
	    "redis.url=redis://h:65536",
	    "redis.url=redis://h o",
	    "redis.url=redis://h/0?db=1",
	    "redis.url=unix://s",
	    "redis.url=unix:///s?db=",
	    "redis.url=unix:///s?x=1",
	    "redis.prefix=",
	    "redis.prefix=A",
	    "redis.prefix=9a",
	    "redis.prefix=a:b",
	    "redis.prefix=a{b",
	    "redis.prefix=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    "redis.min_replicas=17",
	    "redis.min_replicas=-1",
	    "redis.min_replicas=1.0",
	    "redis.min_replicas=+1",
	    "redis.min_replicas= 1",
	    "redis.min_replicas=0x1",
	    "redis.min_replicas=1 ",
	    "redis.min_replicas=-",
	    "redis.min_replicas=18446744073709551617",
	    "redis.timeout_ms=99",
	    "redis.durability=Strict",
	    "redis.durability=",
	    "api.listen=",
	    "api.listen=:8700",
	    "api.listen=8700",
	    "api.listen=127.0.0.1:",
	    "api.listen=127.0.0.1:65536",
	    "api.listen=127.0.0.1:+1",
	    "api.listen=::1:8700",
	    "api.listen=[::1:8700",
	    "api.listen=[x]:1",
	    "api.listen=[]:1",
	    "api.listen=a b:1",
	    "api.default_user=a b",
	    "api.default_user=",
	    "api.default_broker=a-b",
	    "window.length_s=0",
	    "window.length_s=86401",
	    "lanes.last_before_close_s=4",
	    "lanes.large_notional=0",
	    "lanes.large_notional=-1",
	    "lanes.large_notional=1e3",
	    "lanes.large_notional=0.0000000001",
	    "lanes.large_notional=9223372036.1",
	    "paper.ledger_file=",
	    "paper.ledger_file=a\nb",
	    "broker.paper.adapter=binance",
	    "broker.paper.lot=0",
	    "broker.paper.lot=-1",
	    "broker.paper.lot=",
	    "broker.paper.base_url=ftp://h",
	    "broker.paper.base_url=host",
	    "broker.paper.base_url=http://",
	    "broker.paper.base_url=http://h:99999",
	    "broker.paper.base_url=http://u:p@h",
	    "broker.paper.base_url=http://h/?q",
	    "broker.paper.base_url=http://h/#f",
	    "broker.paper.base_url=http://a b",
	    "broker.paper.key_id=i",
	    "broker.paper.key_secret=s",
	    "broker.paper.key_secret=",
	    "redis.url=redis://:p@h:1/15",
	    "redis.url=unix://me:p@/run/redis.sock",
	    "broker..lot=1",
	    "broker._x.lot=1",
	    "broker.X.lot=1",
	    "broker.lot=1",
	    "broker.NAME.lot=1",
	    "broker.a.b.lot=1",
	    "redis=1",
	    "redis.=1",
	    ".url=1",
	    "=1",
	    "",
	    "redis.url",
	    "red.url=x",
	    "redis.url.x=1",
	    "broker.paper=1",
	};
	struct config config;
	struct config before;

	(void)state;
	config_init(&config);
	config.brokers_implied = false; /* as though configured: naming it then changes nothing by itself */
	before = config;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = {0};

		if (config_set(&config, bad[i], &err))
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.code, ERR_CONFIG);
		if (memcmp(&config, &before, sizeof(config)) != 0)
			fail_msg("refused, but it changed something: %s", bad[i]);
	}
}

static void values_that_may_be_secret_are_not_repeated(void **state)
{
	static const char *const bad[] = {"redis.url=redis://u:hunter2@h/x",
					  "redis.url=redis://u:hunter2@h/1",
					  "redis.url=hunter2",
					  "broker.paper.key_id=hunter2",
					  "redis.urll=redis://:hunter2@h",
					  "redis.url:redis://:hunter2@h",
					  "broker.paper.base_url=http://u:hunter2@h",
					  "broker.paper.key_secret=hunter2",
					  "hunter2"};
	struct config config;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = {0};

		config_init(&config);
		assert_false(config_set(&config, bad[i], &err));
		assert_null(strstr(err.message, "hunter2"));
		assert_true(strlen(err.message) > 20);
	}
	for (int i = 0; i < 2; i++) {
		struct err err = {0};

		setenv(i == 0 ? "MUSTER_REDIS_URL" : "MUSTER_BROKER_PAPER_KEY_ID", "hunter2 \n", 1);
		config_init(&config);
		assert_false(config_read_secrets(&config, &err));
		assert_null(strstr(err.message, "hunter2"));
		unsetenv("MUSTER_REDIS_URL");
		unsetenv("MUSTER_BROKER_PAPER_KEY_ID");
	}
}

static void first_broker_that_is_named_takes_the_place_of_the_built_in_one(void **state)
{
	struct config config;
	struct err err = {0};

	(void)state;
	config_init(&config);
	assert_true(config_set(&config, "broker.real.lot=2", &err));
	assert_int_equal(config.broker_count, 1);
	assert_string_equal(config.brokers[0].name, "real");
	assert_int_equal(config.brokers[0].adapter, ADAPTER_NONE);
	assert_int_equal(config.brokers[0].timeout_ms, 5000);
	assert_true(config_set(&config, "broker.paper.timeout_ms=100", &err));
	assert_int_equal(config.broker_count, 2);
	assert_int_equal(config.brokers[1].adapter, ADAPTER_ALPACA);
	assert_string_equal(config.brokers[1].base_url, "http://127.0.0.1:8701");
	assert_true(config_set(&config, "broker.real.timeout_ms=200", &err));
	assert_int_equal(config_broker(&config, "real")->lot_nano, 2000000000);
	assert_int_equal(config_broker(&config, "real")->timeout_ms, 200);
	assert_int_equal(config_broker(&config, "paper")->timeout_ms, 100);
}

static void brokers_beyond_the_last_place_are_refused(void **state)
{
	struct config config;
	struct err err = {0};
	char setting[64];

	(void)state;
	config_init(&config);
	for (int i = 0; i < CONFIG_BROKERS_MAX; i++) {
		snprintf(setting, sizeof(setting), "broker.b%d.lot=1", i);
		assert_true(config_set(&config, setting, &err));
	}
	assert_false(config_set(&config, "broker.more.lot=1", &err));
	assert_string_equal(err.message, "[broker.more]: there can be no more than 16 brokers");
	assert_int_equal(config.broker_count, CONFIG_BROKERS_MAX);
}

static void environment_goes_over_what_was_set(void **state)
{
	struct config config;
	struct err err = {0};

	(void)state;
	config_init(&config);
	assert_false(config_has_secrets(&config));
	assert_true(config_set(&config, "redis.url=redis://other", &err));
	assert_true(config_set(&config, "broker.a_key.lot=1", &err));
	assert_true(config_set(&config, "broker.a.lot=1", &err));
	setenv("MUSTER_REDIS_URL", "redis://:pw@h/2", 1);
	setenv("MUSTER_BROKER_A_KEY_ID", "id of a", 1);
	assert_false(config_read_secrets(&config, &err));
	setenv("MUSTER_BROKER_A_KEY_ID", "id-of-a", 1);
	setenv("MUSTER_BROKER_A_KEY_KEY_SECRET", "secret=of-a_key", 1);
	assert_true(config_read_secrets(&config, &err));
	assert_string_equal(config.redis.url, "redis://:pw@h/2");
	assert_string_equal(config_broker(&config, "a")->key_id, "id-of-a");
	assert_string_equal(config_broker(&config, "a")->key_secret, "");
	assert_string_equal(config_broker(&config, "a_key")->key_secret, "secret=of-a_key");
	assert_true(config_has_secrets(&config));
	unsetenv("MUSTER_BROKER_A_KEY_ID");
	unsetenv("MUSTER_BROKER_A_KEY_KEY_SECRET");
	setenv("MUSTER_REDIS_URL", "", 1);
	assert_true(config_read_secrets(&config, &err));
	assert_string_equal(config.redis.url, "redis://:pw@h/2");
	unsetenv("MUSTER_REDIS_URL");
}

static void environment_for_no_broker_is_named(void **state)
{
	static const char *const bad[] = {"MUSTER_BROKER_REAL_KEY_ID", "MUSTER_BROKER_paper_KEY_ID",
					  "MUSTER_BROKER_PAPER_KEY",   "MUSTER_BROKER_PAPER_KEY_IDS",
					  "MUSTER_BROKER_KEY_SECRET",  "MUSTER_BROKER_"};
	struct config config;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = {0};

		config_init(&config);
		setenv(bad[i], "hunter2", 1);
		if (config_read_secrets(&config, &err))
			fail_msg("taken: %s", bad[i]);
		unsetenv(bad[i]);
		assert_int_equal(err.code, ERR_CONFIG);
		assert_int_equal(strncmp(err.message, bad[i], strlen(bad[i])), 0);
		assert_null(strstr(err.message, "hunter2"));
	}
}

static void check_finds_what_does_not_fit_together(void **state)
{
	static const struct {
		const char *settings[4];
		const char *problem;
	} cases[] = {
	    {{"api.listen=127.9.9.9:1"}, NULL},
	    {{"api.listen=localhost:1"}, NULL},
	    {{"api.listen=[::1]:1"}, NULL},
	    {{"api.listen=0.0.0.0:1"}, "api.listen: 0.0.0.0:1 is not a loopback address"},
	    {{"api.listen=[::]:1"}, "api.listen: [::]:1 is not a loopback address"},
	    {{"api.listen=localhost.example.com:1"}, "api.listen: localhost.example.com:1 is not"},
	    {{"api.listen=0.0.0.0:1", "api.tokens_file=t"}, NULL},
	    {{"api.default_broker=real"}, "api.default_broker: there is no section [broker.real]"},
	    {{"window.max_ahead_s=299"}, "window.max_ahead_s: 299 is less than window.length_s (300)"},
	    {{"window.max_ahead_s=300"}, NULL},
	    {{"broker.paper.timeout_ms=10000"}, "broker.paper.timeout_ms: 10000 is not below worker.lease_ms (10000)"},
	    {{"broker.paper.timeout_ms=9999"}, NULL},
	    {{"worker.lease_ms=5000"}, "broker.paper.timeout_ms: 5000 is not below worker.lease_ms (5000)"},
	    {{"broker.paper.adapter=kite"}, "broker.paper.adapter: kite is not available yet"},
	    {{"lanes.last_before_close_s=900"}, "lanes.last_before_close_s: 900 is not below lanes.rush_before_close_s"},
	    {{"broker.paper.max_slice_quantity=1.5"},
	     "broker.paper.max_slice_quantity: 1.5 is not a multiple of the lot (1)"},
	    {{"broker.paper.max_slice_quantity=1.5", "broker.paper.lot=0.5"}, NULL},
	    {{"broker.paper.lot=1", "broker.real.base_url=http://h"}, "broker.real.adapter: missing"},
	    {{"broker.paper.lot=1", "broker.real.adapter=alpaca"}, "broker.real.base_url: missing"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config config;
		struct err err = {0};

		config_init(&config);
		for (size_t j = 0; j < 4 && cases[i].settings[j] != NULL; j++)
			assert_true(config_set(&config, cases[i].settings[j], &err));
		if (cases[i].problem == NULL) {
			assert_true(config_check(&config, &err));
			continue;
		}
		assert_false(config_check(&config, &err));
		assert_int_equal(err.code, ERR_CONFIG);
		if (strstr(err.message, cases[i].problem) != err.message)
			fail_msg("%s, not: %s", err.message, cases[i].problem);
	}
}

static void check_wants_both_halves_of_a_key_and_tells_everything(void **state)
{
	struct config config;
	struct err err = {0};
	int told = 0;

	(void)state;
	config_init(&config);
	setenv("MUSTER_BROKER_PAPER_KEY_ID", "x", 1);
	assert_true(config_read_secrets(&config, &err));
	unsetenv("MUSTER_BROKER_PAPER_KEY_ID");
	assert_true(config_set(&config, "api.listen=0.0.0.0:1", &err));
	assert_int_equal(config_tell_check(&config, count_problem, &told), 2);
	assert_int_equal(told, 2);
}

static void addresses_come_apart(void **state)
{
	char host[CONFIG_TEXT_SIZE];
	struct err err = {0};
	uint16_t port = 1;

	(void)state;
	assert_true(config_split_address("127.0.0.1:8700", host, &port, &err));
	assert_string_equal(host, "127.0.0.1");
	assert_int_equal(port, 8700);
	assert_true(config_split_address("[fe80::1]:0", host, &port, &err));
	assert_string_equal(host, "fe80::1");
	assert_int_equal(port, 0);
	assert_false(config_split_address("nothing", host, &port, &err));
	assert_string_equal(err.message, "\"nothing\" is not host:port or [v6]:port");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_at_their_bounds_are_taken),
	    cmocka_unit_test(values_beyond_their_bounds_change_nothing),
	    cmocka_unit_test(values_that_may_be_secret_are_not_repeated),
	    cmocka_unit_test(first_broker_that_is_named_takes_the_place_of_the_built_in_one),
	    cmocka_unit_test(brokers_beyond_the_last_place_are_refused),
	    cmocka_unit_test(environment_goes_over_what_was_set),
	    cmocka_unit_test(environment_for_no_broker_is_named),
	    cmocka_unit_test(check_finds_what_does_not_fit_together),
	    cmocka_unit_test(check_wants_both_halves_of_a_key_and_tells_everything),
	    cmocka_unit_test(addresses_come_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
