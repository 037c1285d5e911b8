/* Counting is done as things happen; what is a state (blocks in hand, links) is read when somebody asks. */
#include "worker/worker_metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/http.h"
#include "shared/log.h"
#include "shared/metrics.h"
#include "shared/metrics_process.h"
#include "worker/worker.h"

#define BODY_MAX 1024

struct worker_metrics {
	struct worker *worker;
	struct metrics *metrics;
	struct http_server *server; /* NULL: not configured */
	const char *brokers[CONFIG_BROKERS_MAX];
	double rate_waits[CONFIG_BROKERS_MAX]; /* seen by us, beside those that rate.c counts */
};

_Static_assert(BROKER_ACCEPTED == 0 && BROKER_REJECTED == 1 && BROKER_DUPLICATE == 2 && BROKER_NOT_SENT == 3 &&
		   BROKER_NOT_FOUND == 4 && BROKER_AMBIGUOUS == 5 && BROKER_CONTRADICTION == 6,
	       "the outcomes in metrics_labels.c stand in this order");

enum { LINK_CALLS, LINK_WAKE };
static const char *const links[] = {[LINK_CALLS] = "calls", [LINK_WAKE] = "wake"};

struct worker_metrics *worker_metrics_new(struct worker *worker)
{
	struct worker_metrics *metrics = calloc(1, sizeof *metrics);
	struct metrics_values own[LABEL_COUNT] = {[LABEL_LINK] = {links, sizeof links / sizeof links[0]}};

	if (!metrics)
		abort();
	metrics->worker = worker;
	for (size_t i = 0; i < worker->config->broker_count; i++)
		metrics->brokers[i] = worker->config->brokers[i].name;
	own[LABEL_BROKER] = (struct metrics_values){metrics->brokers, worker->config->broker_count};
	metrics->metrics = metrics_new(METRICS_WORKER, own);
	return metrics;
}

void worker_metrics_free(struct worker_metrics *metrics)
{
	if (!metrics)
		return;
	http_server_free(metrics->server);
	metrics_free(metrics->metrics);
	free(metrics);
}

/* GET /metrics */
static void show_metrics(struct http_request *request, void *arg)
{
	struct worker_metrics *metrics = arg;
	const struct worker *worker = metrics->worker;
	struct evbuffer *text = evbuffer_new();

	if (!text)
		abort();
	metrics_read_process(metrics->metrics);
	metrics_read_link(metrics->metrics, LINK_CALLS, worker->calls);
	metrics_read_link(metrics->metrics, LINK_WAKE, worker->wake);
	metrics_set(metrics->metrics, (struct metric_at){METRIC_IN_HAND, {0}}, (double)worker->in_hand_count);
	for (size_t i = 0; i < worker->config->broker_count; i++)
		metrics_set(metrics->metrics, (struct metric_at){METRIC_RATE_WAITS, {i}},
			    metrics->rate_waits[i] + (double)(worker->rates[i] ? rate_waits(worker->rates[i]) : 0));
	metrics_render(metrics->metrics, text);
	http_answer_buffer(request, 200, METRICS_CONTENT_TYPE, text);
}

/* GET /healthz */
static void show_health(struct http_request *request, void *arg)
{
	(void)arg;
	http_answer_json(request, 200, json_pack("{s:s}", "status", "alive"));
}

static const struct http_route routes[] = {
    {HTTP_GET, "/metrics", HTTP_BODY_NONE, show_metrics, 0},
    {HTTP_GET, "/healthz", HTTP_BODY_NONE, show_health, 0},
    {0},
};

bool worker_metrics_listen(struct worker_metrics *metrics, struct err *err)
{
	const char *address = metrics->worker->config->worker.metrics_listen;
	const struct http_server_options options = {
	    .address = address,
	    .max_body_bytes = BODY_MAX,
	    .routes = routes,
	    .arg = metrics,
	};
	char host[CONFIG_TEXT_SIZE], text[CONFIG_TEXT_SIZE + 16];
	uint16_t port;

	if (!*address)
		return true;
	if (!config_split_address(address, host, &port, err))
		return false;
	metrics->server = http_server_new(metrics->worker->base, &options, err);
	if (!metrics->server)
		return err_context(err, "worker.metrics_listen");
	(void)snprintf(text, sizeof text, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host,
		       http_server_port(metrics->server));
	log_event(LOG_INFO, "metrics_listening", "address", text, NULL);
	return true;
}

