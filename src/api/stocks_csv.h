/* Many stocks out of CSV: a header line that names the columns in any order (symbol and price are needed, every other
 * field of a stock may be there), then a stock a line. An empty cell says nothing. */
#ifndef MUSTER_API_STOCKS_CSV_H
#define MUSTER_API_STOCKS_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "api/stock_entry.h"

/* Adds to `entries`, each with its line as its place. The first thing that is wrong ends it: "line L, column NAME:
 * why". What was added until then is of no use. */
bool stocks_csv_read(const char *bytes, size_t length, const struct config *config, struct stock_entries *entries,
		     struct err *err) MUST_USE;

#endif
