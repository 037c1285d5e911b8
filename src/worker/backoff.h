/* How long to wait before asking again. Pure functions of a count that is kept in Redis, so that a worker which takes a
 * block over goes on where the last one stopped. */
#ifndef MUSTER_BACKOFF_H
#define MUSTER_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

/* Look-ups in vain that end the schedule: one at once and four more (brokers.md, Recovery). */
#define BACKOFF_LOOK_UPS 5

/* Following an order that works: 50 ms after the first look, doubling, then every 5 s. `polls` looks have been made. */
int64_t backoff_follow_ms(int64_t polls);

/* A call that told nothing (no connection, 5xx): 250 ms after the first, doubling to 30 s. */
int64_t backoff_retry_ms(int64_t tries);

/* Pause after look-up number `lookups` did not find the order: 0.5, 1, 2, 4 s, each counted from the one before, so that
 * an order which shows up within 7.5 s is found. False once the schedule is over. */
bool backoff_look_up_ms(int64_t lookups, int64_t *pause_ms);

#endif
