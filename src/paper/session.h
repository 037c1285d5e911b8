/* Sessions of the New York Stock Exchange, for the clock and the calendar that Alpaca shows. The paper broker itself
 * trades at any time: whether now is a good time is for its callers to decide. */
#ifndef MUSTER_PAPER_SESSION_H
#define MUSTER_PAPER_SESSION_H

#include <stdbool.h>
#include <stdint.h>

struct paper_session {
	int64_t open_ms, close_ms;
	bool closes_early; /* 13:00 instead of 16:00 */
};

#define PAPER_DAY_MS INT64_C(86400000)

/* The session of the UTC date on which `day_ms` falls; false on weekends and holidays. */
bool paper_session_of(int64_t day_ms, struct paper_session *session);

#endif
