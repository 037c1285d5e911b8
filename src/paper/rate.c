/* See rate.h. */
#include "paper/rate.h"

#define MINUTE_MS 60000

bool paper_rate_take(struct paper_rate *rate, int64_t limit, int64_t now_ms, struct paper_rate_state *state)
{
	int64_t minute = now_ms / MINUTE_MS;
	if (minute != rate->minute)
		*rate = (struct paper_rate){.minute = minute};
	bool is_within = rate->calls < limit;
	rate->calls += is_within;
	*state = (struct paper_rate_state){limit, limit > rate->calls ? limit - rate->calls : 0,
					   (minute + 1) * (MINUTE_MS / 1000)};
	return is_within;
}
