/* A strict reader of comma-separated values (RFC 4180) in memory: UTF-8, lines end with LF or CRLF, a field may be
 * quoted and then hold commas, line ends and doubled quotes. A byte order mark and empty lines are passed over. */
#ifndef MUSTER_API_CSV_H
#define MUSTER_API_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/err.h"

#define CSV_FIELDS_MAX 32

struct csv;

/* `bytes` is borrowed for the reader's life. Never NULL. */
struct csv *csv_new(const char *bytes, size_t length);
void csv_free(struct csv *csv);

/* One record. The fields are borrowed until the next call. */
struct csv_record {
	size_t line; /* where it begins, counted from 1 */
	size_t count;
	const char *fields[CSV_FIELDS_MAX];
};

enum csv_result { CSV_RECORD, CSV_END, CSV_BAD };

/* CSV_BAD with ERR_BAD_REQUEST says "line L, column C: why", columns counted in bytes; nothing can be read after it. */
enum csv_result csv_next(struct csv *csv, struct csv_record *record, struct err *err);

#endif
