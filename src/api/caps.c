/* One function a cap, and a table of them: the first that is broken refuses the order. */
#include "api/caps.h"

#include "shared/clock.h"

#define PERCENT	    100
#define MS_A_SECOND 1000

typedef bool cap_fn(const struct config *config, const struct caps_order *order, struct err *err);

int128 caps_notional_nano(const struct caps_order *order)
{
	int64_t price = order->stock->price_nano, limit = order->suggestion->limit_nano;

	if (order->suggestion->is_limit && (limit > price || !order->suggestion->is_sell))
		price = limit;
	return decimal_amount(order->quantity_nano, price);
}

/* A cap that needs the last price cannot be kept without one. */
static bool has_price(const struct caps_order *order, struct err *err)
{
	return order->stock->price_nano > 0 ||
	       err_set(err, ERR_NO_PRICE, "%s has no price to check caps with", order->suggestion->symbol);
}

static bool quantity_fits(const struct config *config, const struct caps_order *order, struct err *err)
{
	int64_t most = config->caps.max_order_quantity_nano;
	char is[DECIMAL_TEXT], may[DECIMAL_TEXT];

	if (most == 0 || order->quantity_nano <= most)
		return true;
	return err_set(err, ERR_BAD_QUANTITY, "%s shares of %s are more than an order may have (%s)",
		       decimal_format(order->quantity_nano, is), order->suggestion->symbol, decimal_format(most, may));
}

static bool price_is_fresh(const struct config *config, const struct caps_order *order, struct err *err)
{
	int64_t most_ms = config->caps.max_price_age_s * MS_A_SECOND, at_ms = order->stock->priced_at_ms;
	char at[CLOCK_TEXT];

	if (most_ms == 0 || order->now_ms == 0 || (at_ms > 0 && order->now_ms - at_ms <= most_ms))
		return true;
	if (at_ms == 0)
		return err_set(err, ERR_STALE_PRICE, "the price of %s has no time: nobody knows how old it is",
			       order->suggestion->symbol);
	return err_set(err, ERR_STALE_PRICE, "the price of %s is of %s, older than %lld s", order->suggestion->symbol,
		       clock_format(at_ms, at), (long long)config->caps.max_price_age_s);
}

static bool limit_is_near(const struct config *config, const struct caps_order *order, struct err *err)
{
	int64_t price = order->stock->price_nano, limit = order->suggestion->limit_nano;
	int128 distance = limit > price ? limit - price : price - limit, pct = config->caps.price_collar_pct_nano;
	char is[DECIMAL_TEXT], last[DECIMAL_TEXT], far[DECIMAL_TEXT];

	if (pct == 0 || !order->suggestion->is_limit)
		return true;
	if (!has_price(order, err))
		return false;
	if (distance * PERCENT * NANO <= pct * price)
		return true;
	return err_set(err, ERR_PRICE_COLLAR, "the limit price %s of %s is farther than %s %% from the last price (%s)",
		       decimal_format(limit, is), order->suggestion->symbol, decimal_format_wide(pct, far),
		       decimal_format(price, last));
}

static bool notional_fits(const struct config *config, const struct caps_order *order, struct err *err)
{
	int128 most = config->caps.max_order_notional_nano, notional;
	char is[DECIMAL_TEXT], may[DECIMAL_TEXT];

	if (most == 0)
		return true;
	if (!has_price(order, err))
		return false;
	notional = caps_notional_nano(order);
	if (notional <= most)
		return true;
	return err_set(err, ERR_OVER_CAP, "the order of %s is worth %s, more than an order may be (%s)",
		       order->suggestion->symbol, decimal_format_wide(notional, is), decimal_format_wide(most, may));
}

static cap_fn *const caps[] = {quantity_fits, price_is_fresh, limit_is_near, notional_fits};

bool caps_check(const struct config *config, const struct caps_order *order, struct err *err)
{
	for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++)
		if (!caps[i](config, order, err))
			return false;
	return true;
}
