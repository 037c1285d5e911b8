/* The stocks, in memory: what orders are checked against and sized by without a question to Redis.
 *
 * Redis has the truth (the hash `stocks`). The copy is loaded when the read link comes up, and again whenever the
 * channel `changes` says so. The process that stores a stock puts it here itself before it answers, so that a client
 * can use what it has just stored. */
#ifndef MUSTER_API_STOCK_TABLE_H
#define MUSTER_API_STOCK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/config.h"
#include "shared/redis_link.h"

#define STOCK_SYMBOL_SIZE 33

struct stock {
	char symbol[STOCK_SYMBOL_SIZE];
	char broker_type[CONFIG_NAME_SIZE]; /* "": api.default_broker */
	int64_t lot_nano;		    /* 0: the broker's */
	int64_t price_nano;		    /* 0: none */
	int64_t average_daily_volume_nano;  /* 0: not known */
	int64_t priced_at_ms;		    /* when the price was stored, by Redis's clock; 0: not known */
	bool tradable;
};

struct stock_table;

/* `read` is borrowed; the keys begin with `prefix`. Nothing is loaded yet. Never NULL. */
struct stock_table *stock_table_new(struct redis_link *read, const char *prefix);

/* Only once `read` calls back no more. NULL is fine. */
void stock_table_free(struct stock_table *table);

/* Loads everything anew, a page at a time; the old copy serves until the new one is whole. Asked for while a load is
 * under way, another follows it. */
void stock_table_load(struct stock_table *table);

/* true once a load has ended well; stays so while Redis is away. */
bool stock_table_is_loaded(const struct stock_table *table);

/* One stock as its JSON text in Redis: {"price", "broker_type", "lot", "tradable", "average_daily_volume",
 * "priced_at"}, each of them may lack or be null. Text that is nothing of the kind is logged and the stock counts as
 * not tradable. */
void stock_table_put(struct stock_table *table, const char *symbol, const char *json_text);

/* NULL where the symbol is not known. Valid until the loop turns. */
const struct stock *stock_table_find(const struct stock_table *table, const char *symbol);

size_t stock_table_count(const struct stock_table *table);

#endif