void worker_metrics_timed(enum script_id script, int64_t took_us, void *arg)
{
	struct worker *worker = arg;

	metrics_observe_us(worker->metrics->metrics, (struct metric_at){METRIC_SCRIPT_SECONDS, {script}}, took_us);
}

void worker_metrics_sealed(struct worker_metrics *metrics, const char *lane)
{
	metrics_add(metrics->metrics, (struct metric_at){METRIC_WINDOWS_SEALED, {metrics_lane_index(lane)}}, 1);
}

void worker_metrics_orders(const struct block *block, enum order_status status, int64_t count)
{
	const struct metric_at at = {METRIC_ORDERS, {block->lane, status}};

	metrics_add(block->worker->metrics->metrics, at, (double)count);
}

void worker_metrics_claimed(const struct block *block, bool is_lost)
{
	if (is_lost)
		metrics_add(block->worker->metrics->metrics, (struct metric_at){METRIC_LEASES_EXPIRED, {0}}, 1);
	if (strcmp(block->fence, "1") == 0) /* nobody has seen it since it was sealed */
		worker_metrics_orders(block, ORDER_SEALED, block->orders);
}

void worker_metrics_fence_refused(const struct block *block)
{
	metrics_add(block->worker->metrics->metrics, (struct metric_at){METRIC_FENCES_REFUSED, {0}}, 1);
}

void worker_metrics_review(const struct block *block)
{
	metrics_add(block->worker->metrics->metrics, (struct metric_at){METRIC_REVIEWS, {0}}, 1);
}

/* Which of the configured brokers it is. */
static size_t broker_index(const struct block *block)
{
	return (size_t)(block->broker->config - block->worker->config->brokers);
}

void worker_metrics_rate_wait(const struct block *block)
{
	block->worker->metrics->rate_waits[broker_index(block)]++;
}

void worker_metrics_called(const struct slice *slice)
{
	static const enum metrics_call calls[] = {
	    [SLICE_NEEDS_SUBMIT] = CALL_SUBMIT, [SLICE_NEEDS_LOOK_UP] = CALL_LOOK_UP,
	    [SLICE_NEEDS_FOLLOW] = CALL_FOLLOW, [SLICE_NEEDS_CANCEL] = CALL_CANCEL,
	    [SLICE_NEEDS_FILLS] = CALL_FILLS,
	};
	const struct block *block = slice->block;
	struct metrics *metrics = block->worker->metrics->metrics;
	size_t broker = broker_index(block);
	enum metrics_call call = calls[slice->need];

	metrics_add(metrics, (struct metric_at){METRIC_BROKER_CALLS, {broker, call, slice->result.outcome}}, 1);
	metrics_observe_us(metrics, (struct metric_at){METRIC_BROKER_SECONDS, {broker, call}},
			   clock_monotonic_us() - slice->asked_us);
	if (slice->result.outcome == BROKER_NOT_SENT && slice->result.retry_after_ms > 0)
		worker_metrics_rate_wait(block);
}

void worker_metrics_ambiguous(const struct slice *slice)
{
	const struct metric_at at = {METRIC_AMBIGUOUS, {broker_index(slice->block)}};

	metrics_add(slice->block->worker->metrics->metrics, at, 1);
}

void worker_metrics_finished(const struct block *block, const redisReply *reply)
{
	struct metrics *metrics = block->worker->metrics->metrics;
	int64_t submit_ms = reply_int(reply_at(reply, 2), -1), allocated_ms = reply_int(reply_at(reply, 3), -1);

	if (submit_ms >= 0)
		metrics_observe_us(metrics, (struct metric_at){METRIC_DUE_TO_SUBMIT, {block->lane}}, submit_ms * 1000);
	if (allocated_ms >= 0)
		metrics_observe_us(metrics, (struct metric_at){METRIC_DUE_TO_ALLOCATED, {block->lane}},
				   allocated_ms * 1000);
}
