/* HTTP calls to brokers: curl's multi interface on the event loop.
 *
 * What matters about a call that failed is whether the broker may have seen it. curl tells us right before it starts to
 * send a request, on a new or a kept connection, after DNS, TCP and TLS are done: a call that failed without that never
 * left (`was_sent` is false), of any other nobody knows. Every call has a total timeout, a cap on what it takes in, and
 * follows no redirect. What is no GET is sent at most once, whatever curl would like to do by itself. */
#ifndef MUSTER_HTTP_CLIENT_H
#define MUSTER_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

#include "shared/err.h"

#define HTTP_CLIENT_REPLY_MAX ((size_t)1024 * 1024)

struct http_client;
struct http_client_call; /* one call that is out */

enum http_client_method { HTTP_CLIENT_GET, HTTP_CLIENT_POST, HTTP_CLIENT_DELETE };

/* All texts are copied. */
struct http_client_request {
	enum http_client_method method;
	const char *url;
	const char *const *headers; /* "Name: value" each, NULL-terminated; may be NULL */
	const char *body;	    /* NULL for none */
	int64_t timeout_ms;    /* from the start to the last byte of the reply, waiting for a free place included */
	size_t reply_max;      /* bytes; 0: HTTP_CLIENT_REPLY_MAX */
	bool fresh_connection; /* one of its own, not kept */
	int64_t send_by_us; /* its first byte leaves before that, by the monotonic clock, or none does; 0: whenever */
};

/* Lives only during the call of the function, with everything it points to. */
struct http_client_reply {
	int status;	  /* 0: no whole reply came, `err` says why */
	const char *body; /* ends with a NUL that `length` does not count */
	size_t length;
	bool was_sent;	       /* some byte of the request may have left */
	const struct err *err; /* NULL exactly where `status` is not 0 */
	void *handle;	       /* for http_client_header */
};
typedef void http_client_fn(const struct http_client_reply *reply, void *arg);

/* Never NULL. */
struct http_client *http_client_new(struct event_base *base);

/* Calls that are still out are dropped without a word: abandon or await them first. NULL is fine. Not from inside a
 * call's function. */
void http_client_free(struct http_client *client);

/* Calls `fn` exactly once, from the event loop, unless the call is abandoned; the handle is dead once `fn` is called.
 */
struct http_client_call *http_client_start(struct http_client *client, const struct http_client_request *request,
					   http_client_fn *fn, void *arg);

/* Drops the call: its function is not called any more. What was sent stays sent. NULL is fine. */
void http_client_abandon(struct http_client_call *call);

/* A header of the reply, by name ignoring case; NULL where it is absent. */
const char *http_client_header(const struct http_client_reply *reply, const char *name);

#endif
