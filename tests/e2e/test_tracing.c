/* Following one order through the logs of all programs: by its queue_id, its block_id, and the trace it came with. And
 * that no line can be broken, or filled, from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "shared/clock.h"
#include "tests/support/json_at.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

#define TRACE	  "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT	  "00f067aa0ba902b7"
#define VALID	  "00-" TRACE "-" PARENT "-01"
#define WORDS_MAX 6
#define ORDER(user, symbol)                                                                                            \
	"{\"user_id\":\"" user "\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"" symbol                    \
	"\",\"action\":\"buy\",\"quantity\":3}]}"

/* How many lines of a text have all of these words. */
static int lines_with(const char *text, const char *const *words)
{
	int found = 0;

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t length = strcspn(line, "\n"), i = 0;

		while (words[i] && memmem(line, length, words[i], strlen(words[i])))
			i++;
		found += !words[i];
	}
	return found;
}

/* The same in the logs of all workers. */
static int worker_lines_with(const struct stack *stack, const char *const *words)
{
	int found = 0;

	for (int i = 0; i < stack->options.workers; i++) {
		char *log = process_log(stack->workers[i]);

		found += lines_with(log, words);
		free(log);
	}
	return found;
}

static int api_lines_with(const struct stack *stack, const char *const *words)
{
	char *log = process_log(stack->apis[0]);
	int found = lines_with(log, words);

	free(log);
	return found;
}

#define WORDS(...)	       ((const char *const[WORDS_MAX + 1]){__VA_ARGS__})
#define IN_WORKERS(stack, ...) worker_lines_with(stack, WORDS(__VA_ARGS__))
#define IN_API(stack, ...)     api_lines_with(stack, WORDS(__VA_ARGS__))
#define IN_TEXT(text, ...)     lines_with(text, WORDS(__VA_ARGS__))

/* POST with a header; the answer's JSON. */
static const json_t *post(struct stack *stack, int status, const char *path, const char *body, const char *header)
{
	const struct http_call call = {.method = "POST", .url = path, .body = body, .headers = {header}};
	const struct http_reply *reply = stack_call(stack, 0, &call);

	assert_int_equal(reply->status, status);
	assert_string_equal(reply->trace, "");
	return reply->json;
}

/* Everything that was said of the one block of this order, by its id, in the order in which it happened. */
static void check_block_lines(struct stack *stack, const char *block_id, const char *window_id)
{
	static const char *const events[] = {"event=block_taken ",  "event=slice_leaves ", "event=slice_known ",
					     "event=block_closed ", "event=shares ",	   "event=block_allocated "};
	const char *is_block = stack_text(stack, "block_id=%s ", block_id);
	const char *broker_name = stack_text(stack, "-%s-1", block_id);
	char *ledger;
	size_t length;
	FILE *file = fopen(stack->ledger_path, "re");

	WAIT_UNTIL(IN_WORKERS(stack, "event=block_allocated ", is_block) ==
		   1); /* its line follows the end that we saw */
	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
		if (IN_WORKERS(stack, events[i], is_block) != 1)
			fail_msg("%sof block %s: %d lines", events[i], block_id,
				 IN_WORKERS(stack, events[i], is_block));
	assert_int_equal(
	    IN_WORKERS(stack, "event=blocks_sealed ", block_id, stack_text(stack, "window_id=%s ", window_id)), 1);
	assert_int_equal(
	    IN_WORKERS(stack, "event=block_taken ", is_block, stack_text(stack, "window_id=%s ", window_id)), 1);
	assert_int_equal(IN_WORKERS(stack, "event=slice_leaves ", broker_name), 1);
	assert_non_null(file);
	ledger = calloc(1, 1 << 20);
	assert_non_null(ledger);
	length = fread(ledger, 1, (1 << 20) - 1, file);
	ledger[length] = '\0';
	(void)fclose(file);
	assert_true(IN_TEXT(ledger, broker_name) >= 2); /* the order and its fill */
	free(ledger);
}

