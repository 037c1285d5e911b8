/* Waiting for a condition in tests: looked at every 10 ms, for at most 30 seconds. */
#ifndef MUSTER_TEST_WAIT_UNTIL_H
#define MUSTER_TEST_WAIT_UNTIL_H

#include <stdint.h>
#include <time.h>

#include "shared/clock.h"

#define WAIT_MOST_US INT64_C(30000000)

/* The pause between two looks. */
static inline void wait_pause(void)
{
	const struct timespec pause = {0, 10000000};

	(void)nanosleep(&pause, NULL);
}

/* Fails the test where it never becomes true. */
#define WAIT_UNTIL(condition)                                                                                          \
	do {                                                                                                           \
		int64_t wait_end_us = clock_monotonic_us() + WAIT_MOST_US;                                             \
		while (!(condition)) {                                                                                 \
			if (clock_monotonic_us() > wait_end_us)                                                        \
				fail_msg("never came true: %s", #condition);                                           \
			wait_pause();                                                                                  \
		}                                                                                                      \
	} while (0)

#endif
