/* From local times to UTC, with the C library and the system's zone data.
 *
 * The C library knows one time zone at a time, the process's, and setting it is not safe beside other threads. So it is
 * set only here, at start, while every session of the calendar is computed, and set back: afterwards there is nothing
 * left to ask a time zone for. The alternatives were worse: parsing zone files ourselves would be code that others keep
 * right, and a library with zones as objects would be one more thing to install for a few hundred numbers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared/calendar_file.h"

#define ZONE_FOLDER "/usr/share/zoneinfo"
#define MS_A_SECOND 1000
#define DAY_S	    86400

/* The C library takes a zone that it does not know for UTC, without a word. */
static bool zone_exists(const char *zone)
{
	const char *folder = getenv("TZDIR");
	char path[512], mark[4] = "";
	FILE *file;
	bool good;

	if (strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") != strlen(zone) ||
	    zone[0] == '/')
		return false;
	(void)snprintf(path, sizeof path, "%s/%s", folder && *folder ? folder : ZONE_FOLDER, zone);
	file = fopen(path, "re");
	if (!file)
		return false;
	good = fread(mark, 1, sizeof mark, file) == sizeof mark && memcmp(mark, "TZif", sizeof mark) == 0;
	(void)fclose(file);
	return good;
}

/* Sets the process's time zone; NULL: none. */
static void zone_set(const char *zone)
{
	if (zone ? setenv("TZ", zone, 1) : unsetenv("TZ"))
		abort();
	tzset();
}

/* A local time in milliseconds since 1970. False where the clocks jump over it. */
static bool local_ms(int day, int seconds, int64_t *at_ms)
{
	struct tm local = {.tm_isdst = -1};
	int year, month, of_month, wanted;
	time_t at;

	calendar_day_date(day + seconds / DAY_S, &year, &month, &of_month);
	wanted = seconds % DAY_S;
	local.tm_year = year - 1900;
	local.tm_mon = month - 1;
	local.tm_mday = of_month;
	local.tm_hour = wanted / 3600;
	local.tm_min = wanted / 60 % 60;
	local.tm_sec = wanted % 60;
	at = mktime(&local);
	*at_ms = (int64_t)at * MS_A_SECOND;
	return local.tm_mday == of_month && local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec == wanted;
}

/* All days, in the zone that is set. */
static bool compute(const struct calendar_file *file, struct calendar *calendar, struct err *err)
{
	struct calendar_hours hours;
	int year, month, of_month;

	for (int day = file->from; day <= file->until; day++) {
		struct calendar_session *session = &calendar->sessions[calendar->count];

		if (!calendar_file_hours(file, day, &hours))
			continue;
		calendar_day_date(day, &year, &month, &of_month);
		if (!local_ms(day, hours.open_s, &session->open_ms) ||
		    !local_ms(day, hours.close_s, &session->close_ms) || session->open_ms >= session->close_ms)
			return err_set(err, ERR_CONFIG, "%s: the hours of %04d-%02d-%02d do not exist in %s",
				       file->path, year, month, of_month, file->time_zone);
		calendar->count++;
	}
	/* A day can begin at one o'clock where clocks change at midnight: then the last day ends with the next one's.
	 */
	if (!local_ms(file->until + 1, 0, &calendar->until_ms))
		(void)local_ms(file->until + 1, 3600, &calendar->until_ms);
	return calendar->count || err_set(err, ERR_CONFIG, "%s: the market is never open", file->path);
}

bool calendar_zone_compute(const struct calendar_file *file, struct calendar *calendar, struct err *err)
{
	const char *before = getenv("TZ");
	char *kept = before ? strdup(before) : NULL;
	bool good;

	if (!zone_exists(file->time_zone)) {
		free(kept);
		return err_set(err, ERR_CONFIG,
			       "%s: time_zone: the system's zone data has no %s; is its name right, and is the package "
			       "tzdata installed?",
			       file->path, file->time_zone);
	}
	calendar->sessions = calloc((size_t)(file->until - file->from) + 1, sizeof *calendar->sessions);
	if (!calendar->sessions || (before && !kept))
		abort();
	zone_set(file->time_zone);
	good = compute(file, calendar, err);
	zone_set(kept);
	free(kept);
	return good;
}
