/* The calls of a stack: every answer is kept, and what the API accepted is written down. */
#include "tests/support/stack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/status.h"
#include "tests/support/json_at.h"
#include "tests/support/stack_kept.h"

void kept_free(struct kept *kept)
{
	while (kept) {
		struct kept *next = kept->next;

		free(kept->text);
		http_reply_free(kept->reply);
		free(kept);
		kept = next;
	}
}

/* Hands a text or a reply to the stack. */
static void keep(struct stack *stack, char *take_text, struct http_reply *take_reply)
{
	struct kept *kept = calloc(1, sizeof *kept);

	if (!kept)
		abort();
	*kept = (struct kept){stack->kept, take_text, take_reply};
	stack->kept = kept;
}

/* Printed text, the stack's. */
__attribute__((format(printf, 2, 0))) static const char *print_text(struct stack *stack, const char *format,
								    va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		abort();
	keep(stack, text, NULL);
	return text;
}

const char *stack_text(struct stack *stack, const char *format, ...)
{
	const char *text;
	va_list args;

	va_start(args, format);
	text = print_text(stack, format, args);
	va_end(args);
	return text;
}

/* Writes down what was accepted: the auditor believes nobody else. */
static void note_accepted(struct stack *stack, const struct http_reply *reply)
{
	const char *queue_id = json_string_value(json_object_get(reply->json, "queue_id"));
	json_t *orders = json_object_get(reply->json, "orders");

	if ((reply->status == 200 || reply->status == 202) && queue_id && orders &&
	    !json_object_get(stack->accepted, queue_id))
		json_object_set_new(stack->accepted, queue_id, json_deep_copy(orders));
}

/* The call with the API's address before its path. */
static struct http_call complete(struct stack *stack, int i, const struct http_call *call)
{
	struct http_call copy = *call;

	size_t headers = 0;

	while (headers < HTTP_CALL_HEADERS_MAX && copy.headers[headers])
		headers++;
	if (stack->bearer && headers < HTTP_CALL_HEADERS_MAX)
		copy.headers[headers] = stack_text(stack, "Authorization: Bearer %s", stack->bearer);
	copy.url = stack_text(stack, "http://127.0.0.1:%d%s", stack->api_ports[i], call->url);
	return copy;
}

/* Keeps the reply of a call that has ended. */
static const struct http_reply *take_reply(struct stack *stack, struct http_reply *reply)
{
	keep(stack, NULL, reply);
	note_accepted(stack, reply);
	return reply;
}

const struct http_reply *stack_call(struct stack *stack, int i, const struct http_call *call)
{
	const struct http_call copy = complete(stack, i, call);

	return take_reply(stack, http_call(&copy));
}

struct http_task *stack_begin(struct stack *stack, int i, const struct http_call *call)
{
	const struct http_call copy = complete(stack, i, call);

	return http_task_start(&copy);
}

const struct http_reply *stack_end(struct stack *stack, struct http_task *task)
{
	return take_reply(stack, http_task_end(task));
}

/* A call to the first API that must be answered with this status. */
static json_t *expect(struct stack *stack, const struct http_call *call, int status)
{
	const struct http_reply *reply = stack_call(stack, 0, call);

	if (reply->status != status)
		fail_msg("%s %s: %d, not %d: %.1000s", call->method, call->url, reply->status, status,
			 reply->body ? reply->body : "(no body)");
	return reply->json;
}

json_t *stack_get(struct stack *stack, int status, const char *path, ...)
{
	struct http_call call = {.method = "GET"};
	va_list args;

	va_start(args, path);
	call.url = print_text(stack, path, args);
	va_end(args);
	return expect(stack, &call, status);
}

json_t *stack_delete(struct stack *stack, int status, const char *path, ...)
{
	struct http_call call = {.method = "DELETE"};
	va_list args;

	va_start(args, path);
	call.url = print_text(stack, path, args);
	va_end(args);
	return expect(stack, &call, status);
}

