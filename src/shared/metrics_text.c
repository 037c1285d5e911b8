/* Prometheus' text format, version 0.0.4: a HELP and a TYPE line for each family, then its series. */
#include "shared/metrics_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_SIZE 40
#define LABELS_SIZE 512

static const char *const type_words[] = {
    [METRIC_COUNTER] = "counter",
    [METRIC_GAUGE] = "gauge",
    [METRIC_HISTOGRAM] = "histogram",
};
static const char *const label_words[] = {
    [LABEL_CODE] = "code",	     [LABEL_LANE] = "lane",	[LABEL_ORDER_STATUS] = "status",
    [LABEL_BLOCK_STATUS] = "status", [LABEL_SCRIPT] = "script", [LABEL_LINK] = "link",
    [LABEL_BROKER] = "broker",	     [LABEL_CALL] = "call",	[LABEL_OUTCOME] = "outcome",
    [LABEL_VERSION] = "version",
};

/* Whole numbers as such, all others with as many digits as a reader can use. */
static const char *number_text(double value, char *text)
{
	if (value == floor(value) && fabs(value) < 1e15)
		(void)snprintf(text, NUMBER_SIZE, "%.0f", value);
	else
		(void)snprintf(text, NUMBER_SIZE, "%.9g", value);
	return text;
}

/* The labels of a series, separated by commas and without braces. */
static void labels_text(const struct metrics *metrics, enum metric metric, size_t series, char *text)
{
	const enum metric_label *labels = metric_rows[metric].labels;
	size_t place[METRIC_LABELS_MAX] = {0}, count = 0, length = 0;

	while (count < METRIC_LABELS_MAX && labels[count])
		count++;
	for (size_t i = count; i-- > 0;) {
		place[i] = series % metrics->values[labels[i]].count;
		series /= metrics->values[labels[i]].count;
	}
	text[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		const char *value = metrics->values[labels[i]].texts[place[i]];
		const char *comma = length ? "," : "", *space = strchr(value, ' ');

		if (labels[i] == LABEL_ROUTE && space)
			length +=
			    (size_t)snprintf(text + length, LABELS_SIZE - length, "%smethod=\"%.*s\",route=\"%s\"",
					     comma, (int)(space - value), value, space + 1);
		else
			length += (size_t)snprintf(text + length, LABELS_SIZE - length, "%s%s=\"%s\"", comma,
						   label_words[labels[i]], value);
	}
}

/* One series of a histogram. Its counts are kept apart for each bucket and shown summed up. */
static void render_histogram(enum metric metric, const double *cells, const char *labels, struct evbuffer *out)
{
	const struct bucket_list *list = metrics_buckets(metric);
	const char *name = metric_rows[metric].name, *comma = *labels ? "," : "";
	const char *open = *labels ? "{" : "", *close = *labels ? "}" : "";
	char bound[NUMBER_SIZE], value[NUMBER_SIZE];
	double sum = 0;

	for (size_t i = 0; i <= list->count; i++) {
		sum += cells[i];
		evbuffer_add_printf(out, "%s_bucket{%s%sle=\"%s\"} %s\n", name, labels, comma,
				    i < list->count ? number_text(list->bounds[i], bound) : "+Inf",
				    number_text(sum, value));
	}
	evbuffer_add_printf(out, "%s_sum%s%s%s %s\n", name, open, labels, close,
			    number_text(cells[list->count + 1], value));
	evbuffer_add_printf(out, "%s_count%s%s%s %s\n", name, open, labels, close, number_text(sum, value));
}

/* All series of one metric that are to be shown. */
static void render_metric(const struct metrics *metrics, enum metric metric, struct evbuffer *out)
{
	const struct metric_row *row = &metric_rows[metric];
	bool is_begun = false, is_always = !row->labels[0] && row->type == METRIC_COUNTER;
	char labels[LABELS_SIZE], value[NUMBER_SIZE];

	for (size_t series = 0; series < metrics_series_of(metrics, metric); series++) {
		const double *cells = &metrics->cells[metrics->cell[metric] + series * metrics_cells_of(metric)];

		if (!metrics->touched[metrics->series[metric] + series] && !is_always)
			continue;
		if (!is_begun)
			evbuffer_add_printf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
					    type_words[row->type]);
		is_begun = true;
		labels_text(metrics, metric, series, labels);
		if (row->type == METRIC_HISTOGRAM)
			render_histogram(metric, cells, labels, out);
		else
			evbuffer_add_printf(out, "%s%s%s%s %s\n", row->name, *labels ? "{" : "", labels,
					    *labels ? "}" : "", number_text(*cells, value));
	}
}

void metrics_render(const struct metrics *metrics, struct evbuffer *out)
{
	for (enum metric metric = 0; metric < METRIC_COUNT; metric++)
		if (metric_rows[metric].owner & metrics->owner)
			render_metric(metrics, metric, out);
}
