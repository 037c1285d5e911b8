/* The book: every order and every fill that the paper broker ever had, found by id, by client order id and by time.
 *
 * It only changes what is in memory. Whoever calls it has written the ledger first, or is reading it back. */
#ifndef MUSTER_PAPER_BOOK_H
#define MUSTER_PAPER_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "paper/order.h"

struct paper_book;

struct paper_book *paper_book_new(void);
void paper_book_free(struct paper_book *book);

/* Takes an open order; its ids must be new, its time not before that of the last one. */
void paper_book_add(struct paper_book *book, struct paper_order *take_order);

/* Now, or the latest time in the book where the clock has gone back since. */
int64_t paper_book_now_ms(const struct paper_book *book);

/* Sets the clock of the book ahead of the host's, to this time; times that are in the book are never gone behind. */
void paper_book_set_clock(struct paper_book *book, int64_t at_ms);

/* Fills in everything of the next fill of an order but adds it nowhere. */
struct paper_fill paper_book_make_fill(const struct paper_book *book, struct paper_order *order, int64_t quantity_nano,
				       int64_t price_nano);
/* Adds it, and the order becomes filled where nothing is left. */
void paper_book_add_fill(struct paper_book *book, const struct paper_fill *fill);

/* Ends an open order. */
void paper_book_end(struct paper_book *book, struct paper_order *order, enum paper_state state, int64_t at_ms);

/* NULL where there is none. */
struct paper_order *paper_book_by_id(const struct paper_book *book, const char *id);
struct paper_order *paper_book_by_client_id(const struct paper_book *book, const char *client_order_id);

/* Open orders, oldest first and newest first: follow open_next or open_previous. */
struct paper_order *paper_book_open_first(const struct paper_book *book);
struct paper_order *paper_book_open_last(const struct paper_book *book);

/* All orders in the order of submission. */
size_t paper_book_order_count(const struct paper_book *book);
struct paper_order *paper_book_order(const struct paper_book *book, size_t i);
/* How many were submitted at or before `at_ms`: the place of the first later one. O(log n). */
size_t paper_book_orders_until(const struct paper_book *book, int64_t at_ms);

/* All fills in the order of time; the pointer is good until the next one is added. */
size_t paper_book_fill_count(const struct paper_book *book);
const struct paper_fill *paper_book_fill(const struct paper_book *book, size_t i);
/* How many fills happened at or before `at_ms`; how many have an id below `id`. O(log n). */
size_t paper_book_fills_until(const struct paper_book *book, int64_t at_ms);
size_t paper_book_fills_below(const struct paper_book *book, const char *id);

#endif
