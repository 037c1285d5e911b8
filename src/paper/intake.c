/* See intake.h. The checks stand in the order in which Alpaca makes them: first what is wrong with the request itself,
 * then whether the id was used before, then whether the account may do this now. */
#include "paper/intake.h"

#include <stdlib.h>
#include <string.h>

#include "shared/json_decimal.h"

#define CENT	 (NANO / 100)
#define SUB_CENT (NANO / 10000)

/* An order being read. */
struct reading {
	const struct paper_intake *intake;
	const json_t *body;
	struct paper_order *order;
	struct paper_refusal *refusal;
};

/* A member that is there and not null, or NULL. */
static const json_t *member(const struct reading *reading, const char *name)
{
	const json_t *value = json_object_get(reading->body, name);
	return json_is_null(value) ? NULL : value;
}

/* A positive decimal; a missing one leaves 0. */
static bool read_decimal(const struct reading *reading, const char *name, int64_t *nano)
{
	struct err err;
	const json_t *value = member(reading, name);
	*nano = 0;
	if (!value)
		return true;
	if (!json_decimal(value, nano, &err))
		return paper_refuse(reading->refusal, PAPER_REFUSE_FIELD, "%s is invalid: %.150s", name, err.message);
	return *nano > 0 || paper_refuse(reading->refusal, PAPER_REFUSE_FIELD, "%s must be > 0", name);
}

/* A word of a table; `count` means that a missing one is refused. */
static bool read_word(const struct reading *reading, const char *name, const char *const *words, int count, int *place)
{
	const json_t *value = member(reading, name);
	if (!value)
		return paper_refuse(reading->refusal, PAPER_REFUSE_FIELD, "%s is required", name);
	const char *text = json_string_value(value);
	*place = text ? paper_word_find(words, count, text) : count;
	return *place < count || paper_refuse(reading->refusal, PAPER_REFUSE_FIELD, "invalid %s", name);
}

/* A symbol of the stock list. */
static bool read_symbol(const struct reading *reading)
{
	const char *symbol = json_string_value(member(reading, "symbol"));
	if (!symbol || !*symbol)
		return paper_refuse(reading->refusal, PAPER_REFUSE_FIELD, "symbol is required");
	reading->order->stock = paper_stocks_find(reading->intake->stocks, symbol);
	if (reading->order->stock && reading->order->stock->is_listed)
		return true;
	return paper_refuse(reading->refusal, PAPER_REFUSE_VALUE, "asset \"%.40s\" not found", symbol);
}

/* Side, type and time in force. */
static bool read_words(const struct reading *reading)
{
	int side, type, tif;
	if (!read_word(reading, "side", paper_side_words, PAPER_SIDE_COUNT, &side) ||
	    !read_word(reading, "type", paper_type_words, PAPER_TYPE_COUNT, &type) ||
	    !read_word(reading, "time_in_force", paper_tif_words, PAPER_TIF_COUNT, &tif))
		return false;
	reading->order->side = (enum paper_side)side;
	reading->order->type = (enum paper_type)type;
	reading->order->tif = (enum paper_tif)tif;
	return true;
}

/* Quantity or money, not both; money becomes a quantity at the price of now. */
static bool read_size(const struct reading *reading)
{
	struct paper_order *order = reading->order;
	if (!read_decimal(reading, "qty", &order->quantity_nano) ||
	    !read_decimal(reading, "notional", &order->notional_nano))
		return false;
	if (!order->quantity_nano && !order->notional_nano)
		return paper_refuse(reading->refusal, PAPER_REFUSE_FIELD, "qty or notional is required");
	if (order->quantity_nano && order->notional_nano)
		return paper_refuse(reading->refusal, PAPER_REFUSE_FIELD, "only one of qty or notional is accepted");
	if (!order->notional_nano)
		return true;
	if (order->type != PAPER_MARKET)
		return paper_refuse(reading->refusal, PAPER_REFUSE_VALUE,
				    "notional is only accepted for market orders");
	if (order->notional_nano % CENT)
		return paper_refuse(reading->refusal, PAPER_REFUSE_VALUE,
				    "notional value must be limited to 2 decimal places");
	int128 quantity = decimal_mul_div(order->notional_nano, NANO, order->stock->price_nano);
	if (quantity <= 0 || quantity > INT64_MAX)
		return paper_refuse(reading->refusal, PAPER_REFUSE_VALUE, "notional is out of range");
	order->quantity_nano = (int64_t)quantity;
	return true;
}

/* Fractions trade by the day only, and not in every stock. */
static bool check_fractions(const struct reading *reading)
{
	const struct paper_order *order = reading->order;
	if (!order->notional_nano && order->quantity_nano % NANO == 0)
		return true;
	if (order->tif != PAPER_DAY)
		return paper_refuse(reading->refusal, PAPER_REFUSE_VALUE, "fractional orders must be DAY orders");
	if (!order->stock->is_fractionable)
		return paper_refuse(reading->refusal, PAPER_REFUSE_NOT_FRACTIONABLE, "asset \"%s\" is not fractionable",
				    order->stock->symbol);
	return true;
}

