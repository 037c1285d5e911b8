/* One byte after the other; the fields of a record are copied, without their quotes, into one buffer that grows to the
 * longest record. */
#include "api/csv.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct csv {
	const char *at, *end;
	const char *line_start;
	size_t line;
	char *buffer; /* the fields of the record, each ended by a NUL: never longer than the record's text and a NUL */
	size_t used, capacity;
	size_t starts[CSV_FIELDS_MAX]; /* where they begin in it */
	size_t count;
};

struct csv *csv_new(const char *bytes, size_t length)
{
	struct csv *csv = calloc(1, sizeof *csv);

	if (!csv)
		abort();
	csv->at = bytes;
	csv->end = bytes + length;
	if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
		csv->at += 3;
	csv->line_start = csv->at;
	csv->line = 1;
	return csv;
}

void csv_free(struct csv *csv)
{
	if (!csv)
		return;
	free(csv->buffer);
	free(csv);
}

/* Says what is wrong at the present byte. */
static bool csv_refuse(const struct csv *csv, struct err *err, const char *why)
{
	return err_set(err, ERR_BAD_REQUEST, "line %zu, column %zu: %s", csv->line,
		       (size_t)(csv->at - csv->line_start) + 1, why);
}

/* Appends bytes to the record's buffer. */
static void csv_keep(struct csv *csv, const char *bytes, size_t length)
{
	if (csv->used + length > csv->capacity) {
		csv->capacity = (csv->used + length) * 2 + 64;
		csv->buffer = realloc(csv->buffer, csv->capacity);
		if (!csv->buffer)
			abort();
	}
	memcpy(csv->buffer + csv->used, bytes, length);
	csv->used += length;
}

/* How many bytes the UTF-8 character at `at` has; 0 where it is none (RFC 3629: no surrogates, no long forms). */
static size_t utf8_length(const unsigned char *at, size_t left)
{
	uint32_t lead = at[0], code;
	size_t length = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : (lead & 0xf0) == 0xe0 ? 3 : 4;

	if (length == 1)
		return lead ? 1 : 0;
	if (lead < 0xc2 || lead > 0xf4 || length > left)
		return 0;
	code = lead & (0xffU >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (at[i] & 0x3fU);
	}
	if ((length == 3 && code < 0x800) || (length == 4 && (code < 0x10000 || code > 0x10ffff)))
		return 0;
	return code >= 0xd800 && code <= 0xdfff ? 0 : length;
}

/* Copies one character. */
static bool csv_take_character(struct csv *csv, struct err *err)
{
	size_t length = utf8_length((const unsigned char *)csv->at, (size_t)(csv->end - csv->at));

	if (length == 0)
		return csv_refuse(csv, err, "it is no UTF-8 text");
	csv_keep(csv, csv->at, length);
	if (*csv->at == '\n') {
		csv->line++;
		csv->line_start = csv->at + 1;
	}
	csv->at += length;
	return true;
}

/* Bytes of the line end at `at`; 0 where there is none. */
static size_t line_end(const struct csv *csv)
{
	if (csv->at < csv->end && *csv->at == '\n')
		return 1;
	return csv->end - csv->at >= 2 && csv->at[0] == '\r' && csv->at[1] == '\n' ? 2 : 0;
}

/* Goes behind a line end of so many bytes. */
static void csv_pass_line(struct csv *csv, size_t length)
{
	csv->at += length;
	csv->line++;
	csv->line_start = csv->at;
}

/* The inside of a quoted field, up to behind its closing quote. */
static bool csv_take_quoted(struct csv *csv, struct err *err)
{
	csv->at++;
	while (csv->at < csv->end) {
		if (*csv->at != '"') {
			if (!csv_take_character(csv, err))
				return false;
			continue;
		}
		csv->at++;
		if (csv->at == csv->end || *csv->at != '"')
			return true;
		csv_keep(csv, "\"", 1);
		csv->at++;
	}
	return csv_refuse(csv, err, "the text ends inside quotes");
}

/* A field without quotes. */
static bool csv_take_bare(struct csv *csv, struct err *err)
{
	while (csv->at < csv->end && *csv->at != ',' && !line_end(csv)) {
		if (*csv->at == '"')
			return csv_refuse(csv, err, "a quote inside a field that does not begin with one");
		if (*csv->at == '\r')
			return csv_refuse(csv, err, "a carriage return that ends no line");
		if (!csv_take_character(csv, err))
			return false;
	}
	return true;
}

/* One field, with what ends it still to come. */
static bool csv_take_field(struct csv *csv, struct err *err)
{
	bool is_quoted = csv->at < csv->end && *csv->at == '"';

	if (csv->count == CSV_FIELDS_MAX)
		return csv_refuse(csv, err, "there are too many fields in the line");
	csv->starts[csv->count++] = csv->used;
	if (is_quoted ? !csv_take_quoted(csv, err) : !csv_take_bare(csv, err))
		return false;
	csv_keep(csv, "", 1);
	if (csv->at < csv->end && *csv->at != ',' && !line_end(csv))
		return csv_refuse(csv, err, "there is text after the closing quote");
	return true;
}

enum csv_result csv_next(struct csv *csv, struct csv_record *record, struct err *err)
{
	size_t end;

	while ((end = line_end(csv)) > 0)
		csv_pass_line(csv, end);
	if (csv->at == csv->end)
		return CSV_END;
	csv->used = csv->count = 0;
	record->line = csv->line;
	for (;;) {
		if (!csv_take_field(csv, err))
			return CSV_BAD;
		if (csv->at == csv->end || *csv->at != ',')
			break;
		csv->at++;
	}
	end = line_end(csv);
	if (end > 0)
		csv_pass_line(csv, end);
	record->count = csv->count;
	for (size_t i = 0; i < csv->count; i++)
		record->fields[i] = csv->buffer + csv->starts[i];
	return CSV_RECORD;
}
