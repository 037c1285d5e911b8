/* The auditor's own opinion on who gets how much: computed from the rule alone, sharing nothing with what the workers
 * compute with.
 *
 * The rule. A block that is filled whole gives each order all it asked for. Otherwise each gets the whole lots in
 * quantity x filled / ordered; the lots that are left go one each to the largest remainders, of equal ones to whoever
 * stands earlier in the statement, and an order without room for a whole lot more is passed over. Money and fees are
 * divided in whole minor units by the allocated quantities in the same way, the house (what was filled too much, and
 * what no order took) last in line; what is smaller than a minor unit is the house's. A negative fee is divided as if
 * it were positive. Where nothing was filled, everything is the house's. */
#ifndef MUSTER_AUDIT_ALLOCATION_H
#define MUSTER_AUDIT_ALLOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/decimal.h"

struct audit_share {
	int64_t ordered_nano;			    /* in, > 0 */
	int128 quantity_nano, gross_nano, fee_nano; /* out */
};

struct audit_filled {
	int64_t quantity_nano; /* >= 0 */
	int128 gross_nano, fee_nano;
	int64_t lot_nano, minor_unit_nano; /* > 0 */
};

/* `shares` in the order of the statement; `house` gets quantity, money and fee too. False where the input cannot be
 * allocated at all: sums beyond int64, or anything out of the ranges above. */
bool audit_allocate(struct audit_share *shares, size_t count, const struct audit_filled *filled,
		    struct audit_share *house);

#endif
