/* Answers: the one place where a request ends. */
#include "shared/http_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_TYPE    "application/json"
#define PROBLEM_TYPE "application/problem+json"

/* Phrases that evhttp does not know. */
static const struct {
	int status;
	const char *phrase;
} phrases[] = {
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
};

/* NULL: evhttp has a phrase. */
static const char *phrase_of(int status)
{
	for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return NULL;
}

/* The last byte has left. */
static void answer_sent(struct evhttp_request *ev, void *arg)
{
	(void)ev;
	struct http_connection *connection = arg;
	http_intake_release(connection);
	http_connection_set_phase(connection, HTTP_IDLE);
	http_intake_next(connection);
	http_server_note_done(connection->server);
}

/* Where the body of the answer goes; NULL where nobody is left to read it. */
static struct evbuffer *answer_buffer(const struct http_request *request)
{
	return request->connection ? evhttp_request_get_output_buffer(request->ev) : NULL;
}

/* An answer to HEAD says how long the body would be, and evhttp would send it all the same. */
static void drop_body(struct http_request *request)
{
	struct evbuffer *body = evhttp_request_get_output_buffer(request->ev);
	size_t length = evbuffer_get_length(body);
	char text[24];
	snprintf(text, sizeof text, "%zu", length);
	http_set_header(request, "Content-Length", text);
	evbuffer_drain(body, length);
}

/* Sends what is in the answer's buffer and frees the request. */
static void answer(struct http_request *request, int status, const char *content_type)
{
	struct http_server *server = request->server;
	struct http_connection *connection = request->connection;
	if (server && server->options.answered)
		server->options.answered(request, status, server->options.arg);
	if (!connection) {
		if (request->ev)
			evhttp_request_free(request->ev);
		http_request_free(request);
		if (server)
			http_server_note_done(server);
		return;
	}
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request->ev);
	if (content_type)
		evhttp_add_header(headers, "Content-Type", content_type);
	evhttp_add_header(headers, "Date", server->date);
	if (server->draining)
		http_close_after(request);
	if (request->is_head)
		drop_body(request);
	struct evhttp_request *ev = request->ev;
	connection->request = NULL;
	http_request_free(request);
	http_connection_set_phase(connection, HTTP_WRITING);
	evhttp_request_set_on_complete_cb(ev, answer_sent, connection);
	evhttp_send_reply(ev, status, phrase_of(status), NULL);
	http_outbox_put(connection);
}

void http_set_header(struct http_request *request, const char *name, const char *value)
{
	if (!request->connection)
		return;
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request->ev);
	evhttp_remove_header(headers, name);
	evhttp_add_header(headers, name, value);
}

void http_close_after(struct http_request *request)
{
	http_set_header(request, "Connection", "close");
}

/* Most answers fit the stack; larger ones go through the heap. */
static void write_json(struct evbuffer *buffer, const json_t *json)
{
	char small[8192];
	const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
	size_t length = json_dumpb(json, small, sizeof small, flags);
	if (length <= sizeof small) {
		evbuffer_add(buffer, small, length);
		return;
	}
	char *large = malloc(length);
	if (!large)
		abort();
	length = json_dumpb(json, large, length, flags);
	evbuffer_add(buffer, large, length);
	free(large);
}

/* Any JSON with any type. */
static void answer_json(struct http_request *request, int status, const char *content_type, json_t *take_json)
{
	struct evbuffer *buffer = answer_buffer(request);
	if (buffer)
		write_json(buffer, take_json);
	json_decref(take_json);
	answer(request, status, content_type);
}

void http_answer_json(struct http_request *request, int status, json_t *take_json)
{
	answer_json(request, status, JSON_TYPE, take_json);
}

void http_answer_buffer(struct http_request *request, int status, const char *content_type,
			struct evbuffer *take_buffer)
{
	struct evbuffer *buffer = answer_buffer(request);
	if (buffer)
		evbuffer_add_buffer(buffer, take_buffer);
	evbuffer_free(take_buffer);
	answer(request, status, content_type);
}

void http_answer_empty(struct http_request *request, int status)
{
	/* evhttp names a type of its own for statuses that may have a body. */
	answer(request, status, status == 204 ? NULL : "text/plain");
}

void http_answer_error(struct http_request *request, const struct err *err, json_t *take_errors)
{
	request->problem = err->code;
	if (request->server && request->server->options.problem) {
		request->server->options.problem(request, err, take_errors);
		return;
	}
	char type[96];
	int status = err_http_status(err->code);
	snprintf(type, sizeof type, "urn:muster:problem:%s", err_word(err->code));
	json_t *json = json_pack("{s:s, s:s, s:i, s:s, s:s}", "type", type, "title", err_title(err->code), "status",
				 status, "detail", err->message, "code", err_word(err->code));
	if (!json) /* a message with bad UTF-8 */
		json = json_pack("{s:s, s:s, s:i, s:s}", "type", type, "title", err_title(err->code), "status", status,
				 "code", err_word(err->code));
	if (!json)
		abort();
	if (take_errors)
		json_object_set_new(json, "errors", take_errors);
	if (status == 503)
		http_set_header(request, "Retry-After", "1");
	answer_json(request, status, PROBLEM_TYPE, json);
}
