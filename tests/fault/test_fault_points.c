/* The fault points themselves: the table makes sense, and a fault that cannot be armed stops the program before it
 * starts, so that no walk passes because of a slip of the pen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared/fault.h"
#include "tests/support/process.h"

static const struct {
	const char *program, *fault, *says;
} refusals[] = {
    {"muster-worker", "", "NAME:N:KIND"},
    {"muster-worker", "begun", "NAME:N:KIND"},
    {"muster-worker", "planned:1", "NAME:N:KIND"},
    {"muster-worker", "began:1:kill", "no fault point of this name"},
    {"muster-worker", "planned:0:kill", "N must be"},
    {"muster-worker", "planned:-1:kill", "N must be"},
    {"muster-worker", "planned:1x:kill", "N must be"},
    {"muster-worker", "planned::kill", "N must be"},
    {"muster-worker", "planned:1:die", "KIND must be"},
    {"muster-worker", "plan_ready:1:error", "cannot fail"},
    {"muster-api", "planned:1:kill", "in another program"},
    {"muster-paper", "planned:1:kill", "in another program"},
    {"muster-worker", "accepted:1:kill", "in another program"},
};

/* Runs the program's check of its configuration with the fault; its exit code. */
static int run_armed(const char *program, const char *fault, char **log)
{
	char folder[512], path[600], log_path[] = "/tmp/muster-fault-XXXXXX";
	const char *argv[] = {path, "-n", NULL};
	struct process *process;
	int file = mkstemp(log_path), result;

	assert_true(file >= 0);
	(void)close(file);
	process_find_build(folder, sizeof folder);
	(void)snprintf(path, sizeof path, "%s/%s", folder, program);
	(void)setenv("MUSTER_FAULT", fault, 1);
	process = process_start(argv, log_path);
	(void)unsetenv("MUSTER_FAULT");
	result = process_wait(process);
	*log = process_log(process);
	process_free(process);
	(void)unlink(log_path);
	return result;
}

static void test_what_cannot_be_armed_stops_the_program(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		char *log;
		int result = run_armed(refusals[i].program, refusals[i].fault, &log);

		if (result != 2 || !strstr(log, refusals[i].says) || !strstr(log, refusals[i].fault))
			fail_msg("%s with %s: exit code %d, %s", refusals[i].program, refusals[i].fault, result, log);
		free(log);
	}
}

/* Every row can be armed in its program. */
static void test_every_point_can_be_armed(void **state)
{
	(void)state;
	for (size_t id = 0; id < FAULT_COUNT; id++) {
		const struct fault_point *point = &fault_points[id];
		bool is_api = point->program == FAULT_IN_API;
		char fault[128], *log;
		int result;

		(void)snprintf(fault, sizeof fault, "%s:2:%s:AAPL", point->name,
			       point->failing == FAULT_OR_ERROR ? "error" : "stop");
		result = run_armed(is_api ? "muster-api" : "muster-worker", fault, &log);
		if (result != 0)
			fail_msg("%s: exit code %d, %s", fault, result, log);
		free(log);
	}
}

/* Names are words of their own. */
static void test_names_are_distinct(void **state)
{
	(void)state;
	for (size_t id = 0; id < FAULT_COUNT; id++) {
		assert_int_equal(strspn(fault_points[id].name, "abcdefghijklmnopqrstuvwxyz_"),
				 strlen(fault_points[id].name));
		assert_true(*fault_points[id].what);
		for (size_t other = 0; other < id; other++)
			assert_string_not_equal(fault_points[id].name, fault_points[other].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_cannot_be_armed_stops_the_program),
	    cmocka_unit_test(test_every_point_can_be_armed),
	    cmocka_unit_test(test_names_are_distinct),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
