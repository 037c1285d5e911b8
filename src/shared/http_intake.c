/* What comes in, and how much of it: each connection reads ahead a little, more only for a body that was announced and
 * that the limits allow. A refusal made here takes the connection out of evhttp's hands: it gets its answer at once,
 * what still comes is thrown away for a while, so that the client gets to read it, and then it is closed. */
#include "shared/http_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Room for what may be parsed at once: a head of the greatest size. */
size_t http_read_ahead(const struct http_server *server)
{
	return server->options.limits.max_uri_bytes + server->options.limits.max_header_bytes + 4096;
}

void http_intake_release(struct http_connection *connection)
{
	struct http_server *server = connection->server;
	if (!connection->body_bytes)
		return;
	server->body_bytes -= connection->body_bytes;
	connection->body_bytes = 0;
	bufferevent_setwatermark(connection->bev, EV_READ, 0, http_read_ahead(server));
}

/* Throws away what still comes. */
static void lingering_read(struct bufferevent *bev, void *arg)
{
	(void)arg;
	evbuffer_drain(bufferevent_get_input(bev), SIZE_MAX);
}

/* The answer has left: the client sees its end, and may still send. */
static void lingering_written(struct bufferevent *bev, void *arg)
{
	struct http_connection *connection = arg;
	if (!connection->server->tls)
		(void)shutdown(bufferevent_getfd(bev), SHUT_WR);
}

/* The client has seen it. */
static void lingering_ended(struct bufferevent *bev, short what, void *arg)
{
	(void)bev, (void)what;
	evhttp_connection_free(((struct http_connection *)arg)->ev);
}

/* Refuses the request that is coming in. */
static void intake_refuse(struct http_connection *connection, const struct err *err)
{
	struct bufferevent *bev = connection->bev;
	char *text = http_problem_text(err->code, err_http_status(err->code), err->message);
	http_connection_set_phase(connection, HTTP_LINGERING);
	bufferevent_setcb(bev, lingering_read, lingering_written, lingering_ended, connection);
	bufferevent_setwatermark(bev, EV_READ, 0, 0);
	evbuffer_add_printf(bufferevent_get_output(bev),
			    "HTTP/1.1 %d %s\r\nContent-Type: application/problem+json\r\nContent-Length: %zu\r\n%s"
			    "Connection: close\r\n\r\n%s",
			    err_http_status(err->code), err_title(err->code), strlen(text),
			    err_http_status(err->code) == 503 ? "Retry-After: 1\r\n" : "", text);
	free(text);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
}

/* Whether the head may be as long as it is. */
static bool head_fits(const struct http_connection *connection, struct err *err)
{
	const struct http_limits *limits = &connection->server->options.limits;
	const struct http_head *head = &connection->head;
	if (head->uri_bytes > limits->max_uri_bytes)
		return err_set(err, ERR_URI_TOO_LONG, "the request line has more than %zu bytes",
			       limits->max_uri_bytes);
	if (head->bytes > limits->max_header_bytes)
		return err_set(err, ERR_HEADERS_TOO_LARGE, "the headers have more than %zu bytes",
			       limits->max_header_bytes);
	return true;
}

/* Makes room for the body that is announced, where there is any to have. */
static bool body_fits(struct http_connection *connection, struct err *err)
{
	struct http_server *server = connection->server;
	size_t most = server->options.max_body_bytes, read_ahead = http_read_ahead(server);
	const struct http_head *head = &connection->head;
	if (head->length > most)
		return err_set(err, ERR_TOO_LARGE, "the body has more than %zu bytes", most);
	/* evhttp takes a body of a known length only once it is whole, and a chunk once that is: both wait in the
	 * buffer. */
	size_t needed = head->is_chunked ? 2 * most : (size_t)head->length;
	if (needed <= read_ahead / 2)
		return true;
	if (server->body_bytes + needed > server->options.limits.max_bodies_bytes && server->body_bytes)
		return err_set(err, ERR_OVERLOADED, "too many large bodies are being received");
	connection->body_bytes = needed;
	server->body_bytes += needed;
	bufferevent_setwatermark(connection->bev, EV_READ, 0, (head->is_chunked ? most : needed) + read_ahead);
	return true;
}

/* Reads the head on in the last `length` bytes of the input. */
static bool intake_feed(struct http_connection *connection, struct evbuffer *input, size_t length, struct err *err)
{
	struct evbuffer_ptr at;
	struct evbuffer_iovec piece;
	size_t total = evbuffer_get_length(input);
	struct http_head *head = &connection->head;
	while (length && !head->is_whole) {
		bool is_first = total == length;
		if (!is_first && evbuffer_ptr_set(input, &at, total - length, EVBUFFER_PTR_SET))
			return true;
		if (evbuffer_peek(input, -1, is_first ? NULL : &at, &piece, 1) < 1)
			return true;
		size_t size = piece.iov_len < length ? piece.iov_len : length;
		http_head_feed(head, piece.iov_base, size);
		length -= size;
	}
	return head_fits(connection, err) && (!head->is_whole || body_fits(connection, err));
}

void http_intake_more(struct http_connection *connection, struct evbuffer *input, size_t length)
{
	struct err err;
	if (!connection->head.is_whole && !intake_feed(connection, input, length, &err))
		intake_refuse(connection, &err);
}

void http_intake_next(struct http_connection *connection)
{
	struct evbuffer *input = bufferevent_get_input(connection->bev);
	size_t length = evbuffer_get_length(input);
	struct err err;
	connection->head = (struct http_head){0};
	if (!length)
		return;
	/* The next request is there already. Refusing it is evhttp's here, which is about to read it; its own limits
	 * are ours. */
	http_connection_set_phase(connection, HTTP_READING);
	(void)!intake_feed(connection, input, length, &err);
}
