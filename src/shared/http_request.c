/* Requests: what a handler can ask of one, and its end. A request has two sides, evhttp's and the handler's; the client
 * can end its side at any time, and only an answer ends the handler's. */
#include "shared/http_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <event2/keyvalq_struct.h>

#include "shared/clock.h"

struct http_request *http_request_new(struct http_connection *connection, struct evhttp_request *ev)
{
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(ev));
	size_t length = path ? strlen(path) : 0;
	struct http_server *server = connection->server;
	size_t note_size = server->options.note_size;
	struct http_request *request = malloc(sizeof *request + note_size + length + 1);
	if (!request)
		abort();
	*request = (struct http_request){
	    .server = server,
	    .connection = connection,
	    .ev = ev,
	    .next = server->requests,
	    .arg = server->options.arg,
	    .started_us = clock_monotonic_us(),
	    .is_head = evhttp_request_get_command(ev) == EVHTTP_REQ_HEAD,
	};
	memset(request->note, 0, note_size);
	request->text = (char *)request->note + note_size;
	memcpy(request->text, path ? path : "", length + 1);
	if (server->requests)
		server->requests->previous = request;
	server->requests = request;
	server->handling++;
	connection->request = request;
	http_connection_set_phase(connection, HTTP_HANDLING);
	http_connection_read_on(connection);
	return request;
}

void http_request_detach(struct http_request *request)
{
	request->connection = NULL;
	/* evhttp has left its object to us, unless the whole server goes, which frees it with the connection. */
	if (evhttp_request_get_connection(request->ev))
		request->ev = NULL;
	if (request->gone) { /* a stream ends with its reader */
		request->gone(request->gone_arg);
		http_answer_empty(request, 200);
	}
}

void http_request_free(struct http_request *request)
{
	struct http_server *server = request->server;
	if (server) {
		if (request->previous)
			request->previous->next = request->next;
		else
			server->requests = request->next;
		if (request->next)
			request->next->previous = request->previous;
		server->handling--;
	}
	while (request->values) {
		struct http_value *value = request->values;
		request->values = value->next;
		free(value);
	}
	free(request);
}

const char *http_param_find(const struct http_request *request, const char *name)
{
	size_t length = strlen(name);
	for (size_t i = 0; request->route && i < request->route->path.count; i++) {
		const struct http_segment *segment = &request->route->path.segments[i];
		if (segment->is_param && segment->length == length && memcmp(segment->text, name, length) == 0)
			return request->path.segments[i].text;
	}
	return NULL;
}

const char *http_param(const struct http_request *request, const char *name)
{
	const char *value = http_param_find(request, name);
	assert(value); /* the pattern has such a parameter */
	return value ? value : "";
}

/* Keeps a decoded copy with the request. */
static const char *value_keep(struct http_request *request, const char *text, size_t length)
{
	struct http_value *value = malloc(sizeof *value + length + 1);
	if (!value)
		abort();
	memcpy(value->text, text, length);
	value->text[length] = '\0';
	(void)http_percent_decode(value->text, true);
	value->next = request->values;
	request->values = value;
	return value->text;
}

const char *http_query(const struct http_request *request, const char *name)
{
	const char *query = request->ev ? evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request->ev)) : NULL;
	size_t name_length = strlen(name);
	while (query && *query) {
		size_t length = strcspn(query, "&");
		if (length >= name_length && memcmp(query, name, name_length) == 0) {
			size_t skip = name_length < length && query[name_length] == '=' ? name_length + 1 : name_length;
			/* The cache of decoded values is not part of what a request is. */
			if (skip > name_length || length == name_length)
				return value_keep((struct http_request *)(uintptr_t)request, query + skip,
						  length - skip);
		}
		query += length;
		query += *query == '&';
	}
	return NULL;
}

const char *http_header(const struct http_request *request, const char *name)
{
	return request->ev ? evhttp_find_header(evhttp_request_get_input_headers(request->ev), name) : NULL;
}

const char *http_header_once(const struct http_request *request, const char *name)
{
	const char *value = NULL;
	if (!request->ev)
		return NULL;
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(request->ev);
	for (const struct evkeyval *header = headers->tqh_first; header; header = header->next.tqe_next) {
		if (strcasecmp(header->key, name) != 0)
			continue;
		if (value)
			return NULL;
		value = header->value;
	}
	return value;
}

const char *http_path(const struct http_request *request)
{
	return request->ev ? evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request->ev)) : "";
}

const char *http_peer(const struct http_request *request)
{
	char *address = NULL;
	ev_uint16_t port;

	if (request->connection)
		evhttp_connection_get_peer(request->connection->ev, &address, &port);
	return address ? address : "";
}

const void *http_body(struct http_request *request, size_t *length)
{
	*length = 0;
	if (!request->ev)
		return "";
	struct evbuffer *body = evhttp_request_get_input_buffer(request->ev);
	*length = evbuffer_get_length(body);
	return *length ? evbuffer_pullup(body, -1) : (const void *)"";
}

bool http_body_is_csv(const struct http_request *request)
{
	return request->is_csv;
}

void *http_arg(const struct http_request *request)
{
	return request->arg;
}

const char *http_method(const struct http_request *request)
{
	static const struct {
		enum evhttp_cmd_type type;
		const char *word;
	} words[] = {
	    {EVHTTP_REQ_GET, "GET"},	 {EVHTTP_REQ_HEAD, "HEAD"},	{EVHTTP_REQ_POST, "POST"},
	    {EVHTTP_REQ_PUT, "PUT"},	 {EVHTTP_REQ_DELETE, "DELETE"}, {EVHTTP_REQ_OPTIONS, "OPTIONS"},
	    {EVHTTP_REQ_TRACE, "TRACE"}, {EVHTTP_REQ_PATCH, "PATCH"},
	};
	for (size_t i = 0; request->ev && i < sizeof words / sizeof *words; i++)
		if (words[i].type == evhttp_request_get_command(request->ev))
			return words[i].word;
	return "";
}

const struct http_route *http_route_of(const struct http_request *request)
{
	return request->route ? request->route->row : NULL;
}

int64_t http_started_us(const struct http_request *request)
{
	return request->started_us;
}

int64_t *http_address_rate(const struct http_request *request)
{
	return request->connection ? &request->connection->source->rate_at_us : NULL;
}

bool http_rate_take(int64_t *state, int64_t per_s, int64_t now_us, int64_t *wait_s)
{
	const int64_t second_us = 1000000;
	int64_t each_us = per_s < second_us ? second_us / per_s : 1;
	int64_t at_us = *state > now_us ? *state : now_us;
	if (at_us - now_us > second_us - each_us) {
		*wait_s = (at_us + each_us - now_us - 1) / second_us;
		*wait_s += *wait_s == 0;
		return false;
	}
	*state = at_us + each_us;
	return true;
}

void http_set_caller(struct http_request *request, const void *caller)
{
	request->caller = caller;
}

const void *http_caller(const struct http_request *request)
{
	return request->caller;
}

void *http_note(const struct http_request *request)
{
	return (void *)(uintptr_t)request->note; /* what the owner notes is not part of what a request is */
}

enum err_code http_problem(const struct http_request *request)
{
	return request->problem;
}

bool http_client_is_there(const struct http_request *request)
{
	return request->connection != NULL;
}
