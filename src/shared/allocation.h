/* Allocation: who gets how much of a block's fills. A pure function: same input, same bytes out.
 *
 * Quantities are split by largest remainder over whole lots: base = floor(q*F/(Q*lot))*lot, then the left-over lots one
 * each to the largest remainders; ties go to the earlier row. No order gets more than it asked for: one without room
 * for another lot is passed over. A block filled whole gives each order all of its quantity. What the broker filled
 * beyond the block (excess), and what no order can take in whole lots (dust), goes to the house account.
 *
 * Money and fees are split in whole minor units (cents) by the allocated quantities with the same routine, the house's
 * excess and dust taking part as the last one in line; what is smaller than a minor unit goes to the house. Where
 * nothing was filled, nobody gets anything, and a charge for nothing is the house's.
 *
 * Everything adds up: sum of shares + house = fills, for quantity, money and fee. Binding before a block is final would
 * not: with one more share filled an order's part can become smaller (the Alabama paradox). */
#ifndef MUSTER_ALLOCATION_H
#define MUSTER_ALLOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/decimal.h"

/* One row of a statement. `order_id` is borrowed, for messages only. The caller brings the rows in order of arrival,
 * those of one instant by order id as bytes: the order of rows is what decides ties. */
struct allocation_row {
	const char *order_id;
	int64_t quantity_nano; /* in: ordered, > 0 */
	int64_t share_nano;    /* out: allocated */
	int128 gross_nano;     /* out: money for the share */
	int128 fee_nano;       /* out */
};

struct allocation_fills {
	int64_t filled_nano;     /* F: what the broker filled, may be more than ordered */
	int128 gross_nano;       /* sum of quantity x price over all fills */
	int128 fee_nano;         /* what the broker charged; negative: a rebate */
	int64_t lot_nano;        /* > 0 */
	int64_t minor_unit_nano; /* > 0; 10000000 is a cent */
};

struct allocation_house {
	int64_t excess_nano; /* filled beyond the block */
	int64_t dust_nano;   /* smaller than a lot */
	int128 gross_nano;
	int128 fee_nano;
};

/* Fills the out members of all rows and of the house. Fails (ERR_INTERNAL), rows untouched, where a quantity is not
 * positive, the sum of quantities leaves the range of int64, or the fills have a negative quantity or amount (but a
 * negative fee is a rebate, and divided like a fee) or no lot or unit. No other input overflows. O(n), with 40 bytes of
 * memory for each row. */
bool allocation_compute(struct allocation_row *rows, size_t count, const struct allocation_fills *fills,
			struct allocation_house *house, struct err *err) MUST_USE;

#endif
