/* The HTTP server against real sockets: routes, refusals, clients that leave; and the reading of JSON and its numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/decimal.h"
#include "shared/http.h"
#include "shared/json_decimal.h"

#define MAX_BODY 1000

struct fixture {
	struct event_base *base;
	struct http_server *server;
	struct http_request *held; /* by handle_hold */
	size_t handled;
	size_t drained;
	char answer[65536];
};

static void handle_echo(struct http_request *request, void *arg)
{
	struct fixture *f = arg;
	struct err err;
	f->handled++;
	json_t *json = http_body_json(request, &err);
	if (!json)
		http_answer_error(request, &err, NULL);
	else
		http_answer_json(request, 200, json);
}

static void handle_show(struct http_request *request, void *arg)
{
	struct fixture *f = arg;
	f->handled++;
	const char *q = http_query(request, "q");
	http_answer_json(request, 200,
			 json_pack("{s:s, s:s, s:s?}", "id", http_param(request, "id"), "path", http_path(request), "q", q));
}

static void handle_hold(struct http_request *request, void *arg)
{
	struct fixture *f = arg;
	f->handled++;
	f->held = request;
}

static void handle_csv(struct http_request *request, void *arg)
{
	struct fixture *f = arg;
	f->handled++;
	http_answer_json(request, 200, json_pack("{s:b}", "csv", http_body_is_csv(request)));
}

static void handle_large(struct http_request *request, void *arg)
{
	struct fixture *f = arg;
	f->handled++;
	char text[20001];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	http_answer_json(request, 200, json_pack("{s:s}", "x", text));
}

static const struct http_route routes[] = {
	{HTTP_POST, "/echo", HTTP_BODY_JSON, handle_echo},
	{HTTP_GET, "/things/{id}", HTTP_BODY_NONE, handle_show},
	{HTTP_PUT, "/things/{id}", HTTP_BODY_JSON, handle_echo},
	{HTTP_GET, "/things/{id}/parts/{part}", HTTP_BODY_NONE, handle_show},
	{HTTP_PUT, "/stocks", HTTP_BODY_JSON_OR_CSV, handle_csv},
	{HTTP_GET, "/hold", HTTP_BODY_NONE, handle_hold},
	{HTTP_GET, "/large", HTTP_BODY_NONE, handle_large},
	{0},
};

static void note_drained(void *arg)
{
	((struct fixture *)arg)->drained++;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct err err;
	f->base = event_base_new();
	const struct http_server_options options = {.address = "127.0.0.1:0",
						    .max_body_bytes = MAX_BODY,
						    .routes = routes,
						    .drained = note_drained,
						    .arg = f};
	f->server = http_server_new(f->base, &options, &err);
	assert_non_null(f->server);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	http_server_free(f->server);
	if (f->held)
		http_answer_empty(f->held, 204);
	event_base_free(f->base);
	free(f);
	return 0;
}

