/* RFC 3339 in and out: every row is a time that a client or a broker may send. */
#include "shared/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct time_case {
	const char *text;
	int64_t at_ms;
};

static void reads_rfc3339(void **state)
{
	static const struct time_case cases[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"1969-12-31T23:59:59.999Z", -1},
	    {"2026-11-22T13:20:00Z", INT64_C(1795353600000)},
	    {"2026-11-22t13:20:00z", INT64_C(1795353600000)},
	    {"2026-11-22T13:20:00.2Z", INT64_C(1795353600200)},
	    {"2026-11-22T13:20:00.25Z", INT64_C(1795353600250)},
	    {"2026-11-22T13:20:00.123456789Z", INT64_C(1795353600123)},
	    {"2026-11-22T13:20:00.999999999Z", INT64_C(1795353600999)},
	    {"2026-11-22T18:50:00+05:30", INT64_C(1795353600000)},
	    {"2026-11-22T08:20:00-05:00", INT64_C(1795353600000)},
	    {"2026-11-21T13:21:00.5-23:59", INT64_C(1795353600500)},
	    {"2026-11-22T13:20:00-00:00", INT64_C(1795353600000)},
	    {"2024-02-29T12:00:00Z", INT64_C(1709208000000)},
	    {"2000-02-29T00:00:00Z", INT64_C(951782400000)},
	    {"1990-12-31T23:59:60Z", INT64_C(662687999000)},
	    {"1990-12-31T15:59:60-08:00", INT64_C(662687999000)},
	    {"0000-01-01T00:00:00Z", INT64_C(-62167219200000)},
	    {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t at_ms = -12345;
		struct err err = {ERR_NONE, ""};

		if (!clock_parse(cases[i].text, &at_ms, &err))
			fail_msg("%s: %s", cases[i].text, err.message);
		if (at_ms != cases[i].at_ms)
			fail_msg("%s: %lld, not %lld", cases[i].text, (long long)at_ms, (long long)cases[i].at_ms);
		assert_int_equal(err.code, ERR_NONE);
	}
}

static void refuses_all_else(void **state)
{
	static const char *const cases[] = {
	    "",
	    " ",
	    "now",
	    "1795353600",
	    "2026-11-22",
	    "2026-11-22T13:20:00",
	    "2026-11-22 13:20:00Z",
	    "2026-11-22T13:20Z",
	    "2026-11-22T13:20:00ZZ",
	    "2026-11-22T13:20:00Z ",
	    " 2026-11-22T13:20:00Z",
	    "2026-00-22T13:20:00Z",
	    "2026-13-22T13:20:00Z",
	    "2026-11-00T13:20:00Z",
	    "2026-11-31T13:20:00Z",
	    "2026-02-29T13:20:00Z",
	    "1900-02-29T00:00:00Z",
	    "2026-04-31T00:00:00Z",
	    "2026-11-22T24:00:00Z",
	    "2026-11-22T13:60:00Z",
	    "2026-11-22T13:20:61Z",
	    "2026-11-22T13:20:60Z",
	    "2026-12-31T23:59:60+01:00",
	    "2026-11-22T13:20:00.Z",
	    "2026-11-22T13:20:00.1234567890Z",
	    "2026-11-22T13:20:00,5Z",
	    "2026-11-22T13:20:00+0530",
	    "2026-11-22T13:20:00+05",
	    "2026-11-22T13:20:00+24:00",
	    "2026-11-22T13:20:00+05:60",
	    "2026-11-22T13:20:00+5:30",
	    "2026-11-22T13:20:00*05:30",
	    "26-11-22T13:20:00Z",
	    "2026-1-22T13:20:00Z",
	    "12026-11-22T13:20:00Z",
	    "+2026-11-22T13:20:00Z",
	    "2026-11-22T-1:20:00Z",
	    "2026/11/22T13:20:00Z",
	    "2026-11-22T13.20.00Z",
	    "2026-11-22T13:20:00\xc3\xa9",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t at_ms = -12345;
		struct err err = {ERR_NONE, ""};

		if (clock_parse(cases[i], &at_ms, &err))
			fail_msg("taken: %s", cases[i]);
		assert_int_equal(err.code, ERR_BAD_NUMBER);
		assert_true(strlen(err.message) > 0);
		assert_int_equal(at_ms, -12345);
	}
}

static void writes_milliseconds_only_where_there_are_any(void **state)
{
	static const struct time_case cases[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"1969-12-31T23:59:59.999Z", -1},
	    {"1969-12-31T23:59:59Z", -1000},
	    {"2026-11-22T13:20:00Z", INT64_C(1795353600000)},
	    {"2026-11-22T13:20:00.250Z", INT64_C(1795353600250)},
	    {"2026-11-22T13:20:00.007Z", INT64_C(1795353600007)},
	    {"0000-01-01T00:00:00Z", INT64_C(-62167219200000)},
	};
	char text[CLOCK_TEXT];
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_ptr_equal(clock_format(cases[i].at_ms, text), text);
		assert_string_equal(text, cases[i].text);
	}
}

static void the_ends_of_the_range_fit_the_buffer(void **state)
{
	char *text = malloc(CLOCK_TEXT); /* on the heap, so that a sanitizer or valgrind sees one byte too many */
	(void)state;
	assert_non_null(text);
	assert_string_equal(clock_format(INT64_MAX, text), "292278994-08-17T07:12:55.807Z");
	assert_string_equal(clock_format(INT64_MIN, text), "-292275055-05-16T16:47:04.192Z");
	free(text);
}

static void what_is_written_reads_back(void **state)
{
	uint64_t random = 7;
	(void)state;
	for (int i = 0; i < 20000; i++) {
		char text[CLOCK_TEXT];
		struct err err;
		int64_t at_ms, back_ms;

		random = random * 6364136223846793005u + 1442695040888963407u;
		at_ms = (int64_t)((random >> 11) % UINT64_C(315569519999999)) - INT64_C(62167219200000);
		assert_true(clock_parse(clock_format(at_ms, text), &back_ms, &err));
		assert_true(back_ms == at_ms);
	}
}

static void both_clocks_run(void **state)
{
	int64_t start_us = clock_monotonic_us();
	(void)state;
	while (clock_monotonic_us() == start_us)
		;
	assert_true(clock_monotonic_us() > start_us);
	assert_true(clock_wall_ms() > INT64_C(1577836800000)); /* 2020: it is milliseconds, not seconds */
	assert_true(clock_wall_ms() < INT64_C(253402300800000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_rfc3339),
	    cmocka_unit_test(refuses_all_else),
	    cmocka_unit_test(writes_milliseconds_only_where_there_are_any),
	    cmocka_unit_test(the_ends_of_the_range_fit_the_buffer),
	    cmocka_unit_test(what_is_written_reads_back),
	    cmocka_unit_test(both_clocks_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
