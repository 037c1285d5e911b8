/* Decimals: what is read is exact, what cannot be exact is refused, and what is written reads back the same. */
#include "shared/decimal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define WIDE_MAX ((int128)(((int128)1 << 126) - 1 + ((int128)1 << 126)))

struct decimal_case {
	const char *text;
	int64_t nano;
};

static void reads_decimal_text(void **state)
{
	static const struct decimal_case cases[] = {
	    {"0", 0},
	    {"-0", 0},
	    {"-0.000", 0},
	    {"5", 5 * NANO},
	    {"007", 7 * NANO},
	    {"190.25", INT64_C(190250000000)},
	    {"-190.25", INT64_C(-190250000000)},
	    {"0.000000001", 1},
	    {"-0.000000001", -1},
	    {"0.1", 100000000},
	    {"1.123456789", 1123456789},
	    {"1.12345678900000000000000000", 1123456789},
	    {"9223372036.854775807", INT64_MAX},
	    {"-9223372036.854775808", INT64_MIN},
	    {"000000000000000000000000000000000000000000000000000001", NANO},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t nano = -12345;
		int128 wide = -12345;
		struct err err = {ERR_NONE, ""};

		if (!decimal_parse(cases[i].text, &nano, &err) || !decimal_parse_wide(cases[i].text, &wide, &err))
			fail_msg("%s: %s", cases[i].text, err.message);
		assert_true(nano == cases[i].nano);
		assert_true(wide == cases[i].nano);
		assert_int_equal(err.code, ERR_NONE);
	}
}

static void refuses_what_is_not_exact_decimal_text(void **state)
{
	static const char *const cases[] = {
	    "",	     "-",	 ".",	"-.",  ".5",	   "5.",	   "-5.",	   "+5",
	    " 5",    "5 ",	 "--5", "5-",  "1e3",	   "1E3",	   "0x10",	   "1,000",
	    "1.2.3", "1..2",	 "nan", "inf", "Infinity", "1.1234567891", "0.0000000001", "1.0000000000000000001",
	    "5\n",   "\xd9\xa5",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t nano = -12345;
		int128 wide = -12345;
		struct err err = {ERR_NONE, ""};

		if (decimal_parse(cases[i], &nano, &err) || decimal_parse_wide(cases[i], &wide, NULL))
			fail_msg("taken: '%s'", cases[i]);
		assert_int_equal(err.code, ERR_BAD_NUMBER);
		assert_true(strlen(err.message) > 0);
		assert_true(nano == -12345 && wide == -12345);
	}
}

static void refuses_what_is_out_of_range(void **state)
{
	static const char *const narrow[] = {"9223372036.854775808", "-9223372036.854775809", "9223372037",
					     "1000000000000"};
	static const char *const wide[] = {
	    "170141183460469231731687303715.884105728", "-170141183460469231731687303715.884105729",
	    "170141183460469231731687303716", "99999999999999999999999999999999999999999999999999"};
	int64_t nano = 77;
	int128 amount = 77;
	struct err err;
	(void)state;
	for (size_t i = 0; i < sizeof(narrow) / sizeof(narrow[0]); i++) {
		assert_false(decimal_parse(narrow[i], &nano, &err));
		assert_int_equal(err.code, ERR_BAD_NUMBER);
		assert_true(decimal_parse_wide(narrow[i], &amount, &err));
	}
	amount = 77;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
		assert_false(decimal_parse_wide(wide[i], &amount, &err));
		assert_int_equal(err.code, ERR_BAD_NUMBER);
	}
	assert_true(nano == 77 && amount == 77);
}

static void writes_without_trailing_zeros(void **state)
{
	static const struct decimal_case cases[] = {
	    {"0", 0},
	    {"5", 5 * NANO},
	    {"100", 100 * NANO},
	    {"190.25", INT64_C(190250000000)},
	    {"-0.5", -500000000},
	    {"0.000000001", 1},
	    {"-0.000000001", -1},
	    {"1.000000001", 1000000001},
	    {"0.01", 10000000},
	    {"9223372036.854775807", INT64_MAX},
	    {"-9223372036.854775808", INT64_MIN},
	};
	char text[DECIMAL_TEXT];
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_ptr_equal(decimal_format(cases[i].nano, text), text);
		assert_string_equal(text, cases[i].text);
		assert_string_equal(decimal_format_wide(cases[i].nano, text), cases[i].text);
	}
}

