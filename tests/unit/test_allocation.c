/* Allocation: the worked examples to the cent, and each rule by a case of its own. */
#include "shared/allocation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "allocation_vectors.h"

#define CENT INT64_C(10000000)

/* ---- the worked examples */

static int64_t nano_of(const char *text)
{
	struct err err;
	int64_t nano = 0;

	if (!decimal_parse(text, &nano, &err))
		fail_msg("%s: %s", text, err.message);
	return nano;
}

/* The fills of a vector; checks the sums that the vector itself states. */
static struct allocation_fills vector_fills(const struct allocation_vector *vector)
{
	struct allocation_fills fills = {
	    .fee_nano = (int128)vector->fee_minor * CENT, .lot_nano = nano_of(vector->lot), .minor_unit_nano = CENT};

	for (size_t i = 0; i < VECTOR_ROWS && vector->fills[i].quantity; i++) {
		int64_t quantity_nano = nano_of(vector->fills[i].quantity);

		fills.filled_nano += quantity_nano;
		fills.gross_nano += decimal_amount(quantity_nano, nano_of(vector->fills[i].price));
	}
	assert_true(fills.filled_nano == nano_of(vector->filled));
	assert_true(fills.gross_nano == (int128)vector->gross_minor * CENT);
	assert_true(decimal_mul_div(fills.gross_nano, NANO, fills.filled_nano) == nano_of(vector->average_price));
	return fills;
}

static void the_worked_examples_come_out_to_the_cent(void **state)
{
	(void)state;
	for (size_t v = 0; v < sizeof(allocation_vectors) / sizeof(allocation_vectors[0]); v++) {
		const struct allocation_vector *vector = &allocation_vectors[v];
		struct allocation_fills fills = vector_fills(vector);
		struct allocation_row rows[VECTOR_ROWS] = {{0}};
		struct allocation_house house;
		struct err err;

		print_message("           %s: %s\n", vector->name, vector->note);
		for (size_t i = 0; i < VECTOR_ROWS; i++) {
			rows[i].order_id = vector->orders[i].id;
			rows[i].quantity_nano = nano_of(vector->orders[i].quantity);
		}
		assert_true(allocation_compute(rows, VECTOR_ROWS, &fills, &house, &err));
		for (size_t i = 0; i < VECTOR_ROWS; i++) {
			assert_string_equal(rows[i].order_id, vector->expected[i].id);
			assert_true(rows[i].share_nano == nano_of(vector->expected[i].quantity));
			assert_true(rows[i].gross_nano == (int128)vector->expected[i].gross_minor * CENT);
			assert_true(rows[i].fee_nano == (int128)vector->expected[i].fee_minor * CENT);
		}
		assert_true(house.excess_nano == nano_of(vector->house.excess));
		assert_true(house.dust_nano == nano_of(vector->house.dust));
		assert_true(house.gross_nano == (int128)vector->house.gross_minor * CENT);
		assert_true(house.fee_nano == 0);
	}
}

/* ---- single cases */

/* One block of up to ten orders, its quantities ended by 0; allocated at once. */
struct block {
	struct allocation_row rows[10];
	size_t count;
	struct allocation_house house;
};

static struct block allocate(const int64_t *quantities_nano, struct allocation_fills fills)
{
	struct block block = {.count = 0};
	struct err err = {ERR_NONE, ""};

	for (; quantities_nano[block.count]; block.count++) {
		block.rows[block.count].order_id = "order";
		block.rows[block.count].quantity_nano = quantities_nano[block.count];
	}
	if (!allocation_compute(block.rows, block.count, &fills, &block.house, &err))
		fail_msg("%s", err.message);
	return block;
}

static void nothing_filled_gives_nobody_anything(void **state)
{
	struct block block =
	    allocate((int64_t[]){5 * NANO, 7 * NANO, 0}, (struct allocation_fills){0, 0, 0, NANO, CENT});
	(void)state;
	for (size_t i = 0; i < block.count; i++)
		assert_true(block.rows[i].share_nano == 0 && block.rows[i].gross_nano == 0 &&
			    block.rows[i].fee_nano == 0);
	assert_true(block.house.excess_nano == 0 && block.house.dust_nano == 0);
	assert_true(block.house.gross_nano == 0 && block.house.fee_nano == 0);
}

static void a_charge_for_nothing_is_the_houses(void **state)
{
	struct block block =
	    allocate((int64_t[]){5 * NANO, 7 * NANO, 0}, (struct allocation_fills){0, 0, 3 * CENT + 1, NANO, CENT});
	(void)state;
	assert_true(block.rows[0].fee_nano == 0 && block.rows[1].fee_nano == 0);
	assert_true(block.house.fee_nano == 3 * CENT + 1);
}

static void fills_without_orders_are_the_houses(void **state)
{
	struct block block = allocate((int64_t[]){0}, (struct allocation_fills){NANO, 100 * NANO, CENT, NANO, CENT});
	(void)state;
	assert_true(block.house.excess_nano == NANO && block.house.gross_nano == 100 * NANO);
	assert_true(block.house.fee_nano == CENT);
}

