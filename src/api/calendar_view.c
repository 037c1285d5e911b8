#include "api/calendar_view.h"

#include <stdio.h>

#include "api/view_json.h"
#include "shared/clock.h"
#include "shared/log.h"

#define WARNING_SIZE 256

/* What is to be done about its end; false where there is time. */
static bool warning_of(const struct calendar *calendar, int64_t now_ms, char *text)
{
	char until[CLOCK_TEXT];

	if (!calendar_ends_soon(calendar, now_ms))
		return false;
	(void)clock_format(calendar->until_ms, until);
	(void)snprintf(text, WARNING_SIZE,
		       calendar->until_ms <= now_ms
			   ? "%s has ended at %s: nothing is routed by it until its file has the next year"
			   : "%s ends at %s: its file needs the next year, or nothing is routed by it from then on",
		       calendar->name, until);
	return true;
}

static json_t *time_or_null(int64_t at_ms)
{
	return at_ms > 0 && at_ms < INT64_MAX ? view_time(at_ms) : json_null();
}

/* The names of the brokers that have this calendar. */
static json_t *broker_names(const struct calendars *calendars, const struct config *config,
			    const struct calendar *calendar)
{
	json_t *names = json_array();

	for (size_t i = 0; i < config->broker_count; i++)
		if (calendars->of_broker[i] == calendar)
			json_array_append_new(names, json_string(config->brokers[i].name));
	return names;
}

json_t *calendar_views(const struct calendars *calendars, const struct config *config, int64_t now_ms)
{
	json_t *list = json_array();

	for (size_t i = 0; i < calendars->count; i++) {
		const struct calendar *calendar = calendars->list[i];
		struct calendar_status status = calendar_status(calendar, now_ms);
		json_t *view = json_object(), *brokers = broker_names(calendars, config, calendar);
		char warning[WARNING_SIZE];

		if (json_array_size(brokers) == 0) { /* the paper broker's own */
			json_decref(brokers);
			json_decref(view);
			continue;
		}
		view_set(view, "calendar", json_string(calendar->name));
		view_set(view, "time_zone", calendar->time_zone[0] ? json_string(calendar->time_zone) : json_null());
		view_set(view, "brokers", brokers);
		view_set(view, "state", json_string(calendar_state_word(status.state)));
		view_set(view, "next_open", time_or_null(status.next_open_ms));
		view_set(view, "next_close", time_or_null(status.next_close_ms));
		view_set(view, "until", time_or_null(calendar->until_ms));
		view_set(view, "warning", warning_of(calendar, now_ms, warning) ? json_string(warning) : json_null());
		json_array_append_new(list, view);
	}
	return list;
}

void calendar_warn(const struct calendars *calendars, int64_t now_ms)
{
	char warning[WARNING_SIZE];

	for (size_t i = 0; i < calendars->count; i++)
		if (warning_of(calendars->list[i], now_ms, warning))
			log_event(LOG_WARN, "calendar_ends", "calendar", calendars->list[i]->name, "what", warning,
				  NULL);
}
