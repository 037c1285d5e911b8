/* Reading a ledger back. */
#ifndef MUSTER_PAPER_LEDGER_READ_H
#define MUSTER_PAPER_LEDGER_READ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "paper/book.h"
#include "paper/stock.h"
#include "shared/err.h"

/* Reads all whole lines of `file` into `book`; `*whole_bytes` is where the last of them ends. */
bool paper_ledger_read(FILE *file, struct paper_book *book, struct paper_stocks *stocks, int64_t *whole_bytes,
		       struct err *err) MUST_USE;

#endif
