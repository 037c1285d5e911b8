/* Money of a block: products are summed whole and rounded once, so that the same fills give the same total in any order. */
#include "worker/totals.h"

#include <string.h>

bool totals_add_fill(struct totals *totals, const struct broker_fill *fill)
{
	return fill->quantity_nano > 0 && fill->price_nano >= 0 &&
	       !__builtin_add_overflow(totals->filled_nano, fill->quantity_nano, &totals->filled_nano) &&
	       !__builtin_add_overflow(totals->gross_atto, (int128)fill->quantity_nano * fill->price_nano,
				       &totals->gross_atto);
}

int128 totals_gross_nano(const struct totals *totals)
{
	return totals->gross_atto / NANO + (totals->gross_atto % NANO >= NANO / 2 ? 1 : 0);
}

int64_t totals_average_nano(const struct totals *totals)
{
	int128 filled = totals->filled_nano;

	if (filled == 0)
		return 0;
	return (int64_t)(totals->gross_atto / filled + (totals->gross_atto % filled * 2 >= filled ? 1 : 0));
}

enum order_status totals_order_status(const char *outcome, int64_t ordered_nano, int64_t share_nano)
{
	if (share_nano > 0)
		return share_nano >= ordered_nano ? ORDER_FILLED : ORDER_PARTIALLY_FILLED;
	if (strcmp(outcome, "rejected") == 0)
		return ORDER_REJECTED;
	return strcmp(outcome, "canceled") == 0 ? ORDER_CANCELED : ORDER_UNFILLED;
}
