/* Brokers that fail while orders work: every call that follows an order or lists its fills goes wrong in every way.
 * Once the fault is over everything ends by itself, and what was allocated is what was filled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/faults.h"
#include "tests/support/wait_until.h"

/* One row a test. `struck`: how often at least; where it is lifted, that often before. What is late is late by the number
 * of looks, not by the clock, so that a slow machine sees the same. */
struct follow_case {
	const char *name;
	const char *faults;
	int struck;
	bool is_lifted;
};

#define TWICE "\"times\":2}"

static const struct follow_case cases[] = {
    {"follow_is_never_answered", "{\"mode\":\"silent\",\"on\":\"follow\"," TWICE, 2, false},
    {"follow_is_answered_500", "{\"mode\":\"answer\",\"on\":\"follow\"," TWICE, 2, false},
    {"follow_is_answered_garbage", "{\"mode\":\"garbage\",\"on\":\"follow\"," TWICE, 2, false},
    {"follow_is_answered_html", "{\"mode\":\"html\",\"on\":\"follow\"," TWICE, 2, false},
    {"follow_is_answered_without_end", "{\"mode\":\"endless\",\"on\":\"follow\"," TWICE, 2, false},
    {"follow_drips", "{\"mode\":\"drip\",\"on\":\"follow\"," TWICE, 2, false},
    {"follow_is_closed", "{\"mode\":\"close\",\"on\":\"follow\"," TWICE, 2, false},
    {"follow_is_closed_in_mid_body", "{\"mode\":\"cut\",\"on\":\"follow\"," TWICE, 2, false},
    {"follow_does_not_show_the_order", "{\"mode\":\"hide\",\"on\":\"follow\",\"ms\":3600000," TWICE, 2, false},
    {"follow_names_another_id", "{\"mode\":\"wrong_id\",\"on\":\"follow\"," TWICE, 1, false},
    {"follow_is_refused_for_a_long_time", "{\"mode\":\"rate_limit\",\"on\":\"follow\",\"ms\":1500}", 2, true},
    {"fills_are_never_answered", "{\"mode\":\"silent\",\"on\":\"fills\"," TWICE, 2, false},
    {"fills_are_answered_502", "{\"mode\":\"answer\",\"on\":\"fills\",\"status\":502," TWICE, 2, false},
    {"fills_are_answered_garbage", "{\"mode\":\"garbage\",\"on\":\"fills\"," TWICE, 2, false},
    {"fills_are_answered_without_end", "{\"mode\":\"endless\",\"on\":\"fills\"," TWICE, 2, false},
    {"fills_are_closed_in_mid_body", "{\"mode\":\"cut\",\"on\":\"fills\"," TWICE, 2, false},
    {"fills_are_reported_twice", "{\"mode\":\"fills_twice\"}", 1, false},
    {"fills_are_reported_out_of_order", "{\"mode\":\"fills_unordered\"}", 1, false},
    {"fills_are_reported_beyond_the_quantity", "{\"mode\":\"fills_beyond\"}", 2, true},
    {"fills_are_reported_late", "{\"mode\":\"fills_late\",\"ms\":3600000," TWICE, 2, false},
    {"fills_come_after_the_end", "{\"mode\":\"fills_after_end\",\"ms\":3600000," TWICE, 2, false},
    {"fills_come_after_the_end_beyond_the_quantity_and_twice",
     "[{\"mode\":\"overfill\"},{\"mode\":\"fills_after_end\",\"ms\":3600000,\"times\":3},{\"mode\":\"fills_twice\"}]", 6,
     false},
    {"a_cut_order_is_told_late", "[{\"mode\":\"partial\",\"percent\":60},{\"mode\":\"fills_after_end\",\"ms\":3600000,\"times\":3}]", 6,
     false},
};

/* Two fills each, so that half of what was filled is a fill: what is understated looks right. */
static const char *const settings[] = {
    "{\"fill\":\"in_parts\",\"parts\":2,\"delay_ms\":40,\"price_step\":\"0.01\",\"commission_per_order\":\"1.25\"}",
    "{\"fill\":\"at_once\"}",
};

/* The scenario, first with fills in parts, then at once, with the fault anew. */
static void test_case(void **state)
{
	const struct follow_case *row = *state;
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 2});

	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		stack_set_paper(stack, "%s", settings[i]);
		faults_set(stack, row->faults);
		faults_queue_scenario(stack);
		if (row->is_lifted) {
			WAIT_UNTIL(faults_struck(stack) >= row->struck);
			faults_clear(stack);
		}
		faults_wait_quiet(stack);
		if (!row->is_lifted)
			assert_in_range(faults_struck(stack), row->struck, 1000);
	}
	assert_int_equal(faults_refused(stack), 0);
	faults_finish(stack);
}

#define CASES (sizeof cases / sizeof *cases)

int main(void)
{
	struct CMUnitTest tests[CASES];

	for (size_t i = 0; i < CASES; i++)
		tests[i] =
		    (struct CMUnitTest){cases[i].name, test_case, NULL, stack_teardown, (void *)(uintptr_t)&cases[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
