/* See order.h. Fields and statuses are those of Alpaca's Trading API v2; `commission` is of its Broker API. */
#include "paper/order.h"

#include <string.h>

#include "shared/clock.h"

const char *const paper_side_words[PAPER_SIDE_COUNT] = {"buy", "sell"};
const char *const paper_type_words[PAPER_TYPE_COUNT] = {"market", "limit"};
const char *const paper_tif_words[PAPER_TIF_COUNT] = {"day", "gtc", "opg", "cls", "ioc", "fok"};

int paper_word_find(const char *const *words, int count, const char *word)
{
	int i = 0;
	while (i < count && strcmp(words[i], word) != 0)
		i++;
	return i;
}

const char *paper_order_status(const struct paper_order *order)
{
	switch (order->state) {
	case PAPER_FILLED:
		return "filled";
	case PAPER_CANCELED:
		return "canceled";
	case PAPER_EXPIRED:
		return "expired";
	default:
		return order->filled_nano ? "partially_filled" : "new";
	}
}

json_t *paper_decimal_json(int64_t nano)
{
	char text[DECIMAL_TEXT];
	return json_string(decimal_format(nano, text));
}

json_t *paper_time_json(int64_t at_ms)
{
	char text[CLOCK_TEXT];
	return json_string(clock_format(at_ms, text));
}

/* A decimal, or null for 0. */
static json_t *decimal_or_null(int64_t nano)
{
	return nano ? paper_decimal_json(nano) : json_null();
}

/* The time when the order came into `state`, or null. */
static json_t *time_of_state(const struct paper_order *order, enum paper_state state)
{
	return order->state == state ? paper_time_json(order->ended_ms) : json_null();
}

/* Average price, rounded to 9 decimals. */
static json_t *average_json(const struct paper_order *order)
{
	if (!order->filled_nano)
		return json_null();
	return paper_decimal_json((int64_t)((order->cost + order->filled_nano / 2) / order->filled_nano));
}

/* What is never anything else at this broker. */
static void add_constants(json_t *json)
{
	static const char *const nulls[] = {"failed_at",  "replaced_at", "replaced_by", "replaces",
					    "stop_price", "legs",	 "trail_price", "trail_percent",
					    "hwm",	  "subtag",	 "source"};
	for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
		json_object_set_new(json, nulls[i], json_null());
	json_object_set_new(json, "asset_class", json_string("us_equity"));
	json_object_set_new(json, "order_class", json_string(""));
	json_object_set_new(json, "extended_hours", json_false());
}

json_t *paper_order_json(const struct paper_order *order)
{
	char asset_id[PAPER_UUID_SIZE];
	paper_uuid_of_name(order->stock->symbol, asset_id);
	const char *type = paper_type_words[order->type];
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id", order->id, "client_order_id",
				 order->client_order_id, "asset_id", asset_id, "symbol", order->stock->symbol,
				 "order_type", type, "type", type, "side", paper_side_words[order->side],
				 "time_in_force", paper_tif_words[order->tif], "status", paper_order_status(order));
	json_object_set_new(json, "created_at", paper_time_json(order->submitted_ms));
	json_object_set_new(json, "submitted_at", paper_time_json(order->submitted_ms));
	json_object_set_new(json, "updated_at", paper_time_json(order->updated_ms));
	json_object_set_new(json, "filled_at", time_of_state(order, PAPER_FILLED));
	json_object_set_new(json, "canceled_at", time_of_state(order, PAPER_CANCELED));
	json_object_set_new(json, "expired_at", time_of_state(order, PAPER_EXPIRED));
	json_object_set_new(json, "notional", decimal_or_null(order->notional_nano));
	json_object_set_new(json, "qty", decimal_or_null(order->notional_nano ? 0 : order->quantity_nano));
	json_object_set_new(json, "filled_qty", paper_decimal_json(order->filled_nano));
	json_object_set_new(json, "filled_avg_price", average_json(order));
	json_object_set_new(json, "limit_price", decimal_or_null(order->limit_nano));
	if (order->commission_nano)
		json_object_set_new(json, "commission",
				    paper_decimal_json(order->filled_nano ? order->commission_nano : 0));
	add_constants(json);
	return json;
}

json_t *paper_fill_json(const struct paper_fill *fill)
{
	const struct paper_order *order = fill->order;
	bool is_beyond = fill->cumulative_nano > order->quantity_nano;
	int64_t leaves_nano = is_beyond ? 0 : order->quantity_nano - fill->cumulative_nano;
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id", fill->id, "activity_type", "FILL", "type",
				 leaves_nano ? "partial_fill" : "fill", "side", paper_side_words[order->side], "symbol",
				 order->stock->symbol, "order_id", order->id, "order_status",
				 leaves_nano ? "partially_filled" : "filled");
	json_object_set_new(json, "transaction_time", paper_time_json(fill->at_ms));
	json_object_set_new(json, "price", paper_decimal_json(fill->price_nano));
	json_object_set_new(json, "qty", paper_decimal_json(fill->quantity_nano));
	json_object_set_new(json, "leaves_qty", paper_decimal_json(leaves_nano));
	json_object_set_new(json, "cum_qty", paper_decimal_json(fill->cumulative_nano));
	return json;
}
