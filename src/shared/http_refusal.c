/* Refusals of evhttp's own: what is no HTTP at all, or too large by far, it answers with a page of HTML before any
 * callback of ours runs. Its page stands in the output of the connection until the loop turns; here it is replaced by
 * the same problem+json that every other error of the server is. */
#include "shared/http_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define STATUS_AT 9 /* in "HTTP/1.1 400 Bad Request" */

static const struct {
	int status;
	enum err_code code;
	const char *detail;
} refusals[] = {
    {413, ERR_TOO_LARGE, "the body is larger than this server accepts"},
    {417, ERR_BAD_REQUEST, "the header Expect can only be 100-continue"},
    {501, ERR_BAD_REQUEST, "the method is not known here"},
    {0, ERR_BAD_REQUEST, "this is not an HTTP request"}, /* anything else */
};

char *http_problem_text(enum err_code code, int status, const char *detail)
{
	char type[96];
	const char *word = err_word(code);
	snprintf(type, sizeof type, "urn:muster:problem:%s", word);
	json_t *json = json_pack("{s:s, s:s, s:i, s:s, s:s}", "type", type, "title", err_title(code), "status", status,
				 "detail", detail, "code", word);
	char *text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (!text)
		abort();
	return text;
}

/* The body for a status of evhttp's. New memory. */
static char *problem_text(int status)
{
	size_t row = 0;
	while (refusals[row].status && refusals[row].status != status)
		row++;
	return http_problem_text(refusals[row].code, status, refusals[row].detail);
}

void http_refuse_at_the_door(evutil_socket_t fd)
{
	static const char answer[] =
	    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n"
	    "Retry-After: 1\r\nConnection: close\r\n\r\n"
	    "{\"type\":\"urn:muster:problem:overloaded\",\"status\":503,\"detail\":\"there are "
	    "too many connections\",\"code\":\"overloaded\"}";
	ssize_t sent = send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)sent; /* it is a courtesy */
}

/* Puts our answer in the place of evhttp's; the connection ends after it in any case. */
static void page_replace(struct evbuffer *output)
{
	size_t length;
	char *line = evbuffer_readln(output, &length, EVBUFFER_EOL_CRLF);
	if (!line)
		return;
	char *text = problem_text(length > STATUS_AT ? atoi(line + STATUS_AT) : 400);
	evbuffer_drain(output, evbuffer_get_length(output));
	evbuffer_add_printf(
	    output,
	    "%s\r\nContent-Type: application/problem+json\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", line,
	    strlen(text), text);
	free(text);
	free(line);
}

/* Something was written to a connection. */
static void output_changed(struct evbuffer *output, const struct evbuffer_cb_info *info, void *arg)
{
	(void)output;
	struct http_connection *connection = arg;
	bool is_ours = connection->phase >= HTTP_HANDLING;
	if (is_ours || !info->n_added || connection->is_refused)
		return;
	connection->is_refused = true;
	connection->next_refused = connection->server->refused;
	connection->server->refused = connection;
	event_active(connection->server->refuse, EV_TIMEOUT, 0);
}

/* Runs after evhttp has written its whole page and before any of it can leave. */
static void refusals_replace(evutil_socket_t unused, short what, void *arg)
{
	static const char go_on[] = "HTTP/1.1 100";
	(void)unused, (void)what;
	struct http_server *server = arg;
	while (server->refused) {
		struct http_connection *connection = server->refused;
		struct evbuffer *output = bufferevent_get_output(connection->bev);
		char start[sizeof go_on - 1];
		server->refused = connection->next_refused;
		connection->is_refused = false;
		bool is_whole = evbuffer_copyout(output, start, sizeof start) == (ev_ssize_t)sizeof start;
		if (!is_whole || memcmp(start, go_on, sizeof start) == 0)
			continue;
		/* Its own additions are no refusal. */
		evbuffer_cb_clear_flags(output, connection->output_watch, EVBUFFER_CB_ENABLED);
		page_replace(output);
	}
}

bool http_refusals_start(struct http_server *server)
{
	server->refuse = evtimer_new(server->base, refusals_replace, server);
	return server->refuse != NULL;
}

void http_refusals_end(struct http_server *server)
{
	if (server->refuse)
		event_free(server->refuse);
}

void http_refusals_watch(struct http_connection *connection)
{
	connection->output_watch = evbuffer_add_cb(bufferevent_get_output(connection->bev), output_changed, connection);
	if (!connection->output_watch)
		abort();
}

void http_refusals_forget(struct http_connection *connection)
{
	evbuffer_remove_cb_entry(bufferevent_get_output(connection->bev), connection->output_watch);
	struct http_connection **link = &connection->server->refused;
	while (*link && *link != connection)
		link = &(*link)->next_refused;
	if (*link)
		*link = connection->next_refused;
}
