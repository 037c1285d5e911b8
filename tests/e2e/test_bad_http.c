/* What no HTTP library would send, over a bare socket: refused with the connection closed, and nothing stored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/json_at.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

#define ANSWER_MS 10000 /* far above what an answer takes */
#define POST	  "POST /trade-queue/queue/order HTTP/1.1\r\n"
#define HOST	  "Host: localhost\r\n"
#define TYPE	  "Content-Type: application/json\r\n"
#define BODY	  "{\"smallcase_id\":\"s\",\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":1}]}"
#define LENGTH	  "Content-Length: 82\r\n"

_Static_assert(sizeof BODY - 1 == 82, "LENGTH must say how long BODY is");

static const struct {
	const char *name, *bytes, *status; /* two may be right: "400 411" */
} rows[] = {
    {"two lengths", POST HOST TYPE LENGTH LENGTH "\r\n" BODY, "400"},
    {"two lengths that differ", POST HOST TYPE LENGTH "Content-Length: 5\r\n\r\n" BODY, "400"},
    {"two hosts", POST HOST HOST TYPE LENGTH "\r\n" BODY, "400"},
    {"no host", POST TYPE LENGTH "\r\n" BODY, "400"},
    {"a space in a header name", POST HOST TYPE "Content-Length : 82\r\n\r\n" BODY, "400"},
    {"a header folded", POST HOST TYPE LENGTH "X-A: b\r\n Y: c\r\nX B: d\r\n\r\n" BODY, "400"},
    {"no length", POST HOST TYPE "\r\n", "400 411"},
    {"a signed length", POST HOST TYPE "Content-Length: +82\r\n\r\n" BODY, "400"},
    {"a negative length", POST HOST TYPE "Content-Length: -1\r\n\r\n" BODY, "400"},
    {"a length that is a word", POST HOST TYPE "Content-Length: many\r\n\r\n" BODY, "400"},
    {"a length beside chunks", POST HOST TYPE LENGTH "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
    {"two keys", POST HOST TYPE LENGTH "Idempotency-Key: a\r\nIdempotency-Key: b\r\n\r\n" BODY, "400"},
    {"no HTTP at all", "hello there\r\n\r\n", "400"},
};

static char *digest_of(struct stack *stack)
{
	redisReply *reply = redis_server_command(stack->redis, "DEBUG DIGEST");
	char *digest = strdup(reply->str);

	freeReplyObject(reply);
	assert_non_null(digest);
	return digest;
}

static void test_malformed_requests_are_refused_and_the_connection_closed(void **state)
{
	struct stack *stack = *state;
	char *before = digest_of(stack), *after;
	size_t wrong = 0;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool closed;
		char *answer = http_raw(stack->api_ports[0], rows[i].bytes, strlen(rows[i].bytes), ANSWER_MS, &closed);
		char status[4] = "";

		if (strncmp(answer, "HTTP/1.", 7) == 0)
			(void)snprintf(status, sizeof status, "%s", answer + 9);
		if (!*status || !strstr(rows[i].status, status) || !closed) {
			print_error("%s: wanted %s and the end, got (%s) %s\n", rows[i].name, rows[i].status,
				    closed ? "closed" : "still open", answer);
			wrong++;
		}
		free(answer);
	}
	after = digest_of(stack);
	assert_string_equal(before, after);
	free(before);
	free(after);
	assert_int_equal(wrong, 0);
}

/* The same bytes, well formed, are taken: what is refused above is refused for its fault. */
static void test_a_sound_request_over_the_same_socket_is_taken(void **state)
{
	struct stack *stack = *state;
	static const char request[] = POST HOST TYPE LENGTH "Connection: close\r\n\r\n" BODY;
	char *answer = http_raw(stack->api_ports[0], request, sizeof request - 1, ANSWER_MS, NULL);

	assert_non_null(strstr(answer, "202 "));
	free(answer);
}

/* Clients that leave in the middle of a request or of a wait leave nothing behind, and nobody else notices. */
static void test_clients_that_leave_are_forgotten(void **state)
{
	struct stack *stack = *state;
	static const char half[] = POST HOST TYPE LENGTH "\r\n{\"smallcase_id\"";
	static const char whole[] = POST HOST TYPE LENGTH "\r\n" BODY;
	const char *wait = stack_text(stack, "GET /trade-queue/queue/order/%s?wait=60 HTTP/1.1\r\n" HOST "\r\n",
				      json_text(stack_queue_one(stack, "u", "buy", "AAPL", "1"), "/queue_id"));

	for (int i = 0; i < 50; i++) {
		free(http_raw(stack->api_ports[0], half, sizeof half - 1, 1, NULL));
		free(http_raw(stack->api_ports[0], whole, sizeof whole - 1, 0, NULL));
		free(http_raw(stack->api_ports[0], wait, strlen(wait), 1, NULL));
	}
	(void)stack_queue_one(stack, "u", "buy", "AAPL", "1");
}

static int setup(void **state)
{
	*state = stack_start(&(struct stack_options){0});
	return 0;
}

/* The API has survived all of it, what it took is executed exactly, and it drains although some clients had been
 * waiting. */
static int teardown(void **state)
{
	struct stack *stack = *state;

	stack_start_worker(stack, 0);
	(void)stack_process(stack);
	stack_finish(stack);
	return stack_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_malformed_requests_are_refused_and_the_connection_closed),
	    cmocka_unit_test(test_a_sound_request_over_the_same_socket_is_taken),
	    cmocka_unit_test(test_clients_that_leave_are_forgotten),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
