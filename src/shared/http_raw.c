/* Misbehaving on purpose: what no answer of ours ever looks like, for a server whose callers are to be tested. evhttp
 * takes no part in it: its write callback would take the bytes for the end of an answer of its own. */
#include "shared/http_parts.h"

size_t http_raw_write(struct http_request *request, const void *bytes, size_t length)
{
	if (!request->connection)
		return 0;
	struct bufferevent *bev = request->connection->bev;
	bufferevent_event_cb on_event;
	void *arg;
	http_connection_watch(request->connection);
	bufferevent_getcb(bev, NULL, NULL, &on_event, &arg);
	bufferevent_setcb(bev, NULL, NULL, on_event, arg);
	bufferevent_enable(bev, EV_WRITE);
	if (length)
		bufferevent_write(bev, bytes, length);
	return evbuffer_get_length(bufferevent_get_output(bev));
}

void http_raw_close(struct http_request *request)
{
	if (request->connection)
		evhttp_connection_free(request->connection->ev); /* detaches the request */
	http_answer_empty(request, 204);			 /* goes nowhere */
}
