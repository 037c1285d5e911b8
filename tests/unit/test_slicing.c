/* Slices of a block: as few as the broker's limit allows, or spread over time; always adding up to the block. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

	assert_true(slicing_compute(&(struct slicing_whole){quantity_nano, lot_nano, most_nano}, &slicing, &err));
	assert_int_equal(slicing.count, expected);
	for (size_t i = 0; i < slicing.count; i++) {
		int64_t slice_nano = slicing.slices[i].quantity_nano;

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
	struct slicing slicing = {.count = 7};
	struct err err = {0};

	(void)state;
	assert_false(slicing_compute(&(struct slicing_whole){(SLICES_MAX + 1) * NANO, NANO, NANO}, &slicing, &err));
	assert_int_equal(err.code, ERR_CONFIG);
	assert_false(slicing_compute(&(struct slicing_whole){5 * NANO, 3 * NANO, 2 * NANO}, &slicing, &err));
	assert_int_equal(err.code, ERR_CONFIG);
	assert_false(slicing_compute(&(struct slicing_whole){0, NANO, 0}, &slicing, &err));
	assert_int_equal(err.code, ERR_INTERNAL);
	assert_int_equal(slicing.count, 7);
}

#define CASES	  20000
#define MINUTE	  INT64_C(60000)
#define SEALED	  INT64_C(1790000000000)
#define HALF_HOUR (30 * MINUTE)

/* A fixed sequence: every run sees the same cases. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static int64_t random_to(uint64_t *state, int64_t most)
{
	return (int64_t)(next_random(state) % (uint64_t)most) + 1;
}

/* Sum, lots, limit: what holds for every way to cut. Parts differ by a lot at most, beside what is less than one. */
static void check_parts(const struct slicing_whole *whole, const struct slicing *slicing)
{
	int64_t least = INT64_MAX, most = 0;
	int128 sum = 0;

	assert_in_range(slicing->count, 1, SLICES_MAX);
	for (size_t i = 0; i < slicing->count; i++) {
		int64_t nano = slicing->slices[i].quantity_nano;

		assert_true(nano > 0);
		assert_true(whole->most_nano == 0 || nano <= whole->most_nano);
		assert_true(i + 1 == slicing->count || nano % whole->lot_nano == 0);
		/* Less than a lot only where the limit leaves no other way. */
		assert_true(nano >= whole->lot_nano ||
			    (i + 1 == slicing->count && (int64_t)slicing->count == slicing_fewest(whole)));
		nano -= nano % whole->lot_nano;
		least = nano < least ? nano : least;
		most = nano > most ? nano : most;
		sum += slicing->slices[i].quantity_nano;
	}
	assert_true(sum == whole->quantity_nano);
	assert_true(most - least <= whole->lot_nano);
}

/* From one moment to the next it is an interval, a fifth less or more (and a millisecond of rounding); all lie before
 * the end. */
static void check_moments(const struct slicing_times *times, const struct slicing *slicing)
{
	int64_t length = times->until_ms > times->from_ms ? times->until_ms - times->from_ms : 0;
	int64_t step = length / (int64_t)slicing->count;

	assert_true(slicing->slices[0].due_ms == times->from_ms);
	for (size_t i = 1; i < slicing->count; i++) {
		int64_t gap = slicing->slices[i].due_ms - slicing->slices[i - 1].due_ms;

		assert_true(gap >= step - step / 5 - 1 && gap <= step + step / 5 + 1);
	}
	assert_true(slicing->slices[slicing->count - 1].due_ms < times->until_ms || length < 2);
}

/* Any whole that can be cut. */
static struct slicing_whole random_whole(uint64_t *state)
{
	static const int64_t lots[] = {1, NANO / 1000, NANO, 7 * NANO, 100 * NANO};
	struct slicing_whole whole = {.lot_nano = lots[random_to(state, 5) - 1]};

	whole.quantity_nano =
	    random_to(state, 4) == 1 ? random_to(state, 3 * whole.lot_nano) : random_to(state, 1000) * whole.lot_nano;
	if (random_to(state, 3) == 1)
		whole.quantity_nano += random_to(state, whole.lot_nano);
	if (random_to(state, 2) == 1)
		whole.most_nano = whole.lot_nano * (random_to(state, 200) + whole.quantity_nano / whole.lot_nano / 100);
	return whole;
}

static void large_block_is_spread_evenly(void **state)
{
	uint64_t random = 88172645463325252u;

	(void)state;
	for (int i = 0; i < CASES; i++) {
		const struct slicing_whole whole = random_whole(&random);
		char seed[32];
		struct slicing_times times = {seed, SEALED, SEALED + random_to(&random, 2 * HALF_HOUR) - MINUTE,
					      random_to(&random, 2 * MINUTE)};
		struct slicing slicing, again;
		struct err err;

		(void)snprintf(seed, sizeof seed, "%x-%d", (unsigned)random, i);
		assert_true(slicing_spread(&whole, &times, &slicing, &err));
		check_parts(&whole, &slicing);
		check_moments(&times, &slicing);
		assert_true(slicing_spread(&whole, &times, &again, &err));
		for (size_t n = 0; n < slicing.count; n++) {
			assert_true(again.slices[n].quantity_nano == slicing.slices[n].quantity_nano);
			assert_true(again.slices[n].due_ms == slicing.slices[n].due_ms);
		}
	}
}

