/* Reading suggestions: all that can be said of one without knowing stocks, brokers and investments. */
#include "api/suggestion.h"

#include <string.h>

#include "api/fields.h"
#include "shared/decimal.h"
#include "shared/ids.h"
#include "shared/json_decimal.h"

enum suggestion_field {
	SYMBOL,
	ACTION,
	QUANTITY,
	AMOUNT,
	WEIGHT_CHANGE,
	BROKER_TYPE,
	ORDER_TYPE,
	LIMIT_PRICE,
	FIELD_COUNT
};

static const struct field suggestion_fields[FIELD_COUNT] = {
    [SYMBOL] = {"symbol", FIELD_TEXT, true},
    [ACTION] = {"action", FIELD_TEXT, true},
    [QUANTITY] = {"quantity", FIELD_DECIMAL, false},
    [AMOUNT] = {"amount", FIELD_DECIMAL, false},
    [WEIGHT_CHANGE] = {"weight_change", FIELD_DECIMAL, false},
    [BROKER_TYPE] = {"broker_type", FIELD_TEXT, false},
    [ORDER_TYPE] = {"order_type", FIELD_TEXT, false},
    [LIMIT_PRICE] = {"limit_price", FIELD_DECIMAL, false},
};

/* The three ways to state a size, with the cap of each in whole units (0: as far as the number goes). */
static const struct sizing_row {
	enum suggestion_field field;
	enum size_kind sizing;
	enum err_code code;
	int64_t most;
} sizing_rows[] = {
    {QUANTITY, SIZING_QUANTITY, ERR_BAD_QUANTITY, SUGGESTION_QUANTITY_MAX},
    {AMOUNT, SIZING_AMOUNT, ERR_BAD_SIZING, 0},
    {WEIGHT_CHANGE, SIZING_WEIGHT, ERR_BAD_SIZING, SUGGESTION_WEIGHT_MAX},
};

#define SIZING_ROWS (sizeof sizing_rows / sizeof *sizing_rows)

/* One suggestion while it is read. */
struct reading {
	struct fields fields;
	struct suggestion *suggestion;
	struct problems *problems;
	struct place place;
};

/* The place of one of its fields. */
static struct place place_of(const struct reading *reading, enum suggestion_field field)
{
	struct place place = reading->place;
	place.field = suggestion_fields[field].name;
	return place;
}

/* The text of a field; NULL where it is absent or was told already. */
static const char *text_of(const struct reading *reading, enum suggestion_field field)
{
	return json_string_value(reading->fields.values[field]);
}

static void read_symbol(struct reading *reading)
{
	const char *text = text_of(reading, SYMBOL);
	if (!text)
		return;
	if (ids_is_symbol(text))
		memcpy(reading->suggestion->symbol, text, strlen(text) + 1);
	else
		problems_add(
		    reading->problems, place_of(reading, SYMBOL), ERR_BAD_SYMBOL,
		    "a symbol is 1 to 32 of A-Z, 0-9, '.', '&' and '-', and begins with one of the first two kinds");
}

static void read_broker_type(struct reading *reading)
{
	const char *text = text_of(reading, BROKER_TYPE);
	if (!text)
		return;
	if (ids_is_name(text))
		memcpy(reading->suggestion->broker_type, text, strlen(text) + 1);
	else
		problems_add(reading->problems, place_of(reading, BROKER_TYPE), ERR_BAD_TYPE,
			     "it must be the name of a broker");
}

/* A field with two words; true where it has the second one. */
static bool read_word(struct reading *reading, enum suggestion_field field, const char *first, const char *second)
{
	const char *text = text_of(reading, field);
	if (!text || strcmp(text, first) == 0)
		return false;
	if (strcmp(text, second) == 0)
		return true;
	problems_add(reading->problems, place_of(reading, field), ERR_BAD_TYPE, "it must be \"%s\" or \"%s\"", first,
		     second);
	return false;
}

/* A decimal that may be written with a plus sign where it is a string. */
static bool signed_decimal(const json_t *json, int64_t *nano, bool *has_plus, struct err *err)
{
	const char *text = json_string_value(json);
	*has_plus = text && text[0] == '+' && text[1] != '-';
	return *has_plus ? decimal_parse(text + 1, nano, err) : json_decimal(json, nano, err);
}

