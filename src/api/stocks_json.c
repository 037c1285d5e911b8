/* Everything that is wrong is told at once, each problem with its pointer. */
#include "api/stocks_json.h"

#include <string.h>

#include "api/fields.h"
#include "shared/json_decimal.h"

/* As enum stock_field counts; the symbol is needed only in an array. */
static const struct field table[STOCK_FIELD_COUNT] = {
    [STOCK_SYMBOL] = {"symbol", FIELD_TEXT, false},
    [STOCK_NAME] = {"name", FIELD_TEXT, false},
    [STOCK_PRICE] = {"price", FIELD_DECIMAL, true},
    [STOCK_BROKER_TYPE] = {"broker_type", FIELD_TEXT, false},
    [STOCK_LOT] = {"lot", FIELD_DECIMAL, false},
    [STOCK_TRADABLE] = {"tradable", FIELD_BOOL, false},
    [STOCK_AVERAGE_DAILY_VOLUME] = {"average_daily_volume", FIELD_DECIMAL, false},
};

/* Reads the value of one field. */
static bool value_read(struct stock_entry *entry, enum stock_field field, const json_t *value, struct err *err)
{
	int64_t nano;

	switch (table[field].type) {
	case FIELD_DECIMAL:
		return json_decimal(value, &nano, err) && stock_entry_set_decimal(entry, field, nano, err);
	case FIELD_BOOL:
		return stock_entry_set_text(entry, field, json_is_true(value) ? "true" : "false", err);
	default:
		return stock_entry_set_text(entry, field, json_string_value(value), err);
	}
}

/* Reads one object. */
static void object_read(const json_t *object, const struct config *config, struct stock_entry *entry,
			struct problems *problems, struct place place)
{
	size_t before = problems->count;
	enum stock_field field;
	struct fields fields;
	struct err err;

	if (!json_is_object(object)) {
		problems_add(problems, place, place.element < 0 ? ERR_BAD_JSON : ERR_BAD_TYPE, "it must be an object");
		return;
	}
	(void)fields_read((struct fields_source){object, table, STOCK_FIELD_COUNT}, &fields, problems, place);
	for (size_t i = 0; i < STOCK_FIELD_COUNT; i++) {
		place.field = table[i].name;
		if (fields.values[i] && !value_read(entry, (enum stock_field)i, fields.values[i], &err))
			problems_add_err(problems, place, &err);
	}
	if (problems->count == before && !stock_entry_check(entry, config, &field, &err)) {
		place.field = stock_field_name(field);
		problems_add_err(problems, place, &err);
	}
	place.field = stock_field_name(STOCK_SYMBOL);
	if (place.element >= 0 && !fields.given[STOCK_SYMBOL])
		problems_add(problems, place, ERR_MISSING_FIELD, "it is needed");
}

bool stocks_json_read_one(const json_t *body, const char *symbol, const struct config *config,
			  struct stock_entries *entries, struct problems *problems)
{
	struct place place = {-1, -1, NULL};
	struct stock_entry *entry = stock_entries_add(entries);
	struct err err;

	if (!stock_entry_set_text(entry, STOCK_SYMBOL, symbol, &err)) {
		problems_add_err(problems, place, &err);
		return false;
	}
	object_read(body, config, entry, problems, place);
	place.field = stock_field_name(STOCK_SYMBOL);
	if (strcmp(entry->symbol, symbol) != 0)
		problems_add(problems, place, ERR_BAD_SYMBOL, "it is not the symbol of the address, %s", symbol);
	return problems->count == 0;
}

bool stocks_json_read_many(const json_t *body, const struct config *config, struct stock_entries *entries,
			   struct problems *problems)
{
	struct place place = {-1, -1, NULL};
	const struct stock_entry *first, *again;
	size_t count = json_array_size(body);

	if (!json_is_array(body))
		problems_add(problems, place, ERR_BAD_JSON, "the body must be an array of stocks");
	if (count > STOCK_ENTRIES_MAX)
		problems_add(problems, place, ERR_TOO_MANY, "there are more than %d stocks", STOCK_ENTRIES_MAX);
	for (size_t i = 0; i < count && count <= STOCK_ENTRIES_MAX; i++) {
		struct stock_entry *entry = stock_entries_add(entries);

		entry->place = i;
		place.element = (long)i;
		object_read(json_array_get(body, i), config, entry, problems, place);
	}
	if (problems->count == 0 && stock_entries_repeat(entries, &first, &again)) {
		place = (struct place){(long)again->place, -1, stock_field_name(STOCK_SYMBOL)};
		problems_add(problems, place, ERR_DUPLICATE_KEY, "%s is element %zu already", again->symbol,
			     first->place);
	}
	return problems->count == 0;
}
