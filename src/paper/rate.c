/* See rate.h. */
#include "paper/rate.h"

bool paper_rate_take(struct paper_rate *rate, const struct paper_rate_limit *limit, int64_t now_ms,
		     struct paper_rate_state *state)
{
	int64_t minute = now_ms / limit->period_ms;
	if (minute != rate->minute) {
		rate->minute = minute;
		rate->calls = 0;
	}
	bool is_within = rate->calls < limit->calls;
	rate->calls += is_within;
	rate->refused += !is_within;
	*state = (struct paper_rate_state){limit->calls, limit->calls > rate->calls ? limit->calls - rate->calls : 0,
					   (minute + 1) * limit->period_ms};
	return is_within;
}
