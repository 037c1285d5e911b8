/* A block's totals are exact whatever the order of its fills. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/totals.h"

/* Totals of fills given as quantity, price in nano. */
static struct totals sum_of(const int64_t (*fills)[2], size_t count)
{
	struct totals totals = {0};

	for (size_t i = 0; i < count; i++) {
		struct broker_fill fill = {.quantity_nano = fills[i][0], .price_nano = fills[i][1]};

		assert_true(totals_add_fill(&totals, &fill));
	}
	return totals;
}

static void products_are_rounded_once_not_each(void **state)
{
	/* Three times 0.000000001 x 0.4 is 1.2 nano: 1, where rounding each would give 0. */
	const int64_t fills[][2] = {{1, 400000000}, {1, 400000000}, {1, 400000000}};
	struct totals totals = sum_of(fills, 3);

	(void)state;
	assert_int_equal(totals.filled_nano, 3);
	assert_true(totals_gross_nano(&totals) == 1);
	assert_int_equal(totals_average_nano(&totals), 400000000);
}

static void average_is_the_nearest_nano(void **state)
{
	const int64_t thirds[][2] = {{NANO, NANO}, {NANO, NANO}, {NANO, 0}};
	const int64_t sixths[][2] = {{NANO, NANO}, {5 * NANO, 0}};
	const int64_t half[][2] = {{1, 0}, {1, 1}};
	struct totals totals = sum_of(thirds, 3);

	(void)state;
	assert_int_equal(totals_average_nano(&totals), 666666667);
	totals = sum_of(sixths, 2);
	assert_int_equal(totals_average_nano(&totals), 166666667);
	totals = sum_of(half, 2);
	assert_int_equal(totals_average_nano(&totals), 1);
	totals = (struct totals){0};
	assert_int_equal(totals_average_nano(&totals), 0);
	assert_true(totals_gross_nano(&totals) == 0);
}

static void sums_out_of_range_and_empty_fills_are_refused(void **state)
{
	struct totals totals = {.filled_nano = INT64_MAX};
	struct broker_fill fill = {.quantity_nano = 1, .price_nano = 1};

	(void)state;
	assert_false(totals_add_fill(&totals, &fill));
	totals = (struct totals){0};
	fill.quantity_nano = 0;
	assert_false(totals_add_fill(&totals, &fill));
	fill.quantity_nano = -1;
	assert_false(totals_add_fill(&totals, &fill));
	fill = (struct broker_fill){.quantity_nano = INT64_MAX, .price_nano = INT64_MAX};
	assert_true(totals_add_fill(&totals, &fill));
	assert_true(totals_gross_nano(&totals) == decimal_amount(INT64_MAX, INT64_MAX));
	assert_int_equal(totals_average_nano(&totals), INT64_MAX);
}

static void order_ends_as_its_share_says(void **state)
{
	(void)state;
	assert_int_equal(totals_order_status("filled", 5, 5), ORDER_FILLED);
	assert_int_equal(totals_order_status("partially_filled", 5, 5), ORDER_FILLED);
	assert_int_equal(totals_order_status("partially_filled", 5, 2), ORDER_PARTIALLY_FILLED);
	assert_int_equal(totals_order_status("partially_filled", 5, 0), ORDER_UNFILLED);
	assert_int_equal(totals_order_status("unfilled", 5, 0), ORDER_UNFILLED);
	assert_int_equal(totals_order_status("rejected", 5, 0), ORDER_REJECTED);
	assert_int_equal(totals_order_status("canceled", 5, 0), ORDER_CANCELED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(products_are_rounded_once_not_each),
	    cmocka_unit_test(average_is_the_nearest_nano),
	    cmocka_unit_test(sums_out_of_range_and_empty_fills_are_refused),
	    cmocka_unit_test(order_ends_as_its_share_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
