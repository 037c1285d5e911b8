/* See session.h. Holidays and early closes as the exchange has published them, to the end of 2027. */
#include "paper/session.h"

#include <stddef.h>
#include <time.h>

#define HOUR_MS	  INT64_C(3600000)
#define MINUTE_MS INT64_C(60000)

/* Dates as yyyymmdd. */
static const int holidays[] = {20261126, 20261225, 20270101, 20270118, 20270215, 20270326,
			       20270531, 20270618, 20270705, 20270906, 20271125, 20271224};
static const int early_closes[] = {20261127, 20261224, 20271126};

/* Whether a date stands in a list. */
static bool is_among(int date, const int *dates, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (dates[i] == date)
			return true;
	return false;
}

/* Which Sunday of its month the last Sunday up to and including this day is; 0: none yet. */
static int sundays_so_far(const struct tm *day)
{
	return (day->tm_mday - 1 - day->tm_wday + 7) / 7;
}

/* Summer time runs from the second Sunday in March to the first one in November. */
static bool is_summer_time(const struct tm *day)
{
	int month = day->tm_mon + 1;
	if (month == 3)
		return sundays_so_far(day) >= 2;
	if (month == 11)
		return sundays_so_far(day) < 1;
	return month > 3 && month < 11;
}

bool paper_session_of(int64_t day_ms, struct paper_session *session)
{
	struct tm day;
	time_t seconds = (time_t)(day_ms / 1000);
	gmtime_r(&seconds, &day);
	int date = (day.tm_year + 1900) * 10000 + (day.tm_mon + 1) * 100 + day.tm_mday;
	if (day.tm_wday == 0 || day.tm_wday == 6 || is_among(date, holidays, sizeof holidays / sizeof *holidays))
		return false;
	int64_t midnight_ms = day_ms / PAPER_DAY_MS * PAPER_DAY_MS + (is_summer_time(&day) ? 4 : 5) * HOUR_MS;
	session->closes_early = is_among(date, early_closes, sizeof early_closes / sizeof *early_closes);
	session->open_ms = midnight_ms + 9 * HOUR_MS + 30 * MINUTE_MS;
	session->close_ms = midnight_ms + (session->closes_early ? 13 : 16) * HOUR_MS;
	return true;
}
