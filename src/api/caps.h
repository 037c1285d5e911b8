/* Caps on one order before it is taken, in the spirit of SEC rule 15c3-5: what a slip of the finger or a mad program
 * may ask for at most. Each is an option of the section `caps`, and off where that is 0. Pure.
 *
 * Those that need more than the order are checked elsewhere: how many orders a user sent and the day's gross notional
 * in lua/lib/admit.lua, when orders are stored; blocks in lua/lib/caps.lua, before anything of them leaves. */
#ifndef MUSTER_API_CAPS_H
#define MUSTER_API_CAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "api/stock_table.h"
#include "api/suggestion.h"
#include "shared/config.h"
#include "shared/decimal.h"
#include "shared/err.h"

struct caps_order {
	const struct suggestion *suggestion;
	const struct stock *stock;
	int64_t quantity_nano;
	int64_t now_ms; /* Redis's clock; 0: not known, and then no price counts as old */
};

/* Fails with ERR_BAD_QUANTITY, ERR_OVER_CAP, ERR_PRICE_COLLAR, ERR_STALE_PRICE, or ERR_NO_PRICE where a cap cannot be
 * checked without one. */
bool caps_check(const struct config *config, const struct caps_order *order, struct err *err) MUST_USE;

/* The order's money in nano: at the limit price or, for a sell that may fetch more and for a market order, at the last
 * price. 0 where there is no price. */
int128 caps_notional_nano(const struct caps_order *order);

#endif
