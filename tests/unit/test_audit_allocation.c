/* The auditor's own allocation: hand-made cases, and thousands of random blocks against the one that workers use.
 * Neither shares a line with the other. */
#include "audit/allocation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "shared/allocation.h"

#define CENT	      INT64_C(10000000)
#define ROWS_MAX      60
#define RANDOM_BLOCKS 20000

/* One case: quantities and expected shares in units, money in cents. */
struct known_case {
	int64_t ordered[4], filled, gross_cents, lot, shares[4], cents[4], house, house_cents;
};

static void test_the_rule_gives_these(void **state)
{
	static const struct known_case cases[] = {
	    {{100, 50, 75}, 225, 4280625, 1, {100, 50, 75}, {1902500, 951250, 1426875}, 0, 0},
	    {{100, 50, 75}, 100, 1902500, 1, {45, 22, 33}, {856125, 418550, 627825}, 0, 0}, /* 44.4, 22.2, 33.3 */
	    {{1, 1, 1}, 2, 100, 1, {1, 1, 0}, {50, 50, 0}, 0, 0},			    /* ties: the earlier ones */
	    {{1, 1, 1}, 3, 100, 1, {1, 1, 1}, {34, 33, 33}, 0, 0},
	    {{10, 10}, 15, 1500, 10, {10, 0}, {1000, 0}, 5, 500}, /* half a lot is nobody's */
	    {{10, 5}, 17, 1700, 1, {10, 5}, {1000, 500}, 2, 200}, /* filled too much */
	    {{10, 5}, 0, 7, 1, {0, 0}, {0, 0}, 0, 7},		  /* charged for nothing */
	};

	(void)state;
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
		struct audit_share shares[4] = {{0}}, house;
		struct audit_filled filled = {.quantity_nano = cases[c].filled * NANO,
					      .gross_nano = (int128)cases[c].gross_cents * CENT,
					      .fee_nano = -(int128)cases[c].gross_cents * CENT,
					      .lot_nano = cases[c].lot * NANO,
					      .minor_unit_nano = CENT};
		size_t count = 0;

		for (; count < 4 && cases[c].ordered[count]; count++)
			shares[count].ordered_nano = cases[c].ordered[count] * NANO;
		assert_true(audit_allocate(shares, count, &filled, &house));
		for (size_t i = 0; i < count; i++) {
			assert_true(shares[i].quantity_nano == cases[c].shares[i] * NANO);
			assert_true(shares[i].gross_nano == (int128)cases[c].cents[i] * CENT);
			assert_true(shares[i].fee_nano == -shares[i].gross_nano);
		}
		assert_true(house.quantity_nano == cases[c].house * NANO);
		assert_true(house.gross_nano == (int128)cases[c].house_cents * CENT);
	}
}

/* splitmix64: the same numbers on every machine. */
static uint64_t random_next(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* A number from 1 to `most`, small ones as often as large ones. */
static int64_t random_up_to(uint64_t *seed, int64_t most)
{
	int64_t value = (int64_t)(random_next(seed) >> (1 + random_next(seed) % 62));

	return value % most + 1;
}

/* Makes up one block. */
static size_t make_block(uint64_t *seed, struct audit_share *shares, struct allocation_row *rows,
			 struct audit_filled *filled)
{
	static const int64_t lots[] = {1, NANO, NANO / 100, 5 * NANO, 100 * NANO};
	size_t count = random_next(seed) % ROWS_MAX + 1;
	bool whole_lots = random_next(seed) % 2;
	int64_t sum = 0;

	filled->lot_nano = lots[random_next(seed) % (sizeof lots / sizeof lots[0])];
	for (size_t i = 0; i < count; i++) {
		int64_t quantity = random_up_to(seed, INT64_MAX / ROWS_MAX / 2);

		if (whole_lots)
			quantity = quantity / filled->lot_nano * filled->lot_nano + filled->lot_nano;
		if (random_next(seed) % 3 == 0 && i > 0)
			quantity = rows[i - 1].quantity_nano;
		shares[i] = (struct audit_share){.ordered_nano = quantity};
		rows[i] = (struct allocation_row){.order_id = "x", .quantity_nano = quantity};
		sum += quantity;
	}
	filled->quantity_nano = random_next(seed) % 4 == 0 ? sum + random_up_to(seed, sum / 10 + 1) - 1
							   : (int64_t)(random_next(seed) % ((uint64_t)sum + 1));
	filled->gross_nano = (int128)random_up_to(seed, INT64_MAX) * random_up_to(seed, 1000000);
	filled->fee_nano = (int128)random_up_to(seed, INT64_MAX) - random_up_to(seed, INT64_MAX);
	filled->minor_unit_nano = random_next(seed) % 2 ? CENT : 1;
	return count;
}

static void test_both_opinions_are_the_same(void **state)
{
	uint64_t seed = 20261122;

	(void)state;
	for (int block = 0; block < RANDOM_BLOCKS; block++) {
		struct audit_share shares[ROWS_MAX], house;
		struct allocation_row rows[ROWS_MAX];
		struct audit_filled filled;
		struct allocation_house other_house;
		size_t count = make_block(&seed, shares, rows, &filled);
		const struct allocation_fills fills = {filled.quantity_nano, filled.gross_nano, filled.fee_nano,
						       filled.lot_nano, filled.minor_unit_nano};

		assert_true(audit_allocate(shares, count, &filled, &house));
		assert_true(allocation_compute(rows, count, &fills, &other_house, NULL));
		for (size_t i = 0; i < count; i++)
			if (shares[i].quantity_nano != rows[i].share_nano ||
			    shares[i].gross_nano != rows[i].gross_nano || shares[i].fee_nano != rows[i].fee_nano)
				fail_msg("block %d, row %zu of %zu", block, i, count);
		assert_true(house.quantity_nano == (int128)other_house.excess_nano + other_house.dust_nano);
		assert_true(house.gross_nano == other_house.gross_nano);
		assert_true(house.fee_nano == other_house.fee_nano);
	}
}

static void test_what_cannot_be_allocated_is_refused(void **state)
{
	struct audit_share shares[2] = {{.ordered_nano = INT64_MAX}, {.ordered_nano = 1}}, house;
	struct audit_filled filled = {.quantity_nano = 1, .lot_nano = 1, .minor_unit_nano = 1};

	(void)state;
	assert_false(audit_allocate(shares, 2, &filled, &house));
	shares[0].ordered_nano = 0;
	assert_false(audit_allocate(shares, 2, &filled, &house));
	shares[0].ordered_nano = 1;
	assert_true(audit_allocate(shares, 2, &filled, &house));
	filled.lot_nano = 0;
	assert_false(audit_allocate(shares, 2, &filled, &house));
	filled.lot_nano = 1;
	filled.quantity_nano = -1;
	assert_false(audit_allocate(shares, 2, &filled, &house));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_rule_gives_these),
	    cmocka_unit_test(test_both_opinions_are_the_same),
	    cmocka_unit_test(test_what_cannot_be_allocated_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
