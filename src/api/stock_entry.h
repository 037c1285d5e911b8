/* One stock as it comes in, from JSON or CSV: the same checks for both, and the text that is stored.
 *
 * What was not said is not stored, so that a later change of a default reaches it. */
#ifndef MUSTER_API_STOCK_ENTRY_H
#define MUSTER_API_STOCK_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "api/stock_table.h"
#include "shared/config.h"
#include "shared/err.h"

#define STOCK_NAME_SIZE	  129 /* bytes of a company's name, with the NUL */
#define STOCK_ENTRIES_MAX 100000

/* In the order in which a stock shows them. */
enum stock_field {
	STOCK_SYMBOL,
	STOCK_NAME,
	STOCK_PRICE,
	STOCK_BROKER_TYPE,
	STOCK_LOT,
	STOCK_TRADABLE,
	STOCK_AVERAGE_DAILY_VOLUME,
	STOCK_FIELD_COUNT
};

struct stock_entry {
	char symbol[STOCK_SYMBOL_SIZE];
	char *name;			     /* owned; NULL: not said */
	char broker_type[CONFIG_NAME_SIZE];  /* "": not said */
	int64_t decimals[STOCK_FIELD_COUNT]; /* of price, lot, average_daily_volume; 0: not said */
	bool is_barred;			     /* tradable: false */
	size_t place;			     /* its line or index, for messages */
};

struct stock_entries {
	struct stock_entry *list;
	size_t count, capacity;
};

const char *stock_field_name(enum stock_field field);

/* STOCK_FIELD_COUNT where there is no such field. */
enum stock_field stock_field_of(const char *name);

/* A new entry at the end, empty; valid until the next one. */
struct stock_entry *stock_entries_add(struct stock_entries *entries);
void stock_entries_free(struct stock_entries *entries);

/* Each takes the fields of its kind; the message does not name the field. */
bool stock_entry_set_text(struct stock_entry *entry, enum stock_field field, const char *text,
			  struct err *err) MUST_USE;
bool stock_entry_set_decimal(struct stock_entry *entry, enum stock_field field, int64_t nano, struct err *err) MUST_USE;

/* Whether the broker is known and takes the lot; `*field` is the one that is wrong. */
bool stock_entry_check(const struct stock_entry *entry, const struct config *config, enum stock_field *field,
		       struct err *err) MUST_USE;

/* The first entry whose symbol another one had before, in `*again`, and that one in `*first`; false where each stands
 * once. */
bool stock_entries_repeat(const struct stock_entries *entries, const struct stock_entry **first,
			  const struct stock_entry **again);

/* The JSON text that Redis holds; freed by the caller. */
char *stock_entry_text(const struct stock_entry *entry);

/* Adds the time of its price to such a text, as lua/stocks.lua does. */
void stock_entry_stamp(char **text, int64_t priced_at_ms);

/* A stock as the API shows it, out of that text: what it does not say is as the configuration has it, else null. */
json_t *stock_view(const struct config *config, const char *symbol, const char *json_text);

#endif
