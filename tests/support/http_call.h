/* HTTP calls of tests: one call that blocks, or many at once from threads. */
#ifndef MUSTER_TEST_HTTP_CALL_H
#define MUSTER_TEST_HTTP_CALL_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#define HTTP_CALL_HEADERS_MAX 8
#define HTTP_CALL_CURL_TYPE   "curl" /* curl's own default Content-Type for a body */

struct http_call {
	const char *method;
	const char *url;
	const void *body;	  /* NULL: none */
	size_t length;		  /* of the body; 0: it is a text */
	const char *content_type; /* NULL: application/json where there is a body; "": none; HTTP_CALL_CURL_TYPE */
	const char *ca;		  /* https: the certificate to believe; NULL: the system's */
	const char *headers[HTTP_CALL_HEADERS_MAX]; /* "Name: value" */
};

struct http_reply {
	int status;   /* 0: no answer came */
	json_t *json; /* NULL where the body is none */
	char *body;
	size_t length;
	char location[256];
	char content_type[128];
	char allow[128];
	char retry_after[32];
	char authenticate[128]; /* WWW-Authenticate */
	char trace[128];	/* traceparent */
};

/* Never NULL. Everything in `call` is borrowed for the call. */
struct http_reply *http_call(const struct http_call *call);
void http_reply_free(struct http_reply *reply);

/* The same in a thread of its own, so that several are under way at once. `call` is copied but what it points to is
 * borrowed until the end. */
struct http_task;
struct http_task *http_task_start(const struct http_call *call);
struct http_reply *http_task_end(struct http_task *task);

/* Sends bytes as they are to 127.0.0.1:port and reads until the other side closes, or nothing comes for `wait_ms`; `closed`
 * (may be NULL) says which. A negative `wait_ms`: as long as that for the answer, and then a moment only. The answer is to
 * be freed by the caller. */
char *http_raw(int port, const char *bytes, size_t length, int wait_ms, bool *closed);

#endif
