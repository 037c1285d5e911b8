/* Market sessions: when a market is open, out of a file that people can read (conf/calendars/).
 *
 *     [calendar]      time_zone = America/New_York, from = 2026-01-01, until = 2027-12-31 (both days belong to it)
 *     [hours]         mon = 09:30-16:00 ... sun; a day that is not there is closed. Local times, also with seconds
 *     [hours from 2026-08-03]   the hours since that day, whole
 *     [holidays]      2026-11-26 = Thanksgiving Day
 *     [early_closes]  2026-11-27 = 13:00
 *
 * or, for what never closes, `always_open = yes` under [calendar] and nothing else.
 *
 * All sessions are computed when the file is loaded, as UTC milliseconds, with the system's zone data: from there on no
 * time zone is needed, and daylight saving changes are just other numbers in the list. Before `from` and past `until`
 * nothing is known, and nothing counts as open. Whoever asks brings the time, which is Redis's. */
#ifndef MUSTER_CALENDAR_H
#define MUSTER_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"

#define CALENDAR_NAME_SIZE 32

struct calendar_session {
	int64_t open_ms, close_ms; /* open at open_ms, not any more at close_ms */
};

struct calendar {
	char name[CALENDAR_NAME_SIZE]; /* the file's: "XNYS" */
	char time_zone[64];
	bool is_always_open;		   /* there are no sessions then */
	int64_t until_ms;		   /* the midnight that ends it; INT64_MAX where it is always open */
	struct calendar_session *sessions; /* first one first */
	size_t count;
};

/* `name`: of a file in `folder`, or a path where it has a slash. ERR_CONFIG names file and line, and what to mend. Sets
 * the process's time zone for a moment, so it is called at start, before there are threads. */
struct calendar *calendar_load(const char *folder, const char *name, struct err *err) MUST_USE;
void calendar_free(struct calendar *calendar);

/* Index of the first session that is not over at `at_ms`; `count` where there is none. */
size_t calendar_find(const struct calendar *calendar, int64_t at_ms);

enum calendar_state {
	CALENDAR_OPEN,
	CALENDAR_CLOSED, /* another session follows */
	CALENDAR_ENDED	 /* none is known any more */
};

struct calendar_status {
	enum calendar_state state;
	int64_t next_open_ms, next_close_ms; /* 0: none is known */
};
struct calendar_status calendar_status(const struct calendar *calendar, int64_t at_ms);

/* "open", "closed", "ended" */
const char *calendar_state_word(enum calendar_state state);

/* Whether it ends within the month after `at_ms`, or has ended: somebody must write the next year into the file. */
bool calendar_ends_soon(const struct calendar *calendar, int64_t at_ms);

#endif
