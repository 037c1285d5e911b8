/* The HTTP server and its clients: many requests on one connection, clients that leave, and the end of the server. */
#include "tests/unit/http_fixture.h"

#include "shared/http_parts.h"

static void connections_serve_many_requests_also_pipelined(void **state)
{
	struct http_fixture *f = *state;
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
	assert_int_equal(f->answered, 3);
	assert_int_equal(f->answered_status, 200);
	close(fd);
}

/* Runs the server until the handler holds a request. */
static void wait_for_held(struct http_fixture *f)
{
	int64_t give_up_us = clock_monotonic_us() + 30000000;
	while (!f->held && clock_monotonic_us() < give_up_us)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
	assert_non_null(f->held);
}

static int hold_on(struct http_fixture *f, int fd)
{
	const char request[] = "GET /hold?q=5 HTTP/1.1\r\nHost: h\r\n\r\n";
	client_send(fd, request, sizeof request - 1);
	wait_for_held(f);
	return fd;
}

static int hold(struct http_fixture *f)
{
	return hold_on(f, client_connect(f));
}

static void answer_held(struct http_fixture *f)
{
	struct http_request *held = f->held;
	f->held = NULL;
	http_answer_json(held, 200, json_pack("{s:s}", "q", http_query(held, "q")));
}

/* Lets the server believe that so many seconds have passed, and waits for its next tick. */
static void pass_time(struct http_fixture *f, uint32_t seconds)
{
	f->server->now_s += seconds;
	uint32_t now_s = f->server->now_s;
	while (f->server->now_s == now_s)
		event_base_loop(f->base, EVLOOP_ONCE);
}

static void an_answer_leaves_before_the_loop_turns(void **state)
{
	struct http_fixture *f = *state;
	int fd = hold(f);
	answer_held(f);
	event_base_loop(f->base, EVLOOP_NONBLOCK);
	assert_int_equal(http_server_requests(f->server), 0);
	assert_true(recv(fd, f->answer, sizeof f->answer, MSG_DONTWAIT) > 0);
	close(fd);
}

static void what_a_socket_does_not_take_at_once_follows(void **state)
{
	struct http_fixture *f = *state;
	int fd = hold_on(f, client_connect_narrow(f, 4096)), narrow = 4096;
	static char text[50001];
	struct http_request *held = f->held;
	setsockopt(held->connection->fd, SOL_SOCKET, SO_SNDBUF, &narrow, sizeof narrow);
	memset(text, 'x', sizeof text - 1);
	f->held = NULL;
	http_answer_json(held, 200, json_pack("{s:s}", "x", text));
	event_base_loop(f->base, EVLOOP_NONBLOCK);
	assert_int_equal(http_server_requests(f->server), 1);
	assert_false(client_receive(f, fd, false, false));
	assert_non_null(strstr(f->answer, text));
	assert_int_equal(http_server_requests(f->server), 0);
	close(fd);
}

