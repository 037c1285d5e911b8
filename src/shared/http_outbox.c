/* Answers leave in the turn of the loop in which they are given. evhttp would first ask the loop whether the socket
 * takes bytes, which it nearly always does: a system call and another turn for each answer. What a socket does not
 * take stays in its buffer, and evhttp sends it as ever. So does all that goes through TLS. */
#include "shared/http_parts.h"

#include <stdlib.h>

#include <event2/buffer.h>

void http_outbox_put(struct http_connection *connection)
{
	struct http_server *server = connection->server;
	if (server->tls || connection->is_in_outbox)
		return;
	connection->is_in_outbox = true;
	TAILQ_INSERT_TAIL(&server->outbox, connection, in_outbox);
	event_active(server->send, EV_TIMEOUT, 0);
}

void http_outbox_forget(struct http_connection *connection)
{
	if (!connection->is_in_outbox)
		return;
	connection->is_in_outbox = false;
	TAILQ_REMOVE(&connection->server->outbox, connection, in_outbox);
}

/* Writes what the socket takes, as the bufferevent would; where that is all, evhttp goes on as if the loop had told it,
 * and may free the connection. */
static void connection_send(struct http_connection *connection)
{
	struct evbuffer *output = bufferevent_get_output(connection->bev);
	evbuffer_unfreeze(output, 1);
	(void)evbuffer_write(output, connection->fd);
	evbuffer_freeze(output, 1);
	if (evbuffer_get_length(output))
		return;
	bufferevent_disable(connection->bev, EV_WRITE);
	bufferevent_trigger(connection->bev, EV_WRITE, 0);
}

/* Runs after the callbacks that gave the answers: never inside one of them. */
static void outbox_send(evutil_socket_t unused, short what, void *arg)
{
	(void)unused, (void)what;
	struct http_server *server = arg;
	struct http_connection *connection;
	while ((connection = TAILQ_FIRST(&server->outbox))) {
		http_outbox_forget(connection);
		connection_send(connection);
	}
}

bool http_outbox_start(struct http_server *server)
{
	TAILQ_INIT(&server->outbox);
	server->send = evtimer_new(server->base, outbox_send, server);
	return server->send != NULL;
}

void http_outbox_end(struct http_server *server)
{
	if (server->send)
		event_free(server->send);
}