/* Why a weight change and its action do not agree; NULL where they do. A number without a sign goes with both. */
static const char *weight_disagrees(const struct reading *reading, int64_t nano, bool has_plus)
{
	if (!reading->fields.values[ACTION])
		return NULL;
	if (nano < 0 && !reading->suggestion->is_sell)
		return "a buy cannot make the weight smaller";
	if (has_plus && reading->suggestion->is_sell)
		return "a sell cannot make the weight larger";
	return NULL;
}

/* Takes the size of the one field that states it. */
static void read_size(struct reading *reading, const struct sizing_row *row)
{
	struct err err;
	struct place place = place_of(reading, row->field);
	const json_t *value = reading->fields.values[row->field];
	bool is_weight = row->sizing == SIZING_WEIGHT, has_plus = false;
	int64_t nano = 0;
	if (!value)
		return; /* it is there, but of the wrong type, which was told */
	reading->suggestion->sizing = row->sizing;
	if (!(is_weight ? signed_decimal(value, &nano, &has_plus, &err) : json_decimal(value, &nano, &err))) {
		problems_add(reading->problems, place, row->code, "%s", err.message);
		return;
	}
	const char *disagrees = is_weight ? weight_disagrees(reading, nano, has_plus) : NULL;
	if (disagrees)
		problems_add(reading->problems, place, row->code, "%s", disagrees);
	if (is_weight && nano < 0 && nano > INT64_MIN)
		nano = -nano;
	if (nano <= 0)
		problems_add(reading->problems, place, row->code,
			     is_weight ? "it must not be 0" : "it must be above 0");
	else if (row->most && nano > row->most * NANO)
		problems_add(reading->problems, place, row->code, "it must not be above %lld", (long long)row->most);
	reading->suggestion->size_nano = nano;
}

/* The size must be stated, and in one way only. */
static void read_sizing(struct reading *reading)
{
	const struct sizing_row *found = NULL;
	size_t count = 0;
	for (size_t i = 0; i < SIZING_ROWS; i++) {
		if (reading->fields.given[sizing_rows[i].field]) {
			found = &sizing_rows[i];
			count++;
		}
	}
	if (count == 1)
		read_size(reading, found);
	else
		problems_add(reading->problems, reading->place, ERR_BAD_SIZING,
			     "exactly one of quantity, amount and weight_change is needed; there %s %zu",
			     count ? "are" : "is", count);
}

static void read_limit(struct reading *reading)
{
	struct err err;
	struct suggestion *suggestion = reading->suggestion;
	struct place place = place_of(reading, LIMIT_PRICE);
	const json_t *value = reading->fields.values[LIMIT_PRICE];
	suggestion->is_limit = read_word(reading, ORDER_TYPE, "market", "limit");
	if (!suggestion->is_limit) {
		/* A wrong order_type was told; what its limit_price means is anybody's guess. */
		const char *type = text_of(reading, ORDER_TYPE);
		if (value && (type ? strcmp(type, "market") == 0 : !reading->fields.given[ORDER_TYPE]))
			problems_add(reading->problems, place, ERR_BAD_PRICE, "a market order has no limit_price");
	} else if (!reading->fields.given[LIMIT_PRICE]) {
		problems_add(reading->problems, place, ERR_BAD_PRICE, "a limit order needs a limit_price");
	} else if (value && !json_decimal(value, &suggestion->limit_nano, &err)) {
		problems_add(reading->problems, place, ERR_BAD_PRICE, "%s", err.message);
	} else if (value && suggestion->limit_nano <= 0) {
		problems_add(reading->problems, place, ERR_BAD_PRICE, "it must be above 0");
	}
}

bool suggestion_parse(const json_t *json, struct suggestion *suggestion, struct problems *problems, struct place place)
{
	size_t before = problems->count;
	struct reading reading = {.suggestion = suggestion, .problems = problems, .place = place};
	const struct fields_source source = {json, suggestion_fields, FIELD_COUNT};
	*suggestion = (struct suggestion){0};
	if (!json_is_object(json)) {
		problems_add(problems, place, ERR_BAD_TYPE, "a suggestion is an object");
		return false;
	}
	(void)fields_read(source, &reading.fields, problems, place);
	read_symbol(&reading);
	suggestion->is_sell = read_word(&reading, ACTION, "buy", "sell");
	read_sizing(&reading);
	read_broker_type(&reading);
	read_limit(&reading);
	return problems->count == before;
}
