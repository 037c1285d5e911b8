/* What the kernel knows of this process, under the names that Prometheus' own clients use. */
#ifndef MUSTER_METRICS_PROCESS_H
#define MUSTER_METRICS_PROCESS_H

#include "shared/metrics.h"
#include "shared/redis_link.h"

/* Reads it anew. */
void metrics_read_process(struct metrics *metrics);

/* How a link to Redis is, `index` being its place in the program's list of LABEL_LINK. */
void metrics_read_link(struct metrics *metrics, size_t index, const struct redis_link *link);

#endif