static int client_connect(const struct fixture *f)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(http_server_port(f->server)),
				      .sin_addr = {htonl(INADDR_LOOPBACK)}};
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static void client_send(int fd, const char *bytes, size_t length)
{
	assert_int_equal(send(fd, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
}

/* Whether the answer so far is whole. */
static bool answer_is_whole(const char *answer, bool is_head)
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
static bool client_receive(struct fixture *f, int fd, bool until_closed, bool is_head)
{
	size_t have = 0;
	int64_t give_up_us = clock_monotonic_us() + 5000000;
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

static int status_of(const struct fixture *f)
{
	return strncmp(f->answer, "HTTP/1.1 ", 9) ? 0 : atoi(f->answer + 9);
}

/* One request on a connection of its own; `request` goes out as it stands. */
static int exchange_bytes(struct fixture *f, const char *request, size_t length)
{
	int fd = client_connect(f);
	client_send(fd, request, length);
	client_receive(f, fd, false, strncmp(request, "HEAD", 4) == 0);
	close(fd);
	return status_of(f);
}

static int exchange(struct fixture *f, const char *request)
{
	return exchange_bytes(f, request, strlen(request));
}

/* A POST of a body with a type ("" for none). */
static int post_typed(struct fixture *f, const char *target, const char *type, const char *body, size_t length)
{
	char request[8192];
	int head = snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: h\r\n%s%s%sContent-Length: %zu\r\n\r\n", target,
			    *type ? "Content-Type: " : "", type, *type ? "\r\n" : "", length);
	assert_true((size_t)head + length < sizeof request);
	memcpy(request + head, body, length);
	return exchange_bytes(f, request, (size_t)head + length);
}

static int post(struct fixture *f, const char *body)
{
	return post_typed(f, "POST /echo", "application/json", body, strlen(body));
}

static void routes_find_the_handler_and_its_parameters(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(exchange(f, "GET /things/a%20b?q=1%2B1+x HTTP/1.1\r\nHost: h\r\n\r\n"), 200);
	assert_non_null(strstr(f->answer, "{\"id\":\"a b\",\"path\":\"/things/a%20b\",\"q\":\"1+1 x\"}"));
	assert_int_equal(exchange(f, "GET /things/x/parts/y?qq=2&q HTTP/1.1\r\nHost: h\r\n\r\n"), 200);
	assert_non_null(strstr(f->answer, "\"id\":\"x\""));
	assert_non_null(strstr(f->answer, "\"q\":\"\""));
	assert_int_equal(exchange(f, "GET /thing%73/x HTTP/1.1\r\nHost: h\r\n\r\n"), 200);
	assert_non_null(strstr(f->answer, "\"q\":null"));
	assert_int_equal(f->handled, 3);
}

static void unknown_paths_get_404_and_other_methods_405_with_allow(void **state)
{
	struct fixture *f = *state;
	static const char *const unknown[] = {"/", "/thing", "/things/", "/things/a/", "/echo/x", "/things/%zz", "/things/%00",
					      "/1/2/3/4/5/6/7/8/9/10"};
	char request[256];
	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
		snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", unknown[i]);
		assert_int_equal(exchange(f, request), 404);
		assert_non_null(strstr(f->answer, "Content-Type: application/problem+json\r\n"));
		assert_non_null(strstr(f->answer, "\"code\":\"not_found\""));
	}
	static const char *const methods[] = {"DELETE", "OPTIONS", "TRACE", "BREW"};
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		snprintf(request, sizeof request, "%s /things/a HTTP/1.1\r\nHost: h\r\n\r\n", methods[i]);
		assert_int_equal(exchange(f, request), 405);
		assert_non_null(strstr(f->answer, "Allow: GET, HEAD, PUT\r\n"));
		assert_non_null(strstr(f->answer, "\"code\":\"method_not_allowed\""));
	}
	assert_int_equal(exchange(f, "CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n"), 501);
	assert_int_equal(f->handled, 0);
}

static void head_gets_the_length_but_no_body(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(exchange(f, "HEAD /large HTTP/1.1\r\nHost: h\r\n\r\n"), 200);
	assert_non_null(strstr(f->answer, "Content-Length: 20008\r\n"));
	assert_string_equal(strstr(f->answer, "\r\n\r\n"), "\r\n\r\n");
	assert_int_equal(exchange(f, "GET /large HTTP/1.1\r\nHost: h\r\n\r\n"), 200);
	assert_int_equal(strlen(strstr(f->answer, "\r\n\r\n")), 20012);
}

