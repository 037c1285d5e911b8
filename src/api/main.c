/* muster-api: the HTTP side of Muster. Starts the parts, ties them together, drains them on SIGTERM. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/access.h"
#include "api/app.h"
#include "api/calendar_view.h"
#include "api/commit.h"
#include "api/events.h"
#include "api/glance.h"
#include "api/halt_view.h"
#include "api/health.h"
#include "api/metrics_view.h"
#include "api/redis_time.h"
#include "api/request_log.h"
#include "api/routes.h"
#include "api/stock_table.h"
#include "api/token_file.h"
#include "api/waiter.h"
#include "shared/clock.h"
#include "shared/ids.h"
#include "shared/log.h"

#define DEPLOYMENT_ID_LENGTH 6
#define DRAIN_MOST_S	     10
#define DESCRIPTORS_SPARE    64
#define DOOR_LOOK_MS	     5
#define DOOR_LOOKS_MOST	     200
#define DRAIN_GRACE_S	     2 /* then what waits for orders to end is answered as it is */

/* Redis has told the deployment's id: the one made here, if there was none. */
static void on_deployment(const redisReply *reply, const struct err *err, void *arg)
{
	struct app *app = arg;
	if (err) {
		log_event(LOG_WARN, "deployment_unknown", "reason", err->message, NULL);
		return;
	}
	snprintf(app->deployment, sizeof app->deployment, "%s", reply_text(reply_at(reply, 0)));
	log_event(LOG_INFO, "deployment", "id", app->deployment, NULL);
	redis_link_recheck(app->write); /* it has a name now, which is to be remembered */
}

/* Names the deployment, if nobody has done so yet; not a Redis that may be the wrong one. */
static void name_deployment(struct redis_link *link, void *arg)
{
	const struct app *app = arg;
	char id[QUEUE_ID_LENGTH + 1];
	struct script_args *args;
	if (redis_generation_is_lost(app->generation, NULL))
		return;
	args = script_args_new();
	ids_queue_id_random(id);
	script_args_add_bytes(args, id, DEPLOYMENT_ID_LENGTH);
	redis_link_script(link, SCRIPT_OPEN, args, on_deployment, arg);
	script_args_free(args);
}

/* A Redis that may lose orders is refused at the start; later, orders are refused until it is mended. */
static void on_write_down(struct redis_link *link, const struct err *why, void *arg)
{
	struct app *app = arg;
	if (app->deployment[0] || !redis_link_is_unfit(link))
		return;
	log_event(LOG_ERROR, "start_refused", "reason", why->message, "option", "redis.durability", NULL);
	program_stop(app->program, 1);
}

/* What is halted when we begin: who starts a program should see it. */
static void on_halts(const redisReply *reply, const struct err *err, void *arg)
{
	char sentence[640];
	json_t *views = err ? NULL : halt_views(reply);
	(void)arg;
	if (json_array_size(views) > 0)
		log_event(LOG_WARN, "trading_is_halted", "detail",
			  halt_views_sentence(views, sentence, sizeof sentence), NULL);
	json_decref(views);
}

/* Redis's clock, by which calendars are judged. */
static void on_time(const redisReply *reply, const struct err *err, void *arg)
{
	struct app *app = arg;
	if (!err)
		calendar_warn(program_calendars(app->program), reply_int(reply_at(reply, 0), 0) * 1000);
}

/* The read link is there again: whatever was missed meanwhile. */
static void on_read_up(struct redis_link *link, void *arg)
{
	const char *time[] = {"TIME"};
	struct app *app = arg;
	stock_table_load(app->stocks);
	redis_time_ask(app->time);
	redis_link_command(link, 1, time, on_time, app);
	halt_views_load(app, on_halts, app);
}

/* Reference data has changed, or may have while nobody listened. */
static void on_changes_up(struct redis_link *link, void *arg)
{
	struct app *app = arg;
	(void)link;
	if (redis_link_is_up(app->read))
		stock_table_load(app->stocks);
}

static void on_change(struct redis_link *link, const char *channel, const char *text, void *arg)
{
	struct app *app = arg;
	(void)channel;
	if (strcmp(text, "halt") == 0)
		redis_link_recheck(app->write);
	else
		on_changes_up(link, arg);
}

/* A block or window has ended. */
static void on_done(struct redis_link *link, const char *channel, const char *text, void *arg)
{
	struct app *app = arg;
	(void)link, (void)channel;
	waiters_tell(app->waiters, text);
}

static const struct redis_link_hooks write_hooks = {
    .up = name_deployment, .down = on_write_down, .history = name_deployment, .timed = metrics_view_timed};
