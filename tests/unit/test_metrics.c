/* The registry and its text, and that alert rules and dashboard name nothing that is not in the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/clock.h"
#include "shared/metrics.h"
#include "shared/status.h"
#include "tests/support/source_folder.h"

static const char *const routes[] = {"GET /orders/{order_id}", "POST /x"};
static const char *const brokers[] = {"paper"};
static const char *const links[] = {"read"};

static struct metrics *make(enum metrics_owner owner)
{
	struct metrics_values own[LABEL_COUNT] = {
	    [LABEL_ROUTE] = {routes, 2}, [LABEL_BROKER] = {brokers, 1}, [LABEL_LINK] = {links, 1}};

	return metrics_new(owner, own);
}

/* The text; to be freed. */
static char *render(const struct metrics *metrics)
{
	struct evbuffer *buffer = evbuffer_new();
	char *text;

	metrics_render(metrics, buffer);
	text = calloc(1, evbuffer_get_length(buffer) + 1);
	assert_non_null(text);
	(void)evbuffer_remove(buffer, text, evbuffer_get_length(buffer));
	evbuffer_free(buffer);
	return text;
}

static void assert_has(const struct metrics *metrics, const char *line)
{
	char *text = render(metrics);

	if (!strstr(text, line))
		fail_msg("no line %s in\n%s", line, text);
	free(text);
}

static void assert_lacks(const struct metrics *metrics, const char *line)
{
	char *text = render(metrics);

	if (strstr(text, line))
		fail_msg("there is a line %s in\n%s", line, text);
	free(text);
}

static void each_series_is_counted_by_itself(void **state)
{
	struct metrics *metrics = make(METRICS_API);
	const size_t ok = metrics_code_index(200), odd = metrics_code_index(299);

	(void)state;
	metrics_add(metrics, (struct metric_at){METRIC_HTTP_REQUESTS, {0, ok}}, 1);
	metrics_add(metrics, (struct metric_at){METRIC_HTTP_REQUESTS, {0, ok}}, 2);
	metrics_add(metrics, (struct metric_at){METRIC_HTTP_REQUESTS, {1, odd}}, 1);
	assert_has(metrics, "\n# TYPE muster_http_requests_total counter\n");
	assert_has(metrics,
		   "\nmuster_http_requests_total{method=\"GET\",route=\"/orders/{order_id}\",code=\"200\"} 3\n");
	assert_has(metrics, "\nmuster_http_requests_total{method=\"POST\",route=\"/x\",code=\"other\"} 1\n");
	assert_lacks(metrics, "code=\"503\"");
	assert_lacks(metrics, "muster_leases_expired_total"); /* a worker's */
	metrics_free(metrics);
}

static void counters_without_labels_begin_at_zero(void **state)
{
	struct metrics *metrics = make(METRICS_WORKER);

	(void)state;
	assert_has(metrics, "\nmuster_leases_expired_total 0\n");
	assert_has(metrics, "\nmuster_blocks_needs_review_total 0\n");
	assert_lacks(metrics, "muster_http");
	metrics_free(metrics);
}

static void what_is_forgotten_is_not_shown_as_zero(void **state)
{
	struct metrics *metrics = make(METRICS_API);

	(void)state;
	metrics_set(metrics, (struct metric_at){METRIC_BLOCKS, {BLOCK_NEEDS_REVIEW}}, 3);
	metrics_set(metrics, (struct metric_at){METRIC_OVERDUE_AGE, {0}}, 1.5);
	assert_has(metrics, "\nmuster_blocks{status=\"needs_review\"} 3\n");
	assert_has(metrics, "\nmuster_oldest_overdue_window_age_seconds 1.5\n");
	metrics_forget(metrics, METRIC_BLOCKS);
	assert_lacks(metrics, "muster_blocks");
	metrics_free(metrics);
}

