/* Reading a calendar's file. Strict: a calendar that is almost right would trade on a holiday. */
#include "shared/calendar_file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared/ini_file.h"

#define NOT_SAID      INT_MIN
#define DAY_S	      86400
#define RULE_PREFIX   "hours from "
#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

/* --- dates and times */

/* `count` digits as a number; -1 where they are none. */
static int read_digits(const char *text, int count)
{
	int number = 0;

	for (int i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number;
}

bool calendar_day_parse(const char *text, int *day)
{
	struct tm date = {0}, back;
	time_t seconds;

	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
		return false;
	date.tm_year = read_digits(text, 4) - 1900;
	date.tm_mon = read_digits(text + 5, 2) - 1;
	date.tm_mday = read_digits(text + 8, 2);
	back = date;
	if (date.tm_year < 70 || date.tm_mon < 0 || date.tm_mday < 1)
		return false;
	seconds = timegm(&back);
	*day = (int)(seconds / DAY_S);
	/* timegm makes March 1 of February 29 where there is none. */
	return back.tm_mday == date.tm_mday && back.tm_mon == date.tm_mon && back.tm_year == date.tm_year;
}

void calendar_day_date(int day, int *year, int *month, int *of_month)
{
	time_t seconds = (time_t)day * DAY_S;
	struct tm date;

	(void)gmtime_r(&seconds, &date);
	*year = date.tm_year + 1900;
	*month = date.tm_mon + 1;
	*of_month = date.tm_mday;
}

/* "09:30" or "09:30:15" as seconds of the day, up to 24:00. */
static bool read_time(const char *text, size_t length, int *seconds)
{
	int hour, minute, second = 0;

	if ((length != 5 && length != 8) || text[2] != ':' || (length == 8 && text[5] != ':'))
		return false;
	hour = read_digits(text, 2);
	minute = read_digits(text + 3, 2);
	if (length == 8)
		second = read_digits(text + 6, 2);
	*seconds = hour * 3600 + minute * 60 + second;
	return hour >= 0 && minute >= 0 && minute < 60 && second >= 0 && second < 60 && *seconds <= DAY_S;
}

/* --- one function a section */

static bool take_head(struct calendar_file *file, const char *key, const char *value, struct err *err)
{
	bool is_from = strcmp(key, "from") == 0;

	if (is_from || strcmp(key, "until") == 0) {
		int *day = is_from ? &file->from : &file->until;

		return calendar_day_parse(value, day) ||
		       err_set(err, ERR_CONFIG, "%s: it must be a date like 2026-12-31", key);
	}
	if (strcmp(key, "always_open") == 0) {
		file->is_always_open = strcmp(value, "yes") == 0;
		return file->is_always_open || strcmp(value, "no") == 0 ||
		       err_set(err, ERR_CONFIG, "always_open: it must be yes or no");
	}
	if (strcmp(key, "time_zone") != 0)
		return err_set(err, ERR_CONFIG,
			       "%.40s: unknown key; [calendar] has time_zone, from, until, always_open", key);
	if (!*value || strlen(value) >= sizeof file->time_zone)
		return err_set(err, ERR_CONFIG, "time_zone: it must be a zone's name like America/New_York");
	(void)snprintf(file->time_zone, sizeof file->time_zone, "%s", value);
	return true;
}

/* The rule of a section [hours] or [hours from DATE], made where it is new. */
static struct calendar_rule *rule_of(struct calendar_file *file, const char *section, struct err *err)
{
	struct calendar_rule *rule;
	int since = NOT_SAID;

	if (strcmp(section, "hours") != 0 && !calendar_day_parse(section + strlen(RULE_PREFIX), &since)) {
		err_set(err, ERR_CONFIG, "[%.40s]: it must be [hours from 2026-12-31]", section);
		return NULL;
	}
	for (size_t i = 0; i < file->rule_count; i++)
		if (file->rules[i].since == since)
			return &file->rules[i];
	if (file->rule_count == CALENDAR_RULES_MAX ||
	    (file->rule_count && since <= file->rules[file->rule_count - 1].since)) {
		err_set(err, ERR_CONFIG, "[%.40s]: at most %d sections of hours, the oldest first", section,
			CALENDAR_RULES_MAX);
		return NULL;
	}
	rule = &file->rules[file->rule_count++];
	*rule = (struct calendar_rule){.since = since};
	for (size_t i = 0; i < LENGTH(rule->week); i++)
		rule->week[i] = (struct calendar_hours){-1, -1};
	return rule;
}

static bool take_hours(struct calendar_file *file, const char *section, const char *key, const char *value,
		       struct err *err)
{
	static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
	struct calendar_rule *rule = rule_of(file, section, err);
	struct calendar_hours *hours;
	const char *dash = strchr(value, '-');
	size_t day = 0;

	if (!rule)
		return false;
	while (day < LENGTH(days) && strcmp(days[day], key) != 0)
		day++;
	if (day == LENGTH(days))
		return err_set(err, ERR_CONFIG, "%.40s: unknown key; a day is mon, tue, wed, thu, fri, sat or sun",
			       key);
	hours = &rule->week[day];
	if (hours->open_s >= 0)
		return err_set(err, ERR_CONFIG, "%s: given a second time", key);
	if (!dash || !read_time(value, (size_t)(dash - value), &hours->open_s) ||
	    !read_time(dash + 1, strlen(dash + 1), &hours->close_s) || hours->open_s >= hours->close_s)
		return err_set(err, ERR_CONFIG, "%s: it must be hours of one day, like 09:30-16:00", key);
	return true;
}

static bool take_exception(struct calendar_file *file, const char *key, int close_s, struct err *err)
{
	struct calendar_exception *grown;
	int day;

	if (!calendar_day_parse(key, &day))
		return err_set(err, ERR_CONFIG, "%.40s: it must be a date like 2026-12-31", key);
	for (size_t i = 0; i < file->exception_count; i++)
		if (file->exceptions[i].day == day)
			return err_set(err, ERR_CONFIG, "%s: given a second time", key);
	grown = realloc(file->exceptions, (file->exception_count + 1) * sizeof *grown);
	if (!grown)
		abort();
	file->exceptions = grown;
	file->exceptions[file->exception_count++] = (struct calendar_exception){day, close_s};
	return true;
}

static bool take_early_close(struct calendar_file *file, const char *key, const char *value, struct err *err)
{
	int close_s;

	if (!read_time(value, strlen(value), &close_s))
		return err_set(err, ERR_CONFIG, "%.40s: it must be a time like 13:00", key);
	return take_exception(file, key, close_s, err);
}

/* One line. */
static bool take_value(const char *section, const char *key, const char *value, struct err *err, void *arg)
{
	struct calendar_file *file = arg;

	if (strcmp(section, "calendar") == 0)
		return take_head(file, key, value, err);
	if (strcmp(section, "hours") == 0 || strncmp(section, RULE_PREFIX, strlen(RULE_PREFIX)) == 0)
		return take_hours(file, section, key, value, err);
	if (strcmp(section, "holidays") == 0)
		return take_exception(file, key, -1, err);
	if (strcmp(section, "early_closes") == 0)
		return take_early_close(file, key, value, err);
	return err_set(err, ERR_CONFIG,
		       "[%.40s]: unknown section; there are [calendar], [hours], [hours from DATE], [holidays] and "
		       "[early_closes]",
		       section);
}

/* --- the whole */

/* The hours that the week has for a day; false where it is closed. */
static bool week_hours(const struct calendar_file *file, int day, struct calendar_hours *hours)
{
	size_t rule = file->rule_count;

	while (rule && file->rules[rule - 1].since > day)
		rule--;
	if (!rule)
		return false;
	*hours = file->rules[rule - 1].week[(day + 4) % 7]; /* 1970-01-01 was a Thursday */
	return hours->open_s < hours->close_s;
}

/* What no single line can say. */
static bool check_whole(const struct calendar_file *file, struct err *err)
{
	if (file->is_always_open)
		return !file->rule_count || err_set(err, ERR_CONFIG, "what is always open has no hours");
	if (!file->time_zone[0] || file->from == NOT_SAID || file->until == NOT_SAID || !file->rule_count)
		return err_set(err, ERR_CONFIG, "time_zone, from, until under [calendar], and [hours] are needed");
	if (file->from > file->until || file->until - file->from >= CALENDAR_DAYS_MAX)
		return err_set(err, ERR_CONFIG, "until must follow from, by at most %d days", CALENDAR_DAYS_MAX);
	for (size_t i = 0; i < file->exception_count; i++) {
		const struct calendar_exception *exception = &file->exceptions[i];
		struct calendar_hours hours;
		int year, month, of_month;

		calendar_day_date(exception->day, &year, &month, &of_month);
		if (exception->day < file->from || exception->day > file->until)
			return err_set(err, ERR_CONFIG, "%04d-%02d-%02d lies outside of from and until", year, month,
				       of_month);
		if (exception->close_s >= 0 &&
		    (!week_hours(file, exception->day, &hours) || exception->close_s <= hours.open_s ||
		     exception->close_s > hours.close_s))
			return err_set(err, ERR_CONFIG, "%04d-%02d-%02d has no hours that could end early then", year,
				       month, of_month);
	}
	return true;
}

bool calendar_file_read(const char *path, struct calendar_file *file, struct err *err)
{
	*file = (struct calendar_file){.path = path, .from = NOT_SAID, .until = NOT_SAID};
	if (!ini_file_read(path, take_value, file, err))
		return false;
	return check_whole(file, err) || err_context(err, "%s", path);
}

void calendar_file_free(struct calendar_file *file)
{
	free(file->exceptions);
	*file = (struct calendar_file){0};
}

bool calendar_file_hours(const struct calendar_file *file, int day, struct calendar_hours *hours)
{
	if (!week_hours(file, day, hours))
		return false;
	for (size_t i = 0; i < file->exception_count; i++) {
		if (file->exceptions[i].day != day)
			continue;
		if (file->exceptions[i].close_s < 0)
			return false;
		hours->close_s = file->exceptions[i].close_s;
	}
	return true;
}
