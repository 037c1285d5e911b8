/* A server with a few routes in the test's own loop, and a client of raw bytes. */
#ifndef MUSTER_TEST_HTTP_FIXTURE_H
#define MUSTER_TEST_HTTP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/http.h"
#include "shared/http_stream.h"

#define MAX_BODY 1000

struct http_fixture {
	struct event_base *base;
	struct http_server *server;
	struct http_request *held; /* by handle_hold */
	struct http_request *stream;
	size_t gone; /* streams whose client left */
	size_t handled;
	size_t drained;
	size_t answered;
	int answered_status;
	char answer[65536];
};

/* Answers with the JSON that came. */
static inline void handle_echo(struct http_request *request, void *arg)
{
	struct http_fixture *f = arg;
	struct err err;
	f->handled++;
	json_t *json = http_body_json(request, &err);
	if (!json)
		http_answer_error(request, &err, NULL);
	else
		http_answer_json(request, 200, json);
}

/* Answers with what the server made of the request line. */
static inline void handle_show(struct http_request *request, void *arg)
{
	struct http_fixture *f = arg;
	f->handled++;
	const char *q = http_query(request, "q");
	http_answer_json(
	    request, 200,
	    json_pack("{s:s, s:s, s:s?}", "id", http_param(request, "id"), "path", http_path(request), "q", q));
}

/* Answers later: the test does. */
static inline void handle_hold(struct http_request *request, void *arg)
{
	struct http_fixture *f = arg;
	f->handled++;
	f->held = request;
}

/* Answers with what kind of body came. */
static inline void handle_csv(struct http_request *request, void *arg)
{
	struct http_fixture *f = arg;
	f->handled++;
	http_answer_json(request, 200, json_pack("{s:b}", "csv", http_body_is_csv(request)));
}

/* Answers with more than fits the stack. */
static inline void handle_large(struct http_request *request, void *arg)
{
	struct http_fixture *f = arg;
	f->handled++;
	char text[20001];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	http_answer_json(request, 200, json_pack("{s:s}", "x", text));
}

static inline void note_gone(void *arg)
{
	struct http_fixture *f = arg;
	f->stream = NULL;
	f->gone++;
}

/* Begins an answer that stays open: the test goes on with it. */
static inline void handle_stream(struct http_request *request, void *arg)
{
	struct http_fixture *f = arg;
	f->handled++;
	http_set_header(request, "Cache-Control", "no-store");
	if (http_stream_begin(request, "text/event-stream", note_gone, f))
		f->stream = request;
}

static const struct http_route http_fixture_routes[] = {
    {HTTP_POST, "/echo", HTTP_BODY_JSON, handle_echo, 0},
    {HTTP_GET, "/things/{id}", HTTP_BODY_NONE, handle_show, 0},
    {HTTP_PUT, "/things/{id}", HTTP_BODY_JSON, handle_echo, 0},
    {HTTP_GET, "/things/{id}/parts/{part}", HTTP_BODY_NONE, handle_show, 0},
    {HTTP_PUT, "/stocks", HTTP_BODY_JSON_OR_CSV, handle_csv, 0},
    {HTTP_GET, "/hold", HTTP_BODY_NONE, handle_hold, 0},
    {HTTP_GET, "/large", HTTP_BODY_NONE, handle_large, 0},
    {HTTP_GET, "/stream", HTTP_BODY_NONE, handle_stream, 0},
    {0},
};

/* The server has drained. */
static inline void note_drained(void *arg)
{
	((struct http_fixture *)arg)->drained++;
}

/* An answer leaves. */
static inline void note_answered(const struct http_request *request, int status, void *arg)
{
	struct http_fixture *f = arg;
	(void)request;
	f->answered++;
	f->answered_status = status;
}

