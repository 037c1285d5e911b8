/* Metrics: counters, gauges and histograms of one process, shown as Prometheus text.
 *
 * All of them are rows of one table, METRICS below, with their labels and buckets; the values of a label are a fixed
 * list known at the start. So every series has its place in one array, and counting is an addition: no allocation, no
 * look-up, no lock (each program is one thread). Names follow Prometheus' conventions: base units, `_total` for
 * counters.
 *
 * A counter without labels is always shown, everything else once it has been touched. */
#ifndef MUSTER_METRICS_H
#define MUSTER_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include <event2/buffer.h>

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* Who shows it. */
enum metrics_owner { METRICS_API = 1, METRICS_WORKER = 2, METRICS_BOTH = 3 };

/* What a series can be told apart by. The value of LABEL_ROUTE is "METHOD PATTERN" and becomes two labels. */
enum metric_label {
	LABEL_NONE,
	LABEL_ROUTE,	    /* the program's own list */
	LABEL_CODE,	    /* HTTP statuses, metrics_code_index */
	LABEL_LANE,	    /* metrics_lane_index */
	LABEL_ORDER_STATUS, /* enum order_status */
	LABEL_BLOCK_STATUS, /* enum block_status */
	LABEL_SCRIPT,	    /* enum script_id */
	LABEL_LINK,	    /* the program's own list */
	LABEL_BROKER,	    /* the program's own list: as in the configuration */
	LABEL_CALL,	    /* enum metrics_call */
	LABEL_OUTCOME,	    /* enum broker_outcome of the worker */
	LABEL_VERSION,	    /* one */
	LABEL_COUNT
};

#define METRIC_LABELS_MAX 3

/* Calls to a broker. */
enum metrics_call { CALL_SUBMIT, CALL_LOOK_UP, CALL_FOLLOW, CALL_CANCEL, CALL_FILLS };

/* Bounds of buckets, in the unit of the name. */
enum metric_buckets {
	BUCKETS_NONE,
	BUCKETS_FAST,  /* 0.1 ms to 10 s: calls of our own */
	BUCKETS_SLOW,  /* 1 ms to 60 s: calls to brokers */
	BUCKETS_LONG,  /* 5 ms to 10 min: a window's way */
	BUCKETS_COUNT, /* 1 to 1,000 things */
};

