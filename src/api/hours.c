#include "api/hours.h"

#include <stdio.h>

#define MS_A_SECOND 1000
#define SESSIONS    3 /* the present or next one, and two more, should Redis's clock have moved on */
#define BROKER_SIZE (CONFIG_NAME_SIZE + SESSIONS * 3 * 20 + 8)

/* `BROKER FROM UNTIL CLOSE FROM UNTIL CLOSE …;` */
static int write_broker(const struct config *config, size_t broker, const struct calendar *calendar, int64_t now_ms,
			char *text)
{
	int length = sprintf(text, "%s", config->brokers[broker].name);
	size_t session = calendar_find(calendar, now_ms), end = session + SESSIONS;

	for (; session < end && session < calendar->count; session++) {
		int64_t close_ms = calendar->sessions[session].close_ms;

		length += sprintf(text + length, " %lld %lld %lld", (long long)calendar->sessions[session].open_ms,
				  (long long)(close_ms - config->lanes.last_before_close_s * MS_A_SECOND),
				  (long long)close_ms);
	}
	return length + sprintf(text + length, " ;");
}

void hours_write(const struct calendars *calendars, const struct config *config, int64_t now_ms,
		 struct script_args *args)
{
	char text[CONFIG_BROKERS_MAX * BROKER_SIZE] = "", *at = text;

	for (size_t i = 0; i < config->broker_count; i++) {
		const struct calendar *calendar = calendars->of_broker[i];

		if (calendar && !calendar->is_always_open)
			at += write_broker(config, i, calendar, now_ms, at);
	}
	script_args_add(args, text);
}
