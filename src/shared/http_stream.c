/* Streams: evhttp takes no part once one has begun (its write callback would end the answer), so that head, chunks and
 * end are written here; the connection carries nothing else afterwards. evhttp still notices that the client leaves. */
#include "shared/http_stream.h"

#include "shared/http_parts.h"

#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>

/* HTTP/1.0 knows no chunks: there the end of the connection is the end of the answer. */
static bool knows_chunks(const struct http_request *request)
{
	return request->ev->major > 1 || request->ev->minor >= 1;
}

/* The status line and the headers, with those that the handler has set. */
static void write_head(struct http_request *request, const char *content_type)
{
	struct evbuffer *output = bufferevent_get_output(request->connection->bev);
	const struct evkeyvalq *headers = evhttp_request_get_output_headers(request->ev);

	evbuffer_add_printf(output, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nDate: %s\r\nConnection: close\r\n%s",
			    content_type, request->server->date,
			    knows_chunks(request) ? "Transfer-Encoding: chunked\r\n" : "");
	for (const struct evkeyval *header = headers->tqh_first; header; header = header->next.tqe_next)
		evbuffer_add_printf(output, "%s: %s\r\n", header->key, header->value);
	evbuffer_add(output, "\r\n", 2);
}

bool http_stream_begin(struct http_request *request, const char *content_type, http_stream_gone_fn *gone, void *arg)
{
	const struct timeval stall = {HTTP_STREAM_STALL_S, 0};
	bufferevent_event_cb on_event;
	struct bufferevent *bev;
	void *event_arg;

	if (!request->connection || request->is_head) {
		http_answer_buffer(request, 200, content_type, evbuffer_new());
		return false;
	}
	http_connection_watch(request->connection);
	bev = request->connection->bev;
	bufferevent_getcb(bev, NULL, NULL, &on_event, &event_arg);
	bufferevent_setcb(bev, NULL, NULL, on_event, event_arg);
	(void)bufferevent_set_timeouts(bev, NULL, &stall);
	write_head(request, content_type);
	(void)bufferevent_enable(bev, EV_READ | EV_WRITE); /* reading is how the client is seen to leave */
	request->gone = gone;
	request->gone_arg = arg;
	return true;
}

bool http_stream_send(struct http_request *request, const void *bytes, size_t length)
{
	struct evbuffer *output;

	if (!length)
		return true;
	output = bufferevent_get_output(request->connection->bev);
	if (evbuffer_get_length(output) + length > HTTP_STREAM_BUFFER_MAX) {
		evhttp_connection_free(request->connection->ev); /* ends the request, by http_request_detach */
		return false;
	}
	if (knows_chunks(request))
		evbuffer_add_printf(output, "%zx\r\n", length);
	evbuffer_add(output, bytes, length);
	if (knows_chunks(request))
		evbuffer_add(output, "\r\n", 2);
	return true;
}

/* Everything has left. */
static void close_flushed(struct bufferevent *bev, void *arg)
{
	(void)bev;
	evhttp_connection_free(arg);
}

void http_stream_end(struct http_request *request)
{
	struct http_connection *connection = request->connection;
	const struct http_server_options *options = &request->server->options;
	struct bufferevent *bev = connection->bev;
	bufferevent_event_cb on_event;
	void *arg;

	bufferevent_getcb(bev, NULL, NULL, &on_event, &arg);
	bufferevent_setcb(bev, NULL, close_flushed, on_event, connection->ev);
	if (knows_chunks(request))
		(void)bufferevent_write(bev, "0\r\n\r\n", 5);
	bufferevent_trigger(bev, EV_WRITE, BEV_TRIG_DEFER_CALLBACKS); /* where all has left already */
	if (options->answered)
		options->answered(request, 200, options->arg);
	connection->request = NULL;
	http_request_free(request);
	http_connection_set_phase(connection, HTTP_WRITING);
}