static void half_an_hour_is_thirty_slices(void **state)
{
	const struct slicing_whole whole = {10007 * NANO, NANO, 0};
	struct slicing_times times = {"6b02f3e0-1", SEALED, slicing_end_ms(SEALED, HALF_HOUR, 0), MINUTE};
	struct slicing slicing, other;
	struct err err;
	size_t moved = 0;

	(void)state;
	assert_true(slicing_spread(&whole, &times, &slicing, &err));
	assert_int_equal(slicing.count, 30);
	assert_true(slicing.slices[0].quantity_nano == 334 * NANO);
	assert_true(slicing.slices[29].quantity_nano == 333 * NANO);
	times.seed = "6b02f3e0-2";
	assert_true(slicing_spread(&whole, &times, &other, &err));
	for (size_t i = 1; i < 30; i++)
		moved += other.slices[i].due_ms != slicing.slices[i].due_ms;
	assert_true(moved > 25); /* another block has other moments */
}

static void end_keeps_away_from_the_close(void **state)
{
	(void)state;
	assert_true(slicing_end_ms(SEALED, HALF_HOUR, 0) == SEALED + HALF_HOUR);
	assert_true(slicing_end_ms(SEALED, HALF_HOUR, SEALED + 60 * MINUTE) == SEALED + HALF_HOUR);
	assert_true(slicing_end_ms(SEALED, HALF_HOUR, SEALED + 20 * MINUTE) == SEALED + 15 * MINUTE);
	assert_true(slicing_end_ms(SEALED, HALF_HOUR, SEALED + 10 * MINUTE) == SEALED + 5 * MINUTE);
	assert_true(slicing_end_ms(SEALED, HALF_HOUR, SEALED + 4 * MINUTE) == SEALED + 2 * MINUTE);
	assert_true(slicing_end_ms(SEALED, HALF_HOUR, SEALED) == SEALED);
	assert_true(slicing_end_ms(SEALED, HALF_HOUR, SEALED - MINUTE) == SEALED);
}

static void rush_compresses_the_plan(void **state)
{
	const struct slicing_whole whole = {1000 * NANO, NANO, 0};
	struct slicing_times times = {"6b02f3e0-1", SEALED, slicing_end_ms(SEALED, HALF_HOUR, SEALED + 15 * MINUTE),
				      MINUTE};
	struct slicing slicing;
	struct err err;

	(void)state;
	assert_true(slicing_spread(&whole, &times, &slicing, &err));
	assert_int_equal(slicing.count, 10);
	assert_true(slicing.slices[9].due_ms < SEALED + 10 * MINUTE);
}

static void slice_is_a_lot_at_least(void **state)
{
	const struct slicing_whole whole = {450 * NANO, 100 * NANO, 0};
	struct slicing_times times = {"6b02f3e0-1", SEALED, SEALED + HALF_HOUR, MINUTE};
	struct slicing slicing;
	struct err err;

	(void)state;
	assert_true(slicing_spread(&whole, &times, &slicing, &err));
	assert_int_equal(slicing.count, 4);
	assert_true(slicing.slices[3].quantity_nano == 150 * NANO);
	check_moments(&times, &slicing);
}

static void what_is_left_goes_to_later_slices(void **state)
{
	uint64_t random = 362436069u;

	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct slicing_whole whole = random_whole(&random);
		struct slicing_times times = {"6b02f3e0-1", SEALED, SEALED + HALF_HOUR, MINUTE};
		struct slicing slicing, before;
		struct err err;
		size_t room;

		assert_true(slicing_spread(&whole, &times, &slicing, &err));
		/* All but the last few are through; these take over some of what they left. */
		slicing.count = slicing.count > 5 ? (size_t)random_to(&random, 5) : 1;
		before = slicing;
		room = SLICES_MAX - 5;
		whole.quantity_nano = (int64_t)slicing.count * whole.lot_nano + random_to(&random, whole.quantity_nano);
		if (!slicing_refill(&whole, &times, room, &slicing)) {
			assert_true(slicing_fewest(&whole) == 0 ||
				    slicing_fewest(&whole) > (int64_t)(before.count + room));
			continue;
		}
		check_parts(&whole, &slicing);
		assert_true(slicing.count == before.count || (int64_t)slicing.count == slicing_fewest(&whole));
		for (size_t n = 0; n < slicing.count; n++) {
			assert_true(n >= before.count || slicing.slices[n].due_ms == before.slices[n].due_ms);
			assert_true(n < before.count || slicing.slices[n].due_ms <= times.until_ms);
			assert_true(n == 0 || slicing.slices[n].due_ms >= slicing.slices[n - 1].due_ms);
		}
	}
}

static void what_fits_nowhere_is_not_moved(void **state)
{
	const struct slicing_whole whole = {1000 * NANO, NANO, 100 * NANO};
	const struct slicing_times times = {"6b02f3e0-1", SEALED, SEALED + HALF_HOUR, MINUTE};
	struct slicing slicing = {.count = 2};

	(void)state;
	assert_false(slicing_refill(&whole, &times, 7, &slicing));
	assert_int_equal(slicing.count, 2);
	assert_true(slicing_refill(&whole, &times, 8, &slicing));
	assert_int_equal(slicing.count, 10);
	slicing.count = 0;
	assert_false(slicing_refill(&whole, &times, 100, &slicing));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(block_below_the_limit_is_one_slice),
	    cmocka_unit_test(block_above_the_limit_is_split),
	    cmocka_unit_test(slices_are_whole_lots),
	    cmocka_unit_test(limits_that_cannot_hold_are_refused),
	    cmocka_unit_test(large_block_is_spread_evenly),
	    cmocka_unit_test(half_an_hour_is_thirty_slices),
	    cmocka_unit_test(end_keeps_away_from_the_close),
	    cmocka_unit_test(rush_compresses_the_plan),
	    cmocka_unit_test(slice_is_a_lot_at_least),
	    cmocka_unit_test(what_is_left_goes_to_later_slices),
	    cmocka_unit_test(what_fits_nowhere_is_not_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