/* X(constant, name, type, owner, label, label, label, buckets, help) */
#define METRICS(X)                                                                                                     \
	X(METRIC_BUILD, "muster_build_info", METRIC_GAUGE, METRICS_BOTH, LABEL_VERSION, 0, 0, BUCKETS_NONE,            \
	  "Always 1; the label says which version runs.")                                                              \
	X(METRIC_HTTP_REQUESTS, "muster_http_requests_total", METRIC_COUNTER, METRICS_API, LABEL_ROUTE, LABEL_CODE, 0, \
	  BUCKETS_NONE, "Answered HTTP requests by route and status code.")                                            \
	X(METRIC_HTTP_SECONDS, "muster_http_request_duration_seconds", METRIC_HISTOGRAM, METRICS_API, LABEL_ROUTE, 0,  \
	  0, BUCKETS_FAST, "Time from a request's last byte to its answer, by route.")                                 \
	X(METRIC_HTTP_OPEN, "muster_http_requests_in_progress", METRIC_GAUGE, METRICS_API, 0, 0, 0, BUCKETS_NONE,      \
	  "Requests whose answer has not wholly left yet.")                                                            \
	X(METRIC_LISTENERS, "muster_events_listeners", METRIC_GAUGE, METRICS_API, 0, 0, 0, BUCKETS_NONE,               \
	  "Clients that listen to server-sent events.")                                                                \
	X(METRIC_ORDERS, "muster_orders_total", METRIC_COUNTER, METRICS_BOTH, LABEL_LANE, LABEL_ORDER_STATUS, 0,       \
	  BUCKETS_NONE, "Orders that this process brought into a status, by lane.")                                    \
	X(METRIC_ORDERS_OPEN, "muster_orders_open", METRIC_GAUGE, METRICS_API, LABEL_ORDER_STATUS, 0, 0, BUCKETS_NONE, \
	  "Orders of the deployment that are not final, by status.")                                                   \
	X(METRIC_ORDERS_ENDED, "muster_orders_ended_total", METRIC_COUNTER, METRICS_API, LABEL_ORDER_STATUS, 0, 0,     \
	  BUCKETS_NONE, "Orders of the deployment that are final, by status, since it began.")                         \
	X(METRIC_WINDOWS_OPEN, "muster_windows_open", METRIC_GAUGE, METRICS_API, 0, 0, 0, BUCKETS_NONE,                \
	  "Windows that are not sealed yet.")                                                                          \
	X(METRIC_WINDOWS_OVERDUE, "muster_windows_overdue", METRIC_GAUGE, METRICS_API, 0, 0, 0, BUCKETS_NONE,          \
	  "Windows whose time has come and that are not sealed.")                                                      \
	X(METRIC_WINDOWS_WORKING, "muster_windows_working", METRIC_GAUGE, METRICS_API, 0, 0, 0, BUCKETS_NONE,          \
	  "Sealed windows whose blocks are not all final.")                                                            \
	X(METRIC_OVERDUE_AGE, "muster_oldest_overdue_window_age_seconds", METRIC_GAUGE, METRICS_API, 0, 0, 0,          \
	  BUCKETS_NONE, "How long ago the oldest window that is not sealed fell due; 0: none.")                        \
	X(METRIC_BLOCKS, "muster_blocks", METRIC_GAUGE, METRICS_API, LABEL_BLOCK_STATUS, 0, 0, BUCKETS_NONE,           \
	  "Blocks of the deployment by status; final ones until they expire.")                                         \
	X(METRIC_WORKERS, "muster_workers", METRIC_GAUGE, METRICS_API, 0, 0, 0, BUCKETS_NONE,                          \
	  "Workers that were seen within the last minute.")                                                            \
	X(METRIC_HALTED, "muster_halted", METRIC_GAUGE, METRICS_API, 0, 0, 0, BUCKETS_NONE,                            \
	  "1 while trading is halted, for all brokers or for one.")                                                    \
	X(METRIC_BATCH_ORDERS, "muster_commit_batch_orders", METRIC_HISTOGRAM, METRICS_API, 0, 0, 0, BUCKETS_COUNT,    \
	  "Orders that one group commit carried to Redis.")                                                            \
	X(METRIC_COMMIT_WAITING, "muster_commit_waiting_orders", METRIC_GAUGE, METRICS_API, 0, 0, 0, BUCKETS_NONE,     \
	  "Orders that wait for a group commit.")                                                                      \
	X(METRIC_SCRIPT_SECONDS, "muster_redis_script_duration_seconds", METRIC_HISTOGRAM, METRICS_BOTH, LABEL_SCRIPT, \
	  0, 0, BUCKETS_FAST, "Time from sending a script call to its reply, by script.")                              \
	X(METRIC_RECONNECTS, "muster_redis_reconnects_total", METRIC_COUNTER, METRICS_BOTH, LABEL_LINK, 0, 0,          \
	  BUCKETS_NONE, "Times a link to Redis came up again.")                                                        \
	X(METRIC_REDIS_UP, "muster_redis_up", METRIC_GAUGE, METRICS_BOTH, LABEL_LINK, 0, 0, BUCKETS_NONE,              \
	  "1 while a link to Redis can be used.")                                                                      \
	X(METRIC_BROKER_CALLS, "muster_broker_calls_total", METRIC_COUNTER, METRICS_WORKER, LABEL_BROKER, LABEL_CALL,  \
	  LABEL_OUTCOME, BUCKETS_NONE, "Calls to brokers by what came of them.")                                       \
	X(METRIC_BROKER_SECONDS, "muster_broker_call_duration_seconds", METRIC_HISTOGRAM, METRICS_WORKER,              \
	  LABEL_BROKER, LABEL_CALL, 0, BUCKETS_SLOW, "Time that calls to brokers took, waiting for a turn included.")  \
	X(METRIC_RATE_WAITS, "muster_broker_rate_limit_waits_total", METRIC_COUNTER, METRICS_WORKER, LABEL_BROKER, 0,  \
	  0, BUCKETS_NONE, "Calls that had to wait for a broker's rate limit, ours or its own (429).")                 \
	X(METRIC_DUE_TO_SUBMIT, "muster_due_to_first_submit_seconds", METRIC_HISTOGRAM, METRICS_WORKER, LABEL_LANE, 0, \
	  0, BUCKETS_LONG, "Time from a window's due time to the first submit of each of its blocks, by lane.")        \
	X(METRIC_DUE_TO_ALLOCATED, "muster_due_to_allocated_seconds", METRIC_HISTOGRAM, METRICS_WORKER, LABEL_LANE, 0, \
	  0, BUCKETS_LONG, "Time from a window's due time to the end of the allocation of each block, by lane.")       \
	X(METRIC_WINDOWS_SEALED, "muster_windows_sealed_total", METRIC_COUNTER, METRICS_WORKER, LABEL_LANE, 0, 0,      \
	  BUCKETS_NONE, "Windows that this worker sealed, by lane.")                                                   \
	X(METRIC_IN_HAND, "muster_worker_blocks_in_hand", METRIC_GAUGE, METRICS_WORKER, 0, 0, 0, BUCKETS_NONE,         \
	  "Blocks that this worker drives now.")                                                                       \
	X(METRIC_LEASES_EXPIRED, "muster_leases_expired_total", METRIC_COUNTER, METRICS_WORKER, 0, 0, 0, BUCKETS_NONE, \
	  "Blocks that this worker took over because their lease had run out.")                                        \
	X(METRIC_FENCES_REFUSED, "muster_fences_refused_total", METRIC_COUNTER, METRICS_WORKER, 0, 0, 0, BUCKETS_NONE, \
	  "Writes of this worker that were refused because the block had been claimed again.")                         \
	X(METRIC_AMBIGUOUS, "muster_slices_ambiguous_total", METRIC_COUNTER, METRICS_WORKER, LABEL_BROKER, 0, 0,       \
	  BUCKETS_NONE, "Slices that became ambiguous: they may or may not be at the broker.")                         \
	X(METRIC_REVIEWS, "muster_blocks_needs_review_total", METRIC_COUNTER, METRICS_WORKER, 0, 0, 0, BUCKETS_NONE,   \
	  "Blocks that this worker set aside for a person.")                                                           \
	X(METRIC_CPU, "process_cpu_seconds_total", METRIC_COUNTER, METRICS_BOTH, 0, 0, 0, BUCKETS_NONE,                \
	  "Processor time of this process, user and system.")                                                          \
	X(METRIC_MEMORY, "process_resident_memory_bytes", METRIC_GAUGE, METRICS_BOTH, 0, 0, 0, BUCKETS_NONE,           \
	  "Resident memory of this process.")                                                                          \
	X(METRIC_FDS, "process_open_fds", METRIC_GAUGE, METRICS_BOTH, 0, 0, 0, BUCKETS_NONE,                           \
	  "Open file descriptors of this process.")                                                                    \
	X(METRIC_FDS_MAX, "process_max_fds", METRIC_GAUGE, METRICS_BOTH, 0, 0, 0, BUCKETS_NONE,                        \
	  "The most file descriptors that this process may open.")                                                     \
	X(METRIC_STARTED, "process_start_time_seconds", METRIC_GAUGE, METRICS_BOTH, 0, 0, 0, BUCKETS_NONE,             \
	  "When this process started, in seconds since 1970.")