static void the_ends_of_the_wide_range_read_back(void **state)
{
	char *text = malloc(DECIMAL_TEXT);
	int128 back;
	struct err err;
	(void)state;
	assert_non_null(text);
	assert_string_equal(decimal_format_wide(WIDE_MAX, text), "170141183460469231731687303715.884105727");
	assert_true(decimal_parse_wide(text, &back, &err) && back == WIDE_MAX);
	assert_string_equal(decimal_format_wide(-WIDE_MAX - 1, text), "-170141183460469231731687303715.884105728");
	assert_true(decimal_parse_wide(text, &back, &err) && back == -WIDE_MAX - 1);
	free(text);
}

static void what_is_written_reads_back(void **state)
{
	uint64_t random = 11;
	(void)state;
	for (int i = 0; i < 50000; i++) {
		char text[DECIMAL_TEXT];
		struct err err;
		int64_t nano, back;
		int128 wide, wide_back;

		random = random * 6364136223846793005u + 1442695040888963407u;
		nano = (int64_t)random >> (i % 64);
		wide = ((int128)nano * NANO + (int64_t)(random >> 40)) * (i % 3 - 1);
		assert_true(decimal_parse(decimal_format(nano, text), &back, &err) && back == nano);
		assert_true(decimal_parse_wide(decimal_format_wide(wide, text), &wide_back, &err));
		assert_true(wide_back == wide);
	}
}

static void products_round_as_promised(void **state)
{
	(void)state;
	assert_true(decimal_amount(225 * NANO, INT64_C(190250000000)) == (int128)42806250000000);
	assert_true(decimal_amount(1, 1) == 0);
	assert_true(decimal_amount(1, 499999999) == 0);
	assert_true(decimal_amount(1, 500000000) == 1);
	assert_true(decimal_amount(-1, 499999999) == 0);
	assert_true(decimal_amount(-1, 500000000) == -1);
	assert_true(decimal_amount(3, 500000000) == 2);
	assert_true(decimal_amount(INT64_MAX, NANO) == INT64_MAX);
	assert_true(decimal_amount(INT64_MIN, INT64_MIN) == (((int128)1 << 126) + NANO / 2) / NANO);
	assert_true(decimal_mul_div(7, 10, 4) == 17);
	assert_true(decimal_mul_div(-7, 10, 4) == -17);
	assert_true(decimal_mul_div(INT64_MAX, INT64_MAX, INT64_MAX) == INT64_MAX);
}

static void lots_round_down(void **state)
{
	(void)state;
	assert_true(decimal_floor_to_lot(0, NANO) == 0);
	assert_true(decimal_floor_to_lot(NANO - 1, NANO) == 0);
	assert_true(decimal_floor_to_lot(NANO, NANO) == NANO);
	assert_true(decimal_floor_to_lot(INT64_C(44444444444), NANO) == 44 * NANO);
	assert_true(decimal_floor_to_lot(12345, 1) == 12345);
	assert_true(decimal_floor_to_lot(INT64_MAX, INT64_MAX) == INT64_MAX);
	assert_true(decimal_floor_to_lot(INT64_MAX - 1, INT64_MAX) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_decimal_text),
	    cmocka_unit_test(refuses_what_is_not_exact_decimal_text),
	    cmocka_unit_test(refuses_what_is_out_of_range),
	    cmocka_unit_test(writes_without_trailing_zeros),
	    cmocka_unit_test(the_ends_of_the_wide_range_read_back),
	    cmocka_unit_test(what_is_written_reads_back),
	    cmocka_unit_test(products_round_as_promised),
	    cmocka_unit_test(lots_round_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
