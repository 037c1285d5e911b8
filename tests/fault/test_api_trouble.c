/* APIs that are stopped for long, run out of descriptors, or lose their clients in the middle of everything: nothing is
 * stored twice, nothing acknowledged is lost, nothing falls over (this also runs under AddressSanitizer). */
#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared/script.h"
#include "tests/support/check.h"
#include "tests/support/json_at.h"
#include "tests/support/order_load.h"
#include "tests/support/proxy.h"
#include "tests/support/wait_until.h"

#define QUEUE	    "/trade-queue/queue/order"
#define CLIENTS	    8
#define STOPPED_US  INT64_C(1500000)
#define CONNECTIONS 80
#define SPARE	    12
#define PIECES	    24
#define ONE_AAPL                                                                                                       \
	"{\"user_id\":\"A\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"buy\","        \
	"\"quantity\":1}]}"

/* Stopped for longer than it would wait for Redis, with requests in hand and in its socket: each is answered in the
 * end, and its key tells the truth. */
static void test_an_api_that_was_stopped_tells_the_truth(void **state)
{
	struct stack *stack = *state =
	    stack_start(&(struct stack_options){.workers = 1, .settings = {"redis.timeout_ms=1000"}});
	struct http_task *tasks[CLIENTS];
	struct http_call calls[CLIENTS];
	int64_t stopped_us;

	for (int i = 0; i < CLIENTS; i++) {
		calls[i] = (struct http_call){.method = "POST",
					      .url = QUEUE,
					      .body = ONE_AAPL,
					      .headers = {stack_text(stack, "Idempotency-Key: k%d", i)}};
		if (i == CLIENTS / 2)
			process_signal(stack->apis[0], SIGSTOP);
		tasks[i] = stack_begin(stack, 0, &calls[i]);
	}
	stopped_us = clock_monotonic_us();
	WAIT_UNTIL(clock_monotonic_us() - stopped_us > STOPPED_US);
	process_signal(stack->apis[0], SIGCONT);
	for (int i = 0; i < CLIENTS; i++) {
		const struct http_reply *reply = stack_end(stack, tasks[i]);

		assert_true(reply->status == 202 || reply->status == 503);
		WAIT_UNTIL(stack_call(stack, 0, &calls[i])->status == 202);
	}
	assert_int_equal(order_load_stored(stack), CLIENTS);
	(void)stack_process(stack);
	stack_finish(stack);
}

/* A connection to the API, or -1. */
static int connect_api(const struct stack *stack)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)stack->api_ports[0]),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

/* How many descriptors the program has open. */
static rlim_t open_descriptors(const struct process *process)
{
	char command[96];
	FILE *pipe;
	unsigned long count = 0;

	(void)snprintf(command, sizeof command, "ls /proc/%d/fd | wc -l", (int)process_pid(process));
	pipe = popen(command, "re");
	assert_non_null(pipe);
	assert_int_equal(fscanf(pipe, "%lu", &count), 1);
	(void)pclose(pipe);
	return count;
}

/* Out of descriptors: those who are connected are served, Redis's links come back once there is room, and so does all
 * else. */
static void test_an_api_out_of_descriptors_comes_back(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	struct rlimit limit = {0, 0}, before;
	int fds[CONNECTIONS];

	limit.rlim_cur = open_descriptors(stack->apis[0]) + SPARE;
	assert_int_equal(prlimit(process_pid(stack->apis[0]), RLIMIT_NOFILE, NULL, &before), 0);
	limit.rlim_max = before.rlim_max;
	assert_int_equal(prlimit(process_pid(stack->apis[0]), RLIMIT_NOFILE, &limit, NULL), 0);
	for (int i = 0; i < CONNECTIONS; i++)
		fds[i] = connect_api(stack);
	WAIT_UNTIL(process_log_has(stack->apis[0], "event=accept_failed"));
	redis_server_run(stack->redis, "CLIENT KILL TYPE normal SKIPME yes");
	for (int i = 0; i < CONNECTIONS; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	stack_wait_ready(stack, 0, 200);
	for (int i = 0; i < CLIENTS; i++)
		order_load_accept(stack, i);
	assert_int_equal(order_load_stored(stack), CLIENTS);
	(void)stack_process(stack);
	stack_finish(stack);
}

/* Sends the first `length` bytes of a request and leaves. */
static void send_and_leave(const struct stack *stack, const char *bytes, size_t length)
{
	int fd = connect_api(stack);

	assert_true(fd >= 0);
	(void)send(fd, bytes, length, MSG_NOSIGNAL);
	(void)close(fd);
}

/* A whole request, with or without a key of its own. */
static const char *request_text(struct stack *stack, const char *method, const char *path, const char *body)
{
	return stack_text(stack,
			  "%s %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nIdempotency-Key: gone\r\n"
			  "Content-Length: %zu\r\n\r\n%s",
			  method, path, strlen(body), body);
}

/* Clients leave after every so many bytes, while Redis is asked, while they wait for the end of orders. What of it was
 * stored is stored once, under its key. */
static void test_clients_that_leave_in_mid_request(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1, .has_proxy = true});
	const struct http_call again = {
	    .method = "POST", .url = QUEUE, .body = ONE_AAPL, .headers = {"Idempotency-Key: gone"}};
	const struct proxy_rule late = {.fault = PROXY_DELAY_REPLY, .ms = 100};
	const char *const requests[] = {
	    request_text(stack, "POST", QUEUE, ONE_AAPL),
	    request_text(stack, "POST", "/smallcases/bulk/rebalance?wait=5", "[" ONE_AAPL "]"),
	    request_text(stack, "GET", "/trade-queue/queue/status", ""),
	    request_text(stack, "GET", "/stocks", ""),
	    request_text(stack, "POST", "/trade-queue/queue/process?wait=5", ""),
	};

	stack_set_paper(stack, "{\"fill\":\"after_delay\",\"delay_ms\":300}");
	proxy_set(stack->proxy, &late, 1);
	for (size_t r = 0; r < sizeof requests / sizeof requests[0]; r++)
		for (size_t piece = 1; piece <= PIECES; piece++)
			send_and_leave(stack, requests[r], strlen(requests[r]) * piece / PIECES);
	proxy_set(stack->proxy, NULL, 0);
	WAIT_UNTIL(stack_call(stack, 0, &again)->status == 202);
	WAIT_UNTIL(order_load_stored(stack) == 2);
	(void)stack_process(stack);
	WAIT_UNTIL(stack_redis_int(stack, "EXISTS muster:{0}:blocks") == 0);
	assert_int_equal(order_load_stored(stack), 2);
	assert_true(process_is_running(stack->apis[0]));
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_an_api_that_was_stopped_tells_the_truth, stack_teardown),
	    cmocka_unit_test_teardown(test_an_api_out_of_descriptors_comes_back, stack_teardown),
	    cmocka_unit_test_teardown(test_clients_that_leave_in_mid_request, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
