/* Market sessions: the calendars that are shipped, at the days that go wrong, and files that are refused. */
#include "shared/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared/clock.h"
#include "tests/support/source_folder.h"

static int64_t at(const char *text)
{
	struct err err;
	int64_t at_ms;

	if (!clock_parse(text, &at_ms, &err))
		fail_msg("%s: %s", text, err.message);
	return at_ms;
}

/* One of conf/calendars. */
static struct calendar *shipped(const char *name)
{
	char *folder = source_folder(), *path;
	struct calendar *calendar;
	struct err err = {0};

	assert_true(asprintf(&path, "%s/conf/calendars", folder) > 0);
	calendar = calendar_load(path, name, &err);
	if (!calendar)
		fail_msg("%s", err.message);
	free(path);
	free(folder);
	return calendar;
}

/* A file of this text, loaded; NULL and `err` where it is refused. */
static struct calendar *load_text(const char *text, struct err *err)
{
	char folder[] = "/tmp/muster-calendar-XXXXXX", path[64];
	struct calendar *calendar;
	FILE *file;

	*err = (struct err){0};
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/TEST", folder);
	file = fopen(path, "we");
	assert_non_null(file);
	(void)fputs(text, file);
	(void)fclose(file);
	calendar = calendar_load(folder, "TEST", err);
	(void)unlink(path);
	(void)rmdir(folder);
	return calendar;
}

/* The first session that is not over at `time` is this one. */
static void session_is(const struct calendar *calendar, const char *time, const char *open, const char *close)
{
	size_t i = calendar_find(calendar, at(time));
	char open_text[CLOCK_TEXT], close_text[CLOCK_TEXT];

	assert_true(i < calendar->count);
	assert_string_equal(clock_format(calendar->sessions[i].open_ms, open_text), open);
	assert_string_equal(clock_format(calendar->sessions[i].close_ms, close_text), close);
}

static void status_is(const struct calendar *calendar, const char *time, const char *state, const char *next_open,
		      const char *next_close)
{
	struct calendar_status status = calendar_status(calendar, at(time));

	assert_string_equal(calendar_state_word(status.state), state);
	assert_true(status.next_open_ms == (*next_open ? at(next_open) : 0));
	assert_true(status.next_close_ms == (*next_close ? at(next_close) : 0));
}

static void new_york_has_its_hours_in_winter_and_summer(void **state)
{
	struct calendar *calendar = shipped("XNYS");

	(void)state;
	assert_string_equal(calendar->name, "XNYS");
	session_is(calendar, "2026-11-30T12:00:00Z", "2026-11-30T14:30:00Z", "2026-11-30T21:00:00Z");
	session_is(calendar, "2026-07-01T12:00:00Z", "2026-07-01T13:30:00Z", "2026-07-01T20:00:00Z");
	calendar_free(calendar);
}

/* Clocks went forward in the night to 2026-03-08 and 2027-03-14, and back in the night to 2026-11-01 and 2027-11-07. */
static void daylight_saving_changes_move_the_open(void **state)
{
	struct calendar *calendar = shipped("XNYS");

	(void)state;
	session_is(calendar, "2026-03-06T12:00:00Z", "2026-03-06T14:30:00Z", "2026-03-06T21:00:00Z");
	session_is(calendar, "2026-03-06T21:00:00Z", "2026-03-09T13:30:00Z", "2026-03-09T20:00:00Z");
	session_is(calendar, "2026-10-30T12:00:00Z", "2026-10-30T13:30:00Z", "2026-10-30T20:00:00Z");
	session_is(calendar, "2026-10-30T20:00:00Z", "2026-11-02T14:30:00Z", "2026-11-02T21:00:00Z");
	session_is(calendar, "2027-03-12T21:00:00Z", "2027-03-15T13:30:00Z", "2027-03-15T20:00:00Z");
	session_is(calendar, "2027-11-05T20:00:00Z", "2027-11-08T14:30:00Z", "2027-11-08T21:00:00Z");
	calendar_free(calendar);
}

