/* See http_sockets.h and https://curl.se/libcurl/c/curl_multi_socket_action.html. */
#include "worker/http_sockets.h"

#include <stdlib.h>
#include <sys/queue.h>

#include <curl/curl.h>

/* One socket that curl wants to hear about. */
struct watch {
	LIST_ENTRY(watch) entry;
	struct event *event;
	short what;
};

struct http_sockets {
	struct event_base *base;
	CURLM *multi;
	struct event *timer;
	LIST_HEAD(, watch) watches;
	http_sockets_done_fn *done;
	void *arg;
};

/* Tells of all handles that are done; more may end meanwhile. */
static void tell_done(struct http_sockets *sockets)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(sockets->multi, &left)))
		if (message->msg == CURLMSG_DONE)
			sockets->done(message->easy_handle, (int)message->data.result, sockets->arg);
}

static void socket_ready(evutil_socket_t fd, short what, void *arg)
{
	struct http_sockets *sockets = arg;
	int running;
	int action = (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
	curl_multi_socket_action(sockets->multi, fd, action, &running);
	tell_done(sockets);
}

static void timer_fired(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	struct http_sockets *sockets = arg;
	int running;
	curl_multi_socket_action(sockets->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	tell_done(sockets);
}

/* curl wants to be called again in `timeout_ms`; -1: not any more. It must not be called from in here, even for 0. */
static int set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	(void)multi;
	struct http_sockets *sockets = arg;
	struct timeval wait = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
	if (timeout_ms < 0)
		evtimer_del(sockets->timer);
	else
		evtimer_add(sockets->timer, &wait);
	return 0;
}

static void watch_free(struct watch *watch)
{
	LIST_REMOVE(watch, entry);
	event_free(watch->event);
	free(watch);
}

static struct watch *watch_new(struct http_sockets *sockets)
{
	struct watch *watch = calloc(1, sizeof *watch);
	if (!watch || !(watch->event = event_new(sockets->base, -1, 0, socket_ready, sockets)))
		abort();
	LIST_INSERT_HEAD(&sockets->watches, watch, entry);
	return watch;
}

/* curl wants to hear about a socket, about other things than before, or no more (before it closes or keeps it). */
static int set_socket(CURL *easy, curl_socket_t fd, int wanted, void *arg, void *socket_arg)
{
	(void)easy;
	struct http_sockets *sockets = arg;
	struct watch *watch = socket_arg;
	if (wanted == CURL_POLL_REMOVE) {
		curl_multi_assign(sockets->multi, fd, NULL);
		if (watch)
			watch_free(watch);
		return 0;
	}
	short what =
	    (short)(EV_PERSIST | (wanted & CURL_POLL_IN ? EV_READ : 0) | (wanted & CURL_POLL_OUT ? EV_WRITE : 0));
	if (!watch) {
		watch = watch_new(sockets);
		curl_multi_assign(sockets->multi, fd, watch);
	}
	if (watch->what == what)
		return 0;
	event_del(watch->event);
	if (event_assign(watch->event, sockets->base, fd, what, socket_ready, sockets) != 0 ||
	    event_add(watch->event, NULL) != 0)
		abort();
	watch->what = what;
	return 0;
}

struct http_sockets *http_sockets_new(struct event_base *base, http_sockets_done_fn *done, void *arg)
{
	struct http_sockets *sockets = calloc(1, sizeof *sockets);
	if (!sockets)
		abort();
	sockets->base = base;
	sockets->done = done;
	sockets->arg = arg;
	sockets->multi = curl_multi_init();
	sockets->timer = evtimer_new(base, timer_fired, sockets);
	if (!sockets->multi || !sockets->timer)
		abort();
	curl_multi_setopt(sockets->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(sockets->multi, CURLMOPT_SOCKETDATA, sockets);
	curl_multi_setopt(sockets->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(sockets->multi, CURLMOPT_TIMERDATA, sockets);
	return sockets;
}

void http_sockets_free(struct http_sockets *sockets)
{
	if (!sockets)
		return;
	curl_multi_cleanup(sockets->multi); /* closes kept connections and calls set_socket and set_timer once more */
	while (!LIST_EMPTY(&sockets->watches))
		watch_free(LIST_FIRST(&sockets->watches));
	event_free(sockets->timer);
	free(sockets);
}

void *http_sockets_multi(struct http_sockets *sockets)
{
	return sockets->multi;
}