enum metric {
#define X(constant, name, type, owner, l1, l2, l3, buckets, help) constant,
	METRICS(X)
#undef X
	    METRIC_COUNT
};

/* One series: the metric, and for each of its labels which value. */
struct metric_at {
	enum metric metric;
	size_t label[METRIC_LABELS_MAX];
};

/* Label values that only the program knows; borrowed for the life of the metrics. */
struct metrics_values {
	const char *const *texts;
	size_t count;
};

struct metrics;

/* `own` has LABEL_COUNT rows; those without texts are the built-in lists. Never NULL. */
struct metrics *metrics_new(enum metrics_owner owner, const struct metrics_values *own);
void metrics_free(struct metrics *metrics);

/* A counter grows by `n`. In all of these NULL metrics count nothing: for parts that are tested alone. */
void metrics_add(struct metrics *metrics, struct metric_at at, double n);

/* A gauge, or a counter that is kept elsewhere. */
void metrics_set(struct metrics *metrics, struct metric_at at, double value);

/* One observation of a histogram, in the unit of its name. */
void metrics_observe(struct metrics *metrics, struct metric_at at, double value);
void metrics_observe_us(struct metrics *metrics, struct metric_at at, int64_t us);

/* Lets the series of a metric vanish until they are touched again: what cannot be known now must not look like zero. */
void metrics_forget(struct metrics *metrics, enum metric metric);

/* Appends everything that the owner shows, as text of version 0.0.4. */
void metrics_render(const struct metrics *metrics, struct evbuffer *out);
#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Of a histogram, all its series together: how many observations there were, and an estimate of the `p`-th part (0.5:
 * the median) of those since `before`, whose counts are updated. 0 where there was none. */
#define METRICS_BUCKETS_MAX 20
struct metrics_quantiles {
	uint64_t counts[METRICS_BUCKETS_MAX];
};
uint64_t metrics_since(const struct metrics *metrics, enum metric metric, struct metrics_quantiles *before, double *p50,
		       double *p99);

/* The place of a value in the built-in lists. */
size_t metrics_code_index(int status);
size_t metrics_lane_index(const char *lane);

/* Rows of the table, for tests. */
const char *metrics_name(enum metric metric);
enum metric_type metrics_type(enum metric metric);

#endif
