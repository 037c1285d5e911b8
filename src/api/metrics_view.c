/* Requests are counted as they are answered; states are read when somebody asks. */
#include "api/metrics_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/app.h"
#include "api/commit.h"
#include "api/events.h"
#include "api/glance.h"
#include "api/read_answer.h"
#include "api/routes.h"
#include "shared/metrics_process.h"
#include "shared/status.h"

#define ROUTES_MAX 64
#define ROUTE_SIZE 96

enum { LINK_COMMIT, LINK_READ, LINK_DONE, LINK_CHANGES, LINK_KINDS };
static const char *const links[LINK_KINDS] = {"commit", "read", "done", "changes"};
static const char *const methods[] = {
    [HTTP_GET] = "GET", [HTTP_POST] = "POST", [HTTP_PUT] = "PUT", [HTTP_DELETE] = "DELETE"};

/* The label values must outlive the metrics. They are made from the table of routes, which never changes. */
static const char *const *route_labels(size_t *count)
{
	static char texts[ROUTES_MAX][ROUTE_SIZE];
	static const char *labels[ROUTES_MAX];
	const struct http_route *rows = routes();
	size_t i = 0;

	for (; rows[i].pattern && i < ROUTES_MAX - 1; i++) {
		(void)snprintf(texts[i], ROUTE_SIZE, "%s %s", methods[rows[i].method], rows[i].pattern);
		labels[i] = texts[i];
	}
	labels[i] = "other none"; /* what fits no route */
	*count = i + 1;
	return labels;
}

struct metrics *metrics_view_new(void)
{
	struct metrics_values own[LABEL_COUNT] = {[LABEL_LINK] = {links, LINK_KINDS}};

	own[LABEL_ROUTE].texts = route_labels(&own[LABEL_ROUTE].count);
	return metrics_new(METRICS_API, own);
}

/* The number of the row; one behind the last where there was none. */
static size_t route_index(const struct http_route *row)
{
	size_t count = 0;

	if (row)
		return (size_t)(row - routes());
	while (routes()[count].pattern)
		count++;
	return count;
}

void metrics_view_answered(struct app *app, const struct http_request *request, int status, int64_t took_us)
{
	size_t route = route_index(http_route_of(request));

	metrics_add(app->metrics, (struct metric_at){METRIC_HTTP_REQUESTS, {route, metrics_code_index(status)}}, 1);
	metrics_observe_us(app->metrics, (struct metric_at){METRIC_HTTP_SECONDS, {route}}, took_us);
}

void metrics_view_timed(enum script_id script, int64_t took_us, void *arg)
{
	struct app *app = arg;

	metrics_observe_us(app->metrics, (struct metric_at){METRIC_SCRIPT_SECONDS, {script}}, took_us);
}

/* What is so now in this process. */
static void read_process(struct app *app)
{
	struct metrics *metrics = app->metrics;

	metrics_read_process(metrics);
	metrics_read_link(metrics, LINK_COMMIT, app->write);
	metrics_read_link(metrics, LINK_READ, app->read);
	metrics_read_link(metrics, LINK_DONE, app->done);
	metrics_read_link(metrics, LINK_CHANGES, app->changes);
	metrics_set(metrics, (struct metric_at){METRIC_HTTP_OPEN, {0}}, (double)http_server_requests(app->server));
	metrics_set(metrics, (struct metric_at){METRIC_COMMIT_WAITING, {0}}, (double)commit_waiting(app->commit));
	metrics_set(metrics, (struct metric_at){METRIC_LISTENERS, {0}}, (double)events_listeners(app->events));
}

static double number_in(const json_t *status, const char *field)
{
	return (double)json_integer_value(json_object_get(status, field));
}

/* How many orders and blocks have each status. */
static void read_counts(struct metrics *metrics, const json_t *status)
{
	for (enum order_status i = 0; i < ORDER_STATUS_COUNT; i++) {
		bool is_final = order_status_is_final(i);
		const struct metric_at at = {is_final ? METRIC_ORDERS_ENDED : METRIC_ORDERS_OPEN, {i}};

		metrics_set(metrics, at, number_in(json_object_get(status, "orders"), order_status_word(i)));
	}
	for (enum block_status i = 0; i < BLOCK_STATUS_COUNT; i++)
		metrics_set(metrics, (struct metric_at){METRIC_BLOCKS, {i}},
			    number_in(json_object_get(status, "blocks"), block_status_word(i)));
}

/* What the deployment's state is, or that it cannot be known. */
static void read_status(struct metrics *metrics, const json_t *status)
{
	static const struct {
		enum metric metric;
		const char *field;
	} numbers[] = {
	    {METRIC_WINDOWS_OPEN, "windows_open"},
	    {METRIC_WINDOWS_OVERDUE, "windows_overdue"},
	    {METRIC_WINDOWS_WORKING, "windows_working"},
	    {METRIC_OVERDUE_AGE, "oldest_overdue_window_s"},
	};
	static const enum metric others[] = {METRIC_ORDERS_OPEN, METRIC_ORDERS_ENDED, METRIC_BLOCKS, METRIC_WORKERS,
					     METRIC_HALTED};

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		metrics_forget(metrics, others[i]);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		metrics_forget(metrics, numbers[i].metric);
		if (status)
			metrics_set(metrics, (struct metric_at){numbers[i].metric, {0}},
				    number_in(status, numbers[i].field));
	}
	if (!status)
		return;
	read_counts(metrics, status);
	metrics_set(metrics, (struct metric_at){METRIC_WORKERS, {0}},
		    (double)json_array_size(json_object_get(status, "workers")));
	metrics_set(metrics, (struct metric_at){METRIC_HALTED, {0}}, json_is_true(json_object_get(status, "halted")));
}

/* Without a status muster_redis_up tells why. */
static void on_glance(json_t *status, const struct err *err, void *arg)
{
	struct http_request *request = arg;
	struct app *app = http_arg(request);
	struct evbuffer *text = evbuffer_new();

	if (!text)
		abort();
	if (app->is_ending) {
		evbuffer_free(text);
		read_answer_error(request, err);
		return;
	}
	read_status(app->metrics, status);
	read_process(app);
	metrics_render(app->metrics, text);
	http_answer_buffer(request, 200, METRICS_CONTENT_TYPE, text);
}

void metrics_view_get(struct http_request *request, void *arg)
{
	struct app *app = arg;

	glance_get(app->glance, on_glance, request);
}
