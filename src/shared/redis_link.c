/* The life of a connection to Redis: connect, check, up, and back again when it ends.
 *
 *     RESTING --retry--> CONNECTING --connected--> CHECKING --steps taken--> UP --unfit--> DRAINING
 *        ^                    |                        |                     |                |
 *        +--------------------+------------------------+-------lost----------+----------------+
 *
 * hiredis 0.14 wants care: the context may not be freed in its connect and disconnect callbacks (it frees it itself),
 * and frees it late when asked from inside a reply. The link therefore lets go of a context by clearing its `data`;
 * whatever hiredis still calls back for it is ignored. */
#include "shared/redis_link_private.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/util.h>

#include "shared/log.h"

#define RETRY_LEAST_MS	     50
#define RETRY_MOST_MS	     2000
#define KEEPALIVE_IDLE_S     10
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_COUNT	     3

void redis_link_set_timer(struct event *timer, int64_t after_ms)
{
	struct timeval delay = {after_ms / 1000, after_ms % 1000 * 1000};

	(void)event_add(timer, &delay);
}

/* Tells log and hook that the link is not up, once for each reason. */
static void tell_down(struct redis_link *link)
{
	if (link->told.code == link->why.code && strcmp(link->told.message, link->why.message) == 0)
		return;
	link->told = link->why;
	log_event(LOG_WARN, "redis_down", "link", link->name, "why", link->why.message, NULL);
	if (link->hooks->down)
		link->hooks->down(link, &link->why, link->arg);
}

void redis_link_come_up(struct redis_link *link)
{
	link->state = LINK_UP;
	link->attempts = 0;
	link->generation++;
	link->why = (struct err){.code = ERR_NONE};
	link->told = link->why;
	(void)event_del(link->patience);
	if (!link->channel)
		redis_steps_plan_check(link);
	log_event(LOG_INFO, "redis_up", "link", link->name, "redis", link->place, NULL);
	if (link->hooks->up)
		link->hooks->up(link, link->arg);
}

/* Waits before the next attempt: doubling, half of it at random, so that many programs do not come back in step. */
static void plan_retry(struct redis_link *link)
{
	int64_t most_ms = RETRY_LEAST_MS;
	uint32_t random;

	for (unsigned i = 0; i < link->attempts && most_ms < RETRY_MOST_MS; i++)
		most_ms *= 2;
	if (most_ms > RETRY_MOST_MS)
		most_ms = RETRY_MOST_MS;
	link->attempts++;
	evutil_secure_rng_get_bytes(&random, sizeof random);
	redis_link_set_timer(link->retry, most_ms / 2 + random % (most_ms / 2 + 1));
}

/* The connection is gone. NULL: for the reason that the link was already given. */
static void rest(struct redis_link *link, const char *why)
{
	struct err unknown;

	link->state = LINK_RESTING;
	link->is_checking = false;
	(void)event_del(link->patience);
	(void)event_del(link->check);
	if (why)
		(void)err_set(&link->why, ERR_REDIS_UNAVAILABLE, "Redis at %s: %s", link->place, why);
	(void)err_set(&unknown, ERR_OUTCOME_UNKNOWN, "sent, but not answered: %s", link->why.message);
	plan_retry(link);
	redis_calls_fail(link, &unknown);
	tell_down(link);
}

/* Gives up the context, if there is one. Not from inside a connect or disconnect callback. */
static void let_go(struct redis_link *link)
{
	redisAsyncContext *context = link->context;

	if (!context)
		return;
	link->context = NULL;
	context->data = NULL;
	redisAsyncFree(context);
}

void redis_link_drop(struct redis_link *link, const char *why)
{
	let_go(link);
	rest(link, why);
}

void redis_link_condemn(struct redis_link *link, const char *why)
{
	link->state = LINK_DRAINING;
	(void)err_set(&link->why, ERR_REDIS_UNAVAILABLE, "Redis at %s: %s", link->place, why);
	tell_down(link);
}

/* Finds out about a peer that vanished without a word; a link that listens has no other means. */
static void keep_alive(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
	    {SOL_SOCKET, SO_KEEPALIVE, 1},
	    {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
	    {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S},
	    {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT},
	};

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		(void)setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof options[i].value);
}

/* The socket has connected, or cannot; in the latter case hiredis frees the context when we return. */
static void on_connect(const redisAsyncContext *context, int status)
{
	struct redis_link *link = context->data;

	if (!link)
		return;
	if (status != REDIS_OK) {
		link->context = NULL;
		rest(link, context->c.errstr);
		return;
	}
	(void)event_del(link->patience);
	if (!link->url.path[0])
		keep_alive(context->c.fd);
	link->state = LINK_CHECKING;
	redis_steps_begin(link);
}

