/* Limits: whoever sends too much, too slowly or too often is refused or closed; the API's memory stays what it was, and
 * others are served meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/json_at.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

#define ANSWER_MS   20000
#define HOST	    "Host: localhost\r\n"
#define POST	    "POST /trade-queue/queue/order HTTP/1.1\r\n" HOST
#define FLOOD	    300
/* Far below what FLOOD clients of each kind could take. AddressSanitizer puts walls around each piece of memory, and keeps what
 * was freed for a while: of that we let it keep little. */
#ifdef __SANITIZE_ADDRESS__
#define GROWTH_MAX	((int64_t)96 * 1024 * 1024)
#define SANITIZER_KEEPS "16"
#else
#define GROWTH_MAX ((int64_t)48 * 1024 * 1024)
#endif
#define CONNECTIONS 120

/* The same, of one address of its own. */
static int connect_from(int port, int host)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = {htonl(0x7f000001u + (uint32_t)host)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

/* Sends as much as the other side takes at once. */
static void push(int fd, const char *bytes, size_t length)
{
	(void)!send(fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* What comes until the other side closes. */
static char *read_to_end(int fd)
{
	static char answer[65536];
	struct pollfd waiting = {.fd = fd, .events = POLLIN};
	size_t got = 0;
	ssize_t more = 1;

	while (more > 0 && poll(&waiting, 1, ANSWER_MS) > 0 && got + 1 < sizeof answer) {
		more = recv(fd, answer + got, sizeof answer - 1 - got, 0);
		got += more > 0 ? (size_t)more : 0;
	}
	answer[got] = '\0';
	assert_true(more <= 0);
	return answer;
}

static int64_t resident_bytes(const struct process *process)
{
	char path[64], line[256];
	long long pages = 0;
	FILE *file;

	(void)snprintf(path, sizeof path, "/proc/%d/statm", (int)process_pid(process));
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof line, file));
	(void)fclose(file);
	assert_int_equal(sscanf(line, "%*d %lld", &pages), 1);
	return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

static void test_what_is_too_large_is_refused_before_it_is_read(void **state)
{
	static const char *const announced[] = {
	    POST "Content-Length: 8388609\r\n\r\n",
	    POST "Content-Length: 99999999999999999999999999\r\n\r\n{",
	    POST "Expect: 100-continue\r\ncontent-length:8388609\r\n\r\n",
	};
	struct stack *stack = *state;
	char *text = malloc(100000);

	for (size_t i = 0; i < sizeof announced / sizeof *announced; i++) {
		/* Nothing of the body is sent, and still the answer comes. */
		int fd = connect_from(stack->api_ports[0], 1);
		const char *answer;

		push(fd, announced[i], strlen(announced[i]));
		answer = read_to_end(fd);
		if (strncmp(answer, "HTTP/1.1 413 ", 13) != 0 || !strstr(answer, "\"code\":\"too_large\""))
			fail_msg("%zu: %s", i, answer);
		(void)close(fd);
	}
	for (int what = 0; what < 3; what++) {
		int fd = connect_from(stack->api_ports[0], 1);
		size_t length;

		memset(text, 'a', 100000);
		memcpy(text, "GET /", 5);
		if (what > 0)
			length = 5 + (size_t)sprintf(text + 5, "healthz HTTP/1.1\r\n" HOST "X-A: ");
		else
			length = 5;
		text[length] = 'a';
		if (what == 2) /* many short ones */
			for (size_t at = length; at + 10 < 100000; at += 10)
				memcpy(text + at, "b\r\nX-aa: c", 10);
		push(fd, text, 99990);
		assert_int_equal(strncmp(read_to_end(fd), what ? "HTTP/1.1 431 " : "HTTP/1.1 414 ", 13), 0);
		(void)close(fd);
	}
	free(text);
}

/* A head that comes a byte at a time is understood as well as one that comes at once. */
static void test_a_head_in_pieces_is_the_same_head(void **state)
{
	static const char head[] = POST "X: y\r\nContent-Length: 8388609\r\n\r\n";
	struct stack *stack = *state;
	int fd = connect_from(stack->api_ports[0], 1), on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof on);
	for (size_t i = 0; i < sizeof head - 1; i++) {
		push(fd, head + i, 1);
		if (i % 7 == 0) /* let some of them be read alone */
			(void)stack_get(stack, 200, "/healthz");
	}
	assert_int_equal(strncmp(read_to_end(fd), "HTTP/1.1 413 ", 13), 0);
	(void)close(fd);
}

static void test_a_large_body_that_fits_is_taken(void **state)
{
	struct stack *stack = *state;
	size_t length = 0, size = 7 * 1000 * 1000;
	char *body = malloc(size + 200);

	length += (size_t)sprintf(body, "{\"smallcase_id\":\"s\",\"suggestions\":[{\"symbol\":\"AAPL\",");
	memset(body + length, ' ', size - length);
	length = size + (size_t)sprintf(body + size, "\"action\":\"buy\",\"quantity\":1}]}");
	const struct http_call call = {
	    .method = "POST", .url = "/trade-queue/queue/order", .body = body, .length = length};
	assert_int_equal(stack_call(stack, 0, &call)->status, 202);
	const struct http_call chunked = {.method = "POST",
					  .url = "/trade-queue/queue/order",
					  .body = body,
					  .length = length,
					  .headers = {"Transfer-Encoding: chunked"}};
	assert_int_equal(stack_call(stack, 0, &chunked)->status, 202);
	free(body);
}

static void test_requests_beyond_the_rate_get_429(void **state)
{
	static const char last[] = "GET /healthz HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n";
	struct stack *stack = *state;
	int limited = 0;

	/* The second API takes 5 a second. */
	const struct http_call call = {.method = "GET", .url = "/healthz"};
	for (int i = 0; i < 10000 && !limited; i++) {
		const struct http_reply *reply = stack_call(stack, 1, &call);

		if (reply->status != 429)
			continue;
		limited++;
		assert_string_equal(json_text(reply->json, "/code"), "rate_limited");
		assert_true(atoi(reply->retry_after) >= 1);
	}
	assert_int_equal(limited, 1);
	/* Another address has its own. */
	int fd = connect_from(stack->api_ports[1], 7);
	push(fd, last, sizeof last - 1);
	assert_int_equal(strncmp(read_to_end(fd), "HTTP/1.1 200 ", 13), 0);
	(void)close(fd);
	WAIT_UNTIL(stack_call(stack, 1, &call)->status == 200);
}

/* Opens `count` connections of addresses from `host` on, ten of each, that all begin with these bytes. */
static void flood(const struct stack *stack, int *fds, int host, const char *bytes, size_t length)
{
	for (int i = 0; i < FLOOD; i++) {
		fds[i] = connect_from(stack->api_ports[0], host + i / 10);
		push(fds[i], bytes, length);
	}
}

static void test_floods_leave_memory_flat_and_others_served(void **state)
{
	static char block[65536];
	static const char body[] = POST "Content-Length: 8000000\r\n\r\n";
	static const char chunks[] = POST "Transfer-Encoding: chunked\r\n\r\n7a1200\r\n";
	static const char pipelined[] = "GET /trade-queue/queue/status HTTP/1.1\r\n" HOST "\r\n";
	static const char head[] = "GET /healthz HTTP/1.1\r\n" HOST "X-A: ";
	struct stack *stack = *state;
	const struct {
		const char *begin;
		size_t length;
		bool repeats;
	} kinds[] = {{body, sizeof body - 1, false},
		     {chunks, sizeof chunks - 1, false},
		     {pipelined, sizeof pipelined - 1, true},
		     {head, sizeof head - 1, false},
		     {"", 0, false}};
	const size_t kind_count = sizeof kinds / sizeof *kinds;
	int *fds = calloc(FLOOD * kind_count, sizeof *fds);
	int64_t before = resident_bytes(stack->apis[0]);

	for (size_t kind = 0; kind < kind_count; kind++) {
		memset(block, '1', sizeof block);
		for (size_t at = 0; kinds[kind].repeats && at + kinds[kind].length < sizeof block;
		     at += kinds[kind].length)
			memcpy(block + at, kinds[kind].begin, kinds[kind].length);
		flood(stack, fds + kind * FLOOD, 20 + 30 * (int)kind, kinds[kind].begin, kinds[kind].length);
		for (int round = 0; round < 10; round++) {
			for (size_t i = 0; i < FLOOD * (kind + 1); i++)
				if (kinds[kind].length)
					push(fds[i], block, sizeof block);
			assert_string_equal(
			    json_text(stack_queue_one(stack, "u", "buy", "AAPL", "1"), "/orders/0/status"), "queued");
		}
	}
	int64_t after = resident_bytes(stack->apis[0]);
	print_message("the API has grown by %lld bytes\n", (long long)(after - before));
	if (after - before > GROWTH_MAX)
		fail_msg("the API has grown by %lld bytes", (long long)(after - before));
	for (size_t i = 0; i < FLOOD * kind_count; i++)
		(void)close(fds[i]);
	free(fds);
}

static void test_connections_are_counted_in_all_and_for_each_address(void **state)
{
	struct stack *stack = *state;
	int fds[CONNECTIONS], more;
	const char *answer;

	/* The second API takes 100 of them, 60 of one address. */
	for (int i = 0; i < 60; i++)
		fds[i] = connect_from(stack->api_ports[1], 5);
	more = connect_from(stack->api_ports[1], 5);
	answer = read_to_end(more);
	assert_int_equal(strncmp(answer, "HTTP/1.1 503 ", 13), 0);
	assert_non_null(strstr(answer, "too many connections"));
	(void)close(more);
	for (int i = 60; i < 95; i++)
		fds[i] = connect_from(stack->api_ports[1], 6);
	for (int i = 95; i < CONNECTIONS; i++)
		fds[i] = connect_from(stack->api_ports[1], i);
	assert_int_equal(strncmp(read_to_end(fds[CONNECTIONS - 1]), "HTTP/1.1 503 ", 13), 0);
	assert_true(process_log_has(stack->apis[1], "event=too_many_connections"));
	for (int i = 0; i < CONNECTIONS; i++)
		(void)close(fds[i]);
	const struct http_call call = {.method = "GET", .url = "/healthz"};
	WAIT_UNTIL(stack_call(stack, 1, &call)->status == 200);
}

/* Each is closed by its own limit: one that never asks, one that asks a byte at a time, one that is idle. */
static void test_slow_and_idle_clients_are_closed(void **state)
{
	static const char one[] = "GET /healthz HTTP/1.1\r\n" HOST "\r\n";
	struct stack *stack = *state;
	int mute = connect_from(stack->api_ports[1], 30), slow = connect_from(stack->api_ports[1], 31);
	int idle = connect_from(stack->api_ports[1], 32);
	struct pollfd waiting = {.fd = slow, .events = POLLIN};

	push(idle, one, sizeof one - 1);
	push(slow, "POST", 4);
	for (int i = 0; i < 200 && poll(&waiting, 1, 100) == 0; i++)
		push(slow, "X", 1);
	assert_string_equal(read_to_end(slow), "");
	assert_string_equal(read_to_end(mute), "");
	assert_int_equal(strncmp(read_to_end(idle), "HTTP/1.1 200 ", 13), 0);
	(void)close(mute);
	(void)close(slow);
	(void)close(idle);
}

static void test_all_of_it_is_exact(void **state)
{
	struct stack *stack = *state;

	stack_start_worker(stack, 0);
	(void)stack_process(stack);
	stack_finish(stack);
}

/* See GROWTH_MAX; for the programs that this one starts. */
static void keep_little(void)
{
#ifdef __SANITIZE_ADDRESS__
	const char *before = getenv("ASAN_OPTIONS");
	char options[512];

	(void)snprintf(options, sizeof options, "%s:quarantine_size_mb=" SANITIZER_KEEPS, before ? before : "");
	(void)setenv("ASAN_OPTIONS", options, 1);
#endif
}

/* The first API has the usual limits, but little room for bodies; the second is a narrow one. */
static int setup(void **state)
{
	struct rlimit limit;
	struct stack *stack;

	keep_little();
	stack = stack_start(&(struct stack_options){
	    .apis = 1, .settings = {"api.max_bodies_bytes=17000000", "api.max_requests_per_s=1000000"}});
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max < 8192 ? limit.rlim_max : 8192;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	stack->options.settings[1] = "api.max_requests_per_s=5";
	stack->options.settings[2] = "api.max_connections=100";
	stack->options.settings[3] = "api.max_connections_per_address=60";
	stack->options.settings[4] = "api.request_timeout_s=2";
	stack->options.settings[5] = "api.idle_timeout_s=2";
	stack_start_api(stack, 1);
	stack->options.settings[1] = NULL;
	*state = stack;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_too_large_is_refused_before_it_is_read),
	    cmocka_unit_test(test_a_head_in_pieces_is_the_same_head),
	    cmocka_unit_test(test_a_large_body_that_fits_is_taken),
	    cmocka_unit_test(test_requests_beyond_the_rate_get_429),
	    cmocka_unit_test(test_connections_are_counted_in_all_and_for_each_address),
	    cmocka_unit_test(test_slow_and_idle_clients_are_closed),
	    cmocka_unit_test(test_floods_leave_memory_flat_and_others_served),
	    cmocka_unit_test(test_all_of_it_is_exact),
	};

	return cmocka_run_group_tests(tests, setup, stack_teardown);
}
