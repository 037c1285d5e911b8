/* Stocks out of JSON: one object, or an array of them. */
#ifndef MUSTER_API_STOCKS_JSON_H
#define MUSTER_API_STOCKS_JSON_H

#include <stdbool.h>

#include "api/problems.h"
#include "api/stock_entry.h"

/* One object for a symbol that the path names; it may repeat the symbol. false where it told a problem. */
bool stocks_json_read_one(const json_t *body, const char *symbol, const struct config *config,
			  struct stock_entries *entries, struct problems *problems);

/* An array of objects, each with its symbol. */
bool stocks_json_read_many(const json_t *body, const struct config *config, struct stock_entries *entries,
			   struct problems *problems);

#endif
