/* Connections: evhttp has only a timeout for each read, so that one byte a second would hold one for ever, and while a
 * handler works it does not notice that the client leaves. Both are mended here, with its public interface only.
 *
 * evhttp asks us for the bufferevent of each new connection; the connection object that belongs to it can be had only
 * after evhttp has put both together, which is why new ones are adopted from an event that runs right after the accept.
 * One tick a second looks at all connections; nothing is timed for each request. */
#include "shared/http_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HEADERS_MAX ((size_t)32 * 1024)

static const uint32_t limits_s[] = {
#define X(constant, limit_s) [constant] = limit_s,
    HTTP_PHASES(X)
#undef X
};

void http_connection_set_phase(struct http_connection *connection, enum http_phase phase)
{
	struct http_server *server = connection->server;
	if (connection->phase == HTTP_WRITING)
		server->writing--;
	if (phase == HTTP_WRITING)
		server->writing++;
	connection->phase = phase;
	connection->is_watched = false;
	connection->since_s = server->now_s;
}

/* The first byte of a request starts its clock. */
static void input_changed(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	(void)buffer;
	struct http_connection *connection = arg;
	if (connection->phase == HTTP_IDLE && info->n_added)
		http_connection_set_phase(connection, HTTP_READING);
}

/* evhttp is about to free the connection. */
static void connection_closed(struct evhttp_connection *ev, void *arg)
{
	(void)ev;
	struct http_connection *connection = arg;
	struct http_server *server = connection->server;
	evbuffer_remove_cb_entry(bufferevent_get_input(connection->bev), connection->input_watch);
	http_refusals_forget(connection);
	if (connection->request)
		http_request_detach(connection->request);
	http_connection_set_phase(connection, HTTP_IDLE);
	server->connections[connection->fd] = NULL;
	free(connection);
	http_server_note_done(server);
}

/* Makes room for a descriptor in the table of connections. */
static void slots_grow(struct http_server *server, size_t fd)
{
	if (fd < server->connection_slots)
		return;
	size_t slots = server->connection_slots ? server->connection_slots : 64;
	while (slots <= fd)
		slots *= 2;
	server->connections = realloc(server->connections, slots * sizeof *server->connections);
	if (!server->connections)
		abort();
	memset(server->connections + server->connection_slots, 0,
	       (slots - server->connection_slots) * sizeof *server->connections);
	server->connection_slots = slots;
}

/* Runs after evhttp has taken the new connections and before any of them can be read. */
static void connections_adopt(evutil_socket_t unused, short what, void *arg)
{
	(void)unused, (void)what;
	struct http_server *server = arg;
	while (server->fresh) {
		struct http_connection *connection = server->fresh;
		server->fresh = connection->next_fresh;
		void *ev = NULL;
		bufferevent_getcb(connection->bev, NULL, NULL, NULL, &ev);
		connection->ev = ev;
		connection->fd = bufferevent_getfd(connection->bev);
		assert(connection->ev && connection->fd >= 0);
		slots_grow(server, (size_t)connection->fd);
		server->connections[connection->fd] = connection;
		evhttp_connection_set_closecb(connection->ev, connection_closed, connection);
		connection->input_watch =
		    evbuffer_add_cb(bufferevent_get_input(connection->bev), input_changed, connection);
		if (!connection->input_watch)
			abort();
		http_refusals_watch(connection);
	}
}

/* evhttp wants the bufferevent of a connection that it has just accepted. */
static struct bufferevent *connection_make(struct event_base *base, void *arg)
{
	struct http_server *server = arg;
	struct http_connection *connection = calloc(1, sizeof *connection);
	if (!connection)
		abort();
	connection->server = server;
	connection->since_s = server->now_s;
	connection->bev = bufferevent_socket_new(base, -1, 0);
	if (!connection->bev)
		abort();
	/* What is sent while an answer is awaited piles up in the buffer: never more than one request's worth. */
	bufferevent_setwatermark(connection->bev, EV_READ, 0, 2 * server->options.max_body_bytes + 4 * HEADERS_MAX);
	connection->next_fresh = server->fresh;
	server->fresh = connection;
	event_active(server->adopt, EV_TIMEOUT, 0);
	return connection->bev;
}

