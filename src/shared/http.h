/* A small HTTP server on evhttp, for the API and the paper broker: routes as a table, requests that outlive clients.
 *
 * A request is freed in exactly one place, when it has been answered. A client that leaves early detaches its side: the
 * answer then goes nowhere and nothing else changes. */
#ifndef MUSTER_HTTP_H
#define MUSTER_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <jansson.h>

#include "shared/err.h"

struct http_server;
struct http_request;

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_DELETE };

/* What a body must be; checked before the handler runs (415). */
enum http_body_kind {
	HTTP_BODY_NONE,	       /* a body is ignored */
	HTTP_BODY_JSON,	       /* application/json, also curl's default application/x-www-form-urlencoded, or none */
	HTTP_BODY_JSON_OR_CSV, /* also text/csv */
	HTTP_BODY_MAYBE_JSON,  /* as HTTP_BODY_JSON where there is one; a call without any length has none */
};

/* `pattern` is a path whose segments in braces match one non-empty segment: "/orders/{order_id}". */
struct http_route {
	enum http_method method;
	const char *pattern;
	enum http_body_kind body;
	void (*handle)(struct http_request *request, void *arg);
	unsigned access; /* the owner's, for its `before`: who may; nothing here looks at it */
};

/* How much of everything there may be. What is 0 has its usual value. */
struct http_limits {
	size_t max_uri_bytes;		/* of the request line: 414; 8192 */
	size_t max_header_bytes;	/* of the headers: 431; 16384 */
	size_t max_bodies_bytes;	/* of all large bodies that are being received or answered: 503; 256 MiB */
	size_t max_connections;		/* one more is closed with 503; 4096 */
	size_t max_address_connections; /* of one address; no limit */
	uint32_t request_s; /* from its first byte to its last, and from a connection to its first request; 30 */
	uint32_t idle_s;    /* between two requests; 75 */
	uint32_t answer_s;  /* until the client has taken an answer; 120 */
};

/* Rows end with a NULL pattern; where two match a path, the first wins; HEAD is served by GET's row. `address` is
 * host:port, port 0 takes a free one. Unknown path 404, other method on a known path 405 with Allow, body above
 * `max_body_bytes` 413. Refuses with `Connection: close` what evhttp lets through: two Content-Length, Host,
 * Authorization, Content-Type, Transfer-Encoding or Idempotency-Key headers, no Host, a space in a header name, a
 * signed length, a length beside chunks (400), neither of them where the row takes a body (411: `curl -X POST` sends
 * none, which is fine where it is ignored). What is announced as
 * too large is refused before it is read. While an answer is awaited no more than a head's worth is read ahead. */
struct http_server_options {
	const char *address;
	size_t max_body_bytes;
	struct http_limits limits;
	const struct http_route *routes;
	const char *tls_cert, *tls_key; /* PEM files, borrowed: HTTPS, TLS 1.2 or later. NULL: plain HTTP */
	bool share_port;		/* SO_REUSEPORT: several processes may listen on one address */
	bool is_shut;			/* takes its address, and no connection before http_server_open */
	/* Writes error answers, also the server's own (NULL: RFC 9457 problem+json). Owns `take_errors`. */
	void (*problem)(struct http_request *request, const struct err *err, json_t *take_errors);
	/* Runs before each handler, after the checks; false: it has answered. May be NULL. */
	bool (*before)(struct http_request *request, void *arg);
	/* Runs as each answer begins to leave, also the server's own, and as a stream ends. May be NULL. */
	void (*answered)(const struct http_request *request, int status, void *arg);
	/* After http_server_drain, from the loop: every answer has left. May be NULL. */
	void (*drained)(void *arg);
	size_t note_size; /* of the owner's own room beside each request: http_note */
	void *arg;
};
/* `options` is copied, but its routes are borrowed for the server's life. NULL with `err` set where it cannot listen.
 */
struct http_server *http_server_new(struct event_base *base, const struct http_server_options *options,
				    struct err *err);

/* Begins to listen, where that was put off. */
bool http_server_open(struct http_server *server, struct err *err) MUST_USE;

/* Reads certificate (with its chain) and key again, for connections to come. Where they are not good, those that are in
 * use stay. Nothing without tls_cert. */
