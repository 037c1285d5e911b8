/* Calendars as the status shows them, and the warning that one ends. */
#ifndef MUSTER_API_CALENDAR_VIEW_H
#define MUSTER_API_CALENDAR_VIEW_H

#include <stdint.h>

#include <jansson.h>

#include "shared/calendars.h"
#include "shared/config.h"

/* [{calendar, time_zone, brokers, state, next_open, next_close, until, warning}] at `now_ms`, Redis's clock; one for
 * each calendar that a broker has. A new reference. */
json_t *calendar_views(const struct calendars *calendars, const struct config *config, int64_t now_ms);

/* Logs a warning for each that ends soon or has ended. */
void calendar_warn(const struct calendars *calendars, int64_t now_ms);

#endif
