/* Allocation: thousands of random blocks, and an independent, slower computation of the same. */
#include "shared/allocation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define CENT	      INT64_C(10000000)
#define ROWS_MAX      300
#define RANDOM_BLOCKS 6000

__extension__ typedef unsigned __int128 uint128;

/* ---- the same again, computed in another way: long division bit by bit, and a full sort of the remainders */

struct oracle_part {
	size_t place;
	uint64_t weight;
	uint128 units;
	uint128 remainder;
};

/* weight * total / divisor and its remainder without any product: weight <= divisor < 2^126. */
static void oracle_divide(struct oracle_part *part, uint128 total, uint128 divisor)
{
	part->units = 0;
	part->remainder = 0;
	for (int bit = 127; bit >= 0; bit--) {
		part->units <<= 1;
		part->remainder <<= 1;
		if (total >> bit & 1)
			part->remainder += part->weight;
		for (; part->remainder >= divisor; part->remainder -= divisor)
			part->units++;
	}
}

static int compare_parts(const void *a, const void *b)
{
	const struct oracle_part *left = a;
	const struct oracle_part *right = b;

	if (left->remainder != right->remainder)
		return left->remainder > right->remainder ? -1 : 1;
	return left->place < right->place ? -1 : 1;
}

/* Divides `total` (a count of the smallest parts) in units of `unit`; `parts` come back in their order. `capped`: no
 * more than the weight. Returns what is left, in smallest parts. */
static uint128 oracle_split(struct oracle_part *parts, size_t count, uint128 total, uint128 unit, bool capped)
{
	static struct oracle_part by_place[ROWS_MAX + 1];
	uint128 divisor = 0;
	uint128 left = total;

	for (size_t i = 0; i < count; i++)
		divisor += parts[i].weight;
	for (size_t i = 0; i < count; i++) {
		parts[i].place = i;
		oracle_divide(&parts[i], total, divisor * unit);
		left -= parts[i].units * unit;
	}
	qsort(parts, count, sizeof(*parts), compare_parts);
	for (size_t i = 0; i < count && left >= unit; i++) {
		if (capped && parts[i].weight - parts[i].units * unit < unit)
			continue;
		parts[i].units++;
		left -= unit;
	}
	for (size_t i = 0; i < count; i++)
		by_place[parts[i].place] = parts[i];
	memcpy(parts, by_place, count * sizeof(*parts));
	return left;
}

/* ---- random blocks */

struct random_block {
	struct allocation_row rows[ROWS_MAX];
	size_t count;
	int64_t ordered_nano;
	struct allocation_fills fills;
	struct allocation_house house;
};

/* splitmix64: its whole state is the seed, so that a failing case can be named by its number. */
static uint64_t random_next(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* From 1 to `most`, every size equally likely to be small, middling or near `most`. */
static int64_t random_up_to(uint64_t *seed, int64_t most)
{
	int bits = 64 - __builtin_clzll((unsigned long long)most);
	int shift = (int)(random_next(seed) % (unsigned)bits);
	uint64_t range = (uint64_t)most >> (random_next(seed) % 3 ? shift : 0);
	return (int64_t)(1 + random_next(seed) % (range ? range : 1));
}

/* Makes lots of orders of a kind: many equal ones (ties), whole lots, anything. */
static void random_rows(struct random_block *block, uint64_t *seed)
{
	static const int64_t lots[] = {NANO, 1, NANO / 10, 100 * NANO, NANO / 1000, 7};
	int64_t lot = lots[random_next(seed) % (sizeof(lots) / sizeof(lots[0]))];
	unsigned kind = (unsigned)(random_next(seed) % 8);
	int64_t most, equal;

	block->count = 1 + random_next(seed) % (random_next(seed) % 20 ? 24 : ROWS_MAX);
	most = INT64_MAX / (int64_t)block->count;
	if (kind < 6)
		most = most < 100000 * NANO ? most : 100000 * NANO;
	equal = random_up_to(seed, most);
	for (size_t i = 0; i < block->count; i++) {
		int64_t quantity = kind == 0 || (kind == 1 && i % 3) ? equal : random_up_to(seed, most);

		if (kind != 2) /* kind 2 alone is off the lot */
			quantity = quantity < lot ? lot : decimal_floor_to_lot(quantity, lot);
		block->rows[i] = (struct allocation_row){.order_id = "order", .quantity_nano = quantity};
		block->ordered_nano += quantity;
	}
	block->fills.lot_nano = lot;
}

static void random_fills(struct random_block *block, uint64_t *seed)
{
	static const int64_t units[] = {CENT, CENT, CENT, 1, NANO, 50000000};
	int64_t ordered = block->ordered_nano;
	int64_t lot = block->fills.lot_nano;
	unsigned kind = (unsigned)(random_next(seed) % 10);
	int64_t filled = random_up_to(seed, ordered);

	if (kind == 0)
		filled = ordered;
	else if (kind == 1)
		filled =
		    ordered + random_up_to(seed, INT64_MAX - ordered < ordered ? INT64_MAX - ordered + 1 : ordered) - 1;
	else if (kind == 2)
		filled = 0;
	else if (kind < 8) /* the others leave dust */
		filled = decimal_floor_to_lot(filled, lot);
	block->fills.filled_nano = filled;
	block->fills.gross_nano = decimal_amount(filled, random_up_to(seed, kind == 9 ? INT64_MAX : 5000 * NANO));
	if (random_next(seed) % 2) /* not only what one price can give */
		block->fills.gross_nano += (int64_t)(random_next(seed) % 1000000000);
	block->fills.fee_nano = random_next(seed) % 4 ? random_up_to(seed, 100 * NANO) : 0;
	block->fills.minor_unit_nano = units[random_next(seed) % (sizeof(units) / sizeof(units[0]))];
}

static void random_block_make(struct random_block *block, uint64_t number)
{
	uint64_t seed = number;
	struct err err = {ERR_NONE, ""};

	memset(block, 0, sizeof(*block));
	random_rows(block, &seed);
	random_fills(block, &seed);
	if (!allocation_compute(block->rows, block->count, &block->fills, &block->house, &err))
		fail_msg("block %llu: %s", (unsigned long long)number, err.message);
}

#define CHECK(block_number, condition)                                                                                 \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			fail_msg("block %llu: not so: %s", (unsigned long long)(block_number), #condition);            \
	} while (0)

