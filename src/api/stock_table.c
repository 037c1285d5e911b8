/* The stocks in memory: an open-addressing hash over an array that only grows. Loading fills a second one beside the
 * one in use, so that no order ever sees half of the stocks. */
#include "api/stock_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "shared/decimal.h"
#include "shared/ids.h"
#include "shared/json_decimal.h"
#include "shared/log.h"

#define SLOTS_FIRST 1024 /* a power of two */
#define PAGE_TEXT   "500"
#define LOT_MAX	    INT64_C(1000000) /* shares, as of broker.NAME.lot */

/* One whole copy. */
struct stock_copy {
	struct stock *slots; /* an empty symbol is a free slot */
	size_t slot_count;   /* a power of two, or 0 */
	size_t count;
};

struct stock_table {
	struct redis_link *read;
	struct stock_copy copy;
	struct stock_copy next; /* being filled while is_loading */
	bool is_loaded;
	bool is_loading;
	bool is_asked_again;
	char key[CONFIG_NAME_SIZE + 16];
	char cursor[24];
};

static void copy_free(struct stock_copy *copy)
{
	free(copy->slots);
	*copy = (struct stock_copy){0};
}

/* FNV-1a: symbols are short. */
static size_t symbol_hash(const char *symbol)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	for (; *symbol; symbol++)
		hash = (hash ^ (unsigned char)*symbol) * UINT64_C(1099511628211);
	return (size_t)(hash ^ hash >> 32);
}

/* The slot of the symbol, or the free one where it would be. */
static struct stock *copy_slot(const struct stock_copy *copy, const char *symbol)
{
	size_t mask = copy->slot_count - 1;
	size_t at = symbol_hash(symbol) & mask;
	while (*copy->slots[at].symbol && strcmp(copy->slots[at].symbol, symbol) != 0)
		at = (at + 1) & mask;
	return &copy->slots[at];
}

/* Keeps at least half of the slots free. */
static void copy_make_room(struct stock_copy *copy)
{
	struct stock_copy larger = {.slot_count = copy->slot_count ? copy->slot_count * 2 : SLOTS_FIRST,
				    .count = copy->count};
	if (copy->count * 2 < copy->slot_count)
		return;
	larger.slots = calloc(larger.slot_count, sizeof *larger.slots);
	if (!larger.slots)
		abort();
	for (size_t i = 0; i < copy->slot_count; i++)
		if (*copy->slots[i].symbol)
			*copy_slot(&larger, copy->slots[i].symbol) = copy->slots[i];
	free(copy->slots);
	*copy = larger;
}

static void copy_put(struct stock_copy *copy, const struct stock *stock)
{
	copy_make_room(copy);
	struct stock *slot = copy_slot(copy, stock->symbol);
	copy->count += !*slot->symbol;
	*slot = *stock;
}

/* A decimal that may be absent or null, then 0; false where it is no good. */
static bool decimal_take(const json_t *json, const char *name, int64_t *nano, struct err *err)
{
	const json_t *value = json_object_get(json, name);
	*nano = 0;
	if (!value || json_is_null(value))
		return true;
	if (!json_decimal(value, nano, err))
		return err_context(err, "%s", name);
	return *nano >= 0 || err_set(err, ERR_BAD_NUMBER, "%s: it is below 0", name);
}

/* Reads the JSON of one stock. */
static bool stock_read(const json_t *json, struct stock *stock, struct err *err)
{
	const char *broker = json_string_value(json_object_get(json, "broker_type"));
	if (!json_is_object(json))
		return err_set(err, ERR_BAD_JSON, "it is no JSON object");
	if (!decimal_take(json, "price", &stock->price_nano, err) ||
	    !decimal_take(json, "lot", &stock->lot_nano, err) ||
	    !decimal_take(json, "average_daily_volume", &stock->average_daily_volume_nano, err))
		return false;
	if (stock->lot_nano > LOT_MAX * NANO)
		return err_set(err, ERR_BAD_NUMBER, "lot: it is above %lld", (long long)LOT_MAX);
	if (broker && (strlen(broker) >= sizeof stock->broker_type || (*broker && !ids_is_name(broker))))
		return err_set(err, ERR_BAD_TYPE, "broker_type: it is no name of a broker");
	if (broker)
		memcpy(stock->broker_type, broker, strlen(broker) + 1);
	stock->priced_at_ms = json_integer_value(json_object_get(json, "priced_at"));
	stock->tradable = !json_is_false(json_object_get(json, "tradable"));
	return true;
}

