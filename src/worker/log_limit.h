/* At most one log line a second of a kind that a bad hour of the broker would repeat thousands of times. */
#ifndef MUSTER_LOG_LIMIT_H
#define MUSTER_LOG_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct log_limit {
	int64_t next_us;    /* on the monotonic clock */
	int64_t held_back;  /* since the last line */
	int64_t suppressed; /* before the line that is allowed now */
};

/* Whether a line may be written now; counts it otherwise. */
bool log_limit_allows(struct log_limit *limit);

/* How many lines were left out before the one that was just allowed. */
int64_t log_limit_suppressed(const struct log_limit *limit);

#endif
