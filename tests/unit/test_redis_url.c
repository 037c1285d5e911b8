/* redis.url: every form that is documented, and no password in any message. */
#include "shared/redis_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

struct good {
	const char *text, *place, *user, *password;
	bool has_login;
};

static void every_documented_form_is_read(void **state)
{
	static const struct good rows[] = {
	    {"redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0", "", "", false},
	    {"redis://host", "redis://host:6379/0", "", "", false},
	    {"redis://host/", "redis://host:6379/0", "", "", false},
	    {"redis://host:1/15", "redis://host:1/15", "", "", false},
	    {"redis://[::1]:7000/2", "redis://[::1]:7000/2", "", "", false},
	    {"redis://[::1]", "redis://[::1]:6379/0", "", "", false},
	    {"redis://:pw@host", "redis://host:6379/0", "", "pw", true},
	    {"redis://user:pw@host", "redis://host:6379/0", "user", "pw", true},
	    {"redis://user@host", "redis://host:6379/0", "user", "", true},
	    {"redis://@host", "redis://host:6379/0", "", "", false},
	    {"redis://u%3As:p%40%2F%25:x@host", "redis://host:6379/0", "u:s", "p@/%:x", true},
	    {"redis://:p@ss@host", "redis://host:6379/0", "", "p@ss", true},
	    {"unix:///run/redis.sock", "unix:///run/redis.sock?db=0", "", "", false},
	    {"unix:///run/redis.sock?db=7", "unix:///run/redis.sock?db=7", "", "", false},
	    {"unix://user:pw@/run/a@b%20c.sock?db=1", "unix:///run/a@b c.sock?db=1", "user", "pw", true},
	};
	char place[256];
	struct redis_url url;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (!redis_url_parse(rows[i].text, &url, &err))
			fail_msg("%s: %s", rows[i].text, err.message);
		assert_string_equal(redis_url_format_place(&url, place, sizeof place), rows[i].place);
		assert_string_equal(url.user, rows[i].user);
		assert_string_equal(url.password, rows[i].password);
		assert_int_equal(url.has_login, rows[i].has_login);
	}
}

/* One byte more than sockaddr_un takes. */
static const char too_long[] = "unix:///2345678901234567890123456789012345678901234567890"
			       "1234567890123456789012345678901234567890123456789012345678";

static void anything_else_is_refused_without_repeating_it(void **state)
{
	static const char *const rows[] = {
	    "",
	    "secret",
	    "rediss://:secret@host",
	    "redis:/host",
	    "redis://",
	    "redis://:secret@",
	    "redis://:secret@:6379",
	    "redis://:secret@host:",
	    "redis://:secret@host:0",
	    "redis://:secret@host:65536",
	    "redis://:secret@host:99999999999",
	    "redis://:secret@host:1x",
	    "redis://:secret@host/x",
	    "redis://:secret@host/1/2",
	    "redis://:secret@host/-1",
	    "redis://:secret@host?db=1",
	    "redis://:secret@[::1",
	    "redis://:secret@[::1]x",
	    "redis://:secret%@host",
	    "redis://:secret%4@host",
	    "redis://:secret%4g@host",
	    "redis://:secret%00@host",
	    "unix://:secret@",
	    "unix://secret/path",
	    "unix:///",
	    "unix:///path?secret=1",
	    "unix:///path?db=",
	    "unix:///path?db=x",
	    "unix:///path?",
	    too_long,
	};
	struct redis_url url;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		err = (struct err){.code = ERR_NONE};
		if (redis_url_parse(rows[i], &url, &err))
			fail_msg("accepted: %s", rows[i]);
		assert_int_equal(err.code, ERR_CONFIG);
		assert_true(err.message[0]);
		assert_null(strstr(err.message, "redis.url")); /* whose value it is says whoever asked */
		assert_null(strstr(err.message, "secret"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_documented_form_is_read),
	    cmocka_unit_test(anything_else_is_refused_without_repeating_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
