/* See book.h. */
#include "paper/book.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "paper/map.h"
#include "shared/clock.h"

struct paper_book {
	struct paper_map *by_id, *by_client_id;
	struct paper_order **orders;
	size_t order_count, order_room;
	struct paper_fill *fills;
	size_t fill_count, fill_room;
	struct paper_order *open_first, *open_last;
	int64_t last_ms;
	int64_t ahead_ms; /* of the host's clock */
};

struct paper_book *paper_book_new(void)
{
	struct paper_book *book = calloc(1, sizeof *book);
	if (!book)
		abort();
	book->by_id = paper_map_new();
	book->by_client_id = paper_map_new();
	return book;
}

void paper_book_free(struct paper_book *book)
{
	if (!book)
		return;
	for (size_t i = 0; i < book->order_count; i++)
		free(book->orders[i]);
	free(book->orders);
	free(book->fills);
	paper_map_free(book->by_id);
	paper_map_free(book->by_client_id);
	free(book);
}

/* Room for one more element; returns the array. */
static void *room_for_one(void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return array;
	*room = *room ? *room * 2 : 256;
	array = realloc(array, *room * size);
	if (!array)
		abort();
	return array;
}

/* Times in the book never go back. */
static void note_time(struct paper_book *book, int64_t at_ms)
{
	if (at_ms > book->last_ms)
		book->last_ms = at_ms;
}

/* Puts an order behind the open ones, of all and of its stock. */
static void open_link(struct paper_book *book, struct paper_order *order)
{
	struct paper_stock *stock = order->stock;
	order->open_previous = book->open_last;
	order->stock_previous = stock->open_last;
	order->open_next = order->stock_next = NULL;
	*(book->open_last ? &book->open_last->open_next : &book->open_first) = order;
	*(stock->open_last ? &stock->open_last->stock_next : &stock->open) = order;
	book->open_last = order;
	stock->open_last = order;
	stock->open_count[order->side]++;
}

/* Takes it out of both lists. */
static void open_unlink(struct paper_book *book, struct paper_order *order)
{
	struct paper_stock *stock = order->stock;
	*(order->open_previous ? &order->open_previous->open_next : &book->open_first) = order->open_next;
	*(order->open_next ? &order->open_next->open_previous : &book->open_last) = order->open_previous;
	*(order->stock_previous ? &order->stock_previous->stock_next : &stock->open) = order->stock_next;
	*(order->stock_next ? &order->stock_next->stock_previous : &stock->open_last) = order->stock_previous;
	stock->open_count[order->side]--;
}

void paper_book_add(struct paper_book *book, struct paper_order *take_order)
{
	book->orders = room_for_one(book->orders, book->order_count, &book->order_room, sizeof *book->orders);
	book->orders[book->order_count++] = take_order;
	paper_map_put(book->by_id, take_order->id, take_order);
	paper_map_put(book->by_client_id, take_order->client_order_id, take_order);
	note_time(book, take_order->submitted_ms);
	open_link(book, take_order);
}

int64_t paper_book_now_ms(const struct paper_book *book)
{
	int64_t now_ms = clock_wall_ms() + book->ahead_ms;
	return now_ms > book->last_ms ? now_ms : book->last_ms;
}

void paper_book_set_clock(struct paper_book *book, int64_t at_ms)
{
	book->ahead_ms = at_ms - clock_wall_ms();
}

/* The time as an activity id begins with: 20261122131500123. */
static void fill_id_make(struct paper_fill *fill, size_t number)
{
	char uuid[PAPER_UUID_SIZE];
	time_t seconds = (time_t)(fill->at_ms / 1000);
	struct tm utc;
	gmtime_r(&seconds, &utc);
	paper_uuid_numbered((uint32_t)number, uuid);
	size_t length = strftime(fill->id, sizeof fill->id, "%Y%m%d%H%M%S", &utc);
	snprintf(fill->id + length, sizeof fill->id - length, "%03d::%s", (int)(fill->at_ms % 1000), uuid);
}

struct paper_fill paper_book_make_fill(const struct paper_book *book, struct paper_order *order, int64_t quantity_nano,
				       int64_t price_nano)
{
	struct paper_fill fill = {
	    .order = order,
	    .at_ms = paper_book_now_ms(book),
	    .quantity_nano = quantity_nano,
	    .price_nano = price_nano,
	    .cumulative_nano = order->filled_nano + quantity_nano,
	};
	fill_id_make(&fill, book->fill_count + 1);
	return fill;
}

void paper_book_add_fill(struct paper_book *book, const struct paper_fill *fill)
{
	struct paper_order *order = fill->order;
	assert(order->state == PAPER_OPEN);
	book->fills = room_for_one(book->fills, book->fill_count, &book->fill_room, sizeof *book->fills);
	book->fills[book->fill_count++] = *fill;
	order->filled_nano = fill->cumulative_nano;
	order->cost += (int128)fill->quantity_nano * fill->price_nano;
	order->updated_ms = fill->at_ms;
	order->parts_done++;
	note_time(book, fill->at_ms);
	if (order->filled_nano >= order->quantity_nano) /* more: a fault */
		paper_book_end(book, order, PAPER_FILLED, fill->at_ms);
}

void paper_book_end(struct paper_book *book, struct paper_order *order, enum paper_state state, int64_t at_ms)
{
	assert(order->state == PAPER_OPEN && state != PAPER_OPEN);
	order->state = state;
	order->ended_ms = order->updated_ms = at_ms;
	note_time(book, at_ms);
	open_unlink(book, order);
}

struct paper_order *paper_book_by_id(const struct paper_book *book, const char *id)
{
	return paper_map_get(book->by_id, id);
}

struct paper_order *paper_book_by_client_id(const struct paper_book *book, const char *client_order_id)
{
	return paper_map_get(book->by_client_id, client_order_id);
}

struct paper_order *paper_book_open_first(const struct paper_book *book)
{
	return book->open_first;
}

struct paper_order *paper_book_open_last(const struct paper_book *book)
{
	return book->open_last;
}

size_t paper_book_order_count(const struct paper_book *book)
{
	return book->order_count;
}

struct paper_order *paper_book_order(const struct paper_book *book, size_t i)
{
	return book->orders[i];
}

size_t paper_book_orders_until(const struct paper_book *book, int64_t at_ms)
{
	size_t low = 0, high = book->order_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (book->orders[middle]->submitted_ms <= at_ms)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t paper_book_fill_count(const struct paper_book *book)
{
	return book->fill_count;
}

const struct paper_fill *paper_book_fill(const struct paper_book *book, size_t i)
{
	return &book->fills[i];
}

size_t paper_book_fills_until(const struct paper_book *book, int64_t at_ms)
{
	size_t low = 0, high = book->fill_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (book->fills[middle].at_ms <= at_ms)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t paper_book_fills_below(const struct paper_book *book, const char *id)
{
	size_t low = 0, high = book->fill_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(book->fills[middle].id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
