/* See hostile_broker.h. */
#include "tests/support/hostile_broker.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>

#define FLOOD_BYTES 65536
#define DRIP_US	    50000

struct peer {
	LIST_ENTRY(peer) entry;
	struct hostile_broker *hostile;
	struct bufferevent *stream;
	struct event *drip;
	enum hostile_then then;
};

struct hostile_broker {
	struct event_base *base;
	struct evconnlistener *listener;
	int port;
	LIST_HEAD(, peer) peers;
	char *bytes;
	enum hostile_then then;
	hostile_fn *fn;
	void *arg;
	size_t requests, connections;
	char *last;
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void peer_free(struct peer *peer)
{
	LIST_REMOVE(peer, entry);
	bufferevent_free(peer->stream);
	event_free(peer->drip);
	free(peer);
}

/* Everything is out: what comes next. */
static void peer_drained(struct bufferevent *stream, void *arg)
{
	static const char flood[FLOOD_BYTES] = {'x'};
	struct peer *peer = arg;
	if (peer->then == HOSTILE_CLOSE)
		peer_free(peer);
	else if (peer->then == HOSTILE_FLOOD)
		bufferevent_write(stream, flood, sizeof flood);
}

static void peer_drip(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	bufferevent_write(((struct peer *)arg)->stream, "x", 1);
}

/* The length of the whole request at the buffer's start, or 0. */
static size_t request_length(struct evbuffer *input)
{
	struct evbuffer_ptr end = evbuffer_search(input, "\r\n\r\n", 4, NULL);
	if (end.pos < 0)
		return 0;
	size_t head = (size_t)end.pos + 4, body = 0;
	char *text = must(calloc(1, head + 1));
	evbuffer_copyout(input, text, head);
	const char *length = strcasestr(text, "\r\ncontent-length:");
	if (length)
		body = strtoul(length + 17, NULL, 10);
	free(text);
	return evbuffer_get_length(input) >= head + body ? head + body : 0;
}

static void peer_read(struct bufferevent *stream, void *arg)
{
	struct peer *peer = arg;
	struct hostile_broker *hostile = peer->hostile;
	size_t length = request_length(bufferevent_get_input(stream));
	if (!length)
		return;
	free(hostile->last);
	hostile->last = must(calloc(1, length + 1));
	bufferevent_read(stream, hostile->last, length);
	hostile->requests++;
	peer->then = hostile->then;
	char *reply = hostile->fn ? hostile->fn(hostile->last, hostile->arg) : must(strdup(hostile->bytes));
	bool says_nothing = !*reply;
	bufferevent_write(stream, reply, strlen(reply));
	free(reply);
	if (peer->then == HOSTILE_DRIP)
		event_add(peer->drip, &(struct timeval){.tv_usec = DRIP_US});
	if (says_nothing)
		peer_drained(stream, peer);
}

static void peer_event(struct bufferevent *stream, short what, void *arg)
{
	(void)stream, (void)what;
	peer_free(arg);
}

static void accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int length, void *arg)
{
	(void)listener, (void)address, (void)length;
	struct hostile_broker *hostile = arg;
	struct peer *peer = must(calloc(1, sizeof *peer));
	peer->hostile = hostile;
	peer->stream = must(bufferevent_socket_new(hostile->base, fd, BEV_OPT_CLOSE_ON_FREE));
	peer->drip = must(event_new(hostile->base, -1, EV_PERSIST, peer_drip, peer));
	LIST_INSERT_HEAD(&hostile->peers, peer, entry);
	hostile->connections++;
	bufferevent_setcb(peer->stream, peer_read, peer_drained, peer_event, peer);
	bufferevent_enable(peer->stream, EV_READ | EV_WRITE);
}

struct hostile_broker *hostile_broker_new(struct event_base *base)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	struct hostile_broker *hostile = must(calloc(1, sizeof *hostile));
	hostile->base = base;
	hostile->bytes = must(strdup(""));
	hostile->last = must(strdup(""));
	LIST_INIT(&hostile->peers);
	hostile->listener = must(evconnlistener_new_bind(base, accepted, hostile, LEV_OPT_CLOSE_ON_FREE, -1,
							 (struct sockaddr *)&address, sizeof address));
	if (getsockname(evconnlistener_get_fd(hostile->listener), (struct sockaddr *)&address, &size) != 0)
		abort();
	hostile->port = ntohs(address.sin_port);
	return hostile;
}

void hostile_broker_free(struct hostile_broker *hostile)
{
	if (!hostile)
		return;
	evconnlistener_free(hostile->listener);
	while (!LIST_EMPTY(&hostile->peers))
		peer_free(LIST_FIRST(&hostile->peers));
	free(hostile->bytes);
	free(hostile->last);
	free(hostile);
}

int hostile_broker_port(const struct hostile_broker *hostile)
{
	return hostile->port;
}

void hostile_broker_say(struct hostile_broker *hostile, const char *bytes, enum hostile_then then)
{
	free(hostile->bytes);
	hostile->bytes = must(strdup(bytes));
	hostile->then = then;
	hostile->fn = NULL;
}

void hostile_broker_ask(struct hostile_broker *hostile, hostile_fn *fn, void *arg)
{
	hostile->fn = fn;
	hostile->arg = arg;
	hostile->then = HOSTILE_KEEP;
}

char *hostile_reply(int status, const char *headers, const char *body)
{
	char *text;
	if (asprintf(&text, "HTTP/1.1 %d Said\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n%s", status,
		     strlen(body), headers, body) < 0)
		abort();
	return text;
}

void hostile_broker_answer(struct hostile_broker *hostile, int status, const char *headers, const char *body)
{
	char *text = hostile_reply(status, headers, body);
	hostile_broker_say(hostile, text, HOSTILE_KEEP);
	free(text);
}

size_t hostile_broker_requests(const struct hostile_broker *hostile)
{
	return hostile->requests;
}

size_t hostile_broker_connections(const struct hostile_broker *hostile)
{
	return hostile->connections;
}

const char *hostile_broker_last(const struct hostile_broker *hostile)
{
	return hostile->last;
}
