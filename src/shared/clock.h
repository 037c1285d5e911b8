/* Times as milliseconds since 1970-01-01T00:00:00Z, and their RFC 3339 text.
 *
 * Decisions about windows, leases and sessions use Redis TIME inside scripts, never a host's clock; what is here formats
 * such times for people and reads those that come in. */
#ifndef MUSTER_CLOCK_H
#define MUSTER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/err.h"

#define CLOCK_TEXT 32

/* "2026-11-22T13:20:00Z", or with ".250" where the milliseconds are not zero. Returns `text` (CLOCK_TEXT bytes). */
char *clock_format(int64_t at_ms, char *text);

/* RFC 3339 date-time with any offset and 0-9 fraction digits (cut to milliseconds). Fails with ERR_BAD_NUMBER; the
 * caller names the field. A leap second (:60, at the end of a UTC day only) is read as :59. */
bool clock_parse(const char *text, int64_t *at_ms, struct err *err) MUST_USE;

int64_t clock_wall_ms(void);      /* the host's clock: for logs only */
int64_t clock_monotonic_us(void); /* for durations */

#endif
