/* The end of a server that shares its address with others: nobody who has reached it is turned away.
 *
 * When the listening socket is closed the kernel resets what it has accepted and we have not; so it is closed only when
 * there is nothing left to accept, and what was just accepted has yet to send its request. On a kept connection the next
 * request may be on its way. Both get a while, and then an answer that closes the connection; the client's next one goes to
 * another process. */
#include "shared/http_parts.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#define LOOK_MS	      50
#define IDLE_LOOKS    10  /* half a second for a first byte */
#define READING_LOOKS 100 /* five for a whole request */

/* Nothing is left: all requests have been answered, all connections are closed. */
static bool is_done(const struct http_server *server)
{
	return server->draining && !server->bound && !server->open && !http_server_requests(server);
}

/* Tells the owner, from the loop. */
static void tell_drained(evutil_socket_t unused, short what, void *arg)
{
	(void)unused, (void)what;
	struct http_server *server = arg;
	if (server->options.drained && is_done(server))
		server->options.drained(server->options.arg);
}

/* Stops listening once nobody stands at the door; between the look and the close there is nothing else. */
static void close_door(struct http_server *server)
{
	struct pollfd door = {.events = POLLIN};
	if (!server->bound)
		return;
	door.fd = evhttp_bound_socket_get_fd(server->bound);
	if (server->is_open && poll(&door, 1, 0) > 0)
		return; /* the loop accepts them before the next look */
	evhttp_del_accept_socket(server->ev, server->bound);
	server->bound = NULL;
}

/* Whether a connection has had its time. Bytes that nobody has read yet would be lost with a reset. */
static bool is_over(const struct http_connection *connection, unsigned looks)
{
	int unread = 0;
	if (connection->phase == HTTP_READING)
		return looks >= READING_LOOKS;
	return connection->phase == HTTP_IDLE && looks >= IDLE_LOOKS &&
	       (ioctl(connection->fd, FIONREAD, &unread) != 0 || unread == 0);
}

/* Looks at the door and at every connection, again and again until none is left. */
static void drain_look(evutil_socket_t unused, short what, void *arg)
{
	const struct timeval pause = {0, LOOK_MS * 1000};
	(void)unused, (void)what;
	struct http_server *server = arg;
	close_door(server);
	server->drain_looks++;
	for (size_t fd = 0; fd < server->connection_slots; fd++)
		if (server->connections[fd] && is_over(server->connections[fd], server->drain_looks))
			evhttp_connection_free(server->connections[fd]->ev);
	http_server_note_done(server);
	if (!is_done(server))
		event_add(server->drain_look, &pause);
}

void http_server_note_done(struct http_server *server)
{
	if (is_done(server))
		event_active(server->drained, EV_TIMEOUT, 0);
}

bool http_drain_start(struct http_server *server)
{
	server->drained = evtimer_new(server->base, tell_drained, server);
	server->drain_look = evtimer_new(server->base, drain_look, server);
	return server->drained && server->drain_look;
}

void http_drain_end(struct http_server *server)
{
	if (server->drained)
		event_free(server->drained);
	if (server->drain_look)
		event_free(server->drain_look);
}

void http_server_drain(struct http_server *server)
{
	if (server->draining)
		return;
	server->draining = true;
	drain_look(-1, 0, server);
}