/* The connection has ended without our doing; hiredis frees the context when we return. */
static void on_disconnect(const redisAsyncContext *context, int status)
{
	struct redis_link *link = context->data;

	(void)status;
	if (!link)
		return;
	link->context = NULL;
	rest(link, context->errstr ? context->errstr : "the connection was closed");
}

/* Redis took too long to let us in. */
static void on_patience(evutil_socket_t fd, short what, void *arg)
{
	struct redis_link *link = arg;
	char why[64];

	(void)fd;
	(void)what;
	(void)snprintf(why, sizeof why, "not connected within %lld ms", (long long)link->config->redis.timeout_ms);
	redis_link_drop(link, why);
}

/* Starts one attempt. A host name is looked up here and blocks for as long as the resolver takes. */
static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct redis_link *link = arg;
	redisAsyncContext *context;
	char why[160];

	(void)fd;
	(void)what;
	if (link->url_err.code != ERR_NONE) {
		rest(link, link->url_err.message);
		return;
	}
	link->state = LINK_CONNECTING;
	context = link->url.path[0] ? redisAsyncConnectUnix(link->url.path)
				    : redisAsyncConnect(link->url.host, link->url.port);
	if (!context)
		abort();
	if (context->err) {
		(void)snprintf(why, sizeof why, "%s", context->errstr);
		redisAsyncFree(context);
		rest(link, why);
		return;
	}
	link->context = context;
	context->data = link;
	redis_events_attach(context, link->base);
	redisAsyncSetConnectCallback(context, on_connect);
	redisAsyncSetDisconnectCallback(context, on_disconnect);
	redis_link_set_timer(link->patience, link->config->redis.timeout_ms);
}

struct redis_link *redis_link_new(struct event_base *base, const struct config *config, const char *name,
				  const char *subscribe, const struct redis_link_hooks *hooks, void *arg)
{
	struct redis_link *link = redis_alloc(sizeof *link);

	link->base = base;
	link->config = config;
	link->hooks = hooks;
	link->arg = arg;
	if (asprintf(&link->name, "%s", name) < 0 || asprintf(&link->tag, "%s:{0}", config->redis.prefix) < 0 ||
	    (subscribe && asprintf(&link->channel, "%s:%s", link->tag, subscribe) < 0))
		abort();
	if (redis_url_parse(config->redis.url, &link->url, &link->url_err)) {
		(void)redis_url_format_place(&link->url, link->place, sizeof link->place);
	} else {
		(void)err_context(&link->url_err, "redis.url");
		(void)snprintf(link->place, sizeof link->place, "an unknown place");
	}
	(void)err_set(&link->why, ERR_REDIS_UNAVAILABLE, "Redis at %s: not connected yet", link->place);
	link->retry = evtimer_new(base, on_retry, link);
	link->patience = evtimer_new(base, on_patience, link);
	link->check = evtimer_new(base, redis_steps_on_check, link);
	if (!link->retry || !link->patience || !link->check)
		abort();
	redis_calls_init(link);
	redis_link_set_timer(link->retry, 0);
	return link;
}

void redis_link_free(struct redis_link *link)
{
	struct err unknown;

	if (!link)
		return;
	(void)err_set(&link->why, ERR_REDIS_UNAVAILABLE, "Redis at %s: the link is being closed", link->place);
	(void)err_set(&unknown, ERR_OUTCOME_UNKNOWN, "sent, but not answered before the link was closed");
	link->state = LINK_RESTING;
	let_go(link);
	redis_calls_fail(link, &unknown);
	redis_calls_free(link);
	event_free(link->retry);
	event_free(link->patience);
	event_free(link->check);
	explicit_bzero(&link->url, sizeof link->url);
	free(link->name);
	free(link->channel);
	free(link->tag);
	free(link);
}

void redis_link_guard(struct redis_link *link, struct redis_generation *generation)
{
	link->generation_kept = generation;
}

void redis_link_note_write(struct redis_link *link, const char *key, const char *field)
{
	if (link->generation_kept)
		redis_generation_note_write(link->generation_kept, key, field, -1);
}

void redis_link_recheck(struct redis_link *link)
{
	if (link->state != LINK_UP)
		return;
	link->wants_check = true;
	if (!link->is_checking)
		redis_link_set_timer(link->check, 0);
}

const char *redis_link_replication_id(const struct redis_link *link)
{
	return link->replid;
}

bool redis_link_is_up(const struct redis_link *link)
{
	return link->state == LINK_UP;
}

bool redis_link_is_unfit(const struct redis_link *link)
{
	return link->is_unfit && link->state != LINK_UP;
}

const struct err *redis_link_why_down(const struct redis_link *link)
{
	return &link->why;
}
