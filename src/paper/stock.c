/* See stock.h. */
#include "paper/stock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "paper/map.h"
#include "shared/decimal.h"
#include "shared/ids.h"

#define COLUMNS_MAX 32

struct paper_stocks {
	struct paper_map *by_symbol;
	struct paper_stock *first;
	size_t listed;
};

/* Which column holds what; -1: none does. */
struct columns {
	int symbol, name, price, fractionable;
};

/* Where a line of the file comes from, for messages. */
struct line_place {
	const char *path;
	int number;
};

/* Cuts a line into fields in place, with "quoted, fields" and doubled quotes; how many there are. */
static int fields_split(char *line, char **fields)
{
	int count = 0;
	line[strcspn(line, "\r\n")] = '\0';
	for (char *from = line; from && count < COLUMNS_MAX;) {
		char *to = from;
		fields[count++] = from;
		bool quoted = *from == '"';
		if (quoted)
			from++;
		while (*from && (quoted || *from != ',')) {
			if (*from == '"' && quoted && from[1] != '"') {
				quoted = false;
				from++;
				continue;
			}
			from += *from == '"' && quoted;
			*to++ = *from++;
		}
		from = *from ? from + 1 : NULL;
		*to = '\0';
	}
	return count;
}

/* A new stock, without a price. */
static struct paper_stock *stock_add(struct paper_stocks *stocks, const char *symbol)
{
	struct paper_stock *stock = calloc(1, sizeof *stock);
	if (!stock)
		abort();
	snprintf(stock->symbol, sizeof stock->symbol, "%s", symbol);
	stock->next = stocks->first;
	stocks->first = stock;
	paper_map_put(stocks->by_symbol, stock->symbol, stock);
	return stock;
}

/* Finds the columns in the first line. */
static bool header_read(char *line, const struct line_place *place, struct columns *columns, struct err *err)
{
	char *fields[COLUMNS_MAX];
	int count = fields_split(line, fields);
	*columns = (struct columns){-1, -1, -1, -1};
	for (int i = 0; i < count; i++) {
		int *column = strcmp(fields[i], "symbol") == 0	       ? &columns->symbol
			      : strcmp(fields[i], "name") == 0	       ? &columns->name
			      : strcmp(fields[i], "price") == 0	       ? &columns->price
			      : strcmp(fields[i], "fractionable") == 0 ? &columns->fractionable
								       : NULL;
		if (column)
			*column = i;
	}
	if (columns->symbol < 0 || columns->price < 0)
		return err_set(err, ERR_CONFIG, "%s: the first line must name the columns symbol and price",
			       place->path);
	return true;
}

/* The field of a column, or "" where the line is too short or has no such column. */
static const char *field_of(char *const *fields, int count, int column)
{
	return column >= 0 && column < count ? fields[column] : "";
}

/* Takes one line of the file as a stock. */
static bool stock_read(struct paper_stocks *stocks, char *line, const struct line_place *place,
		       const struct columns *columns, struct err *err)
{
	char *fields[COLUMNS_MAX];
	int count = fields_split(line, fields);
	const char *symbol = field_of(fields, count, columns->symbol);
	int64_t price_nano;
	struct err why;
	if (!ids_is_symbol(symbol))
		return err_set(err, ERR_CONFIG, "%s:%d: \"%.40s\" is no symbol", place->path, place->number, symbol);
	if (paper_map_get(stocks->by_symbol, symbol))
		return err_set(err, ERR_CONFIG, "%s:%d: %s stands there twice", place->path, place->number, symbol);
	if (!decimal_parse(field_of(fields, count, columns->price), &price_nano, &why))
		return err_set(err, ERR_CONFIG, "%s:%d: the price of %s: %s", place->path, place->number, symbol,
			       why.message);
	if (price_nano <= 0)
		return err_set(err, ERR_CONFIG, "%s:%d: the price of %s must be above 0", place->path, place->number,
			       symbol);
	struct paper_stock *stock = stock_add(stocks, symbol);
	snprintf(stock->name, sizeof stock->name, "%s", field_of(fields, count, columns->name));
	stock->price_nano = price_nano;
	stock->is_listed = true;
	stock->is_fractionable = strcmp(field_of(fields, count, columns->fractionable), "false") != 0;
	stocks->listed++;
	return true;
}

/* Reads all lines. */
static bool file_read(struct paper_stocks *stocks, FILE *file, const char *path, struct err *err)
{
	char *line = NULL;
	size_t size = 0;
	struct columns columns;
	struct line_place place = {path, 1};
	bool ok = true;
	for (; ok && getline(&line, &size, file) >= 0; place.number++) {
		if (place.number == 1)
			ok = header_read(line, &place, &columns, err);
		else if (line[strspn(line, " \t\r\n")])
			ok = stock_read(stocks, line, &place, &columns, err);
	}
	free(line);
	if (ok && !stocks->listed)
		ok = err_set(err, ERR_CONFIG, "%s: there is no stock in it", path);
	return ok;
}

struct paper_stocks *paper_stocks_read(const char *path, struct err *err)
{
	FILE *file = fopen(path, "re");
	if (!file) {
		err_set(err, ERR_CONFIG, "cannot read paper.stocks_file %s: %s", path, strerror(errno));
		return NULL;
	}
	struct paper_stocks *stocks = calloc(1, sizeof *stocks);
	if (!stocks)
		abort();
	stocks->by_symbol = paper_map_new();
	bool ok = file_read(stocks, file, path, err);
	fclose(file);
	if (!ok) {
		paper_stocks_free(stocks);
		return NULL;
	}
	return stocks;
}

void paper_stocks_free(struct paper_stocks *stocks)
{
	if (!stocks)
		return;
	while (stocks->first) {
		struct paper_stock *stock = stocks->first;
		stocks->first = stock->next;
		free(stock);
	}
	paper_map_free(stocks->by_symbol);
	free(stocks);
}

struct paper_stock *paper_stocks_find(const struct paper_stocks *stocks, const char *symbol)
{
	return paper_map_get(stocks->by_symbol, symbol);
}

struct paper_stock *paper_stocks_remember(struct paper_stocks *stocks, const char *symbol)
{
	struct paper_stock *stock = paper_stocks_find(stocks, symbol);
	return stock ? stock : stock_add(stocks, symbol);
}

size_t paper_stocks_count(const struct paper_stocks *stocks)
{
	return stocks->listed;
}
