/* HTTPS: with certificates that the test makes, clients that believe them, and ones that do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/json_at.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

#define ORDER "{\"smallcase_id\":\"s\",\"suggestions\":[{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":1}]}"

/* Runs a line of shell in the stack's folder; its exit code. */
__attribute__((format(printf, 2, 3))) static int shell(struct stack *stack, const char *format, ...)
{
	char *line;
	va_list args;
	int status;

	va_start(args, format);
	if (vasprintf(&line, format, args) < 0)
		abort();
	va_end(args);
	status = system(stack_text(stack, "cd %s && { %s; } >shell.log 2>&1 </dev/null", stack->folder, line));
	free(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A certificate for 127.0.0.1 that signs itself: NAME.pem, NAME.key. */
static void make_pair(struct stack *stack, const char *name)
{
	assert_int_equal(
	    shell(stack,
		  "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=%s "
		  "-addext subjectAltName=IP:127.0.0.1 -keyout %s.key -out %s.pem && chmod 600 %s.key",
		  name, name, name, name),
	    0);
}

/* A call over TLS that believes NAME.pem. */
static struct http_call call_with(struct stack *stack, const char *name, const char *path)
{
	return (struct http_call){.method = "GET",
				  .url = stack_text(stack, "https://127.0.0.1:%d%s", stack->api_ports[1], path),
				  .ca = stack_text(stack, "%s/%s.pem", stack->folder, name)};
}

static int status_with(struct stack *stack, const char *name)
{
	const struct http_call call = call_with(stack, name, "/healthz");
	struct http_reply *reply = http_call(&call);
	int status = reply->status;

	http_reply_free(reply);
	return status;
}

static void test_orders_come_in_over_tls(void **state)
{
	struct stack *stack = *state;
	struct http_call call = call_with(stack, "first", "/trade-queue/queue/order");
	struct http_reply *reply;

	call.method = "POST";
	call.body = ORDER;
	reply = http_call(&call);
	assert_int_equal(reply->status, 202);
	http_reply_free(reply);
	assert_int_equal(status_with(stack, "second"), 0); /* another certificate is not believed */
	assert_int_equal(
	    shell(stack, "curl -sS --fail --cacert first.pem https://127.0.0.1:%d/readyz", stack->api_ports[1]), 0);
	assert_int_not_equal(shell(stack, "curl -sS --max-time 20 http://127.0.0.1:%d/readyz", stack->api_ports[1]), 0);
}

/* Bodies and answers of many records. */
static void test_large_bodies_and_answers_pass(void **state)
{
	struct stack *stack = *state;

	assert_int_equal(
	    shell(stack,
		  "head -c 6000000 /dev/zero | tr '\\0' ' ' > body && printf '%%s' '" ORDER "' >> body && "
		  "curl -sS --fail --cacert first.pem -H Content-Type:application/json --data-binary @body "
		  "https://127.0.0.1:%d/trade-queue/queue/order",
		  stack->api_ports[1]),
	    0);
	assert_int_equal(
	    shell(stack,
		  "curl -sS --fail --cacert first.pem 'https://127.0.0.1:%d/stocks?limit=500' -o stocks && "
		  "jq -e '.items | length > 100' stocks",
		  stack->api_ports[1]),
	    0);
	/* What is refused as it comes in gets its answer too. */
	assert_int_equal(
	    shell(stack,
		  "head -c 9000000 /dev/zero > body && curl -sS --cacert first.pem --data-binary @body -o answer "
		  "-w '%%{http_code}' https://127.0.0.1:%d/trade-queue/queue/order > code; grep -qx 413 code",
		  stack->api_ports[1]),
	    0);
}

static void test_tls_before_1_2_is_refused(void **state)
{
	static const char *const versions[] = {"-tls1", "-tls1_1", "-tls1_2", "-tls1_3"};
	struct stack *stack = *state;

	for (int i = 0; i < 4; i++) {
		int code = shell(stack,
				 "openssl s_client -connect 127.0.0.1:%d -CAfile first.pem -verify_return_error "
				 "-cipher DEFAULT@SECLEVEL=0 %s",
				 stack->api_ports[1], versions[i]);

		if ((code == 0) != (i >= 2))
			fail_msg("%s: %d", versions[i], code);
	}
}

static void test_a_new_certificate_is_for_new_connections(void **state)
{
	struct stack *stack = *state;
	const char *id = json_text(stack_queue_one(stack, "u", "buy", "AAPL", "1"), "/queue_id");
	const struct http_call wait =
	    call_with(stack, "first", stack_text(stack, "/trade-queue/queue/order/%s?wait=3", id));
	struct http_task *task = http_task_start(&wait);
	struct http_reply *reply;

	assert_int_equal(status_with(stack, "first"), 200);
	/* A key that does not fit: all stays as it is. */
	assert_int_equal(shell(stack, "cp second.key served.key"), 0);
	process_signal(stack->apis[1], SIGHUP);
	WAIT_UNTIL(process_log_has(stack->apis[1], "event=reload_failed"));
	assert_int_equal(status_with(stack, "first"), 200);
	assert_int_equal(shell(stack, "cp second.pem served.pem"), 0);
	process_signal(stack->apis[1], SIGHUP);
	WAIT_UNTIL(status_with(stack, "second") == 200);
	assert_int_equal(status_with(stack, "first"), 0);
	/* A connection from before goes on. */
	reply = http_task_end(task);
	assert_int_equal(reply->status, 200);
	http_reply_free(reply);
}

static void test_a_refusal_says_what_to_do(void **state)
{
	struct stack *stack = *state;
	char *build = realpath(stack->build, NULL);
	const char *api = stack_text(stack, "%s/muster-api -c muster.conf", build);

	free(build);
	assert_int_equal(shell(stack,
			       "chmod 644 first.key; %s -o api.tls_cert=first.pem -o api.tls_key=first.key "
			       "2>&1 | grep 'chmod 640 mends that'",
			       api),
			 0);
	assert_int_equal(shell(stack, "%s -o api.tls_cert=first.pem; [ $? = 2 ]", api), 0);
	assert_int_equal(shell(stack, "%s -o api.tls_cert=first.pem -o api.tls_key=/nonexistent; [ $? = 1 ]", api), 0);
	assert_int_equal(shell(stack,
			       "%s -n -o redis.url=rediss://localhost 2>&1 | grep '^muster-api: -o: redis.url: it asks "
			       "for TLS.*stunnel'",
			       api),
			 0);
	assert_int_equal(shell(stack, "%s -n -o redis.url=rediss://localhost; [ $? = 2 ]", api), 0);
}

static void test_all_of_it_is_exact(void **state)
{
	struct stack *stack = *state;

	stack_start_worker(stack, 0);
	(void)stack_process(stack);
	stack_finish(stack);
}

static int setup(void **state)
{
	struct stack *stack = stack_start(&(struct stack_options){0});

	make_pair(stack, "first");
	make_pair(stack, "second");
	assert_int_equal(shell(stack, "cp first.pem served.pem && cp first.key served.key"), 0);
	stack->options.settings[0] = stack_text(stack, "api.tls_cert=%s/served.pem", stack->folder);
	stack->options.settings[1] = stack_text(stack, "api.tls_key=%s/served.key", stack->folder);
	stack_start_api(stack, 1);
	stack->options.settings[0] = NULL;
	*state = stack;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_orders_come_in_over_tls),
	    cmocka_unit_test(test_large_bodies_and_answers_pass),
	    cmocka_unit_test(test_tls_before_1_2_is_refused),
	    cmocka_unit_test(test_a_new_certificate_is_for_new_connections),
	    cmocka_unit_test(test_a_refusal_says_what_to_do),
	    cmocka_unit_test(test_all_of_it_is_exact),
	};

	return cmocka_run_group_tests(tests, setup, stack_teardown);
}
