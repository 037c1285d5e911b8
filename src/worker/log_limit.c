/* Log lines are for people: the first of a flood and their number tell as much as all of them. */
#include "worker/log_limit.h"

#include "shared/clock.h"

#define PAUSE_US 1000000

bool log_limit_allows(struct log_limit *limit)
{
	int64_t now_us = clock_monotonic_us();

	if (now_us < limit->next_us) {
		limit->held_back++;
		return false;
	}
	limit->next_us = now_us + PAUSE_US;
	limit->suppressed = limit->held_back;
	limit->held_back = 0;
	return true;
}

int64_t log_limit_suppressed(const struct log_limit *limit)
{
	return limit->suppressed;
}
