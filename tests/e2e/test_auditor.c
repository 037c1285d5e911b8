/* The auditor itself: spoils one thing at a time in books that were exact, and expects it to notice. Each case runs in
 * a process of its own, this program with the case's number, because there it must fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/check.h"
#include "tests/support/json_at.h"
#include "tests/support/process.h"

#define FIRST(kind) "local k = redis.call('KEYS', 'muster:{0}:" kind ":*')[1]; "
#define POSTING	    "local e = redis.call('XRANGE', 'muster:{0}:transactions', '-', '+')[1]; "

/* What is spoiled: by a script, or by a line added to the broker's ledger (@ stands for the slice's id); and what the
 * auditor must say. */
static const struct {
	const char *script, *line, *says;
} cases[] = {
    {"return 1", NULL, NULL}, /* nothing: it must find nothing */
    {FIRST("order") "redis.call('HSET', k, 'filled_quantity', '4')", NULL, "is filled with 4"},
    {POSTING "for i = 1, #e[2], 2 do if e[2][i] == 'quantity' then e[2][i + 1] = '9' end end "
	     "redis.call('XDEL', 'muster:{0}:transactions', e[1]) "
	     "redis.call('XADD', 'muster:{0}:transactions', '*', unpack(e[2]))",
     NULL, "posted quantity"},
    {FIRST("order") "redis.call('HSET', k, 'gross_amount', '99')", NULL, "posted amount"},
    {FIRST("order") "redis.call('HSET', k, 'fee', '0.01')", NULL, "posted fee"},
    {FIRST("order") "redis.call('HSET', k, 'quantity', '99')", NULL, "quantity of an order has changed"},
    {FIRST("order") "redis.call('HSET', k, 'status', 'unfilled')", NULL, "is unfilled with"},
    {FIRST("order") "redis.call('HSET', k, 'block', '1-1')", NULL, "symbol of an order has changed"},
    {FIRST("order") "redis.call('DEL', k)", NULL, "404"},
    {FIRST("order") "redis.call('PERSIST', k)", NULL, "has no TTL"},
    {POSTING "redis.call('XADD', 'muster:{0}:transactions', '*', unpack(e[2]))", NULL, "posted twice"},
    {POSTING "redis.call('XDEL', 'muster:{0}:transactions', e[1])", NULL, "no transaction"},
    {FIRST("slice") "redis.call('RENAME', k, k .. 'x')", NULL, "\"\" != "},
    {FIRST("slice") "redis.call('HSET', k, 'filled_quantity', '1')", NULL, "filled by a slice"},
    {FIRST("slice") "redis.call('HSET', k, 'quantity', '12')", NULL, "quantity at the broker"},
    {"redis.call('HINCRBY', 'muster:{0}:counts', 'working', 1)", NULL, "counted as working"},
    {"redis.call('ZADD', 'muster:{0}:sides:paper:AAPL:selling', 1, 'x')", NULL, "is left"},
    {NULL,
     "{\"event\":\"order\",\"outcome\":\"accepted\",\"client_order_id\":\"muster-x\",\"symbol\":\"F\",\"side\":\"buy\","
     "\"qty\":\"1\","
     "\"commission\":null}",
     "!= 0x1"},
    {NULL,
     "{\"event\":\"order\",\"outcome\":\"accepted\",\"client_order_id\":\"@\",\"symbol\":\"AAPL\",\"side\":\"buy\","
     "\"qty\":\"11\","
     "\"commission\":null}",
     "accepted 2 times"},
    {NULL,
     "{\"event\":\"fill\",\"client_order_id\":\"@\",\"symbol\":\"AAPL\",\"side\":\"buy\",\"qty\":\"1\",\"price\":"
     "\"1\"}",
     "filled by a slice"},
};

static size_t chosen; /* in the child: which case */

/* Adds a line to the ledger. */
static void add_line(struct stack *stack, const char *line)
{
	redisReply *slices = redis_server_command(stack->redis, "KEYS muster:{0}:slice:*");
	const char *at = strchr(line, '@');
	FILE *file = fopen(stack->ledger_path, "ae");

	assert_true(file && slices->elements == 1);
	if (at)
		(void)fprintf(file, "%.*s%s%s\n", (int)(at - line), line,
			      slices->element[0]->str + strlen("muster:{0}:slice:"), at + 1);
	else
		(void)fprintf(file, "%s\n", line);
	(void)fclose(file);
	freeReplyObject(slices);
}

/* In the child: exact books, one thing spoiled, and the auditor again. */
static void test_spoiled_books(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});

	(void)stack_queue_one(stack, "A", "buy", "AAPL", "5");
	(void)stack_queue_one(stack, "B", "buy", "AAPL", "6");
	(void)stack_process(stack);
	check_all_exact(stack);
	stack->passed = true; /* what follows shall fail: the programs' logs are of no interest */
	if (cases[chosen].script)
		redis_server_run(stack->redis, "EVAL %s 0", cases[chosen].script);
	else
		add_line(stack, cases[chosen].line);
	check_all_exact(stack);
}

/* One case in a process of its own; whether the auditor said what it should. */
static bool is_noticed(size_t i)
{
	char program[512], number[16], log_path[] = "/tmp/muster-auditor-XXXXXX";
	const char *const argv[] = {program, number, NULL};
	ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
	int log = mkstemp(log_path);
	struct process *child;
	bool noticed;
	int code;
	char *text;

	assert_true(length > 0 && log >= 0);
	program[length] = '\0';
	(void)snprintf(number, sizeof number, "%zu", i);
	child = process_start(argv, log_path);
	code = process_wait(child);
	text = process_log(child);
	noticed = cases[i].says ? code != 0 && strstr(text, cases[i].says) : code == 0;
	if (!noticed)
		print_error("case %zu (%s): exit %d, wanted \"%s\":\n%s\n", i,
			    cases[i].script ? cases[i].script : cases[i].line, code,
			    cases[i].says ? cases[i].says : "no fault", text);
	free(text);
	process_free(child);
	(void)close(log);
	(void)unlink(log_path);
	return noticed;
}

static void test_the_auditor_notices_whatever_is_spoiled(void **state)
{
	size_t missed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		missed += !is_noticed(i);
	assert_int_equal(missed, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest child[] = {cmocka_unit_test_teardown(test_spoiled_books, stack_teardown)};
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_auditor_notices_whatever_is_spoiled)};

	if (argc > 1) {
		chosen = strtoul(argv[1], NULL, 10);
		return cmocka_run_group_tests(child, NULL, NULL);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