/* Makes evhttp notice that the client leaves while a handler works. It costs a system call, so that only requests that
 * wait for long get it; a client that leaves a short one is noticed when it is answered. */
static void connection_watch(struct http_connection *connection)
{
	/* evhttp ends the program when data arrives in this state, so that its read callback must be off first. */
	bufferevent_event_cb on_event;
	bufferevent_data_cb on_write;
	void *arg;
	bufferevent_getcb(connection->bev, NULL, &on_write, &on_event, &arg);
	bufferevent_setcb(connection->bev, NULL, on_write, on_event, arg);
	bufferevent_enable(connection->bev, EV_READ);
	connection->is_watched = true;
}

/* One connection, once a second. */
static void connection_look(struct http_connection *connection)
{
	uint32_t seconds = connection->server->now_s - connection->since_s;
	if (connection->phase == HTTP_HANDLING && seconds && !connection->is_watched)
		connection_watch(connection);
	if (limits_s[connection->phase] && seconds > limits_s[connection->phase])
		evhttp_connection_free(connection->ev);
}

/* Once a second: the date for answers, accepting again after a failure, and every connection. */
static void tick(evutil_socket_t unused, short what, void *arg)
{
	(void)unused, (void)what;
	struct http_server *server = arg;
	server->now_s++;
	time_t now = time(NULL);
	struct tm utc;
	gmtime_r(&now, &utc);
	evutil_date_rfc1123(server->date, sizeof server->date, &utc);
	if (server->bound)
		evconnlistener_enable(evhttp_bound_socket_get_listener(server->bound));
	for (size_t fd = 0; fd < server->connection_slots; fd++)
		if (server->connections[fd])
			connection_look(server->connections[fd]);
}

bool http_connections_start(struct http_server *server)
{
	const struct timeval second = {1, 0};
	server->adopt = evtimer_new(server->base, connections_adopt, server);
	server->tick = event_new(server->base, -1, EV_PERSIST, tick, server);
	if (!server->adopt || !server->tick || !http_refusals_start(server) || event_add(server->tick, &second))
		return false;
	tick(-1, 0, server);
	evhttp_set_bevcb(server->ev, connection_make, server);
	evhttp_set_max_headers_size(server->ev, (ev_ssize_t)HEADERS_MAX);
	/* Up to twice the limit a body is read and then refused in our own words; beyond it evhttp does, after reading
	 * it away, so that the client gets to see the answer. */
	evhttp_set_max_body_size(server->ev, (ev_ssize_t)(2 * server->options.max_body_bytes));
	evhttp_set_flags(server->ev, EVHTTP_SERVER_LINGERING_CLOSE);
	return true;
}

void http_connections_end(struct http_server *server)
{
	http_refusals_end(server);
	if (server->tick)
		event_free(server->tick);
	if (server->adopt)
		event_free(server->adopt);
	while (server->fresh) { /* evhttp has freed its side, and had nobody to tell */
		struct http_connection *connection = server->fresh;
		server->fresh = connection->next_fresh;
		free(connection);
	}
	free(server->connections);
}

void http_connections_close_idle(struct http_server *server)
{
	for (size_t fd = 0; fd < server->connection_slots; fd++)
		if (server->connections[fd] && server->connections[fd]->phase == HTTP_IDLE)
			evhttp_connection_free(server->connections[fd]->ev);
}

struct http_connection *http_connection_of(struct http_server *server, struct evhttp_request *ev)
{
	struct evhttp_connection *ev_connection = evhttp_request_get_connection(ev);
	evutil_socket_t fd = bufferevent_getfd(evhttp_connection_get_bufferevent(ev_connection));
	assert(fd >= 0 && (size_t)fd < server->connection_slots && server->connections[fd]);
	return server->connections[fd];
}