static void early_closes_and_holidays_are_kept(void **state)
{
	struct calendar *calendar = shipped("XNYS");

	(void)state;
	/* Thanksgiving lies between Wednesday's close and the short Friday; then the weekend. */
	session_is(calendar, "2026-11-25T21:00:00Z", "2026-11-27T14:30:00Z", "2026-11-27T18:00:00Z");
	session_is(calendar, "2026-11-27T18:00:00Z", "2026-11-30T14:30:00Z", "2026-11-30T21:00:00Z");
	session_is(calendar, "2026-12-24T15:00:00Z", "2026-12-24T14:30:00Z", "2026-12-24T18:00:00Z");
	/* Friday, Christmas, the weekend; Monday. */
	session_is(calendar, "2026-12-24T18:00:00Z", "2026-12-28T14:30:00Z", "2026-12-28T21:00:00Z");
	/* A Friday evening before a holiday on Monday is followed by Tuesday. */
	session_is(calendar, "2027-01-15T21:00:00Z", "2027-01-19T14:30:00Z", "2027-01-19T21:00:00Z");
	session_is(calendar, "2027-05-28T20:00:00Z", "2027-06-01T13:30:00Z", "2027-06-01T20:00:00Z");
	assert_int_equal(calendar->count, 2 * 261 - 20); /* weekdays of both years without their holidays */
	calendar_free(calendar);
}

static void first_and_last_instant_belong_where_they_should(void **state)
{
	struct calendar *calendar = shipped("XNYS");

	(void)state;
	status_is(calendar, "2026-11-30T14:29:59.999Z", "closed", "2026-11-30T14:30:00Z", "2026-11-30T21:00:00Z");
	status_is(calendar, "2026-11-30T14:30:00Z", "open", "2026-12-01T14:30:00Z", "2026-11-30T21:00:00Z");
	status_is(calendar, "2026-11-30T20:59:59.999Z", "open", "2026-12-01T14:30:00Z", "2026-11-30T21:00:00Z");
	status_is(calendar, "2026-11-30T21:00:00Z", "closed", "2026-12-01T14:30:00Z", "2026-12-01T21:00:00Z");
	calendar_free(calendar);
}

static void india_and_new_york_are_open_at_their_own_times(void **state)
{
	struct calendar *india = shipped("XNSE"), *new_york = shipped("XNYS");

	(void)state;
	session_is(india, "2026-06-01T00:00:00Z", "2026-06-01T03:45:00Z", "2026-06-01T10:00:00Z");
	session_is(india, "2026-07-31T10:00:00Z", "2026-08-03T03:45:00Z", "2026-08-03T09:45:00Z");
	status_is(india, "2026-11-30T05:00:00Z", "open", "2026-12-01T03:45:00Z", "2026-11-30T09:45:00Z");
	status_is(new_york, "2026-11-30T05:00:00Z", "closed", "2026-11-30T14:30:00Z", "2026-11-30T21:00:00Z");
	status_is(india, "2026-11-30T15:00:00Z", "closed", "2026-12-01T03:45:00Z", "2026-12-01T09:45:00Z");
	status_is(new_york, "2026-11-30T15:00:00Z", "open", "2026-12-01T14:30:00Z", "2026-11-30T21:00:00Z");
	/* Diwali in India is a day like any other in New York. */
	status_is(india, "2026-11-10T05:00:00Z", "closed", "2026-11-11T03:45:00Z", "2026-11-11T09:45:00Z");
	status_is(new_york, "2026-11-10T15:00:00Z", "open", "2026-11-11T14:30:00Z", "2026-11-10T21:00:00Z");
	calendar_free(india);
	calendar_free(new_york);
}

