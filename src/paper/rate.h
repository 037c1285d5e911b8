/* The limit of calls a minute that Alpaca puts on an account: so many in each minute of the clock. */
#ifndef MUSTER_PAPER_RATE_H
#define MUSTER_PAPER_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct paper_rate {
	int64_t minute;	 /* since 1970 */
	int64_t calls;	 /* in it */
	int64_t refused; /* since the start */
};

struct paper_rate_limit {
	int64_t calls;
	int64_t period_ms; /* how long the minute is */
};

struct paper_rate_state {
	int64_t limit, remaining;
	int64_t reset_ms; /* since 1970: when the next minute begins */
};

/* Counts one call; false where it is one too many. */
bool paper_rate_take(struct paper_rate *rate, const struct paper_rate_limit *limit, int64_t now_ms,
		     struct paper_rate_state *state);

#endif
