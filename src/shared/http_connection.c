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

#include "shared/clock.h"
#include "shared/log.h"

#define LOG_EVERY_S 60

/* How long a connection may be in its phase; 0: for ever. */
static uint32_t limit_s(const struct http_connection *connection)
{
	const struct http_limits *limits = &connection->server->options.limits;
	const uint32_t limits_s[] = {
#define X(constant, limit) [constant] = limit,
	    HTTP_PHASES(X)
#undef X
	};
	return limits_s[connection->phase];
}

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
	struct http_connection *connection = arg;
	if (!info->n_added)
		return;
	if (connection->phase <= HTTP_IDLE)
		http_connection_set_phase(connection, HTTP_READING);
	if (connection->phase == HTTP_READING)
		http_intake_more(connection, buffer, info->n_added);
}

/* evhttp is about to free the connection. */
static void connection_closed(struct evhttp_connection *ev, void *arg)
{
	(void)ev;
	struct http_connection *connection = arg;
	struct http_server *server = connection->server;
	evbuffer_remove_cb_entry(bufferevent_get_input(connection->bev), connection->input_watch);
	http_refusals_forget(connection);
	http_outbox_forget(connection);
	if (connection->request)
		http_request_detach(connection->request);
	http_connection_set_phase(connection, HTTP_IDLE);
	http_source_release(connection->source);
	server->body_bytes -= connection->body_bytes;
	server->connection_count--;
	server->connections[connection->fd] = NULL;
	server->open--;
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

/* Says, once in a while, that connections are turned away. */
static void log_too_many(struct http_server *server, const char *address)
{
	if (server->refused_logged_s && server->now_s - server->refused_logged_s < LOG_EVERY_S)
		return;
	server->refused_logged_s = server->now_s;
	log_event(LOG_WARN, "too_many_connections", "address", address, "connections",
		  log_int((long long)server->connection_count), NULL);
}

/* Counts the connection; one too many is told so and closed. */
static void connection_count(struct http_connection *connection)
{
	struct http_server *server = connection->server;
	const struct http_limits *limits = &server->options.limits;
	char *address = NULL;
	ev_uint16_t port;
	evhttp_connection_get_peer(connection->ev, &address, &port);
	connection->source = http_source_take(&server->sources, address ? address : "");
	server->connection_count++;
	if (server->connection_count <= limits->max_connections &&
	    (!limits->max_address_connections || connection->source->connections <= limits->max_address_connections))
		return;
	log_too_many(server, address ? address : "");
	if (!server->tls)
		http_refuse_at_the_door(connection->fd);
	evhttp_connection_free(connection->ev);
}

/* Runs after evhttp has taken the new connections and before any of them can be read. */
static void connections_adopt(evutil_socket_t unused, short what, void *arg)
{
	(void)unused, (void)what;
	struct http_server *server = arg;
	struct http_connection *in_order = NULL;
	while (server->fresh) { /* the last stands first */
		struct http_connection *next = server->fresh->next_fresh;
		server->fresh->next_fresh = in_order;
		in_order = server->fresh;
		server->fresh = next;
	}
	while (in_order) {
		struct http_connection *connection = in_order;
		in_order = connection->next_fresh;
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
		connection_count(connection);
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
	connection->phase = HTTP_FRESH;
	connection->since_s = server->now_s;
	connection->bev = server->tls ? http_tls_wrap(server) : bufferevent_socket_new(base, -1, 0);
	if (!connection->bev)
		abort();
	/* What is sent while an answer is awaited piles up in the buffer: never more than a head's worth. */
	bufferevent_setwatermark(connection->bev, EV_READ, 0, http_read_ahead(server));
	connection->next_fresh = server->fresh;
	server->fresh = connection;
	server->open++;
	event_active(server->adopt, EV_TIMEOUT, 0);
	return connection->bev;
}

void http_connection_read_on(struct http_connection *connection)
{
	bufferevent_data_cb on_write;
	bufferevent_event_cb on_event;
	void *arg;
	if (connection->server->tls)
		return;
	bufferevent_getcb(connection->bev, NULL, &on_write, &on_event, &arg);
	bufferevent_setcb(connection->bev, NULL, on_write, NULL, arg);
	bufferevent_enable(connection->bev, EV_READ);
	connection->on_event = on_event;
}

void http_connection_watch(struct http_connection *connection)
{
	/* evhttp ends the program when data arrives in this state, so that its read callback must be off first. */
	bufferevent_event_cb on_event;
	bufferevent_data_cb on_write;
	void *arg;
	bufferevent_getcb(connection->bev, NULL, &on_write, &on_event, &arg);
	bufferevent_setcb(connection->bev, NULL, on_write, on_event ? on_event : connection->on_event, arg);
	bufferevent_enable(connection->bev, EV_READ);
	connection->is_watched = true;
}

/* One connection, once a second. */
static void connection_look(struct http_connection *connection)
{
	uint32_t seconds = connection->server->now_s - connection->since_s;
	if (connection->phase == HTTP_HANDLING && seconds && !connection->is_watched)
		http_connection_watch(connection);
	if (limit_s(connection) && seconds > limit_s(connection))
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
	if (server->bound && server->is_open)
		evconnlistener_enable(evhttp_bound_socket_get_listener(server->bound));
	for (size_t fd = 0; fd < server->connection_slots; fd++)
		if (server->connections[fd])
			connection_look(server->connections[fd]);
	http_sources_tidy(&server->sources, clock_monotonic_us());
}

bool http_connections_start(struct http_server *server)
{
	const struct timeval second = {1, 0};
	server->adopt = evtimer_new(server->base, connections_adopt, server);
	server->tick = event_new(server->base, -1, EV_PERSIST, tick, server);
	if (!server->adopt || !server->tick || !http_refusals_start(server) || !http_outbox_start(server) ||
	    event_add(server->tick, &second))
		return false;
	tick(-1, 0, server);
	evhttp_set_bevcb(server->ev, connection_make, server);
	/* Our own limits are met first, but for requests that were pipelined and bodies in chunks. */
	evhttp_set_max_headers_size(server->ev, (ev_ssize_t)http_read_ahead(server));
	evhttp_set_max_body_size(server->ev, (ev_ssize_t)server->options.max_body_bytes);
	evhttp_set_flags(server->ev, EVHTTP_SERVER_LINGERING_CLOSE);
	return true;
}

void http_connections_end(struct http_server *server)
{
	http_refusals_end(server);
	http_outbox_end(server);
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
	http_sources_free(&server->sources);
}

struct http_connection *http_connection_of(struct http_server *server, struct evhttp_request *ev)
{
	struct evhttp_connection *ev_connection = evhttp_request_get_connection(ev);
	evutil_socket_t fd = bufferevent_getfd(evhttp_connection_get_bufferevent(ev_connection));
	assert(fd >= 0 && (size_t)fd < server->connection_slots && server->connections[fd]);
	return server->connections[fd];
}
