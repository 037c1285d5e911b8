/* Decimals out of JSON strings and numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "shared/decimal.h"
#include "shared/json_decimal.h"

static const struct {
	const char *json, *text;
} rows[] = {
    {"[\"190.25\"]", "190.25"},
    {"[190.25]", "190.25"},
    {"[0.1]", "0.1"},
    {"[5]", "5"},
    {"[-5]", "-5"},
    {"[0]", "0"},
    {"[0.0]", "0"},
    {"[-0.0]", "0"},
    {"[1e3]", "1000"},
    {"[1.5e-7]", "0.00000015"},
    {"[-1e-9]", "-0.000000001"},
    {"[123456.789012345]", "123456.789012345"},
    {"[100000000000000000]", NULL},
    {"[1e30]", NULL},
    {"[1e300]", NULL},
    {"[1e-10]", NULL},
    {"[1e-300]", NULL},
    {"[1234567890123456]", NULL},
    {"[0.12345678901234567]", NULL},
    {"[\"\"]", NULL},
    {"[\"1e3\"]", NULL},
    {"[true]", NULL},
    {"[null]", NULL},
    {"[[1]]", NULL},
};

static void decimals_come_from_strings_and_short_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *json = json_loads(rows[i].json, 0, NULL);
		int64_t nano;
		struct err err = {0};
		char text[DECIMAL_TEXT];
		bool ok = json_decimal(json_array_get(json, 0), &nano, &err);
		if (ok != (rows[i].text != NULL) || (ok && strcmp(decimal_format(nano, text), rows[i].text) != 0))
			fail_msg("%s gave %s", rows[i].json, ok ? text : err.message);
		json_decref(json);
	}
	struct err err;
	int64_t nano;
	assert_false(json_decimal(NULL, &nano, &err));
	assert_int_equal(err.code, ERR_BAD_TYPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(decimals_come_from_strings_and_short_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
