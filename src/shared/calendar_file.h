/* A calendar's file as it stands, in local dates and times; and how it becomes sessions. For calendar.c only. */
#ifndef MUSTER_CALENDAR_FILE_H
#define MUSTER_CALENDAR_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/calendar.h"

#define CALENDAR_RULES_MAX 8
#define CALENDAR_DAYS_MAX  4000 /* from the first to the last; eleven years */

/* Days are counted from 1970-01-01, seconds from local midnight; -1: not said. */
struct calendar_hours {
	int open_s, close_s; /* equal: closed */
};

struct calendar_rule {
	int since;		       /* the first day that it holds for; INT_MIN: from the start */
	struct calendar_hours week[7]; /* Sunday first */
};

struct calendar_file {
	const char *path;
	char time_zone[64];
	bool is_always_open;
	int from, until; /* days, inclusive */
	struct calendar_rule rules[CALENDAR_RULES_MAX];
	size_t rule_count;
	struct calendar_exception {
		int day;
		int close_s; /* -1: a holiday */
	} * exceptions;	     /* owned */
	size_t exception_count;
};

/* To be freed in any case. */
bool calendar_file_read(const char *path, struct calendar_file *file, struct err *err) MUST_USE;
void calendar_file_free(struct calendar_file *file);

/* The hours of a day, with holidays and early closes; false where it is closed. */
bool calendar_file_hours(const struct calendar_file *file, int day, struct calendar_hours *hours);

/* "2026-11-27" as a day; false where there is no such date. */
bool calendar_day_parse(const char *text, int *day);

/* The date of a day: year, month from 1, day of the month. */
void calendar_day_date(int day, int *year, int *month, int *of_month);

/* Computes all sessions of the file into `calendar`. */
bool calendar_zone_compute(const struct calendar_file *file, struct calendar *calendar, struct err *err) MUST_USE;

#endif
