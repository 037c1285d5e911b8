/* What the files of the HTTP server share among themselves; nobody else includes this.
 *
 * evhttp owns connections and its own request objects; we keep one `http_connection` beside each of its connections (to
 * bound how long a request may take to arrive, and to learn that a client left) and one `http_request` for each request
 * that a handler has in hand. */
#ifndef MUSTER_HTTP_PARTS_H
#define MUSTER_HTTP_PARTS_H

#include <stddef.h>
#include <sys/queue.h>

#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "shared/http.h"
#include "shared/http_head.h"
#include "shared/http_source.h"

#define HTTP_SEGMENTS_MAX 8

/* A piece of a path between slashes. */
struct http_segment {
	const char *text;
	size_t length;
	bool is_param; /* in patterns: `text` is the name without braces */
};

struct http_path {
	struct http_segment segments[HTTP_SEGMENTS_MAX];
	size_t count;
};

struct http_compiled_route {
	const struct http_route *row;
	struct http_path path;
};

/* Routes in the order of their segment count, each bucket in the order of the table. */
struct http_route_table {
	struct http_compiled_route *routes;
	size_t start[HTTP_SEGMENTS_MAX + 2]; /* routes of n segments: [start[n], start[n + 1]) */
};

void http_route_table_init(struct http_route_table *table, const struct http_route *rows);
void http_route_table_free(struct http_route_table *table);

/* Splits and percent-decodes `text` in place; false where it has too many segments or a bad escape. */
bool http_path_split(char *text, struct http_path *path);
const struct http_compiled_route *http_route_find(const struct http_route_table *table, const struct http_path *path,
						  enum http_method method);
/* "GET, PUT": the methods that fit the path; false where none does. */
bool http_route_allowed(const struct http_route_table *table, const struct http_path *path, char *list, size_t size);

/* Decodes %XX (and + as a space) in place; false on a bad escape or an escaped NUL, with `text` untouched. */
bool http_percent_decode(char *text, bool plus_is_space);

/* What a connection is doing; the second column is how long it may, in seconds. */
#define HTTP_LINGER_S 5
#define HTTP_PHASES(X)                                                                                                 \
	X(HTTP_FRESH, limits->request_s)   /* new: waits for the first byte of its first request */                    \
	X(HTTP_IDLE, limits->idle_s)	   /* waits for the first byte of another */                                   \
	X(HTTP_READING, limits->request_s) /* has some of a request */                                                 \
	X(HTTP_HANDLING, 0)		   /* a handler has it: no limit here */                                       \
	X(HTTP_LINGERING, HTTP_LINGER_S)   /* was refused while it came in: what still comes is thrown away */         \
	X(HTTP_WRITING, limits->answer_s)  /* the client takes the answer */

#define X(constant, limit_s) constant,
enum http_phase { HTTP_PHASES(X) HTTP_PHASE_COUNT };
#undef X

struct http_connection {
	struct http_server *server;
	struct bufferevent *bev; /* evhttp's */
	struct evhttp_connection *ev;
	struct evbuffer_cb_entry *input_watch, *output_watch;
	bufferevent_event_cb on_event; /* evhttp's, kept while a handler works */
	struct http_connection *next_fresh, *next_refused;
	TAILQ_ENTRY(http_connection) in_outbox;
	struct http_request *request; /* in hand, or NULL */
	struct http_source *source;   /* its address */
	struct http_head head;	      /* of the request that is coming in */
	size_t body_bytes;	      /* what server->body_bytes counts for its body */
	evutil_socket_t fd;
	enum http_phase phase;
	bool is_refused; /* stands in server->refused */
	bool is_in_outbox;
	bool is_watched;  /* while handling: the client is seen to leave */
	uint32_t since_s; /* server->now_s when the phase began */
};

struct http_value {
	struct http_value *next;
	char text[];
};

struct http_request {
	struct http_server *server;	    /* NULL once it is freed */
	struct http_connection *connection; /* NULL once the client left */
	struct evhttp_request *ev;	    /* NULL only after the server was freed */
	struct http_request *next, *previous;
	const struct http_compiled_route *route;
	struct http_path path;
	struct http_value *values; /* decoded query values */
	void *arg;
	void (*gone)(void *arg); /* of an answer that is a stream: the client has left */
	void *gone_arg;
	const void *caller; /* the owner's */
	int64_t started_us;
	enum err_code problem;
	bool is_csv;
	bool is_head;
	char *text; /* the path that `path` points into; behind the note */
	max_align_t note[];
};

