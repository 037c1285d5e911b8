/* See audit_scene.h. How it is falsified is in audit_scene_edit.c. */
#include "tests/support/audit_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/audit_scene_private.h"
#include "tests/support/check_audit.h"
#include "tests/support/json_at.h"
#include "tests/support/redis_read.h"
#include "tests/support/wait_until.h"

/* Gives something a name. */
static void name_it(struct audit_scene *scene, const char *name, const char *value)
{
	json_object_set_new(scene->names, name, json_string(value));
}

/* Names a block, its slice and one of its fills. */
static void name_block(struct audit_scene *scene, const char *name, const char *block_id)
{
	struct stack *stack = scene->stack;
	redisReply *fills = redis_server_command(stack->redis, "HKEYS muster:{0}:block:%s:fills", block_id);

	name_it(scene, name, block_id);
	name_it(scene, stack_text(stack, "%s-s", name),
		stack_text(stack, "muster-%s-%s-1", json_text(scene->names, "/dep"), block_id));
	if (fills->elements > 0)
		name_it(scene, stack_text(stack, "%s-fill", name), fills->element[0]->str);
	freeReplyObject(fills);
}

/* Names an order and its request, and its transaction where it has one. */
static void name_order(struct audit_scene *scene, const char *name, const char *order_id)
{
	struct stack *stack = scene->stack;
	redisReply *entries = redis_server_command(stack->redis, "XRANGE muster:{0}:transactions - +");
	char queue_id[64];

	(void)snprintf(queue_id, sizeof queue_id, "%.*s", (int)(strrchr(order_id, '-') - order_id), order_id);
	name_it(scene, name, order_id);
	name_it(scene, stack_text(stack, "q%s", name), queue_id);
	for (size_t i = 0; i < entries->elements; i++)
		if (strcmp(redis_field(entries->element[i]->element[1], "order_id"), order_id) == 0)
			name_it(scene, stack_text(stack, "%s-tx", name), entries->element[i]->element[0]->str);
	freeReplyObject(entries);
}

/* Names the order `i` of an answer, and its block where that has a name. */
static void name_result(struct audit_scene *scene, const json_t *answer, size_t i, const char *order, const char *block)
{
	const json_t *result = stack_wait_final(scene->stack, answer);
	const json_t *row = json_array_get(json_at(result, "/orders"), i);

	name_order(scene, order, json_text(row, "/order_id"));
	name_it(scene, "w", json_text(row, "/window_id"));
	if (block)
		name_block(scene, block, json_text(row, "/block_id"));
}

/* Sends everything, waits for its end, and names what came of it. */
static void play(struct audit_scene *scene)
{
	struct stack *stack = scene->stack;
	redisReply *deployment;
	const json_t *a, *b, *c, *d, *m, *x, *n, *bulk;

	stack_set_paper(stack,
			"{\"commission_per_order\":\"1\",\"symbols\":{\"AAPL\":{\"fill\":\"in_parts\",\"parts\":2,"
			"\"fill_quantity\":\"100\",\"then\":\"canceled\",\"price_step\":\"0.25\"}}}");
	(void)stack_put(stack, 200, "/stocks/NOBRK", "{\"price\":\"5\",\"broker_type\":\"paper\"}");
	a = stack_queue_one(stack, "a", "buy", "AAPL", "100");
	b = stack_queue_one(stack, "b", "buy", "AAPL", "50");
	c = stack_queue_one(stack, "c", "buy", "AAPL", "75");
	d = stack_queue_one(stack, "d", "sell", "MSFT", "40");
	m = stack_queue(stack, "{\"user_id\":\"m\",\"smallcase_id\":\"sc1\",\"suggestions\":["
			       "{\"symbol\":\"F\",\"action\":\"buy\",\"quantity\":10},"
			       "{\"symbol\":\"GOOG\",\"action\":\"buy\",\"quantity\":3}]}");
	x = stack_queue_one(stack, "x", "buy", "F", "5");
	n = stack_queue_one(stack, "n", "buy", "NOBRK", "4");
	(void)stack_delete(stack, 200, "/trade-queue/queue/order/%s", json_text(x, "/queue_id"));
	(void)stack_process(stack);
	bulk = stack_post(
	    stack, 200, "/smallcases/bulk/rebalance?wait=60",
	    "[{\"user_id\":\"g\",\"smallcase_id\":\"sc1\",\"suggestions\":["
	    "{\"symbol\":\"GOOG\",\"action\":\"buy\",\"quantity\":12}]},{\"user_id\":\"h\",\"smallcase_id\":\"sc1\","
	    "\"suggestions\":[{\"symbol\":\"GOOG\",\"action\":\"buy\",\"quantity\":8},"
	    "{\"symbol\":\"NOSUCH\",\"action\":\"buy\",\"quantity\":1}]}]");
	deployment = redis_hash(stack->redis, "muster:{0}:deployment");
	name_it(scene, "dep", redis_field(deployment, "id"));
	freeReplyObject(deployment);
	name_result(scene, bulk, 0, "g0", "goog-bulk");
	name_result(scene, bulk, 1, "g1", NULL);
	name_result(scene, a, 0, "a", "aapl");
	name_result(scene, b, 0, "b", NULL);
	name_result(scene, c, 0, "c", NULL);
	name_result(scene, d, 0, "d", "msft");
	name_result(scene, m, 0, "m0", "f");
	name_result(scene, m, 1, "m1", "goog");
	name_result(scene, x, 0, "x", NULL);
	name_result(scene, n, 0, "n", "nobrk");
}

struct audit_scene *audit_scene_new(void)
{
	struct audit_scene *scene = calloc(1, sizeof *scene);
	struct stack *stack;

	if (!scene)
		abort();
	/* Nobody dies here: so nothing may happen only because the machine is slow. */
	scene->stack = stack = stack_start(&(struct stack_options){
	    .workers = 1,
	    .settings = {"worker.lease_ms=120000", "broker.paper.timeout_ms=60000", "redis.timeout_ms=60000"}});
	scene->names = json_object();
	scene->accepted_path = stack_text(stack, "%s/accepted.jsonl", stack->folder);
	play(scene);
	WAIT_UNTIL(stack_redis_int(stack, "EXISTS muster:{0}:windows:working") == 0);
	stack_finish(stack);
	check_audit_write_accepted(stack, scene->accepted_path);
	scene->first_ledger = scene_read_file(stack->ledger_path);
	scene->first_accepted = scene_read_file(scene->accepted_path);
	scene_save(scene);
	return scene;
}

void audit_scene_free(struct audit_scene *scene)
{
	if (!scene)
		return;
	scene_drop_saved(scene);
	json_decref(scene->names);
	free(scene->first_ledger);
	free(scene->first_accepted);
	free(scene->output);
	stack_stop(scene->stack);
	free(scene);
}

int audit_scene_run(struct audit_scene *scene, const char *more)
{
	const char *const arguments[] = {
	    "--ledger", scene->stack->ledger_path, "--accepted", scene->accepted_path, more, NULL};

	free(scene->output);
	return audit_run(scene->stack, arguments, &scene->output);
}

const char *audit_scene_output(const struct audit_scene *scene)
{
	return scene->output;
}

struct stack *audit_scene_stack(struct audit_scene *scene)
{
	return scene->stack;
}
