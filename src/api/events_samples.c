/* A ring; requests and their latency are what came since the sample before. */
#include "api/events_samples.h"

#include <stdbool.h>
#include <stdlib.h>

#include "shared/clock.h"
#include "shared/status.h"

#define SAMPLES_KEPT 300
#define MS_A_SECOND  1000

struct sample {
	int64_t at_ms;
	int64_t accepted, ended; /* < 0: not known */
	uint64_t requests;
	double p50_ms, p99_ms;
};

struct events_samples {
	struct sample ring[SAMPLES_KEPT];
	size_t count; /* taken so far */
	struct metrics_quantiles before;
};

struct events_samples *events_samples_new(void)
{
	struct events_samples *samples = calloc(1, sizeof *samples);

	if (!samples)
		abort();
	return samples;
}

void events_samples_free(struct events_samples *samples)
{
	free(samples);
}

void events_samples_take(struct events_samples *samples, const struct metrics *metrics, const json_t *status)
{
	struct sample *sample = &samples->ring[samples->count++ % SAMPLES_KEPT];
	const json_t *orders = json_object_get(status, "orders");
	double p50, p99;

	*sample = (struct sample){.at_ms = clock_wall_ms(), .accepted = orders ? 0 : -1, .ended = orders ? 0 : -1};
	for (enum order_status i = 0; orders && i < ORDER_STATUS_COUNT; i++) {
		int64_t count = json_integer_value(json_object_get(orders, order_status_word(i)));

		sample->accepted += count;
		sample->ended += order_status_is_final(i) ? count : 0;
	}
	sample->requests = metrics_since(metrics, METRIC_HTTP_SECONDS, &samples->before, &p50, &p99);
	sample->p50_ms = p50 * MS_A_SECOND;
	sample->p99_ms = p99 * MS_A_SECOND;
}

static json_t *sample_view(const struct sample *sample)
{
	bool is_known = sample->accepted >= 0;

	return json_pack("[I, o, o, I, f, f]", (json_int_t)sample->at_ms,
			 is_known ? json_integer(sample->accepted) : json_null(),
			 is_known ? json_integer(sample->ended) : json_null(), (json_int_t)sample->requests,
			 sample->p50_ms, sample->p99_ms);
}

json_t *events_samples_last(const struct events_samples *samples)
{
	return sample_view(&samples->ring[(samples->count + SAMPLES_KEPT - 1) % SAMPLES_KEPT]);
}

json_t *events_samples_all(const struct events_samples *samples)
{
	json_t *list = json_array();
	size_t first = samples->count > SAMPLES_KEPT ? samples->count - SAMPLES_KEPT : 0;

	for (size_t i = first; i < samples->count; i++)
		json_array_append_new(list, sample_view(&samples->ring[i % SAMPLES_KEPT]));
	return list;
}