static void test_an_order_is_followed_from_http_to_its_share(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 2});
	const json_t *answer =
	    post(stack, 202, "/trade-queue/queue/order", ORDER("ann", "AAPL"), "traceparent: " VALID);
	const json_t *other = post(stack, 202, "/trade-queue/queue/order", ORDER("bob", "AAPL"), "X-Other: 1");
	const char *queue_id = json_text(answer, "/queue_id"), *window_id = json_text(answer, "/orders/0/window_id");
	const char *block_id, *share;

	(void)stack_process(stack);
	block_id = json_text(stack_wait_final(stack, answer), "/orders/0/block_id");
	/* The answer's line. */
	assert_int_equal(IN_API(stack, "event=request method=POST route=/trade-queue/queue/order status=202 ms=",
				stack_text(stack, " queue_id=%s ", queue_id), " user_id=ann",
				" trace_id=" TRACE " parent_id=" PARENT " ",
				stack_text(stack, " window_id=%s ", window_id),
				stack_text(stack, " execution_window=%s ", json_text(answer, "/execution_window"))),
			 1);
	assert_int_equal(IN_API(stack, queue_id), 1);
	assert_int_equal(IN_API(stack, json_text(other, "/queue_id"), "trace_id"), 0);
	assert_int_equal(IN_API(stack, json_text(other, "/queue_id"), "event=request"), 1);
	/* From the queue_id to the block and its share, and back. */
	share = stack_text(stack, "%s-0:3", queue_id);
	assert_int_equal(IN_WORKERS(stack, queue_id), 1);
	assert_int_equal(IN_WORKERS(stack, "event=shares ", stack_text(stack, "block_id=%s ", block_id), share), 1);
	check_block_lines(stack, block_id, window_id);
	stack_finish(stack);
}

static void test_a_bulk_call_is_followed_too(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 2});
	const json_t *answer =
	    post(stack, 200, "/smallcases/bulk/rebalance",
		 "[" ORDER("ann", "AAPL") "," ORDER("bob", "AAPL") "," ORDER("bob", "F") "]", "traceparent: " VALID);
	const char *queue_id = json_text(answer, "/queue_id");
	const char *is_queue = stack_text(stack, "queue_id=%s", queue_id);
	const char *window_id = stack_text(stack, "bulk-%s", queue_id);

	assert_int_equal(IN_API(stack, "event=bulk_stored trace_id=" TRACE " ", is_queue, window_id, "orders=3"), 1);
	assert_int_equal(IN_API(stack, "event=request method=POST route=/smallcases/bulk/rebalance status=200",
				is_queue, "trace_id=" TRACE " "),
			 1);
	assert_int_equal(IN_WORKERS(stack, "event=window_sealed ", queue_id), 1);
	for (int i = 0; i < 3; i++) {
		const char *block_id = json_text(answer, stack_text(stack, "/orders/%d/block_id", i));

		assert_int_equal(IN_WORKERS(stack, "event=shares ", stack_text(stack, "block_id=%s ", block_id),
					    stack_text(stack, "%s-%d:3", queue_id, i)),
				 1);
		check_block_lines(stack, block_id, window_id);
	}
	stack_finish(stack);
}

/* A block of more orders than one line may name: each of them stands in one, and no line is long. */
static void test_each_order_of_a_large_block_has_its_share_in_a_line(void **state)
{
	enum { ORDERS = 150 };
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 2});
	const char *queue_ids[ORDERS];
	char *log;

	for (int i = 0; i < ORDERS; i++)
		queue_ids[i] = json_text(
		    stack_queue_one(stack, stack_text(stack, "u%d", i), "buy", "MSFT", stack_text(stack, "%d", i + 1)),
		    "/queue_id");
	(void)stack_process(stack);
	for (int i = 0; i < ORDERS; i++)
		assert_int_equal(IN_WORKERS(stack, "event=shares ", stack_text(stack, "%s-0:%d", queue_ids[i], i + 1)),
				 1);
	for (int i = 0; i < 2; i++) {
		log = process_log(stack->workers[i]);
		for (const char *line = log; *line; line += strcspn(line, "\n"), line += *line == '\n')
			assert_true(strcspn(line, "\n") <= 2048);
		free(log);
	}
	stack_finish(stack);
}

static void test_shares_are_not_named_where_the_configuration_says_so(void **state)
{
	struct stack *stack = *state =
	    stack_start(&(struct stack_options){.workers = 1, .settings = {"worker.log_shares=off"}});

	(void)stack_queue_one(stack, "ann", "buy", "AAPL", "1");
	(void)stack_process(stack);
	WAIT_UNTIL(IN_WORKERS(stack, "event=block_allocated ") == 1);
	assert_int_equal(IN_WORKERS(stack, "event=shares "), 0);
	stack_finish(stack);
}

/* Every line of this log begins as a line does. */
static void check_log_is_whole(const struct process *process)
{
	char *log = process_log(process);

	for (const char *line = log; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, "time=20", 7) != 0 || !memmem(line, strcspn(line, "\n"), " event=", 7))
			fail_msg("a broken line: %.*s", (int)strcspn(line, "\n"), line);
	free(log);
}

