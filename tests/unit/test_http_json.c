/* The HTTP server against real sockets: routes, refusals, and the reading of JSON bodies. */
#include "tests/unit/http_fixture.h"

static void routes_find_the_handler_and_its_parameters(void **state)
{
	struct http_fixture *f = *state;
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
	struct http_fixture *f = *state;
	static const char *const unknown[] = {"/",	 "/thing",	"/things/",    "/things/a/",
					      "/echo/x", "/things/%zz", "/things/%00", "/1/2/3/4/5/6/7/8/9/10"};
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
	struct http_fixture *f = *state;
	assert_int_equal(exchange(f, "HEAD /large HTTP/1.1\r\nHost: h\r\n\r\n"), 200);
	assert_non_null(strstr(f->answer, "Content-Length: 20008\r\n"));
	assert_string_equal(strstr(f->answer, "\r\n\r\n"), "\r\n\r\n");
	assert_int_equal(exchange(f, "GET /large HTTP/1.1\r\nHost: h\r\n\r\n"), 200);
	assert_int_equal(strlen(strstr(f->answer, "\r\n\r\n")), 20012);
}

static void malformed_requests_are_refused_and_closed(void **state)
{
	struct http_fixture *f = *state;
	static const struct {
		const char *request;
		int status;
	} rows[] = {
	    {"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400},
	    {"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400},
	    {"POST /echo HTTP/1.1\r\nHost: h\r\nHost: g\r\nContent-Length: 2\r\n\r\n{}", 400},
	    {"POST /echo HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nAuthorization: b\r\nContent-Length: 2\r\n\r\n{}",
	     400},
	    {"POST /echo HTTP/1.1\r\nHost: h\r\nIdempotency-Key: a\r\nidempotency-key: b\r\nContent-Length: "
	     "2\r\n\r\n{}",
	     400},
	    {"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length : 2\r\n\r\n{}", 400},
	    {"POST /echo HTTP/1.1\r\nHost: h\r\nX Y: 2\r\nContent-Length: 2\r\n\r\n{}", 400},
	    {"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: +2\r\n\r\n{}", 400},
	    {"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: -2\r\n\r\n{}", 400},
	    {"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2x\r\n\r\n{}", 400},
	    {"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nTransfer-Encoding: "
	     "chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
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
		if (status_of(f) != rows[i].status || !strstr(f->answer, "Content-Type: application/problem+json\r\n"))
			fail_msg("%s\nanswered %s", rows[i].request, f->answer);
		close(fd);
	}
	assert_int_equal(f->handled, 0);
}

static void a_client_that_asks_first_is_told_to_go_on(void **state)
{
	struct http_fixture *f = *state;
	int fd = client_connect(f);
	static const char head[] =
	    "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
	client_send(fd, head, sizeof head - 1);
	client_receive(f, fd, false, true);
	assert_string_equal(f->answer, "HTTP/1.1 100 Continue\r\n\r\n");
	client_send(fd, "{}", 2);
	client_receive(f, fd, false, false);
	assert_int_equal(status_of(f), 200);
	close(fd);
	assert_int_equal(exchange(f, "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: more\r\nContent-Length: 2\r\n\r\n{}"),
			 417);
	assert_non_null(strstr(f->answer, "\"status\":417"));
}

static void bodies_may_come_in_chunks(void **state)
{
	struct http_fixture *f = *state;
	assert_int_equal(exchange(f, "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
				     "4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n"),
			 200);
	assert_non_null(strstr(f->answer, "\r\n\r\n{\"a\":1}"));
}

static void body_types_are_checked_before_the_handler(void **state)
{
	struct http_fixture *f = *state;
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
	struct http_fixture *f = *state;
	char body[4000];
	memset(body, ' ', sizeof body);
	memcpy(body, "{}", 2);
	assert_int_equal(post_typed(f, "POST /echo", "", body, MAX_BODY), 200);
	assert_int_equal(post_typed(f, "POST /echo", "", body, MAX_BODY + 1), 413);
	assert_non_null(strstr(f->answer, "\"code\":\"too_large\""));
	assert_int_equal(post_typed(f, "POST /echo", "", body, sizeof body), 413); /* evhttp's own */
	assert_non_null(strstr(f->answer, "\"code\":\"too_large\""));
	assert_null(strstr(f->answer, "<"));
	assert_int_equal(f->handled, 1);
}

static void bad_json_is_told_apart(void **state)
{
	struct http_fixture *f = *state;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SERVER_TEST(routes_find_the_handler_and_its_parameters),
	    SERVER_TEST(unknown_paths_get_404_and_other_methods_405_with_allow),
	    SERVER_TEST(head_gets_the_length_but_no_body),
	    SERVER_TEST(malformed_requests_are_refused_and_closed),
	    SERVER_TEST(a_client_that_asks_first_is_told_to_go_on),
	    SERVER_TEST(bodies_may_come_in_chunks),
	    SERVER_TEST(body_types_are_checked_before_the_handler),
	    SERVER_TEST(bodies_above_the_limit_get_413),
	    SERVER_TEST(bad_json_is_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
