/* The header traceparent: what is taken, and all that is not, since what is taken goes into the log as it stands. */
#include "api/traceparent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TRACE  "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"

static void takes_the_ids_of_a_valid_one(void **state)
{
	static const char *const valid[] = {
	    "00-" TRACE "-" PARENT "-01", "00-" TRACE "-" PARENT "-00",
	    "00-" TRACE "-" PARENT "-ff", /* flags that nobody knows yet */
	};
	struct traceparent trace;

	(void)state;
	for (size_t i = 0; i < sizeof valid / sizeof valid[0]; i++) {
		assert_true(traceparent_read(valid[i], &trace));
		assert_string_equal(trace.trace_id, TRACE);
		assert_string_equal(trace.parent_id, PARENT);
	}
}

static void takes_what_it_knows_of_versions_to_come(void **state)
{
	static const char *const valid[] = {
	    "01-" TRACE "-" PARENT "-01",
	    "fe-" TRACE "-" PARENT "-01-what comes then",
	    "cc-" TRACE "-" PARENT "-01-",
	};
	struct traceparent trace;

	(void)state;
	for (size_t i = 0; i < sizeof valid / sizeof valid[0]; i++) {
		assert_true(traceparent_read(valid[i], &trace));
		assert_string_equal(trace.trace_id, TRACE);
		assert_string_equal(trace.parent_id, PARENT);
	}
}

static void takes_nothing_of_an_invalid_one(void **state)
{
	static const char *const invalid[] = {
	    "",
	    "00",
	    "00-",
	    "ff-" TRACE "-" PARENT "-01",
	    "0-" TRACE "-" PARENT "-001",
	    "0g-" TRACE "-" PARENT "-01",
	    "0X-" TRACE "-" PARENT "-01",
	    "00-00000000000000000000000000000000-" PARENT "-01",
	    "00-" TRACE "-0000000000000000-01",
	    "00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01",
	    "00-" TRACE "-00F067AA0BA902B7-01",
	    "00-" TRACE "-" PARENT "-0A",
	    "00-4bf92f3577b34da6a3ce929d0e0e473g-" PARENT "-01",
	    "00-4bf92f3577b34da6a3ce929d0e0e473-" PARENT "-001",
	    "00-" TRACE "0-" PARENT "-01",
	    "00-" TRACE "-00f067aa0ba902b-001",
	    "00-" TRACE "-" PARENT "-1",
	    "00-" TRACE "-" PARENT "-",
	    "00-" TRACE "-" PARENT,
	    "00-" TRACE "-" PARENT "-01-more",
	    "00-" TRACE "-" PARENT "-01-",
	    "00-" TRACE "-" PARENT "-01 ",
	    " 00-" TRACE "-" PARENT "-01",
	    "00-" TRACE "-" PARENT "-010",
	    "01-" TRACE "-" PARENT "-010",
	    "01-" TRACE "-" PARENT "-01.",
	    "00_" TRACE "-" PARENT "-01",
	    "00-" TRACE "_" PARENT "-01",
	    "00-" TRACE "-" PARENT "_01",
	    "00-4bf92f35 7b34da6a3ce929d0e0e47366-" PARENT "-01",
	    "00-4bf92f35\n7b34da6a3ce929d0e0e47366-" PARENT "-01",
	    "00-" TRACE "-" PARENT "-01,00-" TRACE "-" PARENT "-01",
	};
	struct traceparent trace;

	(void)state;
	for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
		memset(&trace, 'x', sizeof trace);
		if (traceparent_read(invalid[i], &trace))
			fail_msg("taken: \"%s\"", invalid[i]);
		assert_string_equal(trace.trace_id, "");
		assert_string_equal(trace.parent_id, "");
	}
	assert_false(traceparent_read(NULL, &trace));
	assert_string_equal(trace.trace_id, "");
}

/* Every way in which one byte can be another: only digits in the places of digits are taken. */
static void one_byte_decides(void **state)
{
	static const char valid[] = "00-" TRACE "-" PARENT "-01";
	char text[sizeof valid];
	struct traceparent trace;

	(void)state;
	for (size_t at = 0; at < sizeof valid - 1; at++) {
		for (int byte = 1; byte < 256; byte++) {
			bool is_digit = strchr("0123456789abcdef", byte) != NULL;
			bool is_dash = valid[at] == '-';

			memcpy(text, valid, sizeof valid);
			text[at] = (char)byte;
			assert_int_equal(traceparent_read(text, &trace), is_dash ? byte == '-' : is_digit);
		}
		memcpy(text, valid, sizeof valid);
		text[at] = '\0';
		assert_false(traceparent_read(text, &trace));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_the_ids_of_a_valid_one),
	    cmocka_unit_test(takes_what_it_knows_of_versions_to_come),
	    cmocka_unit_test(takes_nothing_of_an_invalid_one),
	    cmocka_unit_test(one_byte_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
