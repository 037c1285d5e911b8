/* The log of requests: a line for each, `event=request`, so that a queue_id, a block_id or a trace_id finds what was
 * asked and answered over HTTP.
 *
 * What a line tells is noted beside the request while it is worked on, because it is written when its answer leaves. A
 * request that passes no further than the door (no such path, no good token, over the rate) has a line once a second at
 * most, with the number of those left out: a stranger must not be able to fill a disk. */
#ifndef MUSTER_API_REQUEST_LOG_H
#define MUSTER_API_REQUEST_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "api/suggestion.h"
#include "api/traceparent.h"
#include "shared/clock.h"
#include "shared/http.h"
#include "shared/ids.h"

struct app;
struct routes;

/* What http_note of each request is. */
struct request_note {
	bool is_begun, is_let_in;
	struct traceparent trace;
	char queue_id[QUEUE_ID_LENGTH + 1]; /* what it made; "": none */
	char user_id[NAME_SIZE];	    /* whose; "": as the path or the token says */
	char windows[160];		    /* where its orders went, with commas between */
	int64_t due_ms;			    /* the first of them */
};

struct request_log {
	int64_t door_us; /* of the last line about what the door refused, and how many had none since */
	long long unlogged;
	int64_t due_ms; /* the time that was formatted last: thousands of orders share a window */
	char due[CLOCK_TEXT];
};

/* Before anything else is done with a request. */
void request_log_begin(const struct http_request *request);
/* It has passed the door. */
void request_log_let_in(const struct http_request *request);

/* What it turned out to be. */
void request_log_queue_id(const struct http_request *request, const char *queue_id);
void request_log_user(const struct http_request *request, const char *user_id);
void request_log_stored(const struct http_request *request, const struct routes *routes);

/* A bulk call is stored: a line of its own, because its answer may wait for long. */
void request_log_bulk_stored(const struct http_request *request, size_t orders);

/* Its trace's id, for other lines about it; NULL where it has none. */
const char *request_log_trace_id(const struct http_request *request);

/* Its answer begins to leave: writes the line, where api.log_requests wants one. */
void request_log_answered(struct app *app, const struct http_request *request, int status, int64_t took_us);

#endif