struct http_server {
	struct event_base *base;
	struct evhttp *ev;
	struct evhttp_bound_socket *bound; /* NULL once draining */
	struct http_server_options options;
	struct http_route_table routes;
	struct http_connection **connections; /* by descriptor */
	size_t connection_slots;
	struct http_connection *fresh;			 /* made by evhttp, not yet in `connections` */
	struct http_connection *refused;		 /* by evhttp itself, its page not yet replaced */
	TAILQ_HEAD(http_outbox, http_connection) outbox; /* have answers that were given in this turn of the loop */
	struct http_request *requests;
	size_t handling, writing;
	size_t connection_count, body_bytes;
	struct http_sources sources;
	struct ssl_ctx_st *tls;	  /* NULL: plain HTTP */
	int64_t refused_logged_s; /* server->now_s of the last line about connections over the limit */
	struct event *adopt, *tick, *refuse, *send, *drained, *drain_look;
	unsigned drain_looks;
	uint32_t now_s; /* seconds since the start: counts ticks */
	char date[40];	/* for the Date header, made once a second */
	uint16_t port;
	bool draining;
	bool is_open; /* it listens */
	size_t open;  /* connections */
};

/* http_connection.c */
bool http_connections_start(struct http_server *server);
void http_connections_end(struct http_server *server);
struct http_connection *http_connection_of(struct http_server *server, struct evhttp_request *ev);
/* Keeps the socket in the loop's hands while a handler works: evhttp has just turned reading off and turns it on again
 * with the answer, which together would be two system calls. evhttp hears of nothing meanwhile (it would end the
 * program): what comes waits in the buffer, and an end is seen after the answer. */
void http_connection_read_on(struct http_connection *connection);
/* Lets evhttp notice from now on that the client leaves. Only requests that wait for long get it: a client that shuts
 * its side once it has asked is answered if that is soon, and one that leaves is noticed then. */
void http_connection_watch(struct http_connection *connection);
void http_connection_set_phase(struct http_connection *connection, enum http_phase phase);

/* http_tls.c */
/* The bufferevent of a connection that is to come. */
struct bufferevent *http_tls_wrap(struct http_server *server);
void http_tls_free(struct http_server *server);

/* http_intake.c */
size_t http_read_ahead(const struct http_server *server);
/* `length` bytes have come at the end of the input, of a request that is being read. */
void http_intake_more(struct http_connection *connection, struct evbuffer *input, size_t length);
/* The request has been answered: the next may have come already. */
void http_intake_next(struct http_connection *connection);
void http_intake_release(struct http_connection *connection);

/* http_refusal.c */
/* The body of a problem. New memory. */
char *http_problem_text(enum err_code code, int status, const char *detail);
/* Tells a connection that there are too many, as well as can be without reading from it. */
void http_refuse_at_the_door(evutil_socket_t fd);
bool http_refusals_start(struct http_server *server);
void http_refusals_end(struct http_server *server);
void http_refusals_watch(struct http_connection *connection);
void http_refusals_forget(struct http_connection *connection);

/* http_outbox.c */
bool http_outbox_start(struct http_server *server);
void http_outbox_end(struct http_server *server);
/* Its answer stands in its buffer: it leaves before the loop turns. */
void http_outbox_put(struct http_connection *connection);
void http_outbox_forget(struct http_connection *connection);

/* http_request.c */
struct http_request *http_request_new(struct http_connection *connection, struct evhttp_request *ev);
/* The client's side is gone; the handler still has the request. */
void http_request_detach(struct http_request *request);
/* Without touching evhttp's side. */
void http_request_free(struct http_request *request);

/* http_check.c: what evhttp lets through and we do not. */
bool http_check_headers(struct evhttp_request *ev, struct err *err) MUST_USE;
bool http_check_body(struct http_request *request, enum http_body_kind kind, struct err *err) MUST_USE;

/* http_drain.c */
bool http_drain_start(struct http_server *server);
void http_drain_end(struct http_server *server);

/* Tells the owner once a draining server has nothing left to send. */
void http_server_note_done(struct http_server *server);

#endif
