/* The registry: where each series stands in the array, and adding to it. */
#include "shared/metrics.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "shared/metrics_private.h"

#define US_A_SECOND 1e6

const struct metric_row metric_rows[METRIC_COUNT] = {
#define X(constant, name, type, owner, l1, l2, l3, buckets, help)                                                      \
	[constant] = {name, help, type, owner, {l1, l2, l3}, buckets},
    METRICS(X)
#undef X
};

static const double fast[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
			      0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,	   10};
static const double slow[] = {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
static const double lengthy[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600};
static const double counts[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000};

#define ROW(table)                                                                                                     \
	{                                                                                                              \
		table, sizeof(table) / sizeof(table)[0]                                                                \
	}
static const struct bucket_list lists[] = {
    [BUCKETS_FAST] = ROW(fast),
    [BUCKETS_SLOW] = ROW(slow),
    [BUCKETS_LONG] = ROW(lengthy),
    [BUCKETS_COUNT] = ROW(counts),
};

const struct bucket_list *metrics_buckets(enum metric metric)
{
	return &lists[metric_rows[metric].buckets];
}

size_t metrics_series_of(const struct metrics *metrics, enum metric metric)
{
	size_t count = 1;

	for (size_t i = 0; i < METRIC_LABELS_MAX && metric_rows[metric].labels[i]; i++)
		count *= metrics->values[metric_rows[metric].labels[i]].count;
	return count;
}

size_t metrics_cells_of(enum metric metric)
{
	/* A histogram: each bucket, what is beyond them, and the sum. */
	return metric_rows[metric].type == METRIC_HISTOGRAM ? metrics_buckets(metric)->count + 2 : 1;
}

struct metrics *metrics_new(enum metrics_owner owner, const struct metrics_values *own)
{
	struct metrics *metrics = calloc(1, sizeof *metrics);
	size_t cells = 0, series = 0;

	if (!metrics)
		abort();
	metrics->owner = owner;
	for (enum metric_label label = 0; label < LABEL_COUNT; label++)
		metrics->values[label] = own[label].texts ? own[label] : metrics_built_in(label);
	for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
		if (!(metric_rows[metric].owner & owner))
			continue;
		assert(metrics_cells_of(metric) <= METRICS_BUCKETS_MAX);
		metrics->cell[metric] = cells;
		metrics->series[metric] = series;
		cells += metrics_series_of(metrics, metric) * metrics_cells_of(metric);
		series += metrics_series_of(metrics, metric);
	}
	metrics->cells = calloc(cells, sizeof *metrics->cells);
	metrics->touched = calloc(series, sizeof *metrics->touched);
	if (!metrics->cells || !metrics->touched)
		abort();
	return metrics;
}

void metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return;
	free(metrics->cells);
	free(metrics->touched);
	free(metrics);
}

/* The cells of a series, which is touched by this. */
static double *cells_at(struct metrics *metrics, const struct metric_at *at)
{
	const struct metric_row *row = &metric_rows[at->metric];
	size_t index = 0;

	assert(row->owner & metrics->owner);
	for (size_t i = 0; i < METRIC_LABELS_MAX && row->labels[i]; i++) {
		assert(at->label[i] < metrics->values[row->labels[i]].count);
		index = index * metrics->values[row->labels[i]].count + at->label[i];
	}
	metrics->touched[metrics->series[at->metric] + index] = true;
	return &metrics->cells[metrics->cell[at->metric] + index * metrics_cells_of(at->metric)];
}

void metrics_add(struct metrics *metrics, struct metric_at at, double n)
{
	if (metrics)
		*cells_at(metrics, &at) += n;
}

void metrics_set(struct metrics *metrics, struct metric_at at, double value)
{
	if (metrics)
		*cells_at(metrics, &at) = value;
}

void metrics_observe(struct metrics *metrics, struct metric_at at, double value)
{
	const struct bucket_list *list = metrics_buckets(at.metric);
	double *cells;
	size_t i = 0;

	if (!metrics)
		return;
	cells = cells_at(metrics, &at);
	while (i < list->count && value > list->bounds[i])
		i++;
	cells[i]++;
	cells[list->count + 1] += value;
}

void metrics_observe_us(struct metrics *metrics, struct metric_at at, int64_t us)
{
	metrics_observe(metrics, at, (double)us / US_A_SECOND);
}

void metrics_forget(struct metrics *metrics, enum metric metric)
{
	memset(&metrics->touched[metrics->series[metric]], 0,
	       metrics_series_of(metrics, metric) * sizeof *metrics->touched);
}

/* Where the `rank`-th of the counted observations lies, as if they were spread evenly over their bucket. */
static double estimate(const struct bucket_list *list, const uint64_t *counted, double rank)
{
	double below = 0;

	for (size_t i = 0; i < list->count; i++) {
		double from = i ? list->bounds[i - 1] : 0;

		if (below + (double)counted[i] >= rank && counted[i])
			return from + (list->bounds[i] - from) * (rank - below) / (double)counted[i];
		below += (double)counted[i];
	}
	return list->bounds[list->count - 1];
}

uint64_t metrics_since(const struct metrics *metrics, enum metric metric, struct metrics_quantiles *before, double *p50,
		       double *p99)
{
	const struct bucket_list *list = metrics_buckets(metric);
	uint64_t counted[METRICS_BUCKETS_MAX] = {0}, total = 0;

	for (size_t i = 0; i <= list->count; i++) {
		double sum = 0;

		for (size_t series = 0; series < metrics_series_of(metrics, metric); series++)
			sum += metrics->cells[metrics->cell[metric] + series * metrics_cells_of(metric) + i];
		counted[i] = (uint64_t)sum - before->counts[i];
		before->counts[i] = (uint64_t)sum;
		total += counted[i];
	}
	*p50 = total ? estimate(list, counted, 0.5 * (double)total) : 0;
	*p99 = total ? estimate(list, counted, 0.99 * (double)total) : 0;
	return total;
}

const char *metrics_name(enum metric metric)
{
	return metric_rows[metric].name;
}

enum metric_type metrics_type(enum metric metric)
{
	return metric_rows[metric].type;
}
