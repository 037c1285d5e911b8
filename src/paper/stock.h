/* The stocks that the paper broker trades, and the price of each. */
#ifndef MUSTER_PAPER_STOCK_H
#define MUSTER_PAPER_STOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"

struct paper_order;

struct paper_stock {
	char symbol[33];
	char name[128];
	int64_t price_nano;
	bool is_listed; /* false: only known from orders of an older ledger */
	bool is_fractionable;
	struct paper_order *open; /* open orders, oldest first; the book keeps this */
	struct paper_order *open_last;
	size_t open_count[2];	  /* by side */
	struct paper_stock *next; /* all stocks */
};

struct paper_stocks;

/* Reads a CSV file: a header line with at least symbol and price, also name and fractionable (true or false). NULL with
 * `err` set (ERR_CONFIG, naming file and line). */
struct paper_stocks *paper_stocks_read(const char *path, struct err *err);
void paper_stocks_free(struct paper_stocks *stocks);

/* NULL where it is unknown. */
struct paper_stock *paper_stocks_find(const struct paper_stocks *stocks, const char *symbol);

/* Of a listed stock or, where there is none, a new unlisted one. */
struct paper_stock *paper_stocks_remember(struct paper_stocks *stocks, const char *symbol);

size_t paper_stocks_count(const struct paper_stocks *stocks);

#endif