/* Makes a stock of its text. One that cannot be read is there, but not tradable. */
static void stock_make(const char *symbol, const char *json_text, struct stock *stock)
{
	struct err err;
	json_t *json = json_loads(json_text, JSON_REJECT_DUPLICATES, NULL);
	*stock = (struct stock){0};
	memcpy(stock->symbol, symbol, strlen(symbol) + 1);
	if (!stock_read(json, stock, &err)) {
		log_event(LOG_WARN, "stock_unreadable", "symbol", symbol, "reason", err.message, NULL);
		*stock = (struct stock){0};
		memcpy(stock->symbol, symbol, strlen(symbol) + 1);
	}
	json_decref(json);
}

void stock_table_put(struct stock_table *table, const char *symbol, const char *json_text)
{
	struct stock stock;
	if (!ids_is_symbol(symbol))
		return;
	stock_make(symbol, json_text, &stock);
	copy_put(&table->copy, &stock);
	if (table->is_loading) /* its page may have been read already */
		copy_put(&table->next, &stock);
}

static void load_page(struct stock_table *table);

/* The whole hash was read: the new copy takes the place of the old one. */
static void load_finish(struct stock_table *table)
{
	copy_free(&table->copy);
	table->copy = table->next;
	table->next = (struct stock_copy){0};
	table->is_loading = false;
	table->is_loaded = true;
	log_event(LOG_INFO, "stocks_loaded", "stocks", log_int((long long)table->copy.count), NULL);
}

/* Redis went away in between, or the key is none of ours: the old copy stays. */
static void load_give_up(struct stock_table *table, const char *why)
{
	copy_free(&table->next);
	table->is_loading = false;
	log_event(LOG_WARN, "stocks_not_loaded", "reason", why, NULL);
}

/* One page of HSCAN: the next cursor, and a flat array of symbol, text. */
static void load_take_page(const redisReply *reply, const struct err *err, void *arg)
{
	struct stock_table *table = arg;
	const redisReply *page = err ? NULL : reply_at(reply, 1);
	struct stock stock;
	if (err || !page) {
		load_give_up(table, err ? err->message : "the reply is none of HSCAN");
		return;
	}
	for (size_t i = 0; i + 1 < page->elements; i += 2) {
		const char *symbol = reply_text(reply_at(page, i));
		if (!ids_is_symbol(symbol))
			continue;
		stock_make(symbol, reply_text(reply_at(page, i + 1)), &stock);
		copy_put(&table->next, &stock);
	}
	snprintf(table->cursor, sizeof table->cursor, "%s", reply_text(reply_at(reply, 0)));
	if (strcmp(table->cursor, "0") != 0) {
		load_page(table);
		return;
	}
	load_finish(table);
	if (table->is_asked_again)
		stock_table_load(table);
}

/* Asks for the page at the cursor. */
static void load_page(struct stock_table *table)
{
	const char *argv[] = {"HSCAN", table->key, table->cursor, "COUNT", PAGE_TEXT};
	redis_link_command(table->read, 5, argv, load_take_page, table);
}

void stock_table_load(struct stock_table *table)
{
	table->is_asked_again = table->is_loading;
	if (table->is_loading)
		return;
	table->is_loading = true;
	copy_make_room(&table->next);
	snprintf(table->cursor, sizeof table->cursor, "0");
	load_page(table);
}

struct stock_table *stock_table_new(struct redis_link *read, const char *prefix)
{
	struct stock_table *table = calloc(1, sizeof *table);
	if (!table)
		abort();
	table->read = read;
	snprintf(table->key, sizeof table->key, "%s:{0}:stocks", prefix);
	copy_make_room(&table->copy);
	return table;
}

void stock_table_free(struct stock_table *table)
{
	if (!table)
		return;
	copy_free(&table->copy);
	copy_free(&table->next);
	free(table);
}

bool stock_table_is_loaded(const struct stock_table *table)
{
	return table->is_loaded;
}

const struct stock *stock_table_find(const struct stock_table *table, const char *symbol)
{
	const struct stock *slot = copy_slot(&table->copy, symbol);
	return *slot->symbol ? slot : NULL;
}

size_t stock_table_count(const struct stock_table *table)
{
	return table->copy.count;
}
