/* See faults.h. */
#include "tests/support/faults.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/audit_scene.h"
#include "tests/support/json_at.h"
#include "tests/support/ledger.h"
#include "tests/support/wait_until.h"

#define QUIET_MOST_US INT64_C(60000000)

/* A call to the paper broker's faults; the answer is to be freed. */
static struct http_reply *call_faults(struct stack *stack, const char *method, const char *body)
{
	const struct http_call call = {.method = method,
				       .url = stack_text(stack, "http://127.0.0.1:%d/paper/faults", stack->paper_port),
				       .body = body};
	struct http_reply *reply = http_call(&call);

	if (reply->status != 200)
		fail_msg("%s /paper/faults %s: %d %s", method, body ? body : "", reply->status, reply->body);
	return reply;
}

void faults_set(struct stack *stack, const char *faults)
{
	http_reply_free(call_faults(stack, "PUT", faults));
}

void faults_clear(struct stack *stack)
{
	http_reply_free(call_faults(stack, "DELETE", NULL));
}

int64_t faults_struck_by(struct stack *stack, const char *mode)
{
	struct http_reply *reply = call_faults(stack, "GET", NULL);
	int64_t sum = 0;

	for (size_t i = 0; i < json_array_size(reply->json); i++) {
		const json_t *fault = json_array_get(reply->json, i);

		if (!mode || strcmp(json_text(fault, "/mode"), mode) == 0)
			sum += json_int(fault, "/struck");
	}
	http_reply_free(reply);
	return sum;
}

int64_t faults_struck(struct stack *stack)
{
	return faults_struck_by(stack, NULL);
}

void faults_queue_scenario(struct stack *stack)
{
	(void)stack_queue_one(stack, "A", "buy", "AAPL", "100");
	(void)stack_queue_one(stack, "B", "buy", "AAPL", "50");
	(void)stack_queue_one(stack, "C", "buy", "AAPL", "75");
	(void)stack_queue_one(stack, "A", "sell", "GOOG", "7");
	(void)stack_queue_one(stack, "D", "sell", "GOOG", "2");
	(void)stack_queue_one(stack, "D", "buy", "F", "31");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
}

void faults_wait_quiet(struct stack *stack)
{
	int64_t end_us = clock_monotonic_us() + QUIET_MOST_US;

	/* In one command: between two of them a window could go from one key to the other. */
	while (stack_redis_int(stack, "EXISTS muster:{0}:windows muster:{0}:windows:working") != 0) {
		if (stack_redis_int(stack, "EXISTS muster:{0}:blocks:needs_review") != 0)
			fail_msg("a block waits for a person: %s",
				 json_dumps(stack_get(stack, 200, "/blocks?status=needs_review"), JSON_INDENT(1)));
		if (clock_monotonic_us() > end_us)
			fail_msg("after 60 s something is still under way");
		wait_pause();
	}
}

/* Writes what clients were told; returns the path. */
static const char *write_accepted(struct stack *stack)
{
	const char *path = stack_text(stack, "%s/accepted.jsonl", stack->folder), *queue_id;
	FILE *file = fopen(path, "we");
	json_t *orders;

	if (!file)
		abort();
	json_object_foreach (stack->accepted, queue_id, orders) {
		json_t *line = json_pack("{s:s, s:O}", "queue_id", queue_id, "orders", orders);

		(void)json_dumpf(line, file, JSON_COMPACT);
		(void)fputc('\n', file);
		json_decref(line);
	}
	(void)fclose(file);
	return path;
}

void faults_finish(struct stack *stack)
{
	const char *const arguments[] = {
	    "--ledger", stack->ledger_path, "--accepted", write_accepted(stack), "--quiet-expected", NULL};
	char *output = NULL;
	int code;

	code = audit_run(stack, arguments, &output);
	if (code != 0)
		fail_msg("the auditor ends with %d: %s", code, output);
	free(output);
	stack_finish(stack);
}

int faults_refused(struct stack *stack)
{
	struct ledger *ledger = ledger_read(stack->ledger_path);
	int refused = ledger_refused(ledger);

	for (size_t i = 0; i < ledger->count; i++)
		assert_in_range(ledger->orders[i].accepted, 0, 1);
	ledger_free(ledger);
	return refused;
}
