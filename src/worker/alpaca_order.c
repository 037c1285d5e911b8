/* See alpaca_order.h. */
#include "worker/alpaca_order.h"

#include <stdio.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/json_decimal.h"

static const struct {
	const char *word;
	enum slice_status status;
} statuses[] = {
    {"filled", SLICE_FILLED},	       {"canceled", SLICE_CANCELED},	 {"expired", SLICE_EXPIRED},
    {"rejected", SLICE_REJECTED},      {"replaced", SLICE_CANCELED}, /* by somebody at the broker: this one trades no
									more */
    {"accepted", SLICE_ACKED},	       {"pending_new", SLICE_ACKED},	 {"new", SLICE_ACKED},
    {"partially_filled", SLICE_ACKED}, /* whether it is, the filled quantity says: also for those that work below */
    {"pending_cancel", SLICE_ACKED},   {"pending_replace", SLICE_ACKED}, {"accepted_for_bidding", SLICE_ACKED},
    {"stopped", SLICE_ACKED},	       {"suspended", SLICE_ACKED},	 {"held", SLICE_ACKED},
    {"pending_review", SLICE_ACKED},   {"done_for_day", SLICE_ACKED}, /* no more today, but not final before the session
									 ends */
    {"calculated", SLICE_ACKED},
};

enum slice_status alpaca_status_of(const char *word, bool *is_known)
{
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		if (strcmp(statuses[i].word, word) == 0) {
			*is_known = true;
			return statuses[i].status;
		}
	*is_known = false;
	return SLICE_ACKED;
}

const char *alpaca_text(const json_t *json, const char *name)
{
	const json_t *value = json_object_get(json, name);
	const char *text = json_string_value(value);
	return text && strlen(text) == json_string_length(value) ? text : NULL;
}

/* Copies a text member that must be there, and must fit: a cut id would be another's. */
static bool take_text(const json_t *json, const char *name, char *text, size_t size, struct err *err)
{
	const char *value = alpaca_text(json, name);
	if (!value || !*value || strlen(value) >= size)
		return err_set(err, ERR_BROKER, "the broker's \"%s\" is missing or cannot be used", name);
	memcpy(text, value, strlen(value) + 1);
	return true;
}

/* A decimal that is not negative; `*nano` stays as it is where the member is absent or null and may be. */
static bool take_decimal(const json_t *json, const char *name, bool is_needed, int64_t *nano, struct err *err)
{
	const json_t *value = json_object_get(json, name);
	struct err why;
	int64_t taken;
	if (!is_needed && (!value || json_is_null(value)))
		return true;
	if (!json_decimal(value, &taken, &why))
		return err_set(err, ERR_BROKER, "the broker's \"%s\" cannot be used: %s", name, why.message);
	if (taken < 0)
		return err_set(err, ERR_BROKER, "the broker's \"%s\" is negative", name);
	*nano = taken;
	return true;
}

/* An average may have any number of decimals; it is for information (money is summed over the fills), so it is cut. */
static bool take_average(const json_t *json, int64_t *nano, struct err *err)
{
	const json_t *value = json_object_get(json, "filled_avg_price");
	const char *written = json_string_value(value);
	char text[64];
	if (json_is_real(value))
		snprintf(text, sizeof text, "%.9f", json_real_value(value));
	else if (written && strchr(written, '.') && strlen(written) < sizeof text)
		memcpy(text, written, strlen(written) + 1);
	else
		return take_decimal(json, "filled_avg_price", false, nano, err);
	char *point = strchr(text, '.');
	if (point && strlen(point) > 10 && strspn(point + 1, "0123456789") == strlen(point + 1))
		point[10] = '\0';
	return decimal_parse(text, nano, err) || err_context(err, "the broker's \"filled_avg_price\"");
}

