/* Pauses: long enough to spare the broker, short enough that a market order, mostly filled at once, is seen filled. */
#include "worker/backoff.h"

#define FOLLOW_FIRST_MS 50
#define FOLLOW_MOST_MS	5000
#define RETRY_FIRST_MS	250
#define RETRY_MOST_MS	30000
#ifdef MUSTER_FAULTS
#define LOOK_UP_FIRST_MS 50 /* tests die many times after an intent: they look as often, in a tenth of the time */
#else
#define LOOK_UP_FIRST_MS 500
#endif

/* first * 2^(n - 1), at most `most`; first for n < 1. */
static int64_t doubled(int64_t first_ms, int64_t most_ms, int64_t n)
{
	int64_t pause_ms = first_ms;

	for (; n > 1 && pause_ms < most_ms; n--)
		pause_ms *= 2;
	return pause_ms < most_ms ? pause_ms : most_ms;
}

int64_t backoff_follow_ms(int64_t polls)
{
	return doubled(FOLLOW_FIRST_MS, FOLLOW_MOST_MS, polls);
}

int64_t backoff_retry_ms(int64_t tries)
{
	return doubled(RETRY_FIRST_MS, RETRY_MOST_MS, tries);
}

bool backoff_look_up_ms(int64_t lookups, int64_t *pause_ms)
{
	if (lookups >= BACKOFF_LOOK_UPS)
		return false;
	*pause_ms = doubled(LOOK_UP_FIRST_MS, INT64_MAX / 2, lookups);
	return true;
}