static void everything_adds_up_and_nobody_gets_too_much(void **state)
{
	static struct random_block block;
	(void)state;
	for (uint64_t number = 0; number < RANDOM_BLOCKS; number++) {
		int128 quantity, gross, fee;

		random_block_make(&block, number);
		quantity = (int128)block.house.excess_nano + block.house.dust_nano;
		gross = block.house.gross_nano;
		fee = block.house.fee_nano;
		CHECK(number, block.house.excess_nano >= 0 && block.house.dust_nano >= 0 && gross >= 0 && fee >= 0);
		for (size_t i = 0; i < block.count; i++) {
			const struct allocation_row *row = &block.rows[i];

			CHECK(number, row->share_nano >= 0 && row->share_nano <= row->quantity_nano);
			CHECK(number, row->gross_nano >= 0 && row->gross_nano % block.fills.minor_unit_nano == 0);
			CHECK(number, row->fee_nano >= 0 && row->fee_nano % block.fills.minor_unit_nano == 0);
			CHECK(number, row->share_nano > 0 || (row->gross_nano == 0 && row->fee_nano == 0));
			quantity += row->share_nano;
			gross += row->gross_nano;
			fee += row->fee_nano;
		}
		CHECK(number, quantity == block.fills.filled_nano);
		CHECK(number, gross == block.fills.gross_nano);
		CHECK(number, fee == block.fills.fee_nano);
	}
}

static void everyone_is_within_one_lot_of_pro_rata(void **state)
{
	static struct random_block block;
	(void)state;
	for (uint64_t number = 0; number < RANDOM_BLOCKS; number++) {
		int64_t filled;
		bool whole, on_lot = true;

		random_block_make(&block, number);
		whole = block.fills.filled_nano >= block.ordered_nano;
		filled = whole ? block.ordered_nano : block.fills.filled_nano;
		CHECK(number, block.house.excess_nano == block.fills.filled_nano - filled);
		for (size_t i = 0; i < block.count; i++) {
			const struct allocation_row *row = &block.rows[i];
			int128 off = (int128)row->share_nano * block.ordered_nano - (int128)row->quantity_nano * filled;

			CHECK(number, off <= (int128)block.fills.lot_nano * block.ordered_nano);
			CHECK(number, -off <= (int128)block.fills.lot_nano * block.ordered_nano);
			CHECK(number, whole || row->share_nano % block.fills.lot_nano == 0);
			on_lot = on_lot && row->quantity_nano % block.fills.lot_nano == 0;
		}
		CHECK(number, !whole || block.house.dust_nano == 0);
		CHECK(number, !on_lot || block.house.dust_nano < block.fills.lot_nano);
	}
}

