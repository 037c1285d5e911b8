/* Sizing of orders. Money and percentages become whole lots here and nowhere else; what is cut off is never made up for
 * elsewhere, so an order is at most as large as its sender said. */
#include "api/sizing.h"

#include <string.h>

#include "api/caps.h"

/* One order while it is sized. */
struct sizing {
	const struct suggestion *suggestion;
	const struct sizing_facts *facts;
	const char *broker_name;
	const struct config_broker *broker; /* NULL: none of that name */
	int64_t lot_nano;
};

/* The suggestion's broker, else the stock's, else the default one. */
static const char *broker_choose(const struct suggestion *suggestion, const struct sizing_facts *facts)
{
	if (*suggestion->broker_type)
		return suggestion->broker_type;
	if (facts->stock && *facts->stock->broker_type)
		return facts->stock->broker_type;
	return facts->config->api.default_broker;
}

/* The stock's lot, else the broker's, else one share. */
static int64_t lot_choose(const struct stock *stock, const struct config_broker *broker)
{
	if (stock && stock->lot_nano)
		return stock->lot_nano;
	return broker ? broker->lot_nano : NANO;
}

/* Appends a word and what separates it. */
static char *word_add(char *text, const char *word, char separator)
{
	size_t length = strlen(word);
	memcpy(text, word, length);
	text[length] = separator;
	return text + length + 1;
}

/* Writes the signature; each of its words is far shorter than the room there is. */
static void signature_format(const struct sizing *sizing, char *signature)
{
	char number[DECIMAL_TEXT];
	const struct suggestion *suggestion = sizing->suggestion;
	char *at = word_add(signature, suggestion->symbol, ' ');
	at = word_add(at, suggestion->is_sell ? "sell" : "buy", ' ');
	at = word_add(at, sizing->broker_name, ' ');
	at = word_add(at, decimal_format(sizing->lot_nano, number), ' ');
	at = word_add(at, suggestion->is_limit ? "limit" : "market", ' ');
	if (suggestion->is_limit)
		at = word_add(at, decimal_format(suggestion->limit_nano, number), ' ');
	at[-1] = '\0';
}

/* Whether it could be traded at all, whatever its size. */
static bool check_tradable(const struct sizing *sizing, struct err *err)
{
	const struct stock *stock = sizing->facts->stock;
	const char *symbol = sizing->suggestion->symbol;
	if (!stock)
		return err_set(err, ERR_UNKNOWN_SYMBOL, "%s is not a known stock", symbol);
	if (!stock->tradable)
		return err_set(err, ERR_NOT_TRADABLE, "%s cannot be traded now", symbol);
	if (!sizing->broker)
		return err_set(err, ERR_UNKNOWN_BROKER, "no broker %s is configured", sizing->broker_name);
	if (sizing->suggestion->sizing == SIZING_QUANTITY)
		return true;
	if (sizing->suggestion->sizing == SIZING_WEIGHT && sizing->facts->investment_nano == INVESTMENT_UNKNOWN)
		return err_set(err, ERR_NO_INVESTMENT,
			       "a weight_change needs the value of the user's investment in this smallcase");
	if (stock->price_nano <= 0)
		return err_set(err, ERR_NO_PRICE, "%s has no price to size with", symbol);
	return true;
}

/* The quantity as it is stated or computed, before it is rounded; wide, because small prices make it large. */
static int128 quantity_compute(const struct sizing *sizing)
{
	const struct sizing_facts *facts = sizing->facts;
	int64_t size = sizing->suggestion->size_nano;
	switch (sizing->suggestion->sizing) {
	case SIZING_AMOUNT: /* size / price */
		return decimal_mul_div(size, NANO, facts->stock->price_nano);
	case SIZING_WEIGHT: /* value * size / 100 / price, with one division so that nothing is cut twice */
		return decimal_mul_div(facts->investment_nano, size, (int128)facts->stock->price_nano * 100);
	case SIZING_QUANTITY:
		break;
	}
	return size;
}