json_t *stack_post(struct stack *stack, int status, const char *path, const char *body, ...)
{
	struct http_call call = {.method = "POST", .url = path};
	va_list args;

	va_start(args, body);
	call.body = body ? print_text(stack, body, args) : NULL;
	va_end(args);
	return expect(stack, &call, status);
}

json_t *stack_put(struct stack *stack, int status, const char *path, const char *body, ...)
{
	struct http_call call = {.method = "PUT", .url = path};
	va_list args;

	va_start(args, body);
	call.body = body ? print_text(stack, body, args) : NULL;
	va_end(args);
	return expect(stack, &call, status);
}

json_t *stack_queue(struct stack *stack, const char *body, ...)
{
	struct http_call call = {.method = "POST", .url = "/trade-queue/queue/order"};
	va_list args;

	va_start(args, body);
	call.body = print_text(stack, body, args);
	va_end(args);
	return expect(stack, &call, 202);
}

json_t *stack_queue_one(struct stack *stack, const char *user, const char *action, const char *symbol,
			const char *quantity)
{
	return stack_queue(stack,
			   "{\"user_id\":\"%s\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"%s\","
			   "\"action\":\"%s\",\"quantity\":\"%s\"}]}",
			   user, symbol, action, quantity);
}

json_t *stack_wait_final(struct stack *stack, const json_t *answer)
{
	json_t *view = stack_get(stack, 200, "/trade-queue/queue/order/%s?wait=60", json_text(answer, "/queue_id"));

	for (size_t i = 0; i < json_array_size(json_at(view, "/orders")); i++) {
		const json_t *order = json_array_get(json_at(view, "/orders"), i);

		if (!order_status_is_final(order_status_of(json_text(order, "/status"))))
			fail_msg("order %s is still %s", json_text(order, "/order_id"), json_text(order, "/status"));
	}
	return view;
}

/* PUT to the paper broker. */
static void put_paper(struct stack *stack, const char *path, const char *body)
{
	struct http_call call = {.method = "PUT", .body = body};
	const struct http_reply *reply;

	call.url = stack_text(stack, "http://127.0.0.1:%d%s", stack->paper_port, path);
	reply = take_reply(stack, http_call(&call));
	if (reply->status != 200)
		fail_msg("PUT %s: %d: %s", path, reply->status, reply->body ? reply->body : "(no body)");
}

void stack_set_paper(struct stack *stack, const char *settings, ...)
{
	const char *body;
	va_list args;

	va_start(args, settings);
	body = print_text(stack, settings, args);
	va_end(args);
	put_paper(stack, "/paper/settings", body);
}

void stack_set_paper_clock(struct stack *stack, const char *at)
{
	put_paper(stack, "/paper/clock", stack_text(stack, "{\"now\":\"%s\"}", at));
}

json_t *stack_process(struct stack *stack)
{
	return stack_post(stack, 200, "/trade-queue/queue/process?wait=60", NULL);
}

void stack_put_stocks(struct stack *stack)
{
	struct http_call call = {.method = "PUT", .url = "/stocks", .content_type = "text/csv"};
	char path[96], csv[65536];
	size_t length;
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/put.csv", stack->folder);
	file = fopen(path, "re");
	if (!file)
		abort();
	length = fread(csv, 1, sizeof csv, file);
	(void)fclose(file);
	call.body = csv;
	call.length = length;
	(void)expect(stack, &call, 200);
}

int64_t stack_redis_int(struct stack *stack, const char *command)
{
	redisReply *reply = redis_server_command(stack->redis, command);
	int64_t number = -1;

	if (reply->type == REDIS_REPLY_INTEGER)
		number = reply->integer;
	else if (reply->type == REDIS_REPLY_STRING)
		number = strtoll(reply->str, NULL, 10);
	freeReplyObject(reply);
	return number;
}
