/* See check_audit.h. */
#include "tests/support/check_audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ARGUMENTS_MAX 64

void check_audit_write_accepted(const struct stack *stack, const char *path)
{
	FILE *file = fopen(path, "we");
	const char *queue_id;
	json_t *orders;

	if (!file)
		abort();
	json_object_foreach (stack->accepted, queue_id, orders) {
		char key[64];
		json_t *line;

		(void)snprintf(key, sizeof key, "key-%s", queue_id);
		line = json_pack("{s:s, s:O, s:s}", "queue_id", queue_id, "orders", orders, "idempotency_key", key);
		(void)json_dumpf(line, file, JSON_COMPACT);
		(void)fputc('\n', file);
		json_decref(line);
	}
	(void)fclose(file);
}

int audit_run(struct stack *stack, const char *const *arguments, char **output)
{
	const char *argv[ARGUMENTS_MAX] = {stack_text(stack, "%s/muster-audit", stack->build), "-c",
					   stack_text(stack, "%s/muster.conf", stack->folder)};
	size_t count = 3;
	struct process *process;
	int code;

	for (size_t i = 0; i < STACK_SETTINGS_MAX && stack->options.settings[i]; i++) {
		argv[count++] = "-o";
		argv[count++] = stack->options.settings[i];
	}
	for (; *arguments; arguments++)
		argv[count++] = *arguments;
	process = process_start(argv, stack_text(stack, "%s/audit.log", stack->folder));
	code = process_wait(process);
	*output = process_log(process);
	process_free(process);
	return code;
}

void check_audit(struct stack *stack)
{
	const char *accepted = stack_text(stack, "%s/accepted.jsonl", stack->folder);
	const char *const arguments[] = {"--ledger", stack->ledger_path, "--accepted",
					 accepted,   "--quiet-expected", NULL};
	char *output;
	int code;

	check_audit_write_accepted(stack, accepted);
	code = audit_run(stack, arguments, &output);
	if (code != 0)
		fail_msg("muster-audit: exit code %d\n%s", code, output);
	free(output);
}