/* What it charged: not in Alpaca's trading documents but in its broker ones; negative is a rebate. */
static bool take_fee(const json_t *json, int128 *fee_nano, struct err *err)
{
	const json_t *value = json_object_get(json, "commission");
	int64_t nano;
	if (!value || json_is_null(value))
		return true;
	if (!json_decimal(value, &nano, err))
		return err_context(err, "the broker's \"commission\"");
	*fee_nano = nano;
	return true;
}

static bool take_side(const json_t *json, bool *is_sell, struct err *err)
{
	const char *side = alpaca_text(json, "side");
	*is_sell = side && strcmp(side, "sell") == 0;
	if (!side || (!*is_sell && strcmp(side, "buy") != 0))
		return err_set(err, ERR_BROKER, "the broker's \"side\" is neither buy nor sell");
	return true;
}

/* The time that a walk can begin at; 0 where the broker says none. */
static int64_t submitted_at(const json_t *json)
{
	static const char *const names[] = {"submitted_at", "created_at"};
	int64_t at_ms;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *text = alpaca_text(json, names[i]);
		if (text && clock_parse(text, &at_ms, NULL))
			return at_ms;
	}
	return 0;
}

bool alpaca_order_parse(const json_t *json, struct alpaca_order *parsed, struct err *err)
{
	struct alpaca_order result = {0};
	struct broker_order *order = &result.order;
	if (!json_is_object(json))
		return err_set(err, ERR_BROKER, "the broker's reply is not an order");
	if (!take_text(json, "id", order->broker_order_id, sizeof order->broker_order_id, err) ||
	    !take_text(json, "client_order_id", order->client_order_id, sizeof order->client_order_id, err) ||
	    !take_text(json, "status", order->broker_status, sizeof order->broker_status, err) ||
	    !take_side(json, &result.is_sell, err) || !take_decimal(json, "qty", true, &order->quantity_nano, err) ||
	    !take_decimal(json, "filled_qty", false, &order->filled_nano, err) ||
	    !take_average(json, &order->average_price_nano, err) || !take_fee(json, &order->fee_nano, err))
		return false;
	result.symbol = alpaca_text(json, "symbol");
	if (!result.symbol)
		return err_set(err, ERR_BROKER, "the broker's \"symbol\" is missing");
	result.replaced_by = alpaca_text(json, "replaced_by");
	order->status = alpaca_status_of(order->broker_status, &result.is_known_status);
	if (order->status == SLICE_ACKED && order->filled_nano > 0)
		order->status = SLICE_PARTIALLY_FILLED;
	order->submitted_at_ms = submitted_at(json);
	*parsed = result;
	return true;
}

bool alpaca_order_matches(const struct alpaca_order *order, const struct alpaca_expected *expected, struct err *err)
{
	char ours[DECIMAL_TEXT], theirs[DECIMAL_TEXT];
	if (strcmp(order->symbol, expected->symbol) == 0 && order->is_sell == expected->is_sell &&
	    order->order.quantity_nano == expected->quantity_nano)
		return true;
	return err_set(err, ERR_BROKER, "the broker has %s %s %.32s under our id, we sent %s %s %s",
		       order->is_sell ? "sell" : "buy", decimal_format(order->order.quantity_nano, theirs),
		       order->symbol, expected->is_sell ? "sell" : "buy", decimal_format(expected->quantity_nano, ours),
		       expected->symbol);
}

bool alpaca_fill_parse(const json_t *json, struct broker_fill *fill, struct err *err)
{
	struct broker_fill result = {0};
	if (!take_text(json, "id", result.fill_id, sizeof result.fill_id, err) ||
	    !take_decimal(json, "qty", true, &result.quantity_nano, err) ||
	    !take_decimal(json, "price", true, &result.price_nano, err))
		return false;
	const char *at = alpaca_text(json, "transaction_time");
	if (!at || !clock_parse(at, &result.at_ms, NULL))
		return err_set(err, ERR_BROKER, "the broker's \"transaction_time\" is missing or is no time");
	if (result.quantity_nano == 0 || result.price_nano == 0)
		return err_set(err, ERR_BROKER, "the broker reports a fill of nothing, or for nothing");
	*fill = result;
	return true;
}