/* A server on a free port. */
static inline int setup(void **state)
{
	struct http_fixture *f = calloc(1, sizeof *f);
	struct err err;
	signal(SIGPIPE, SIG_IGN); /* as all programs do */
	f->base = event_base_new();
	const struct http_server_options options = {.address = "127.0.0.1:0",
						    .max_body_bytes = MAX_BODY,
						    .routes = http_fixture_routes,
						    .drained = note_drained,
						    .answered = note_answered,
						    .arg = f};
	f->server = http_server_new(f->base, &options, &err);
	assert_non_null(f->server);
	*state = f;
	return 0;
}

/* Ends it, before the request that is still held. */
static inline int teardown(void **state)
{
	struct http_fixture *f = *state;
	http_server_free(f->server);
	if (f->held)
		http_answer_empty(f->held, 204);
	event_base_free(f->base);
	free(f);
	return 0;
}

/* A new connection, whose kernel keeps no more than about so many bytes for us (0: as many as it likes). */
static inline int client_connect_narrow(const struct http_fixture *f, int bytes)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (bytes)
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes), 0);
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(http_server_port(f->server)),
				      .sin_addr = {htonl(INADDR_LOOPBACK)}};
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static inline int client_connect(const struct http_fixture *f)
{
	return client_connect_narrow(f, 0);
}

/* Sends bytes as they are. */
static inline void client_send(int fd, const char *bytes, size_t length)
{
	assert_int_equal(send(fd, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
}

/* Whether the answer so far is whole. */
static inline bool answer_is_whole(const char *answer, bool is_head)
{
	const char *body = strstr(answer, "\r\n\r\n");
	if (!body)
		return false;
	const char *length = strstr(answer, "Content-Length: ");
	if (!length || length > body || is_head)
		return true;
	return strlen(body + 4) >= strtoul(length + 16, NULL, 10);
}

/* Runs the server until the client has a whole answer, or its end; whether the server closed. */
static inline bool client_receive(struct http_fixture *f, int fd, bool until_closed, bool is_head)
{
	size_t have = 0;
	int64_t give_up_us = clock_monotonic_us() + 30000000;
	f->answer[0] = '\0';
	while (clock_monotonic_us() < give_up_us) {
		event_base_loop(f->base, EVLOOP_NONBLOCK);
		ssize_t n = recv(fd, f->answer + have, sizeof f->answer - have - 1, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			return true;
		if (n > 0) {
			have += (size_t)n;
			f->answer[have] = '\0';
		}
		if (!until_closed && answer_is_whole(f->answer, is_head))
			return false;
	}
	fail_msg("no whole answer within 5 s: %s", f->answer);
	return false;
}

/* The status of the last answer. */
static inline int status_of(const struct http_fixture *f)
{
	return strncmp(f->answer, "HTTP/1.1 ", 9) ? 0 : atoi(f->answer + 9);
}

/* One request on a connection of its own; `request` goes out as it stands. */
static inline int exchange_bytes(struct http_fixture *f, const char *request, size_t length)
{
	int fd = client_connect(f);
	client_send(fd, request, length);
	client_receive(f, fd, false, strncmp(request, "HEAD", 4) == 0);
	close(fd);
	return status_of(f);
}

static inline int exchange(struct http_fixture *f, const char *request)
{
	return exchange_bytes(f, request, strlen(request));
}

/* A POST of a body with a type ("" for none). */
static inline int post_typed(struct http_fixture *f, const char *target, const char *type, const char *body,
			     size_t length)
{
	char request[8192];
	int head = snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: h\r\n%s%s%sContent-Length: %zu\r\n\r\n",
			    target, *type ? "Content-Type: " : "", type, *type ? "\r\n" : "", length);
	assert_true((size_t)head + length < sizeof request);
	memcpy(request + head, body, length);
	return exchange_bytes(f, request, (size_t)head + length);
}

static inline int post(struct http_fixture *f, const char *body)
{
	return post_typed(f, "POST /echo", "application/json", body, strlen(body));
}

#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