static void past_its_end_nothing_is_open(void **state)
{
	struct calendar *calendar = shipped("XNYS");

	(void)state;
	status_is(calendar, "2027-12-31T20:00:00Z", "open", "", "2027-12-31T21:00:00Z");
	status_is(calendar, "2027-12-31T21:00:00Z", "ended", "", "");
	status_is(calendar, "2028-01-03T15:00:00Z", "ended", "", "");
	status_is(calendar, "2025-12-31T15:00:00Z", "closed", "2026-01-02T14:30:00Z", "2026-01-02T21:00:00Z");
	assert_true(calendar->until_ms == at("2028-01-01T05:00:00Z"));
	assert_false(calendar_ends_soon(calendar, at("2027-11-30T00:00:00Z")));
	assert_true(calendar_ends_soon(calendar, at("2027-12-02T00:00:00Z")));
	assert_true(calendar_ends_soon(calendar, at("2028-06-01T00:00:00Z")));
	calendar_free(calendar);
}

static void what_is_always_open_never_ends(void **state)
{
	struct calendar *calendar = shipped("24x7");

	(void)state;
	assert_true(calendar->is_always_open);
	status_is(calendar, "2026-12-25T03:00:00Z", "open", "", "");
	assert_false(calendar_ends_soon(calendar, at("2099-01-01T00:00:00Z")));
	calendar_free(calendar);
}

#define HEAD  "[calendar]\ntime_zone = Europe/London\nfrom = 2028-02-28\nuntil = 2028-03-01\n"
#define HOURS "[hours]\nmon = 08:00-16:30\ntue = 08:00-16:30\nwed = 08:00-16:30:15\n"

static void leap_day_is_a_day(void **state)
{
	struct err err;
	struct calendar *calendar = load_text(HEAD HOURS "[early_closes]\n2028-02-29 = 12:30\n", &err);

	(void)state;
	if (!calendar)
		fail_msg("%s", err.message);
	assert_int_equal(calendar->count, 3);
	session_is(calendar, "2028-02-28T16:30:00Z", "2028-02-29T08:00:00Z", "2028-02-29T12:30:00Z");
	session_is(calendar, "2028-02-29T12:30:00Z", "2028-03-01T08:00:00Z", "2028-03-01T16:30:15Z");
	calendar_free(calendar);
}

static void the_process_keeps_its_own_time_zone(void **state)
{
	struct calendar *calendar;
	const char *zone;

	(void)state;
	assert_int_equal(setenv("TZ", "Asia/Tokyo", 1), 0);
	calendar = shipped("XNYS");
	zone = getenv("TZ");
	assert_non_null(zone);
	assert_string_equal(zone, "Asia/Tokyo");
	session_is(calendar, "2026-11-30T12:00:00Z", "2026-11-30T14:30:00Z", "2026-11-30T21:00:00Z");
	calendar_free(calendar);
	assert_int_equal(unsetenv("TZ"), 0);
	calendar_free(shipped("XNYS"));
	assert_null(getenv("TZ"));
}