static void a_histogram_sums_its_buckets_up(void **state)
{
	struct metrics *metrics = make(METRICS_WORKER);
	const struct metric_at at = {METRIC_BROKER_SECONDS, {0, CALL_SUBMIT}};

	(void)state;
	metrics_observe_us(metrics, at, 1000); /* on a bound: in its bucket */
	metrics_observe_us(metrics, at, 1001);
	metrics_observe_us(metrics, at, 61000000);
	assert_has(metrics,
		   "\nmuster_broker_call_duration_seconds_bucket{broker=\"paper\",call=\"submit\",le=\"0.001\"} 1\n");
	assert_has(metrics,
		   "\nmuster_broker_call_duration_seconds_bucket{broker=\"paper\",call=\"submit\",le=\"0.005\"} 2\n");
	assert_has(metrics,
		   "\nmuster_broker_call_duration_seconds_bucket{broker=\"paper\",call=\"submit\",le=\"60\"} 2\n");
	assert_has(metrics,
		   "\nmuster_broker_call_duration_seconds_bucket{broker=\"paper\",call=\"submit\",le=\"+Inf\"} 3\n");
	assert_has(metrics, "\nmuster_broker_call_duration_seconds_sum{broker=\"paper\",call=\"submit\"} 61.002001\n");
	assert_has(metrics, "\nmuster_broker_call_duration_seconds_count{broker=\"paper\",call=\"submit\"} 3\n");
	metrics_free(metrics);
}

static void quantiles_are_of_what_came_since(void **state)
{
	struct metrics *metrics = make(METRICS_API);
	struct metrics_quantiles before = {{0}};
	double p50, p99;

	(void)state;
	assert_int_equal(metrics_since(metrics, METRIC_HTTP_SECONDS, &before, &p50, &p99), 0);
	assert_true(p50 == 0 && p99 == 0);
	for (int i = 0; i < 98; i++)
		metrics_observe(metrics, (struct metric_at){METRIC_HTTP_SECONDS, {(size_t)i % 2}}, 0.0002);
	metrics_observe(metrics, (struct metric_at){METRIC_HTTP_SECONDS, {0}}, 0.4);
	metrics_observe(metrics, (struct metric_at){METRIC_HTTP_SECONDS, {0}}, 99);
	assert_int_equal(metrics_since(metrics, METRIC_HTTP_SECONDS, &before, &p50, &p99), 100);
	assert_true(p50 > 0.0001 && p50 <= 0.00025);
	assert_true(p99 > 0.25 && p99 <= 0.5);
	assert_int_equal(metrics_since(metrics, METRIC_HTTP_SECONDS, &before, &p50, &p99), 0);
	metrics_free(metrics);
}

/* The kernel's tick would drown single additions: a million of them, and very generously. */
static void counting_costs_nanoseconds(void **state)
{
	struct metrics *metrics = make(METRICS_API);
	struct timespec from, to;
	const int n = 1000000;

	(void)state;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (int i = 0; i < n; i++)
		metrics_observe_us(metrics, (struct metric_at){METRIC_HTTP_SECONDS, {(size_t)i % 2}}, i % 2000);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	print_message("%.1f ns an observation\n",
		      ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / n);
	assert_has(metrics, "route=\"/x\"} 500000\n");
	metrics_free(metrics);
}

/* Whether the name, without what a histogram adds, is in the table. */
static bool is_known(const char *name, size_t length)
{
	static const char *const endings[] = {"", "_bucket", "_sum", "_count"};

	for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
		const char *known = metrics_name(metric);
		size_t kinds = metrics_type(metric) == METRIC_HISTOGRAM ? 4 : 1;

		for (size_t i = 0; i < kinds; i++)
			if (strlen(known) + strlen(endings[i]) == length && memcmp(known, name, strlen(known)) == 0 &&
			    memcmp(name + strlen(known), endings[i], strlen(endings[i])) == 0)
				return true;
	}
	return false;
}

/* Every word that begins like a metric of ours. */
static size_t check_names(const char *path)
{
	char *text = source_read(path);
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, "muster_")); count++) {
		size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz_0123456789");

		if (!is_known(at, length))
			fail_msg("%s: %.*s is no metric", path, (int)length, at);
		at += length;
	}
	free(text);
	return count;
}

static void alerts_and_dashboard_name_only_what_there_is(void **state)
{
	(void)state;
	assert_true(check_names("conf/prometheus/alerts.yml") > 10);
	assert_true(check_names("conf/grafana/muster.json") > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_series_is_counted_by_itself),
	    cmocka_unit_test(counters_without_labels_begin_at_zero),
	    cmocka_unit_test(what_is_forgotten_is_not_shown_as_zero),
	    cmocka_unit_test(a_histogram_sums_its_buckets_up),
	    cmocka_unit_test(quantiles_are_of_what_came_since),
	    cmocka_unit_test(counting_costs_nanoseconds),
	    cmocka_unit_test(alerts_and_dashboard_name_only_what_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
