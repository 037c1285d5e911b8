/* A file comes from a person or a program that may have gone wrong anywhere: it is taken whole or not at all. */
#include "api/stocks_csv.h"

#include "api/csv.h"

/* Which field each column is. */
struct columns {
	size_t count;
	enum stock_field fields[CSV_FIELDS_MAX];
};

/* Reads the header line. */
static bool columns_read(const struct csv_record *header, struct columns *columns, struct err *err)
{
	bool has[STOCK_FIELD_COUNT + 1] = {false};

	columns->count = header->count;
	for (size_t i = 0; i < header->count; i++) {
		enum stock_field field = stock_field_of(header->fields[i]);

		if (field == STOCK_FIELD_COUNT)
			return err_set(
			    err, ERR_UNKNOWN_FIELD,
			    "line %zu, column %zu: %.40s is no column; there are symbol, name, price, broker_type, "
			    "lot, tradable and average_daily_volume",
			    header->line, i + 1, header->fields[i]);
		if (has[field])
			return err_set(err, ERR_DUPLICATE_KEY, "line %zu: the column %s stands there twice",
				       header->line, header->fields[i]);
		has[field] = true;
		columns->fields[i] = field;
	}
	if (!has[STOCK_SYMBOL] || !has[STOCK_PRICE])
		return err_set(err, ERR_MISSING_FIELD, "line %zu: the header lacks the column %s", header->line,
			       stock_field_name(has[STOCK_SYMBOL] ? STOCK_PRICE : STOCK_SYMBOL));
	return true;
}

/* Reads one cell. */
static bool cell_read(struct stock_entry *entry, enum stock_field field, const char *text, struct err *err)
{
	if (*text)
		return stock_entry_set_text(entry, field, text, err);
	if (field == STOCK_SYMBOL || field == STOCK_PRICE)
		return err_set(err, ERR_MISSING_FIELD, "it is empty");
	return true;
}

/* Reads one stock. */
static bool row_read(const struct csv_record *row, const struct columns *columns, const struct config *config,
		     struct stock_entry *entry, struct err *err)
{
	enum stock_field field;

	entry->place = row->line;
	if (row->count != columns->count)
		return err_set(err, ERR_BAD_REQUEST, "line %zu: it has %zu fields, the header has %zu", row->line,
			       row->count, columns->count);
	for (size_t i = 0; i < row->count; i++) {
		if (!cell_read(entry, columns->fields[i], row->fields[i], err))
			return err_context(err, "line %zu, column %s", row->line, stock_field_name(columns->fields[i]));
	}
	if (!stock_entry_check(entry, config, &field, err))
		return err_context(err, "line %zu, column %s", row->line, stock_field_name(field));
	return true;
}

/* Reads all lines after the header. */
static bool rows_read(struct csv *csv, const struct columns *columns, const struct config *config,
		      struct stock_entries *entries, struct err *err)
{
	struct csv_record row;
	enum csv_result result;

	while ((result = csv_next(csv, &row, err)) == CSV_RECORD) {
		if (entries->count == STOCK_ENTRIES_MAX)
			return err_set(err, ERR_TOO_MANY, "line %zu: there are more than %d stocks", row.line,
				       STOCK_ENTRIES_MAX);
		if (!row_read(&row, columns, config, stock_entries_add(entries), err))
			return false;
	}
	return result == CSV_END;
}

/* Whether each symbol stands once. */
static bool symbols_differ(const struct stock_entries *entries, struct err *err)
{
	const struct stock_entry *first, *again;

	if (!stock_entries_repeat(entries, &first, &again))
		return true;
	return err_set(err, ERR_DUPLICATE_KEY, "line %zu, column symbol: %s is in line %zu already", again->place,
		       again->symbol, first->place);
}

bool stocks_csv_read(const char *bytes, size_t length, const struct config *config, struct stock_entries *entries,
		     struct err *err)
{
	struct csv *csv = csv_new(bytes, length);
	struct csv_record header;
	struct columns columns;
	enum csv_result result = csv_next(csv, &header, err);
	bool is_good = false;

	if (result == CSV_END)
		(void)err_set(err, ERR_MISSING_FIELD, "line 1: the header is missing");
	else if (result == CSV_RECORD)
		is_good = columns_read(&header, &columns, err) && rows_read(csv, &columns, config, entries, err) &&
			  symbols_differ(entries, err);
	csv_free(csv);
	return is_good;
}
