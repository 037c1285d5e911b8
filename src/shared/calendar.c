#include "shared/calendar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/calendar_file.h"

#define ENDS_SOON_MS (INT64_C(31) * 86400 * 1000)

/* The part of a path behind its last slash. */
static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* A calendar's name becomes part of keys and ids: [A-Za-z0-9][A-Za-z0-9_]*. */
static bool name_is_good(const char *name)
{
	size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

	return length > 0 && length < CALENDAR_NAME_SIZE && !name[length] && name[0] != '_';
}

struct calendar *calendar_load(const char *folder, const char *name, struct err *err)
{
	struct calendar *calendar = calloc(1, sizeof *calendar);
	struct calendar_file file;
	char *path = NULL;
	bool good;

	if (!calendar || asprintf(&path, strchr(name, '/') ? "%.0s%s" : "%s/%s", folder, name) < 0)
		abort();
	good = name_is_good(file_name(name)) ||
	       err_set(err, ERR_CONFIG, "%s: the name of a calendar's file has only letters, digits and _, at most %d",
		       path, CALENDAR_NAME_SIZE - 1);
	if (good) {
		good = calendar_file_read(path, &file, err);
		calendar->is_always_open = file.is_always_open;
		calendar->until_ms = INT64_MAX;
		(void)snprintf(calendar->name, sizeof calendar->name, "%s", file_name(name));
		(void)snprintf(calendar->time_zone, sizeof calendar->time_zone, "%s", file.time_zone);
		if (good && !file.is_always_open)
			good = calendar_zone_compute(&file, calendar, err);
		calendar_file_free(&file);
	}
	free(path);
	if (good)
		return calendar;
	calendar_free(calendar);
	return NULL;
}

void calendar_free(struct calendar *calendar)
{
	if (!calendar)
		return;
	free(calendar->sessions);
	free(calendar);
}

size_t calendar_find(const struct calendar *calendar, int64_t at_ms)
{
	size_t low = 0, high = calendar->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (calendar->sessions[middle].close_ms > at_ms)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

struct calendar_status calendar_status(const struct calendar *calendar, int64_t at_ms)
{
	struct calendar_status status = {.state = CALENDAR_OPEN};
	size_t i = calendar_find(calendar, at_ms);
	size_t next = i;

	if (calendar->is_always_open)
		return status;
	status.state = CALENDAR_ENDED;
	if (i == calendar->count)
		return status;
	status.state = CALENDAR_CLOSED;
	status.next_close_ms = calendar->sessions[i].close_ms;
	if (calendar->sessions[i].open_ms <= at_ms) {
		status.state = CALENDAR_OPEN;
		next++;
	}
	if (next < calendar->count)
		status.next_open_ms = calendar->sessions[next].open_ms;
	return status;
}

const char *calendar_state_word(enum calendar_state state)
{
	static const char *const words[] = {
	    [CALENDAR_OPEN] = "open",
	    [CALENDAR_CLOSED] = "closed",
	    [CALENDAR_ENDED] = "ended",
	};

	return words[state];
}

bool calendar_ends_soon(const struct calendar *calendar, int64_t at_ms)
{
	return !calendar->is_always_open && calendar->until_ms - at_ms <= ENDS_SOON_MS;
}