bool http_server_load_tls(struct http_server *server, struct err *err) MUST_USE;

/* Takes no new connections, once those that have reached it are taken. Requests that come within half a second on the
 * connections that there are, and those under way, are answered; each connection ends with that or, idle, after it. */
void http_server_drain(struct http_server *server);
/* Requests whose answer has not wholly left yet. */
size_t http_server_requests(const struct http_server *server);
/* Closes all connections. Requests that are still unanswered stay valid and must still be answered; that frees them. */
void http_server_free(struct http_server *server);
uint16_t http_server_port(const struct http_server *server);

/* All are borrowed for the request's life. A query value that cannot be decoded comes as it stands. */
const char *http_param(const struct http_request *request, const char *name);  /* of the pattern; never NULL */
const char *http_query(const struct http_request *request, const char *name);  /* decoded; NULL where absent */
const char *http_header(const struct http_request *request, const char *name); /* NULL where absent */
/* The same, but NULL also where it stands more than once. */
const char *http_header_once(const struct http_request *request, const char *name);
const char *http_param_find(const struct http_request *request, const char *name); /* as http_param; NULL where none */
const char *http_path(const struct http_request *request);
const char *http_peer(const struct http_request *request); /* the client's address; "" once it has left */
const void *http_body(struct http_request *request, size_t *length);
bool http_body_is_csv(const struct http_request *request);
void *http_arg(const struct http_request *request);
const char *http_method(const struct http_request *request);
/* The row that it came to; NULL where there was none. */
const struct http_route *http_route_of(const struct http_request *request);
/* When it had arrived wholly, on the clock of clock_monotonic_us. */
int64_t http_started_us(const struct http_request *request);

/* What its address has used up of its rate (NULL once the client has left), for http_rate_take. */
int64_t *http_address_rate(const struct http_request *request);
/* Takes one of `per_s` a second (a second's worth may come at once); false where there is none: `wait_s` says how long
 * to wait. `state` is 0 at first. */
bool http_rate_take(int64_t *state, int64_t per_s, int64_t now_us, int64_t *wait_s) MUST_USE;

/* Whoever sends it, as `before` found out: kept with the request, borrowed, NULL until set. */
void http_set_caller(struct http_request *request, const void *caller);
const void *http_caller(const struct http_request *request);

/* note_size bytes, zero at first, for as long as there is the request. */
void *http_note(const struct http_request *request);
/* What its answer says that is wrong, once it is known; ERR_NONE where nothing is. */
enum err_code http_problem(const struct http_request *request);

/* false once the client is known to have left, which takes up to two seconds; answering is still required. */
bool http_client_is_there(const struct http_request *request);

/* Before the answer. */
void http_set_header(struct http_request *request, const char *name, const char *value);

/* Each of these answers and ends the request. */
void http_answer_json(struct http_request *request, int status, json_t *take_json);
void http_answer_buffer(struct http_request *request, int status, const char *content_type,
			struct evbuffer *take_buffer);
void http_answer_empty(struct http_request *request, int status);
/* problem+json: type, title, status, detail, code; `take_errors`: an array for "errors" or NULL. 503 gets Retry-After.
 */
void http_answer_error(struct http_request *request, const struct err *err, json_t *take_errors);

/* Before the answer: the connection ends with it. */
void http_close_after(struct http_request *request);

/* For servers that misbehave on purpose. Bytes as they are, status line and all, in place of an answer; the request
 * stays open until http_raw_close. Returns how many bytes have not left yet; 0 where the client has left. */
size_t http_raw_write(struct http_request *request, const void *bytes, size_t length);
/* Closes the connection, without what has not left yet, and ends the request. Not from inside a handler. */
void http_raw_close(struct http_request *request);

/* Reads a body as JSON: UTF-8, an object or array, no duplicate keys, at most 8 deep, nothing after it, no number with
 * more than 15 significant digits (doubles cannot hold them). NULL with `err` set otherwise: ERR_BAD_JSON,
 * ERR_DUPLICATE_KEY, ERR_TOO_DEEP, ERR_BAD_NUMBER. */
json_t *http_body_json(struct http_request *request, struct err *err);
json_t *http_json_parse(const void *body, size_t length, struct err *err);

#endif
