/* An answer that stays open: a stream of pieces for as long as client and server like, as for server-sent events.
 *
 * What a reader has not taken yet is kept for it up to HTTP_STREAM_BUFFER_MAX bytes; one that falls farther behind, or
 * takes nothing for HTTP_STREAM_STALL_S seconds, is dropped: a page that sleeps must not cost memory. */
#ifndef MUSTER_HTTP_STREAM_H
#define MUSTER_HTTP_STREAM_H

#include "shared/http.h"

#define HTTP_STREAM_BUFFER_MAX ((size_t)1024 * 1024)
#define HTTP_STREAM_STALL_S    30

/* The client has left, or was dropped. The request is freed when this returns; there is nothing left to end. */
typedef void http_stream_gone_fn(void *arg);

/* Answers 200 and leaves the answer open. false: there is nobody to stream to (a client that has left, HEAD), and the
 * request has ended; `gone` is not called. */
bool http_stream_begin(struct http_request *request, const char *content_type, http_stream_gone_fn *gone, void *arg);

/* false: the client was too slow and is gone; `gone` was called. Not from inside the handler. */
bool http_stream_send(struct http_request *request, const void *bytes, size_t length);

/* Ends the answer and the request; what was sent still leaves, then the connection is closed. `gone` is not called. */
void http_stream_end(struct http_request *request);

#endif
