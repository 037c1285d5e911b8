/* curl's multi interface on libevent: one event a socket, one timer, and word of every handle that is done. Only
 * http_client.c needs this. */
#ifndef MUSTER_HTTP_SOCKETS_H
#define MUSTER_HTTP_SOCKETS_H

#include <event2/event.h>

struct http_sockets;

/* Called from the loop, never from inside curl: it may add and remove handles. `easy` is a CURL, `result` a CURLcode.
 */
typedef void http_sockets_done_fn(void *easy, int result, void *arg);

/* Never NULL. */
struct http_sockets *http_sockets_new(struct event_base *base, http_sockets_done_fn *done, void *arg);

/* No handle may be left in it. */
void http_sockets_free(struct http_sockets *sockets);

/* The CURLM that it drives. */
void *http_sockets_multi(struct http_sockets *sockets);

#endif