static void dust_goes_to_the_house_with_its_money(void **state)
{
	/* 10.4 of 30 whole shares at 10.00: 10 shares to the users, 0.4 and 4.00 to the house. */
	struct block block = allocate((int64_t[]){10 * NANO, 10 * NANO, 10 * NANO, 0},
				      (struct allocation_fills){INT64_C(10400000000), 104 * NANO, 0, NANO, CENT});
	(void)state;
	assert_true(block.rows[0].share_nano == 4 * NANO && block.rows[0].gross_nano == 40 * NANO);
	assert_true(block.rows[1].share_nano == 3 * NANO && block.rows[1].gross_nano == 30 * NANO);
	assert_true(block.rows[2].share_nano == 3 * NANO && block.rows[2].gross_nano == 30 * NANO);
	assert_true(block.house.excess_nano == 0 && block.house.dust_nano == 400000000);
	assert_true(block.house.gross_nano == 4 * NANO);
}

static void what_is_below_a_cent_goes_to_the_house(void **state)
{
	struct block block = allocate((int64_t[]){NANO, NANO, 0},
				      (struct allocation_fills){2 * NANO, 2 * NANO + 3, CENT + 9999999, NANO, CENT});
	(void)state;
	assert_true(block.rows[0].gross_nano == NANO && block.rows[1].gross_nano == NANO);
	assert_true(block.house.gross_nano == 3);
	assert_true(block.rows[0].fee_nano == CENT && block.rows[1].fee_nano == 0);
	assert_true(block.house.fee_nano == 9999999);
}

static void a_rebate_is_divided_like_a_fee(void **state)
{
	const int64_t quantities[] = {3 * NANO, 2 * NANO, 2 * NANO, 0};
	struct block fee =
	    allocate(quantities, (struct allocation_fills){7 * NANO, 70 * NANO, 10 * CENT + 5, NANO, CENT});
	struct block rebate =
	    allocate(quantities, (struct allocation_fills){7 * NANO, 70 * NANO, -10 * CENT - 5, NANO, CENT});
	(void)state;
	assert_true(fee.rows[0].fee_nano == 4 * CENT && fee.house.fee_nano == 5);
	for (size_t i = 0; i < fee.count; i++)
		assert_true(rebate.rows[i].fee_nano == -fee.rows[i].fee_nano);
	assert_true(rebate.house.fee_nano == -5);
}

static void orders_off_the_lot_get_all_of_a_whole_fill(void **state)
{
	struct block block =
	    allocate((int64_t[]){NANO / 2, NANO / 2, 0}, (struct allocation_fills){NANO, 10 * NANO, 0, NANO, CENT});
	(void)state;
	assert_true(block.rows[0].share_nano == NANO / 2 && block.rows[1].share_nano == NANO / 2);
	assert_true(block.rows[0].gross_nano == 5 * NANO && block.house.dust_nano == 0);
}

static void orders_without_room_for_a_lot_are_passed_over(void **state)
{
	/* 2 of 3.4: the left-over lots would by remainder go to 0.8 and 0.8, which have no room for a whole share. */
	struct block block = allocate((int64_t[]){NANO / 10 * 8, NANO / 10 * 8, NANO / 10 * 18, 0},
				      (struct allocation_fills){2 * NANO, 20 * NANO, 0, NANO, CENT});
	(void)state;
	assert_true(block.rows[0].share_nano == 0 && block.rows[1].share_nano == 0);
	assert_true(block.rows[2].share_nano == NANO);
	assert_true(block.house.dust_nano == NANO && block.house.gross_nano == 10 * NANO);
}

static void what_cannot_be_allocated_is_refused(void **state)
{
	static const struct allocation_fills right = {NANO, NANO, 0, NANO, CENT};
	struct allocation_fills wrong[6] = {right, right, right, right, right, right};
	struct allocation_row row = {.order_id = "q-1", .quantity_nano = NANO, .share_nano = 77};
	struct allocation_row rows[2] = {row, row};
	struct allocation_house house;
	struct err err;
	(void)state;
	wrong[0].filled_nano = -1;
	wrong[1].gross_nano = -1;
	wrong[2].lot_nano = 0;
	wrong[3].lot_nano = -NANO;
	wrong[4].minor_unit_nano = 0;
	wrong[5].fee_nano = (-((int128)1 << 126)) * 2;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		err.code = ERR_NONE;
		assert_false(allocation_compute(rows, 2, &wrong[i], &house, &err));
		assert_int_equal(err.code, ERR_INTERNAL);
	}
	rows[1].quantity_nano = 0;
	assert_false(allocation_compute(rows, 2, &right, &house, &err));
	assert_non_null(strstr(err.message, "q-1"));
	rows[1].quantity_nano = -NANO;
	assert_false(allocation_compute(rows, 2, &right, &house, &err));
	rows[1].quantity_nano = INT64_MAX - NANO + 1;
	assert_false(allocation_compute(rows, 2, &right, &house, &err));
	assert_int_equal(err.code, ERR_INTERNAL);
	assert_true(rows[0].share_nano == 77 && rows[1].share_nano == 77);
	rows[1].quantity_nano = INT64_MAX - NANO;
	assert_true(allocation_compute(rows, 2, &right, &house, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_worked_examples_come_out_to_the_cent),
	    cmocka_unit_test(nothing_filled_gives_nobody_anything),
	    cmocka_unit_test(a_charge_for_nothing_is_the_houses),
	    cmocka_unit_test(fills_without_orders_are_the_houses),
	    cmocka_unit_test(dust_goes_to_the_house_with_its_money),
	    cmocka_unit_test(what_is_below_a_cent_goes_to_the_house),
	    cmocka_unit_test(a_rebate_is_divided_like_a_fee),
	    cmocka_unit_test(orders_off_the_lot_get_all_of_a_whole_fill),
	    cmocka_unit_test(orders_without_room_for_a_lot_are_passed_over),
	    cmocka_unit_test(what_cannot_be_allocated_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