static void malformed_requests_are_refused_and_closed(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *request;
		int status;
	} rows[] = {
		{"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400},
		{"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400},
		{"POST /echo HTTP/1.1\r\nHost: h\r\nHost: g\r\nContent-Length: 2\r\n\r\n{}", 400},
		{"POST /echo HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nAuthorization: b\r\nContent-Length: 2\r\n\r\n{}", 400},
		{"POST /echo HTTP/1.1\r\nHost: h\r\nIdempotency-Key: a\r\nidempotency-key: b\r\nContent-Length: 2\r\n\r\n{}",
		 400},
		{"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length : 2\r\n\r\n{}", 400},
		{"POST /echo HTTP/1.1\r\nHost: h\r\nX Y: 2\r\nContent-Length: 2\r\n\r\n{}", 400},
		{"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: +2\r\n\r\n{}", 400},
		{"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: -2\r\n\r\n{}", 400},
		{"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2x\r\n\r\n{}", 400},
		{"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		 400},
		{"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400},
		{"POST /echo HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 400},
		{"POST /echo HTTP/1.1\r\nHost: h\r\n\r\n", 411},
		{"POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 411},
		{"GARBAGE\r\n\r\n", 400},
		{"GET /things/a\r\n\r\n", 400},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int fd = client_connect(f);
		client_send(fd, rows[i].request, strlen(rows[i].request));
		assert_true(client_receive(f, fd, true, false));
		if (status_of(f) != rows[i].status)
			fail_msg("%s\nanswered %s", rows[i].request, f->answer);
		close(fd);
	}
	assert_int_equal(f->handled, 0);
}

static void bodies_may_come_in_chunks(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(exchange(f, "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
				     "4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n"),
			 200);
	assert_non_null(strstr(f->answer, "\r\n\r\n{\"a\":1}"));
}

static void body_types_are_checked_before_the_handler(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(post_typed(f, "POST /echo", "", "{}", 2), 200);
	assert_int_equal(post_typed(f, "POST /echo", "application/json; charset=utf-8", "{}", 2), 200);
	assert_int_equal(post_typed(f, "POST /echo", "application/x-www-form-urlencoded", "{}", 2), 200);
	assert_int_equal(post_typed(f, "PUT /stocks", "text/csv", "a,b", 3), 200);
	assert_non_null(strstr(f->answer, "{\"csv\":true}"));
	assert_int_equal(post_typed(f, "PUT /stocks", "application/json", "[]", 2), 200);
	assert_non_null(strstr(f->answer, "{\"csv\":false}"));
	size_t handled = f->handled;
	assert_int_equal(post_typed(f, "POST /echo", "text/csv", "{}", 2), 415);
	assert_int_equal(post_typed(f, "POST /echo", "text/plain", "{}", 2), 415);
	assert_int_equal(post_typed(f, "POST /echo", "application/jsonx", "{}", 2), 415);
	assert_int_equal(post_typed(f, "POST /echo", "application/json\r\nContent-Encoding: gzip", "{}", 2), 415);
	assert_int_equal(f->handled, handled);
}

static void bodies_above_the_limit_get_413(void **state)
{
	struct fixture *f = *state;
	char body[4000];
	memset(body, ' ', sizeof body);
	memcpy(body, "{}", 2);
	assert_int_equal(post_typed(f, "POST /echo", "", body, MAX_BODY), 200);
	assert_int_equal(post_typed(f, "POST /echo", "", body, MAX_BODY + 1), 413);
	assert_non_null(strstr(f->answer, "\"code\":\"too_large\""));
	assert_int_equal(post_typed(f, "POST /echo", "", body, sizeof body), 413);
	assert_int_equal(f->handled, 1);
}

static void bad_json_is_told_apart(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *body, *code;
		int status;
	} rows[] = {
		{"", "bad_json", 400},
		{"x", "bad_json", 400},
		{"{\"a\":1", "bad_json", 400},
		{"{} {}", "bad_json", 400},
		{"\"text\"", "bad_json", 400},
		{"5", "bad_json", 400},
		{"{\"a\":\"\\u0000\"}", "bad_json", 400},
		{"{\"a\":\"\xff\"}", "bad_json", 400},
		{"{\"a\":1,\"a\":2}", "duplicate_key", 400},
		{"{\"b\":{\"a\":1,\"a\":1}}", "duplicate_key", 400},
		{"[[[[[[[[[1]]]]]]]]]", "too_deep", 400},
		{"{\"a\":[[[[[[[[", "too_deep", 400},
		{"{\"a\":1234567890123456}", "bad_number", 422},
		{"{\"a\":1.00000000000000001}", "bad_number", 422},
		{"{\"a\":0.1234567890123456}", "bad_number", 422},
		{"{\"a\":99999999999999999999}", "bad_number", 422},
		{"{\"a\":10000000000000000000000}", "bad_number", 422},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char code[64];
		int status = post(f, rows[i].body);
		snprintf(code, sizeof code, "\"code\":\"%s\"", rows[i].code);
		if (status != rows[i].status || !strstr(f->answer, code))
			fail_msg("%s answered %s", rows[i].body, f->answer);
	}
	assert_int_equal(post_typed(f, "POST /echo", "", "{\0}", 3), 400);
	assert_int_equal(post(f, "[[[[[[[[1]]]]]]]]"), 200);
	assert_int_equal(post(f, "{\"[[[[[[[[[[\":\"\\\"{{{{{{{{{{{{ 12345678901234567890\"}"), 200);
	assert_int_equal(post(f, "{\"a\":0.000123456789012345,\"b\":-123456789012345,\"c\":1e3}"), 200);
}

static void connections_serve_many_requests_also_pipelined(void **state)
{
	struct fixture *f = *state;
	int fd = client_connect(f);
	const char one[] = "GET /things/1 HTTP/1.1\r\nHost: h\r\n\r\n";
	client_send(fd, one, sizeof one - 1);
	assert_false(client_receive(f, fd, false, false));
	const char two[] = "GET /things/2 HTTP/1.1\r\nHost: h\r\n\r\n"
			   "GET /things/3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
	client_send(fd, two, sizeof two - 1);
	assert_true(client_receive(f, fd, true, false));
	assert_non_null(strstr(f->answer, "\"id\":\"2\""));
	assert_non_null(strstr(f->answer, "\"id\":\"3\""));
	assert_int_equal(f->handled, 3);
	close(fd);
}

/* Runs the server until the handler holds a request. */
static void wait_for_held(struct fixture *f)
{
	int64_t give_up_us = clock_monotonic_us() + 5000000;
	while (!f->held && clock_monotonic_us() < give_up_us)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
	assert_non_null(f->held);
}

static int hold(struct fixture *f)
{
	int fd = client_connect(f);
	const char request[] = "GET /hold?q=5 HTTP/1.1\r\nHost: h\r\n\r\n";
	client_send(fd, request, sizeof request - 1);
	wait_for_held(f);
	return fd;
}

static void answer_held(struct fixture *f)
{
	struct http_request *held = f->held;
	f->held = NULL;
	http_answer_json(held, 200, json_pack("{s:s}", "q", http_query(held, "q")));
}

static void a_client_that_leaves_detaches_its_side_only(void **state)
{
	struct fixture *f = *state;
	int fd = hold(f);
	assert_true(http_client_is_there(f->held));
	close(fd);
	int64_t give_up_us = clock_monotonic_us() + 5000000;
	while (http_client_is_there(f->held) && clock_monotonic_us() < give_up_us)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
	assert_false(http_client_is_there(f->held));
	assert_int_equal(http_server_requests(f->server), 1);
	assert_string_equal(http_query(f->held, "q"), "5");
	assert_string_equal(http_path(f->held), "/hold");
	http_set_header(f->held, "X-A", "b");
	answer_held(f);
	assert_int_equal(http_server_requests(f->server), 0);
}

static void data_that_comes_while_an_answer_is_awaited_is_the_next_request(void **state)
{
	struct fixture *f = *state;
	int fd = hold(f);
	const char next[] = "GET /things/next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
	client_send(fd, next, sizeof next - 1);
	for (int i = 0; i < 100; i++)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
	assert_int_equal(f->handled, 1);
	answer_held(f);
	assert_true(client_receive(f, fd, true, false));
	assert_non_null(strstr(f->answer, "{\"q\":\"5\"}"));
	assert_non_null(strstr(f->answer, "\"id\":\"next\""));
	close(fd);
}

static void a_request_outlives_the_server(void **state)
{
	struct fixture *f = *state;
	int fd = hold(f);
	http_server_free(f->server);
	f->server = NULL;
	assert_false(http_client_is_there(f->held));
	assert_null(http_header(f->held, "Host"));
	close(fd);
	http_answer_empty(f->held, 200);
	f->held = NULL;
}

static void draining_answers_what_is_in_hand_and_closes_the_rest(void **state)
{
	struct fixture *f = *state;
	int idle = client_connect(f);
	int fd = hold(f);
	http_server_drain(f->server);
	assert_true(client_receive(f, idle, true, false));
	assert_int_equal(f->drained, 0);
	answer_held(f);
	assert_true(client_receive(f, fd, true, false));
	assert_int_equal(status_of(f), 200);
	assert_non_null(strstr(f->answer, "Connection: close\r\n"));
	for (int i = 0; i < 100 && !f->drained; i++)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
	assert_int_equal(f->drained, 1);
	assert_int_equal(http_server_requests(f->server), 0);
	close(idle);
	close(fd);
}

static void addresses_in_use_or_unknown_are_told(void **state)
{
	struct fixture *f = *state;
	struct err err;
	char address[64];
	snprintf(address, sizeof address, "127.0.0.1:%u", http_server_port(f->server));
	struct http_server_options options = {.address = address, .max_body_bytes = 10, .routes = routes};
	assert_null(http_server_new(f->base, &options, &err));
	assert_non_null(strstr(err.message, address));
	options.address = "192.0.2.1:0";
	assert_null(http_server_new(f->base, &options, &err));
}

static void decimals_come_from_strings_and_short_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *json, *text;
	} rows[] = {
		{"[\"190.25\"]", "190.25"},
		{"[190.25]", "190.25"},
		{"[0.1]", "0.1"},
		{"[5]", "5"},
		{"[-5]", "-5"},
		{"[0]", "0"},
		{"[0.0]", "0"},
		{"[-0.0]", "0"},
		{"[1e3]", "1000"},
		{"[1.5e-7]", "0.00000015"},
		{"[-1e-9]", "-0.000000001"},
		{"[123456.789012345]", "123456.789012345"},
		{"[100000000000000000]", NULL},
		{"[1e30]", NULL},
		{"[1e300]", NULL},
		{"[1e-10]", NULL},
		{"[1e-300]", NULL},
		{"[1234567890123456]", NULL},
		{"[0.12345678901234567]", NULL},
		{"[\"\"]", NULL},
		{"[\"1e3\"]", NULL},
		{"[true]", NULL},
		{"[null]", NULL},
		{"[[1]]", NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *json = json_loads(rows[i].json, 0, NULL);
		int64_t nano;
		struct err err = {0};
		char text[DECIMAL_TEXT];
		bool ok = json_decimal(json_array_get(json, 0), &nano, &err);
		if (ok != (rows[i].text != NULL) || (ok && strcmp(decimal_format(nano, text), rows[i].text) != 0))
			fail_msg("%s gave %s", rows[i].json, ok ? text : err.message);
		json_decref(json);
	}
	struct err err;
	int64_t nano;
	assert_false(json_decimal(NULL, &nano, &err));
	assert_int_equal(err.code, ERR_BAD_TYPE);
}

int main(void)
{
#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		SERVER_TEST(routes_find_the_handler_and_its_parameters),
		SERVER_TEST(unknown_paths_get_404_and_other_methods_405_with_allow),
		SERVER_TEST(head_gets_the_length_but_no_body),
		SERVER_TEST(malformed_requests_are_refused_and_closed),
		SERVER_TEST(bodies_may_come_in_chunks),
		SERVER_TEST(body_types_are_checked_before_the_handler),
		SERVER_TEST(bodies_above_the_limit_get_413),
		SERVER_TEST(bad_json_is_told_apart),
		SERVER_TEST(connections_serve_many_requests_also_pipelined),
		SERVER_TEST(a_client_that_leaves_detaches_its_side_only),
		SERVER_TEST(data_that_comes_while_an_answer_is_awaited_is_the_next_request),
		SERVER_TEST(a_request_outlives_the_server),
		SERVER_TEST(draining_answers_what_is_in_hand_and_closes_the_rest),
		SERVER_TEST(addresses_in_use_or_unknown_are_told),
		cmocka_unit_test(decimals_come_from_strings_and_short_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
