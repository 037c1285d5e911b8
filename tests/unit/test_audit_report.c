/* What the auditor keeps things in: maps, lists, and the report that tells what was wrong twice from what moved. */
#include "audit/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/map.h"

#define MANY 20000

static void test_a_map_finds_all_that_it_holds(void **state)
{
	struct audit_arena *arena = audit_arena_new();
	struct audit_map map = {0};
	struct audit_list list = {0};

	(void)state;
	assert_null(audit_map_find(&map, "1"));
	for (size_t i = 0; i < MANY; i++) {
		char text[24];
		const char *key;

		(void)snprintf(text, sizeof text, "%zu", i);
		key = audit_arena_text(arena, text);
		audit_list_add(&list, arena, (void *)(uintptr_t)key);
		audit_map_put(&map, arena, key, list.items[i]);
	}
	audit_map_put(&map, arena, list.items[7], list.items[8]);
	assert_int_equal(map.count, MANY);
	assert_ptr_equal(audit_map_find(&map, "7"), list.items[8]);
	for (size_t i = 8; i < MANY; i++)
		assert_ptr_equal(audit_map_find(&map, list.items[i]), list.items[i]);
	assert_null(audit_map_find(&map, "x"));
	assert_null(audit_map_find(&map, ""));
	audit_arena_free(arena);
}

static void test_memory_is_zeroed_and_of_any_size(void **state)
{
	struct audit_arena *arena = audit_arena_new();

	(void)state;
	for (size_t size = 1; size < (size_t)4 << 20; size = size * 3 + 1) {
		char *memory = audit_arena_take(arena, size);

		assert_int_equal((uintptr_t)memory % 16, 0);
		assert_int_equal(memory[0] | memory[size / 2] | memory[size - 1], 0);
		memset(memory, 255, size);
	}
	audit_arena_free(arena);
}

/* The text of a report; to be freed. */
static char *print(const struct audit_report *report)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	audit_report_print(report, out);
	(void)fclose(out);
	return text;
}

static void test_only_what_is_wrong_twice_is_a_violation(void **state)
{
	struct audit_report *first = audit_report_new(), *second = audit_report_new();
	char *text;

	(void)state;
	audit_report_violation(first, AUDIT_EXACT, "block %s: %d", "b1", 1);
	audit_report_violation(first, AUDIT_PURE, "block b2");
	audit_report_violation(second, AUDIT_EXACT, "block b1: 2");
	audit_report_violation(second, AUDIT_PURE, "block b2");
	audit_report_in_flight(second, "block b3 is\nworking");
	audit_report_confirm(second, first);
	assert_int_equal(audit_report_violations(second), 1);
	assert_int_equal(audit_report_in_flights(second), 2);
	text = print(second);
	assert_string_equal(text, "in flight: block b3 is?working\nin flight: I6 block b1: 2\nI7 block b2\n");
	free(text);
	audit_report_free(first);
	audit_report_free(second);
}

static void test_of_much_in_flight_the_first_hundred_are_shown(void **state)
{
	struct audit_report *report = audit_report_new();
	char *text;

	(void)state;
	for (int i = 0; i < 130; i++)
		audit_report_in_flight(report, "block %d", i);
	text = print(report);
	assert_non_null(strstr(text, "block 99\n"));
	assert_null(strstr(text, "block 100\n"));
	assert_non_null(strstr(text, "in flight: 30 more\n"));
	free(text);
	audit_report_free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_map_finds_all_that_it_holds),
	    cmocka_unit_test(test_memory_is_zeroed_and_of_any_size),
	    cmocka_unit_test(test_only_what_is_wrong_twice_is_a_violation),
	    cmocka_unit_test(test_of_much_in_flight_the_first_hundred_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
