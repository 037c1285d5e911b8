/* Slices of a block: as few as the broker's limit allows, adding up to the block. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shared/decimal.h"
#include "worker/slicing.h"

/* Checks that the slices add up, keep to the limit, and are whole lots but for the last. */
static void check_slices(int64_t quantity_nano, int64_t lot_nano, int64_t most_nano, size_t expected)
{
	struct slicing slicing;
	struct err err;
	int128 sum = 0;

	assert_true(slicing_compute(quantity_nano, lot_nano, most_nano, &slicing, &err));
	assert_int_equal(slicing.count, expected);
	for (size_t i = 0; i < slicing.count; i++) {
		int64_t slice_nano = slicing_quantity(&slicing, i);

		assert_true(slice_nano > 0);
		assert_true(most_nano == 0 || slice_nano <= most_nano);
		assert_true(i + 1 == slicing.count || slice_nano % lot_nano == 0);
		sum += slice_nano;
	}
	assert_true(sum == quantity_nano);
}

static void block_below_the_limit_is_one_slice(void **state)
{
	(void)state;
	check_slices(225 * NANO, NANO, 0, 1);
	check_slices(225 * NANO, NANO, 225 * NANO, 1);
	check_slices(1, 1, 0, 1);
	check_slices(INT64_MAX, NANO, 0, 1);
}

static void block_above_the_limit_is_split(void **state)
{
	(void)state;
	check_slices(225 * NANO, NANO, 100 * NANO, 3);
	check_slices(200 * NANO, NANO, 100 * NANO, 2);
	check_slices(201 * NANO, NANO, 100 * NANO, 3);
	check_slices(INT64_MAX, 1, INT64_MAX - 1, 2);
	check_slices(SLICES_MAX * NANO, NANO, NANO, SLICES_MAX);
}

static void slices_are_whole_lots(void **state)
{
	(void)state;
	check_slices(100 * NANO, 3 * NANO, 10 * NANO, 12); /* 11 of 9, and 1 */
	check_slices(5 * NANO / 2, 1, NANO, 3);
}

static void limits_that_cannot_hold_are_refused(void **state)
{
	struct slicing slicing = {7, 7, 7};
	struct err err = {0};

	(void)state;
	assert_false(slicing_compute((SLICES_MAX + 1) * NANO, NANO, NANO, &slicing, &err));
	assert_int_equal(err.code, ERR_CONFIG);
	assert_false(slicing_compute(5 * NANO, 3 * NANO, 2 * NANO, &slicing, &err));
	assert_int_equal(err.code, ERR_CONFIG);
	assert_false(slicing_compute(0, NANO, 0, &slicing, &err));
	assert_int_equal(err.code, ERR_INTERNAL);
	assert_int_equal(slicing.count, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(block_below_the_limit_is_one_slice),
	    cmocka_unit_test(block_above_the_limit_is_split),
	    cmocka_unit_test(slices_are_whole_lots),
	    cmocka_unit_test(limits_that_cannot_hold_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