/* Checks the money that `amount` must come to, the house as the last participant. */
static void check_amount(uint64_t number, const struct random_block *block, bool is_fee)
{
	static struct oracle_part parts[ROWS_MAX + 1];
	const struct allocation_house *house = &block->house;
	int128 amount = is_fee ? block->fills.fee_nano : block->fills.gross_nano;
	int128 house_amount = is_fee ? house->fee_nano : house->gross_nano;
	int128 unit = block->fills.minor_unit_nano;

	for (size_t i = 0; i < block->count; i++)
		parts[i].weight = (uint64_t)block->rows[i].share_nano;
	parts[block->count].weight = (uint64_t)(house->excess_nano + house->dust_nano);
	CHECK(number, oracle_split(parts, block->count + 1, (uint128)(amount / unit), 1, false) == 0);
	for (size_t i = 0; i < block->count; i++)
		CHECK(number,
		      (is_fee ? block->rows[i].fee_nano : block->rows[i].gross_nano) == (int128)parts[i].units * unit);
	CHECK(number, house_amount == (int128)parts[block->count].units * unit + amount % unit);
}

static void another_computation_comes_to_the_same(void **state)
{
	static struct random_block block;
	static struct oracle_part parts[ROWS_MAX + 1];
	(void)state;
	for (uint64_t number = 0; number < RANDOM_BLOCKS; number++) {
		uint128 left;

		random_block_make(&block, number);
		if (block.fills.filled_nano == 0)
			continue;
		if (block.fills.filled_nano < block.ordered_nano) {
			for (size_t i = 0; i < block.count; i++)
				parts[i].weight = (uint64_t)block.rows[i].quantity_nano;
			left = oracle_split(parts, block.count, (uint64_t)block.fills.filled_nano,
					    (uint64_t)block.fills.lot_nano, true);
			CHECK(number, (int128)left == block.house.dust_nano);
			for (size_t i = 0; i < block.count; i++)
				CHECK(number,
				      block.rows[i].share_nano == (int128)parts[i].units * block.fills.lot_nano);
		}
		check_amount(number, &block, false);
		check_amount(number, &block, true);
	}
}

/* What a worker writes for the rows from `from` on, at most `size` of them; returns the end of the text. */
static char *write_chunk(const struct random_block *block, size_t from, size_t size, char *text)
{
	for (size_t i = from; i < block->count && i < from + size; i++) {
		char share[DECIMAL_TEXT], gross[DECIMAL_TEXT], fee[DECIMAL_TEXT];

		text += sprintf(text, "%zu %s %s %s\n", i, decimal_format(block->rows[i].share_nano, share),
				decimal_format_wide(block->rows[i].gross_nano, gross),
				decimal_format_wide(block->rows[i].fee_nano, fee));
	}
	return text;
}

static void computed_again_in_any_chunks_it_is_the_same_text(void **state)
{
	static const size_t sizes[] = {1, 7, 64, 299};
	static struct random_block block;
	static char whole[ROWS_MAX * 160], joined[ROWS_MAX * 160];
	(void)state;
	for (uint64_t number = 0; number < RANDOM_BLOCKS; number += 17) {
		random_block_make(&block, number);
		*write_chunk(&block, 0, ROWS_MAX, whole) = '\0';
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			char *end = joined;

			/* Each chunk by a worker that knows nothing of the one before it. */
			for (size_t from = 0; from < block.count; from += sizes[s]) {
				random_block_make(&block, number);
				end = write_chunk(&block, from, sizes[s], end);
			}
			*end = '\0';
			assert_string_equal(whole, joined);
		}
	}
}

/* ---- size */

static void a_million_orders_are_quick(void **state)
{
	const size_t count = 1000000;
	struct allocation_row *rows = calloc(count, sizeof(*rows));
	struct allocation_fills fills = {.gross_nano = (int128)NANO * 1234567890123,
					 .fee_nano = 98765 * CENT,
					 .lot_nano = NANO,
					 .minor_unit_nano = CENT};
	struct allocation_house house;
	int128 quantity = 0, gross = 0, fee = 0;
	uint64_t seed = 1;
	struct err err;
	(void)state;
	assert_non_null(rows);
	for (size_t i = 0; i < count; i++) {
		rows[i].order_id = "order";
		rows[i].quantity_nano = (int64_t)(1 + random_next(&seed) % 1000) * NANO;
		fills.filled_nano += rows[i].quantity_nano;
	}
	fills.filled_nano = fills.filled_nano / 3 + 1;
	assert_true(allocation_compute(rows, count, &fills, &house, &err));
	for (size_t i = 0; i < count; i++) {
		quantity += rows[i].share_nano;
		gross += rows[i].gross_nano;
		fee += rows[i].fee_nano;
	}
	assert_true(quantity + house.dust_nano == fills.filled_nano && house.excess_nano == 0);
	assert_true(gross + house.gross_nano == fills.gross_nano);
	assert_true(fee + house.fee_nano == fills.fee_nano);
	free(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(everything_adds_up_and_nobody_gets_too_much),
	    cmocka_unit_test(everyone_is_within_one_lot_of_pro_rata),
	    cmocka_unit_test(another_computation_comes_to_the_same),
	    cmocka_unit_test(computed_again_in_any_chunks_it_is_the_same_text),
	    cmocka_unit_test(a_million_orders_are_quick),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