static const struct redis_link_hooks read_hooks = {.up = on_read_up, .timed = metrics_view_timed};
static const struct redis_link_hooks done_hooks = {.message = on_done};
static const struct redis_link_hooks changes_hooks = {.up = on_changes_up, .message = on_change};

/* The door: before any handler. */
static bool on_request(struct http_request *request, void *app)
{
	request_log_begin(request);
	if (!access_check(request, app))
		return false;
	request_log_let_in(request);
	return true;
}

/* An answer begins to leave. */
static void on_answered(const struct http_request *request, int status, void *app)
{
	int64_t took_us = clock_monotonic_us() - http_started_us(request);

	metrics_view_answered(app, request, status, took_us);
	request_log_answered(app, request, status, took_us);
}

/* Every answer has left. */
static void on_drained(void *arg)
{
	struct app *app = arg;
	program_stop(app->program, 0);
}

/* The configuration's limits, as the server wants them. */
static struct http_limits limits_of(const struct config *config)
{
	return (struct http_limits){
	    .max_uri_bytes = (size_t)config->api.max_uri_bytes,
	    .max_header_bytes = (size_t)config->api.max_header_bytes,
	    .max_bodies_bytes = (size_t)config->api.max_bodies_bytes,
	    .max_connections = (size_t)config->api.max_connections,
	    .max_address_connections = (size_t)config->api.max_connections_per_address,
	    .request_s = (uint32_t)config->api.request_timeout_s,
	    .idle_s = (uint32_t)config->api.idle_timeout_s,
	    .answer_s = (uint32_t)config->api.answer_timeout_s,
	};
}

/* As many descriptors as connections may be, and some for the rest; the system may allow fewer. */
static void allow_descriptors(const struct config *config)
{
	struct rlimit limit;
	rlim_t wanted = (rlim_t)config->api.max_connections + DESCRIPTORS_SPARE;
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur < wanted)
		log_event(LOG_WARN, "few_descriptors", "wanted", log_int((long long)wanted), "allowed",
			  log_int((long long)limit.rlim_cur), "option", "api.max_connections", NULL);
}

/* Takes the address, so that a wrong one is told at once. It begins to listen later. */
static bool server_start(struct app *app, struct err *err)
{
	const struct http_server_options options = {
	    .address = app->config->api.listen,
	    .max_body_bytes = (size_t)app->config->api.max_body_bytes,
	    .limits = limits_of(app->config),
	    .routes = routes(),
	    .tls_cert = app->config->api.tls_cert[0] ? app->config->api.tls_cert : NULL,
	    .tls_key = app->config->api.tls_key,
	    .share_port = true,
	    .is_shut = true,
	    .before = on_request,
	    .answered = on_answered,
	    .drained = on_drained,
	    .note_size = sizeof(struct request_note),
	    .arg = app,
	};
	app->server = http_server_new(app->base, &options, err);
	return app->server != NULL;
}

/* Listens, and says where. */
static bool server_open(struct app *app, struct err *err)
{
	char host[CONFIG_TEXT_SIZE], address[CONFIG_TEXT_SIZE + 16];
	uint16_t port;
	if (!config_split_address(app->config->api.listen, host, &port, err) || !http_server_open(app->server, err))
		return false;
	snprintf(address, sizeof address, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, http_server_port(app->server));
	log_event(LOG_INFO, "listening", "address", address, "tls", app->config->api.tls_cert[0] ? "on" : "off", NULL);
	return true;
}

/* Opens the server as soon as an order would be accepted: until then one that shares the address serves better. Where
 * that takes long it opens all the same, to say why it cannot accept. */
static void on_door(evutil_socket_t fd, short what, void *arg)
{
	struct app *app = arg;
	struct err err;
	(void)fd, (void)what;
	if (app->is_draining || (!health_is_ready(app) && ++app->door_looks < DOOR_LOOKS_MOST))
		return;
	event_free(app->door);
	app->door = NULL;
	if (server_open(app, &err))
		return;
	log_event(LOG_ERROR, "start_failed", "code", err_word(err.code), "reason", err.message, NULL);
	program_stop(app->program, 1);
}

/* Frees whatever is there. The links go first: what waits for them is answered with their end. */
static void app_free(struct app *app)
{
	app->is_ending = true;
	events_free(app->events);
	redis_link_free(app->changes);
	redis_link_free(app->done);
	redis_link_free(app->write);
	redis_link_free(app->read);
	redis_generation_free(app->generation);
	commit_free(app->commit);
	waiters_free(app->waiters);
	redis_time_free(app->time);
	stock_table_free(app->stocks);
	glance_free(app->glance);
	http_server_free(app->server);
	access_free(app->access);
	if (app->door)
		event_free(app->door);
	metrics_free(app->metrics);
	if (app->drain_step)
		event_free(app->drain_step);
	free(app);
}