/* Limit orders need a price in whole cents, below $1 in hundredths of a cent. */
static bool read_price(const struct reading *reading)
{
	struct paper_order *order = reading->order;
	char text[DECIMAL_TEXT];
	if (!read_decimal(reading, "limit_price", &order->limit_nano))
		return false;
	if (order->type == PAPER_MARKET)
		return !order->limit_nano || paper_refuse(reading->refusal, PAPER_REFUSE_FIELD,
							  "market orders require no stop or limit price");
	if (!order->limit_nano)
		return paper_refuse(reading->refusal, PAPER_REFUSE_FIELD, "limit orders require limit_price");
	if (order->limit_nano % (order->limit_nano >= NANO ? CENT : SUB_CENT) == 0)
		return true;
	return paper_refuse(reading->refusal, PAPER_REFUSE_VALUE,
			    "invalid limit_price %s. sub-penny increment does not fulfill minimum pricing criteria",
			    decimal_format(order->limit_nano, text));
}

/* The caller's own id, or one that is made for it; never one that was there before. */
static bool read_client_id(const struct reading *reading)
{
	struct paper_order *order = reading->order;
	const json_t *value = member(reading, "client_order_id");
	if (!value || (json_is_string(value) && json_string_length(value) == 0)) {
		paper_uuid_random(order->client_order_id);
		return true;
	}
	if (!json_is_string(value))
		return paper_refuse(reading->refusal, PAPER_REFUSE_FIELD, "invalid client_order_id");
	if (json_string_length(value) > PAPER_CLIENT_ID_MAX)
		return paper_refuse(reading->refusal, PAPER_REFUSE_FIELD,
				    "client_order_id must be no more than %d characters", PAPER_CLIENT_ID_MAX);
	memcpy(order->client_order_id, json_string_value(value), json_string_length(value) + 1);
	return !paper_book_by_client_id(reading->intake->book, order->client_order_id) ||
	       paper_refuse(reading->refusal, PAPER_REFUSE_DUPLICATE, NULL);
}

/* Whom the settings say to turn away: with the words for no money, or for no shares. */
static bool check_funds(const struct reading *reading)
{
	const struct paper_order *order = reading->order;
	if (!paper_settings_rejects(reading->intake->settings, order->stock->symbol))
		return true;
	if (order->side == PAPER_BUY) {
		(void)paper_refuse(reading->refusal, PAPER_REFUSE_FUNDS, NULL);
		reading->refusal->more = json_pack("{s:s}", "buying_power", "0");
		return false;
	}
	char text[DECIMAL_TEXT];
	(void)paper_refuse(reading->refusal, PAPER_REFUSE_HOLDING,
			   "insufficient qty available for order (requested: %s, available: 0)",
			   decimal_format(order->quantity_nano, text));
	reading->refusal->more = json_pack("{s:s, s:s, s:s, s:s}", "available", "0", "existing_qty", "0",
					   "held_for_orders", "0", "symbol", order->stock->symbol);
	return false;
}

/* Outside of hours an order rests until the open, unless the settings turn it away. */
static bool check_hours(const struct reading *reading)
{
	const struct paper_intake *intake = reading->intake;
	const struct paper_rule *rule = paper_settings_rule(intake->settings, reading->order->stock->symbol);
	if (!intake->calendar || rule->value[PAPER_RULE_OUTSIDE_HOURS] != PAPER_OUTSIDE_REJECT ||
	    calendar_status(intake->calendar, paper_book_now_ms(intake->book)).state == CALENDAR_OPEN)
		return true;
	return paper_refuse(reading->refusal, PAPER_REFUSE_VALUE, "the market is closed");
}

/* One account must not trade with itself: an open order of the other side refuses this one. */
static bool check_wash(const struct reading *reading)
{
	enum paper_side side = reading->order->side;
	const struct paper_order *open = reading->order->stock->open;
	if (!reading->order->stock->open_count[side == PAPER_BUY ? PAPER_SELL : PAPER_BUY])
		return true;
	while (open->side == side)
		open = open->stock_next;
	(void)paper_refuse(reading->refusal, PAPER_REFUSE_WASH, NULL);
	reading->refusal->more = json_pack("{s:s, s:s}", "existing_order_id", open->id, "reject_reason",
					   open->type == PAPER_LIMIT ? "opposite side limit order exists"
								     : "opposite side market/stop order exists");
	return false;
}

struct paper_order *paper_intake_read(const struct paper_intake *intake, const json_t *body,
				      struct paper_refusal *refusal)
{
	if (!json_is_object(body)) {
		(void)paper_refuse(refusal, PAPER_REFUSE_BODY, NULL);
		return NULL;
	}
	struct paper_order *order = calloc(1, sizeof *order);
	if (!order)
		abort();
	const struct reading reading = {intake, body, order, refusal};
	if (!read_symbol(&reading) || !read_words(&reading) || !read_size(&reading) || !check_fractions(&reading) ||
	    !read_price(&reading) || !read_client_id(&reading) || !check_funds(&reading) || !check_hours(&reading) ||
	    !check_wash(&reading)) {
		free(order);
		return NULL;
	}
	order->commission_nano =
	    paper_settings_rule(intake->settings, order->stock->symbol)->value[PAPER_RULE_COMMISSION];
	order->submitted_ms = order->updated_ms = paper_book_now_ms(intake->book);
	order->due_place = PAPER_NOT_DUE;
	paper_uuid_random(order->id);
	return order;
}
