/* A block's totals out of its fills, and what they mean for the block and its orders. Pure. */
#ifndef MUSTER_TOTALS_H
#define MUSTER_TOTALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/decimal.h"
#include "shared/status.h"
#include "worker/broker.h"

struct totals {
	int64_t filled_nano;
	int128 gross_atto; /* exact: sum of quantity x price, each 10^-9, so in 10^-18 */
};

/* Adds one fill; false where the sums leave their range or the fill is not positive. */
bool totals_add_fill(struct totals *totals, const struct broker_fill *fill);

/* The sum rounded once, to the nearest nano: what a nano of money is rounded to depends on no order of fills. */
int128 totals_gross_nano(const struct totals *totals);

/* The exact sum over the quantity, to the nearest nano; 0 where nothing is filled. */
int64_t totals_average_nano(const struct totals *totals);

/* How an order of a closed block ends. `outcome` is the block's. */
enum order_status totals_order_status(const char *outcome, int64_t ordered_nano, int64_t share_nano);

#endif