/* What Redis is held against; a halt will name this process. */
static struct redis_generation *generation_new(const struct app *app)
{
	char host[128] = "unknown", by[192];
	if (gethostname(host, sizeof host - 1) != 0)
		snprintf(host, sizeof host, "unknown");
	snprintf(by, sizeof by, "muster-api %s:%ld", host, (long)getpid());
	return redis_generation_new(by, app->config->orders.retention_s * 1000);
}

/* Makes every part. */
static bool start(struct program *program, struct err *err)
{
	struct app *app = calloc(1, sizeof *app);
	if (!app)
		abort();
	app->program = program;
	app->base = program_base(program);
	app->config = program_config(program);
	allow_descriptors(app->config);
	app->metrics = metrics_view_new();
	if (!access_load(app, err) || !server_start(app, err)) {
		app_free(app);
		return false;
	}
	app->generation = generation_new(app);
	app->write = redis_link_new(app->base, app->config, "commit", NULL, &write_hooks, app);
	redis_link_guard(app->write, app->generation);
	app->read = redis_link_new(app->base, app->config, "read", NULL, &read_hooks, app);
	app->done = redis_link_new(app->base, app->config, "done", "done", &done_hooks, app);
	app->changes = redis_link_new(app->base, app->config, "changes", "changes", &changes_hooks, app);
	app->stocks = stock_table_new(app->read, app->config->redis.prefix);
	app->time = redis_time_new(app->base, app->read);
	app->commit = commit_new(app->base, app->config, app->write, app->metrics);
	app->glance = glance_new(app);
	app->events = events_new(app);
	app->waiters = waiters_new(app);
	app->door = event_new(app->base, -1, EV_PERSIST, on_door, app);
	if (!app->door || event_add(app->door, &(struct timeval){.tv_usec = DOOR_LOOK_MS * 1000}) != 0)
		abort();
	program_set_app(program, app);
	return true;
}

/* Some requests take longer than a drain may: those that wait for orders to end are answered with how they are. */
static void on_drain_step(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval rest = {DRAIN_MOST_S - DRAIN_GRACE_S, 0};
	struct app *app = arg;
	(void)fd, (void)what;
	if (!app->is_hurried) {
		app->is_hurried = true;
		waiters_drain(app->waiters);
		event_add(app->drain_step, &rest);
		return;
	}
	log_event(LOG_WARN, "drain_cut_short", "requests", log_int((long long)http_server_requests(app->server)), NULL);
	program_stop(app->program, 0);
}

static void drain(struct program *program)
{
	static const struct timeval grace = {DRAIN_GRACE_S, 0};
	struct app *app = program_app(program);
	app->is_draining = true;
	app->drain_step = evtimer_new(app->base, on_drain_step, app);
	if (!app->drain_step)
		abort();
	event_add(app->drain_step, &grace);
	events_drain(app->events);
	http_server_drain(app->server);
}

/* SIGHUP: files that may have changed. What cannot be used is told, and what was there before stays. */
static void reload(struct program *program)
{
	struct app *app = program_app(program);
	struct err err;
	if (!access_load(app, &err))
		log_event(LOG_ERROR, "reload_failed", "reason", err.message, "then", "the tokens stay as they were",
			  NULL);
	if (!http_server_load_tls(app->server, &err))
		log_event(LOG_ERROR, "reload_failed", "reason", err.message, "then", "the certificate stays as it was",
			  NULL);
	else if (app->config->api.tls_cert[0])
		log_event(LOG_INFO, "certificate_loaded", "file", app->config->api.tls_cert, NULL);
}

static void end(struct program *program)
{
	app_free(program_app(program));
}

int main(int argc, char **argv)
{
	static const struct program_hooks hooks = {
	    .name = "muster-api",
	    .purpose = "takes orders over HTTP and stores them in Redis",
	    .start = start,
	    .drain = drain,
	    .end = end,
	    .reload = reload,
	    .usage = "\nmuster-api --new-token ROLE [USER] prints a new token and its line for the file of "
		     "api.tokens_file;\nROLE is user, service, operator or read. SIGHUP reads that file again.\n",
	};
	if (argc > 1 && strcmp(argv[1], "--new-token") == 0)
		return token_new_main(argc, argv);
	return program_main(argc, argv, &hooks);
}