static void test_an_invalid_traceparent_is_ignored(void **state)
{
	static const char *const invalid[] = {
	    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e473x-" PARENT "-01",
	    "traceparent: 00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01",
	    "traceparent: 00-00000000000000000000000000000000-" PARENT "-01",
	    "traceparent: 00-" TRACE "-0000000000000000-01",
	    "traceparent: ff-" TRACE "-" PARENT "-01",
	    "traceparent: " VALID "-and more",
	    "traceparent: " VALID " event=forged",
	    "traceparent: " TRACE,
	    "traceparent: ",
	};
	static const char *const raw[] = {
	    "traceparent: " VALID "\r\n level=error event=forged",
	    "traceparent: " VALID "\n event=forged",
	    "traceparent: " VALID "\r\ntraceparent: " VALID,
	    "traceparent: 00-\xff\x01\x1b[31m" TRACE "-" PARENT "-01",
	};
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const char *body = ORDER("ann", "F");

	for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++)
		(void)post(stack, 202, "/trade-queue/queue/order", body, invalid[i]);
	for (size_t i = 0; i < sizeof raw / sizeof raw[0]; i++) {
		const char *request =
		    stack_text(stack,
			       "POST /trade-queue/queue/order HTTP/1.1\r\nHost: x\r\n%s\r\nConnection: "
			       "close\r\nContent-Length: %zu\r\n\r\n%s",
			       raw[i], strlen(body), body);
		char *answer = http_raw(stack->api_ports[0], request, strlen(request), -5000, NULL);

		assert_int_equal(strncmp(answer, "HTTP/1.1 202 ", 13), 0);
		free(answer);
	}
	assert_int_equal(IN_API(stack, "event=request", "status=202"),
			 sizeof invalid / sizeof invalid[0] + sizeof raw / sizeof raw[0]);
	assert_int_equal(IN_API(stack, "trace_id"), 0);
	assert_int_equal(IN_API(stack, "forged"), 0);
	assert_int_equal(IN_API(stack, PARENT), 0);
	check_log_is_whole(stack->apis[0]);
	/* A version to come is taken, and spaces around a value are none of it. */
	(void)post(stack, 202, "/trade-queue/queue/order", body, "TraceParent:   01-" TRACE "-" PARENT "-03-more  ");
	assert_int_equal(IN_API(stack, "trace_id=" TRACE " "), 1);
	(void)stack_process(stack);
	stack_finish_unchecked(stack); /* the raw answers were not kept for the auditor */
}

/* Whatever stands in a path or a name: a line is a line, and what is after it is not cut off by it. */
static void test_odd_names_break_no_line(void **state)
{
	static const char *const paths[] = {
	    "/users/a%0Atime=2026%20event=forged/orders",
	    "/users/%22%5C%1B%5B31m%FF/transactions",
	    "/orders/x%20event%3Dforged",
	    "/blocks/%0D%0A",
	    "/trade-queue/queue/order/%27%22%20queue_id%3D1",
	};
	struct stack *stack = *state =
	    stack_start(&(struct stack_options){.workers = 1, .settings = {"api.log_requests=all"}});
	char long_path[6000] = "/users/";
	struct http_call call = {.method = "GET", .url = long_path, .headers = {"traceparent: " VALID}};

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		struct http_call odd = {.method = "GET", .url = paths[i]};

		(void)stack_call(stack, 0, &odd);
	}
	memset(long_path + 7, 'u', 5000);
	memcpy(long_path + 5007, "/orders", sizeof "/orders");
	(void)stack_call(stack, 0, &call);
	(void)post(stack, 202, "/trade-queue/queue/order", ORDER("a=b,c;d", "F"), "X-Other: 1");
	assert_int_equal(IN_API(stack, "event=request", "user_id=\"a=b,c;d\""), 1);
	assert_int_equal(IN_API(stack, " user_id=\"a\\ntime=2026 event=forged\"", "route=/users/{user_id}/orders"), 1);
	assert_int_equal(IN_API(stack, " user_id=\"\\\"\\\\\\x1b[31m\\xff\""), 1);
	assert_int_equal(IN_API(stack, " order_id=\"x event=forged\""), 1);
	assert_int_equal(IN_API(stack, " block_id=\"\\r\\n\""), 1);
	assert_int_equal(IN_API(stack, "user_id=\"uuuuuuuu", " trace_id=" TRACE " ", "uuu...\""), 1);
	check_log_is_whole(stack->apis[0]);
	(void)stack_process(stack);
	check_log_is_whole(stack->workers[0]);
	stack_finish(stack);
}

