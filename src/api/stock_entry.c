/* Fields by table: name, and how its value is kept. */
#include "api/stock_entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/view_json.h"
#include "shared/decimal.h"
#include "shared/ids.h"

#define LOT_MAX (INT64_C(1000000) * NANO)

static const char *const names[STOCK_FIELD_COUNT] = {
    [STOCK_SYMBOL] = "symbol",
    [STOCK_NAME] = "name",
    [STOCK_PRICE] = "price",
    [STOCK_BROKER_TYPE] = "broker_type",
    [STOCK_LOT] = "lot",
    [STOCK_TRADABLE] = "tradable",
    [STOCK_AVERAGE_DAILY_VOLUME] = "average_daily_volume",
};

const char *stock_field_name(enum stock_field field)
{
	return names[field];
}

enum stock_field stock_field_of(const char *name)
{
	enum stock_field field = STOCK_SYMBOL;

	while (field < STOCK_FIELD_COUNT && strcmp(names[field], name) != 0)
		field++;
	return field;
}

struct stock_entry *stock_entries_add(struct stock_entries *entries)
{
	if (entries->count == entries->capacity) {
		entries->capacity = entries->capacity ? entries->capacity * 2 : 64;
		entries->list = realloc(entries->list, entries->capacity * sizeof *entries->list);
		if (!entries->list)
			abort();
	}
	entries->list[entries->count] = (struct stock_entry){0};
	return &entries->list[entries->count++];
}

void stock_entries_free(struct stock_entries *entries)
{
	for (size_t i = 0; i < entries->count; i++)
		free(entries->list[i].name);
	free(entries->list);
	*entries = (struct stock_entries){0};
}

/* A name for people: nothing that could spoil a line. */
static bool set_name(struct stock_entry *entry, const char *text, struct err *err)
{
	size_t length = strlen(text);

	if (length == 0 || length >= STOCK_NAME_SIZE)
		return err_set(err, ERR_BAD_TYPE, "it must have 1 to %d bytes", STOCK_NAME_SIZE - 1);
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return err_set(err, ERR_BAD_TYPE, "it has a control character");
	}
	free(entry->name);
	entry->name = strdup(text);
	if (!entry->name)
		abort();
	return true;
}

bool stock_entry_set_text(struct stock_entry *entry, enum stock_field field, const char *text, struct err *err)
{
	int64_t nano;

	switch (field) {
	case STOCK_SYMBOL:
		if (!ids_is_symbol(text))
			return err_set(err, ERR_BAD_SYMBOL, "it must be 1 to 32 of A-Z, 0-9 and (not first) . & -");
		memcpy(entry->symbol, text, strlen(text) + 1);
		return true;
	case STOCK_NAME:
		return set_name(entry, text, err);
	case STOCK_BROKER_TYPE:
		if (!*text || strlen(text) >= sizeof entry->broker_type)
			return err_set(err, ERR_UNKNOWN_BROKER, "there is no broker of this name");
		memcpy(entry->broker_type, text, strlen(text) + 1);
		return true;
	case STOCK_TRADABLE:
		if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
			return err_set(err, ERR_BAD_TYPE, "it must be true or false");
		entry->is_barred = strcmp(text, "false") == 0;
		return true;
	default:
		return decimal_parse(text, &nano, err) && stock_entry_set_decimal(entry, field, nano, err);
	}
}

bool stock_entry_set_decimal(struct stock_entry *entry, enum stock_field field, int64_t nano, struct err *err)
{
	if (nano <= 0 && field != STOCK_AVERAGE_DAILY_VOLUME)
		return err_set(err, field == STOCK_PRICE ? ERR_BAD_PRICE : ERR_BAD_NUMBER, "it must be above 0");
	if (nano < 0)
		return err_set(err, ERR_BAD_NUMBER, "it must not be below 0");
	if (field == STOCK_LOT && nano > LOT_MAX)
		return err_set(err, ERR_BAD_NUMBER, "it must not be above %lld", (long long)(LOT_MAX / NANO));
	entry->decimals[field] = nano;
	return true;
}

bool stock_entry_check(const struct stock_entry *entry, const struct config *config, enum stock_field *field,
		       struct err *err)
{
	const char *name = *entry->broker_type ? entry->broker_type : config->api.default_broker;
	const struct config_broker *broker = config_broker(config, name);
	char text[DECIMAL_TEXT];

