/* What metrics.c (counting), metrics_labels.c (the built-in values) and metrics_text.c (showing) share; nobody else
 * includes this. */
#ifndef MUSTER_METRICS_PRIVATE_H
#define MUSTER_METRICS_PRIVATE_H

#include <stdbool.h>

#include "shared/metrics.h"

struct metric_row {
	const char *name;
	const char *help;
	enum metric_type type;
	enum metrics_owner owner;
	enum metric_label labels[METRIC_LABELS_MAX];
	enum metric_buckets buckets;
};
extern const struct metric_row metric_rows[METRIC_COUNT];

struct bucket_list {
	const double *bounds;
	size_t count;
};

struct metrics {
	enum metrics_owner owner;
	struct metrics_values values[LABEL_COUNT];
	size_t cell[METRIC_COUNT];   /* of the first series of each */
	size_t series[METRIC_COUNT]; /* number of the first series of each */
	double *cells;
	bool *touched; /* by number of the series */
};

const struct bucket_list *metrics_buckets(enum metric metric);
size_t metrics_series_of(const struct metrics *metrics, enum metric metric);
size_t metrics_cells_of(enum metric metric); /* of each series */

/* The values of a label that every program knows; none for the program's own. */
struct metrics_values metrics_built_in(enum metric_label label);

#endif