/* A client of the stream of events comes, and leaves. */
static void watch_events(const struct stack *stack)
{
	static const char request[] = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";

	free(http_raw(stack->api_ports[0], request, sizeof request - 1, 1, NULL));
}

static void test_the_configuration_says_which_requests_have_a_line(void **state)
{
	static const char *const settings[] = {"api.log_requests=off", "api.log_requests=changes",
					       "api.log_requests=all"};
	static const int gets[] = {0, 0, 1}, posts[] = {0, 1, 1};

	for (size_t i = 0; i < 3; i++) {
		struct stack *stack = *state =
		    stack_start(&(struct stack_options){.workers = 1, .settings = {settings[i]}});
		const json_t *answer = stack_queue_one(stack, "ann", "buy", "AAPL", "1");

		(void)stack_get(stack, 200, "/trade-queue/queue/order/%s", json_text(answer, "/queue_id"));
		(void)stack_delete(stack, 200, "/trade-queue/queue/order/%s", json_text(answer, "/queue_id"));
		watch_events(stack);
		if (gets[i])
			WAIT_UNTIL(IN_API(stack, "method=GET route=/events status=200 ") == 1);
		assert_int_equal(IN_API(stack, "method=GET", json_text(answer, "/queue_id")), gets[i]);
		assert_int_equal(IN_API(stack, "method=POST", json_text(answer, "/queue_id")), posts[i]);
		assert_int_equal(IN_API(stack, "method=DELETE", json_text(answer, "/queue_id")), posts[i]);
		stack_finish_unchecked(stack);
		stack_stop(stack);
		*state = NULL;
	}
}

/* Strangers cannot fill the disk, and what is wrong with a request is in its line. */
static void test_what_the_door_refuses_is_told_once_a_second(void **state)
{
	enum { CALLS = 200 };
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const struct http_call call = {.method = "POST", .url = "/nowhere", .body = "{}"};
	int64_t since_us = clock_monotonic_us(), seconds;
	int lines;

	for (int i = 0; i < CALLS; i++)
		assert_int_equal(stack_call(stack, 0, &call)->status, 404);
	seconds = (clock_monotonic_us() - since_us) / 1000000;
	lines = IN_API(stack, "event=request method=POST route=none status=404", "code=not_found");
	assert_in_range(lines, 1, seconds + 1);
	for (int i = 0; i < 3; i++)
		(void)post(stack, 422, "/trade-queue/queue/order", ORDER("ann", "NOSUCH"), "X-Other: 1");
	assert_int_equal(IN_API(stack, "event=request", "status=422 ", "code=unknown_symbol "), 3);
	stack_finish(stack);
}

/* Who it was is told by the first bytes of the token's hash; never the token. */
static void test_who_asked_is_logged_and_never_the_token(void **state)
{
	static const char token[] = "a-very-secret-token";
	unsigned char digest[EVP_MAX_MD_SIZE];
	char hex[65], tokens[256];
	struct stack *stack;

	assert_true(EVP_Digest(token, strlen(token), digest, NULL, EVP_sha256(), NULL));
	for (int i = 0; i < 32; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	(void)snprintf(tokens, sizeof tokens, "%s operator\n", hex);
	stack = *state = stack_start(&(struct stack_options){
	    .workers = 1, .tokens = tokens, .bearer = token, .settings = {"api.log_requests=all"}});
	(void)stack_queue_one(stack, "ann", "buy", "AAPL", "1");
	(void)stack_process(stack);
	assert_int_equal(IN_API(stack, "event=request method=POST route=/trade-queue/queue/order status=202",
				stack_text(stack, " by=\"%.8s operator\" ", hex), "user_id=ann"),
			 1);
	assert_int_equal(IN_API(stack, token), 0);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_an_order_is_followed_from_http_to_its_share, stack_teardown),
	    cmocka_unit_test_teardown(test_a_bulk_call_is_followed_too, stack_teardown),
	    cmocka_unit_test_teardown(test_each_order_of_a_large_block_has_its_share_in_a_line, stack_teardown),
	    cmocka_unit_test_teardown(test_shares_are_not_named_where_the_configuration_says_so, stack_teardown),
	    cmocka_unit_test_teardown(test_an_invalid_traceparent_is_ignored, stack_teardown),
	    cmocka_unit_test_teardown(test_odd_names_break_no_line, stack_teardown),
	    cmocka_unit_test_teardown(test_the_configuration_says_which_requests_have_a_line, stack_teardown),
	    cmocka_unit_test_teardown(test_what_the_door_refuses_is_told_once_a_second, stack_teardown),
	    cmocka_unit_test_teardown(test_who_asked_is_logged_and_never_the_token, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