	*field = STOCK_BROKER_TYPE;
	if (!broker)
		return err_set(err, ERR_UNKNOWN_BROKER, "there is no broker %s", name);
	*field = STOCK_LOT;
	if (entry->decimals[STOCK_LOT] % broker->lot_nano == 0)
		return true;
	return err_set(err, ERR_BAD_NUMBER, "it must be a multiple of %s, the lot of the broker %s",
		       decimal_format(broker->lot_nano, text), name);
}

/* By symbol, then by place. */
static int compare_entries(const void *a, const void *b)
{
	const struct stock_entry *left = *(const struct stock_entry *const *)a;
	const struct stock_entry *right = *(const struct stock_entry *const *)b;
	int order = strcmp(left->symbol, right->symbol);

	return order ? order : (left->place > right->place) - (left->place < right->place);
}

bool stock_entries_repeat(const struct stock_entries *entries, const struct stock_entry **first,
			  const struct stock_entry **again)
{
	const struct stock_entry **sorted = calloc(entries->count + 1, sizeof *sorted);

	if (!sorted)
		abort();
	for (size_t i = 0; i < entries->count; i++)
		sorted[i] = &entries->list[i];
	qsort(sorted, entries->count, sizeof *sorted, compare_entries);
	*again = NULL;
	for (size_t i = 1; i < entries->count; i++) {
		if (strcmp(sorted[i - 1]->symbol, sorted[i]->symbol) == 0 &&
		    (!*again || sorted[i]->place < (*again)->place)) {
			*first = sorted[i - 1];
			*again = sorted[i];
		}
	}
	free(sorted);
	return *again != NULL;
}

/* Adds a decimal that was said. */
static void add_decimal(json_t *object, const struct stock_entry *entry, enum stock_field field)
{
	char text[DECIMAL_TEXT];

	if (entry->decimals[field])
		view_set(object, names[field], json_string(decimal_format(entry->decimals[field], text)));
}

char *stock_entry_text(const struct stock_entry *entry)
{
	json_t *object = json_object();
	char *text;

	if (entry->name)
		view_set(object, names[STOCK_NAME], view_value(VIEW_TEXT, entry->name));
	add_decimal(object, entry, STOCK_PRICE);
	if (*entry->broker_type)
		view_set(object, names[STOCK_BROKER_TYPE], json_string(entry->broker_type));
	add_decimal(object, entry, STOCK_LOT);
	if (entry->is_barred)
		view_set(object, names[STOCK_TRADABLE], json_false());
	add_decimal(object, entry, STOCK_AVERAGE_DAILY_VOLUME);
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	if (!text)
		abort();
	return text;
}

void stock_entry_stamp(char **text, int64_t priced_at_ms)
{
	char *stamped;

	if (asprintf(&stamped, "%.*s,\"priced_at\":%lld}", (int)strlen(*text) - 1, *text, (long long)priced_at_ms) < 0)
		abort();
	free(*text);
	*text = stamped;
}

json_t *stock_view(const struct config *config, const char *symbol, const char *json_text)
{
	json_t *stored = json_loads(json_text, 0, NULL);
	const char *name = json_string_value(json_object_get(stored, names[STOCK_BROKER_TYPE]));
	json_int_t priced_at = json_integer_value(json_object_get(stored, "priced_at"));
	const struct config_broker *broker;
	json_t *view = json_object();
	char text[DECIMAL_TEXT];

	name = name && *name ? name : config->api.default_broker;
	broker = config_broker(config, name);
	view_set(view, names[STOCK_SYMBOL], json_string(symbol));
	for (enum stock_field field = STOCK_NAME; field < STOCK_FIELD_COUNT; field++) {
		json_t *value = json_object_get(stored, names[field]);

		view_set(view, names[field], value ? json_incref(value) : json_null());
	}
	view_set(view, names[STOCK_BROKER_TYPE], json_string(name));
	if (broker && json_is_null(json_object_get(view, names[STOCK_LOT])))
		view_set(view, names[STOCK_LOT], json_string(decimal_format(broker->lot_nano, text)));
	if (json_is_null(json_object_get(view, names[STOCK_TRADABLE])))
		view_set(view, names[STOCK_TRADABLE], json_boolean(json_is_object(stored)));
	view_set(view, "priced_at", priced_at ? view_time(priced_at) : json_null());
	json_decref(stored);
	return view;
}