static void bad_files_are_refused_with_line_and_reason(void **state)
{
	static const struct {
		const char *text, *problem;
	} cases[] = {
	    {"", "TEST: time_zone, from, until under [calendar], and [hours] are needed"},
	    {HEAD, "are needed"},
	    {HEAD "[hours]\nmon = 08:00-16:30\nmon = 08:00-16:30\n", "TEST:7: mon: given a second time"},
	    {HEAD "[hours]\nmon = 16:30-08:00\n", "TEST:6: mon: it must be hours of one day, like 09:30-16:00"},
	    {HEAD "[hours]\nmon = 8:00-16:30\n", "TEST:6: mon: it must be hours"},
	    {HEAD "[hours]\nmonday = 08:00-16:30\n", "TEST:6: monday: unknown key; a day is mon"},
	    {HEAD "[hours from 2028-02-30]\nmon = 08:00-16:30\n", "it must be [hours from 2026-12-31]"},
	    {HEAD HOURS "[hours from 2028-02-29]\nmon = 08:00-16:30\n[hours from 2028-02-28]\nmon = 08:00-16:30\n",
	     "the oldest first"},
	    {HEAD HOURS "[holidays]\n2027-02-29 = No leap year\n", "TEST:10: 2027-02-29: it must be a date"},
	    {HEAD HOURS "[holidays]\n2028-03-02 = Too late\n", "TEST: 2028-03-02 lies outside of from and until"},
	    {HEAD HOURS "[holidays]\n2028-02-29 = A\n2028-02-29 = B\n", "TEST:11: 2028-02-29: given a second time"},
	    {HEAD HOURS "[early_closes]\n2028-02-29 = 17:00\n", "TEST: 2028-02-29 has no hours that could end early"},
	    {HEAD HOURS "[early_closes]\n2028-02-29 = noon\n", "TEST:10: 2028-02-29: it must be a time like 13:00"},
	    {HEAD HOURS "[breaks]\n2028-02-29 = 12:00\n", "[breaks]: unknown section; there are [calendar]"},
	    {"[calendar]\nzone = Europe/London\n", "TEST:2: zone: unknown key; [calendar] has time_zone"},
	    {"[calendar]\ntime_zone = Europe/Londn\nfrom = 2028-02-28\nuntil = 2028-03-01\n" HOURS,
	     "time_zone: the system's zone data has no Europe/Londn; is its name right, and is the package tzdata "
	     "installed?"},
	    {"[calendar]\ntime_zone = ../../etc/passwd\nfrom = 2028-02-28\nuntil = 2028-03-01\n" HOURS, "has no ../.."},
	    {"[calendar]\ntime_zone = Europe/London\nfrom = 2028-02-28\nuntil = 2028-02-27\n" HOURS,
	     "until must follow"},
	    {"[calendar]\ntime_zone = Europe/London\nfrom = 2028-02-28\nuntil = 2028-02-28\n[hours]\ntue = "
	     "08:00-09:00\n",
	     "TEST: the market is never open"},
	    {"[calendar]\nalways_open = maybe\n", "TEST:2: always_open: it must be yes or no"},
	    {"[calendar]\nalways_open = yes\n" HOURS, "what is always open has no hours"},
	    {HEAD "rubbish\n", "TEST:5: this is no key = value"},
	    /* New York's clocks jump from 02:00 to 03:00. */
	    {"[calendar]\ntime_zone = America/New_York\nfrom = 2027-03-14\nuntil = 2027-03-14\n[hours]\nsun = "
	     "02:30-04:00\n",
	     "the hours of 2027-03-14 do not exist in America/New_York"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err err;
		struct calendar *calendar = load_text(cases[i].text, &err);

		assert_null(calendar);
		assert_int_equal(err.code, ERR_CONFIG);
		if (!strstr(err.message, cases[i].problem))
			fail_msg("case %zu: %s\nand not: %s", i, err.message, cases[i].problem);
	}
}

static void missing_files_and_bad_names_are_refused(void **state)
{
	struct err err;

	(void)state;
	assert_null(calendar_load("/nowhere", "XNYS", &err));
	assert_string_equal(err.message, "/nowhere/XNYS: No such file or directory");
	assert_null(calendar_load("/nowhere", "/elsewhere/XNYS", &err));
	assert_string_equal(err.message, "/elsewhere/XNYS: No such file or directory");
	assert_null(calendar_load("/nowhere", "./X NYS", &err));
	assert_non_null(strstr(err.message, "only letters, digits and _"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(new_york_has_its_hours_in_winter_and_summer),
	    cmocka_unit_test(daylight_saving_changes_move_the_open),
	    cmocka_unit_test(early_closes_and_holidays_are_kept),
	    cmocka_unit_test(first_and_last_instant_belong_where_they_should),
	    cmocka_unit_test(india_and_new_york_are_open_at_their_own_times),
	    cmocka_unit_test(past_its_end_nothing_is_open),
	    cmocka_unit_test(what_is_always_open_never_ends),
	    cmocka_unit_test(leap_day_is_a_day),
	    cmocka_unit_test(the_process_keeps_its_own_time_zone),
	    cmocka_unit_test(bad_files_are_refused_with_line_and_reason),
	    cmocka_unit_test(missing_files_and_bad_names_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
