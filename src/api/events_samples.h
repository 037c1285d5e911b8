/* Five minutes of throughput and latency, one sample a second: what the page draws. */
#ifndef MUSTER_API_EVENTS_SAMPLES_H
#define MUSTER_API_EVENTS_SAMPLES_H

#include <jansson.h>

#include "shared/metrics.h"

struct events_samples;

struct events_samples *events_samples_new(void);
void events_samples_free(struct events_samples *samples);

/* Takes one out of the metrics and, where there is one, the status. */
void events_samples_take(struct events_samples *samples, const struct metrics *metrics, const json_t *status);

/* Each sample is an array, see events.h. New. */
json_t *events_samples_last(const struct events_samples *samples);
json_t *events_samples_all(const struct events_samples *samples); /* the oldest first */

#endif
