/* Answers that stay open: over real sockets, in the test's own loop. */
#include "tests/unit/http_fixture.h"

#define GIVE_UP_US INT64_C(20000000)

/* Runs the server until the condition holds. */
#define RUN_UNTIL(f, condition)                                                                                        \
	do {                                                                                                           \
		int64_t give_up_us = clock_monotonic_us() + GIVE_UP_US;                                                \
		while (!(condition)) {                                                                                 \
			if (clock_monotonic_us() > give_up_us)                                                         \
				fail_msg("never came true: %s", #condition);                                           \
			event_base_loop((f)->base, EVLOOP_NONBLOCK);                                                   \
		}                                                                                                      \
	} while (0)

/* A client whose stream has begun. */
static int begin(struct http_fixture *f, const char *version)
{
	int fd = client_connect(f);
	char request[64];

	(void)snprintf(request, sizeof request, "GET /stream HTTP/%s\r\nHost: h\r\n\r\n", version);
	client_send(fd, request, strlen(request));
	RUN_UNTIL(f, f->stream);
	return fd;
}

/* Whether all that the client has got so far, added to what it had, has this text in it. */
static bool has_got(struct http_fixture *f, int fd, const char *text)
{
	size_t have = strlen(f->answer);
	ssize_t n = recv(fd, f->answer + have, sizeof f->answer - have - 1, MSG_DONTWAIT);

	if (n > 0)
		f->answer[have + (size_t)n] = '\0';
	return strstr(f->answer, text) != NULL;
}

static void pieces_arrive_as_they_are_sent_until_the_end(void **state)
{
	struct http_fixture *f = *state;
	int fd = begin(f, "1.1");

	RUN_UNTIL(f, has_got(f, fd, "\r\n\r\n"));
	assert_int_equal(status_of(f), 200);
	assert_non_null(strstr(f->answer, "Content-Type: text/event-stream\r\n"));
	assert_non_null(strstr(f->answer, "Cache-Control: no-store\r\n"));
	assert_non_null(strstr(f->answer, "Transfer-Encoding: chunked\r\n"));
	assert_true(http_stream_send(f->stream, "data: one\n\n", 11));
	RUN_UNTIL(f, has_got(f, fd, "b\r\ndata: one\n\n\r\n"));
	assert_true(http_stream_send(f->stream, "", 0)); /* would be the end */
	assert_true(http_stream_send(f->stream, "two", 3));
	RUN_UNTIL(f, has_got(f, fd, "3\r\ntwo\r\n"));
	assert_int_equal(http_server_requests(f->server), 1);
	http_stream_end(f->stream);
	f->answer[0] = '\0';
	assert_true(client_receive(f, fd, true, false));
	assert_string_equal(f->answer, "0\r\n\r\n");
	RUN_UNTIL(f, http_server_requests(f->server) == 0);
	assert_int_equal(f->gone, 0);
	assert_int_equal(f->answered, 1);
	assert_int_equal(f->answered_status, 200);
	f->stream = NULL;
	close(fd);
}

static void an_old_client_gets_the_pieces_without_chunks(void **state)
{
	struct http_fixture *f = *state;
	int fd = begin(f, "1.0");

	assert_true(http_stream_send(f->stream, "data: one\n\n", 11));
	RUN_UNTIL(f, has_got(f, fd, "\r\n\r\ndata: one\n\n"));
	assert_null(strstr(f->answer, "chunked"));
	http_stream_end(f->stream);
	f->answer[0] = '\0';
	assert_true(client_receive(f, fd, true, false));
	assert_string_equal(f->answer, "");
	f->stream = NULL;
	close(fd);
}

static void a_head_request_has_no_stream(void **state)
{
	struct http_fixture *f = *state;

	assert_int_equal(exchange(f, "HEAD /stream HTTP/1.1\r\nHost: h\r\n\r\n"), 200);
	assert_null(f->stream);
	assert_non_null(strstr(f->answer, "Content-Type: text/event-stream\r\n"));
	assert_int_equal(http_server_requests(f->server), 0);
}

static void a_client_that_leaves_ends_its_stream(void **state)
{
	struct http_fixture *f = *state;

	for (int i = 0; i < 2; i++) {
		int fd = begin(f, "1.1");
		const struct linger reset = {1, 0};

		if (i) /* a reset instead of an orderly end */
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		close(fd);
		RUN_UNTIL(f, !f->stream);
		assert_int_equal(f->gone, i + 1);
		assert_int_equal(f->answered, i + 1);
		assert_int_equal(f->answered_status, 200);
		assert_int_equal(http_server_requests(f->server), 0);
	}
}

static void a_client_that_does_not_read_is_dropped_and_others_are_not(void **state)
{
	struct http_fixture *f = *state;
	static char piece[65536];
	int slow = begin(f, "1.1"), fd;
	struct http_request *stream = f->stream;
	size_t sent = 0;

	f->stream = NULL;
	fd = begin(f, "1.1");
	memset(piece, 'x', sizeof piece);
	/* The sockets take some megabytes, the server keeps one. */
	while (http_stream_send(stream, piece, sizeof piece)) {
		sent += sizeof piece;
		assert_true(sent < (size_t)64 * 1024 * 1024);
		event_base_loop(f->base, EVLOOP_NONBLOCK);
	}
	assert_true(sent >= HTTP_STREAM_BUFFER_MAX - sizeof piece);
	assert_int_equal(f->gone, 1);
	f->answer[0] = '\0';
	assert_int_equal(http_server_requests(f->server), 1);
	f->stream = NULL; /* note_gone cleared it for the other one */
	assert_int_equal(exchange(f, "GET /things/1 HTTP/1.1\r\nHost: h\r\n\r\n"), 200);
	close(slow);
	close(fd);
	RUN_UNTIL(f, f->gone == 2);
}

static void a_draining_server_waits_for_streams_to_be_ended(void **state)
{
	struct http_fixture *f = *state;
	int fd = begin(f, "1.1");

	http_server_drain(f->server);
	for (int i = 0; i < 20; i++)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
	assert_int_equal(f->drained, 0);
	http_stream_end(f->stream);
	f->stream = NULL;
	RUN_UNTIL(f, f->drained);
	assert_true(client_receive(f, fd, true, false));
	close(fd);
}

static void the_end_of_the_server_ends_its_streams(void **state)
{
	struct http_fixture *f = *state;
	int fd = begin(f, "1.1");

	http_server_free(f->server);
	f->server = NULL;
	assert_int_equal(f->gone, 1);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SERVER_TEST(pieces_arrive_as_they_are_sent_until_the_end),
	    SERVER_TEST(an_old_client_gets_the_pieces_without_chunks),
	    SERVER_TEST(a_head_request_has_no_stream),
	    SERVER_TEST(a_client_that_leaves_ends_its_stream),
	    SERVER_TEST(a_client_that_does_not_read_is_dropped_and_others_are_not),
	    SERVER_TEST(a_draining_server_waits_for_streams_to_be_ended),
	    SERVER_TEST(the_end_of_the_server_ends_its_streams),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