static void a_client_that_leaves_detaches_its_side_only(void **state)
{
	struct http_fixture *f = *state;
	int fd = hold(f);
	assert_true(http_client_is_there(f->held));
	close(fd);
	int64_t give_up_us = clock_monotonic_us() + 30000000;
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

static void a_client_that_left_just_before_its_answer_is_no_harm(void **state)
{
	struct http_fixture *f = *state;
	for (int i = 0; i < 2; i++) {
		int fd = hold(f);
		const struct linger reset = {1, 0};
		if (i) /* a reset instead of an orderly end */
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		close(fd);
		answer_held(f);
		int64_t give_up_us = clock_monotonic_us() + 30000000;
		while (http_server_requests(f->server) && clock_monotonic_us() < give_up_us)
			event_base_loop(f->base, EVLOOP_NONBLOCK);
		assert_int_equal(http_server_requests(f->server), 0);
	}
}

static void data_that_comes_while_an_answer_is_awaited_is_the_next_request(void **state)
{
	struct http_fixture *f = *state;
	int fd = hold(f);
	const char next[] = "GET /things/next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
	client_send(fd, next, 10);
	pass_time(f, 1); /* by now the connection is watched for its end */
	client_send(fd, next + 10, sizeof next - 11);
	for (int i = 0; i < 100; i++)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
	assert_int_equal(f->handled, 1);
	answer_held(f);
	assert_true(client_receive(f, fd, true, false));
	assert_non_null(strstr(f->answer, "{\"q\":\"5\"}"));
	assert_non_null(strstr(f->answer, "\"id\":\"next\""));
	close(fd);
}

static void a_client_that_only_shuts_its_side_is_answered(void **state)
{
	struct http_fixture *f = *state;
	int fd = hold(f);
	shutdown(fd, SHUT_WR);
	for (int i = 0; i < 100; i++)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
	assert_true(http_client_is_there(f->held));
	answer_held(f);
	assert_true(client_receive(f, fd, true, false));
	assert_non_null(strstr(f->answer, "{\"q\":\"5\"}"));
	assert_int_equal(http_server_requests(f->server), 0);
	close(fd);
}

static void a_request_outlives_the_server(void **state)
{
	struct http_fixture *f = *state;
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
	struct http_fixture *f = *state;
	int idle = client_connect(f);
	int fd = hold(f);
	http_server_drain(f->server);
	assert_true(client_receive(f, idle, true, false));
	assert_int_equal(f->drained, 0);
	answer_held(f);
	assert_true(client_receive(f, fd, true, false));
	assert_int_equal(status_of(f), 200);
	assert_non_null(strstr(f->answer, "Connection: close\r\n"));
	for (int64_t end_us = clock_monotonic_us() + 30000000; !f->drained && clock_monotonic_us() < end_us;)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
	assert_int_equal(f->drained, 1);
	assert_int_equal(http_server_requests(f->server), 0);
	close(idle);
	close(fd);
}

/* Those that the kernel has accepted and the server has not, with and without a request, and those that send their next
 * request while the server drains: all get an answer. */
static void draining_turns_nobody_away_who_has_reached_it(void **state)
{
	struct http_fixture *f = *state;
	static const char request[] = "GET /things/1 HTTP/1.1\r\nHost: h\r\n\r\n";
	int kept = client_connect(f), sent, silent;
	client_send(kept, request, sizeof request - 1);
	assert_false(client_receive(f, kept, false, false));
	sent = client_connect(f);
	client_send(sent, request, sizeof request - 1);
	silent = client_connect(f);
	http_server_drain(f->server);
	client_send(kept, request, sizeof request - 1);
	client_send(silent, request, sizeof request - 1);
	const int all[] = {kept, sent, silent};
	for (size_t i = 0; i < 3; i++) {
		assert_true(client_receive(f, all[i], true, false));
		assert_int_equal(status_of(f), 200);
		assert_non_null(strstr(f->answer, "Connection: close\r\n"));
		close(all[i]);
	}
	for (int64_t end_us = clock_monotonic_us() + 30000000; !f->drained && clock_monotonic_us() < end_us;)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
	assert_int_equal(f->drained, 1);
	assert_int_equal(f->handled, 4);
}

/* Whether the server still holds the connection. */
static bool is_open(int fd)
{
	char byte;
	return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static void a_client_that_is_too_slow_loses_its_connection(void **state)
{
	struct http_fixture *f = *state;
	int idle = client_connect(f), slow = client_connect(f), slow_body = client_connect(f), held = hold(f);
	int mute = client_connect(f);
	const char one[] = "GET /things/1 HTTP/1.1\r\nHost: h\r\n\r\n";
	client_send(idle, one, sizeof one - 1);
	assert_false(client_receive(f, idle, false, false));
	client_send(slow, "GET /thi", 8);
	static const char head[] = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n{";
	client_send(slow_body, head, sizeof head - 1);
	pass_time(f, 0); /* their first bytes have arrived */
	pass_time(f, 20);
	client_send(slow, "n", 1);
	client_send(slow_body, " ", 1);
	assert_true(is_open(slow) && is_open(slow_body));
	pass_time(f, 15);
	assert_false(is_open(slow) || is_open(slow_body) || is_open(mute));
	assert_true(is_open(idle));
	pass_time(f, 60);
	assert_false(is_open(idle));
	assert_true(is_open(held)); /* an answer may take its time */
	answer_held(f);
	client_receive(f, held, false, false);
	assert_int_equal(status_of(f), 200);
	close(idle);
	close(mute);
	close(slow);
	close(slow_body);
	close(held);
}

static void addresses_in_use_or_unknown_are_told(void **state)
{
	struct http_fixture *f = *state;
	struct err err;
	char address[64];
	snprintf(address, sizeof address, "127.0.0.1:%u", http_server_port(f->server));
	struct http_server_options options = {.address = address, .max_body_bytes = 10, .routes = http_fixture_routes};
	assert_null(http_server_new(f->base, &options, &err));
	assert_non_null(strstr(err.message, address));
	options.address = "192.0.2.1:0";
	assert_null(http_server_new(f->base, &options, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SERVER_TEST(connections_serve_many_requests_also_pipelined),
	    SERVER_TEST(an_answer_leaves_before_the_loop_turns),
	    SERVER_TEST(what_a_socket_does_not_take_at_once_follows),
	    SERVER_TEST(a_client_that_leaves_detaches_its_side_only),
	    SERVER_TEST(a_client_that_left_just_before_its_answer_is_no_harm),
	    SERVER_TEST(data_that_comes_while_an_answer_is_awaited_is_the_next_request),
	    SERVER_TEST(a_client_that_only_shuts_its_side_is_answered),
	    SERVER_TEST(a_request_outlives_the_server),
	    SERVER_TEST(draining_answers_what_is_in_hand_and_closes_the_rest),
	    SERVER_TEST(draining_turns_nobody_away_who_has_reached_it),
	    SERVER_TEST(a_client_that_is_too_slow_loses_its_connection),
	    SERVER_TEST(addresses_in_use_or_unknown_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
