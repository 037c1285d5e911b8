/* When the markets of all brokers take orders, and when they close, as lua/lib/hours.lua reads it. */
#ifndef MUSTER_API_HOURS_H
#define MUSTER_API_HOURS_H

#include <stdint.h>

#include "shared/calendars.h"
#include "shared/config.h"
#include "shared/redis_link.h"

/* Adds one argument with the sessions around `now_ms` (Redis's clock as last told; the script asks it again). */
void hours_write(const struct calendars *calendars, const struct config *config, int64_t now_ms,
		 struct script_args *args);

#endif