/* Says what would have been the least. */
static bool refuse_too_small(const struct sizing *sizing, struct err *err)
{
	char lot[DECIMAL_TEXT], least[DECIMAL_TEXT];
	const struct sizing_facts *facts = sizing->facts;
	const char *symbol = sizing->suggestion->symbol;
	/* Money for one lot, rounded up to what can be written. */
	int128 price = facts->stock->price_nano;
	int128 cost = (price * sizing->lot_nano + NANO - 1) / NANO;
	decimal_format(sizing->lot_nano, lot);
	if (sizing->suggestion->sizing == SIZING_AMOUNT)
		return err_set(err, ERR_BAD_QUANTITY, "the amount buys less than one lot of %s (%s): the least is %s",
			       symbol, lot, decimal_format_wide(cost, least));
	if (facts->investment_nano <= 0)
		return err_set(err, ERR_BAD_QUANTITY, "the investment is worth nothing: no lot of %s (%s) can be had",
			       symbol, lot);
	int128 weight = (cost * 100 * NANO + facts->investment_nano - 1) / facts->investment_nano;
	return err_set(err, ERR_BAD_QUANTITY, "the weight change is less than one lot of %s (%s): the least is %s",
		       symbol, lot, decimal_format_wide(weight, least));
}

/* Brings the quantity to whole lots, within the cap. */
static bool quantity_round(const struct sizing *sizing, int128 wide, int64_t *quantity, struct err *err)
{
	char lot[DECIMAL_TEXT];
	if (wide > (int128)SUGGESTION_QUANTITY_MAX * NANO)
		return err_set(err, ERR_BAD_QUANTITY, "it comes to more than %lld shares of %s",
			       (long long)SUGGESTION_QUANTITY_MAX, sizing->suggestion->symbol);
	*quantity = decimal_floor_to_lot((int64_t)wide, sizing->lot_nano);
	if (sizing->suggestion->sizing == SIZING_QUANTITY && *quantity != wide) {
		*quantity = (int64_t)wide; /* shown as it was asked for */
		return err_set(err, ERR_BAD_QUANTITY, "the quantity must be a multiple of %s, the lot of %s",
			       decimal_format(sizing->lot_nano, lot), sizing->suggestion->symbol);
	}
	return *quantity > 0 || refuse_too_small(sizing, err);
}

/* Whether the order keeps to the caps. */
static bool check_caps(const struct sizing *sizing, int64_t quantity_nano, struct err *err)
{
	const struct sizing_facts *facts = sizing->facts;
	const struct caps_order order = {sizing->suggestion, facts->stock, quantity_nano, facts->now_ms};
	return caps_check(facts->config, &order, err);
}

const char *sizing_field(const struct suggestion *suggestion, enum err_code code)
{
	static const char *const size_fields[] = {
	    [SIZING_QUANTITY] = "quantity",
	    [SIZING_AMOUNT] = "amount",
	    [SIZING_WEIGHT] = "weight_change",
	};
	if (code == ERR_BAD_QUANTITY || code == ERR_NO_INVESTMENT || code == ERR_OVER_CAP)
		return size_fields[suggestion->sizing];
	if (code == ERR_PRICE_COLLAR)
		return "limit_price";
	return code == ERR_UNKNOWN_BROKER && *suggestion->broker_type ? "broker_type" : "symbol";
}

bool sizing_compute(const struct suggestion *suggestion, const struct sizing_facts *facts, struct sized_order *order,
		    struct err *err)
{
	struct sizing sizing = {.suggestion = suggestion, .facts = facts};
	sizing.broker_name = broker_choose(suggestion, facts);
	sizing.broker = config_broker(facts->config, sizing.broker_name);
	sizing.lot_nano = lot_choose(facts->stock, sizing.broker);

	int64_t quantity = suggestion->sizing == SIZING_QUANTITY ? suggestion->size_nano : 0;
	bool good = check_tradable(&sizing, err) &&
		    quantity_round(&sizing, quantity_compute(&sizing), &quantity, err) &&
		    check_caps(&sizing, quantity, err);
	order->notional_nano = 0;
	if (good && sizing.broker->max_daily_notional_nano > 0)
		order->notional_nano =
		    caps_notional_nano(&(struct caps_order){suggestion, facts->stock, quantity, facts->now_ms});
	memcpy(order->broker_type, sizing.broker_name, strlen(sizing.broker_name) + 1);
	signature_format(&sizing, order->signature);
	order->quantity_nano = quantity;
	decimal_format(quantity, order->quantity);
	return good;
}
