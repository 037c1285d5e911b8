/* Times as people write them, to and from milliseconds since 1970 in UTC. */
#include "shared/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define FRACTION_DIGITS_MAX 9
#define SECONDS_A_DAY	    86400

/* Puts a value as that many digits; returns what follows them. */
static char *put_digits(char *at, int value, int digits)
{
	for (int i = digits - 1; i >= 0; i--, value /= 10)
		at[i] = (char)('0' + value % 10);
	return at + digits;
}

/* The answer to an order holds several times: strftime and snprintf were a twentieth of the work for it. */
char *clock_format(int64_t at_ms, char *text)
{
	int64_t fraction_ms = at_ms % 1000;
	struct tm parts = {0};
	time_t seconds = (time_t)(at_ms / 1000);
	char *at = text;

	if (fraction_ms < 0) { /* before 1970 the fraction still counts forward */
		fraction_ms += 1000;
		seconds--;
	}
	(void)gmtime_r(&seconds, &parts); /* cannot fail: the year of any int64 milliseconds fits an int */
	if (parts.tm_year >= -1900 && parts.tm_year < 10000 - 1900)
		at = put_digits(at, parts.tm_year + 1900, 4);
	else
		at += snprintf(text, CLOCK_TEXT, "%04d", (int)(parts.tm_year + 1900));
	const struct {
		char before;
		int value, digits;
	} rest[] = {
		{'-', parts.tm_mon + 1, 2}, {'-', parts.tm_mday, 2}, {'T', parts.tm_hour, 2},
		{':', parts.tm_min, 2},	    {':', parts.tm_sec, 2},  {'.', (int)fraction_ms, 3},
	};
	for (size_t i = 0; i < sizeof rest / sizeof *rest - !fraction_ms; i++) {
		*at++ = rest[i].before;
		at = put_digits(at, rest[i].value, rest[i].digits);
	}
	*at++ = 'Z';
	*at = '\0';
	return text;
}

/* Reads exactly `digits` digits of a value in [least, most] and moves on. */
static bool read_number(const char **text, int digits, int least, int most, int *value)
{
	*value = 0;
	for (; digits > 0; digits--, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		*value = *value * 10 + (**text - '0');
	}
	return *value >= least && *value <= most;
}

/* Reads one character, in upper or lower case, and moves on. */
static bool read_letter(const char **text, char upper)
{
	if (**text != upper && !(upper >= 'A' && **text == upper - 'A' + 'a'))
		return false;
	(*text)++;
	return true;
}

static int days_of_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap);
}

/* full-date "T" partial-time without its fraction (RFC 3339, 5.6). */
static bool read_date_time(const char **text, struct tm *parts)
{
	int year, month;

	if (!read_number(text, 4, 0, 9999, &year) || !read_letter(text, '-') || !read_number(text, 2, 1, 12, &month) ||
	    !read_letter(text, '-') || !read_number(text, 2, 1, days_of_month(year, month), &parts->tm_mday) ||
	    !read_letter(text, 'T') || !read_number(text, 2, 0, 23, &parts->tm_hour) || !read_letter(text, ':') ||
	    !read_number(text, 2, 0, 59, &parts->tm_min) || !read_letter(text, ':') ||
	    !read_number(text, 2, 0, 60, &parts->tm_sec))
		return false;
	parts->tm_year = year - 1900;
	parts->tm_mon = month - 1;
	return true;
}

/* time-secfrac, which may be missing; cut to milliseconds. */
static bool read_fraction(const char **text, int *fraction_ms)
{
	int digits = 0;

	*fraction_ms = 0;
	if (**text != '.')
		return true;
	for ((*text)++; **text >= '0' && **text <= '9'; (*text)++, digits++)
		if (digits < 3)
			*fraction_ms = *fraction_ms * 10 + (**text - '0');
	for (int place = digits; place < 3; place++)
		*fraction_ms *= 10;
	return digits >= 1 && digits <= FRACTION_DIGITS_MAX;
}

/* time-offset: how far local time is ahead of UTC. */
static bool read_offset(const char **text, int *offset_s)
{
	int sign = **text == '-' ? -1 : 1;
	int hours, minutes;

	*offset_s = 0;
	if (read_letter(text, 'Z'))
		return true;
	if (**text != '+' && **text != '-')
		return false;
	(*text)++;
	if (!read_number(text, 2, 0, 23, &hours) || !read_letter(text, ':') || !read_number(text, 2, 0, 59, &minutes))
		return false;
	*offset_s = sign * (hours * 3600 + minutes * 60);
	return true;
}

bool clock_parse(const char *text, int64_t *at_ms, struct err *err)
{
	struct tm parts = {0};
	int fraction_ms, offset_s;
	int64_t seconds;
	bool leap;

	if (!read_date_time(&text, &parts) || !read_fraction(&text, &fraction_ms) || !read_offset(&text, &offset_s) ||
	    *text != '\0')
		return err_set(err, ERR_BAD_NUMBER, "not an RFC 3339 time such as 2026-11-22T13:20:00Z");
	leap = parts.tm_sec == 60;
	if (leap)
		parts.tm_sec = 59;
	seconds = (int64_t)timegm(&parts) - offset_s;
	if (leap && (seconds + 1) % SECONDS_A_DAY != 0)
		return err_set(err, ERR_BAD_NUMBER, "second 60 is only at the end of a day in UTC");
	*at_ms = seconds * 1000 + fraction_ms;
	return true;
}

int64_t clock_wall_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
