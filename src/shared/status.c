/* The words of the three state machines, as tables made from the lists in the header. */
#include "shared/status.h"

#include <stddef.h>
#include <string.h>

struct status_row {
	const char *word;
	bool final;
};

#define X(constant, word, final) [constant] = {word, final},
static const struct status_row order_rows[] = {ORDER_STATUSES(X)};
static const struct status_row block_rows[] = {BLOCK_STATUSES(X)};
static const struct status_row slice_rows[] = {SLICE_STATUSES(X)};
#undef X

/* The index of a word; `count` where it is in no row. NULL is no word: a field that Redis does not hold. */
static size_t row_find(const struct status_row *rows, size_t count, const char *word)
{
	size_t i = 0;

	if (!word)
		return count;
	while (i < count && strcmp(rows[i].word, word) != 0)
		i++;
	return i;
}

/* The row of a status; one that is none (the _COUNT constant) has no word and ends nothing. */
static struct status_row row_at(const struct status_row *rows, size_t count, size_t status)
{
	static const struct status_row none = {"unknown", false};
	return status < count ? rows[status] : none;
}

const char *order_status_word(enum order_status status)
{
	return row_at(order_rows, ORDER_STATUS_COUNT, status).word;
}

const char *block_status_word(enum block_status status)
{
	return row_at(block_rows, BLOCK_STATUS_COUNT, status).word;
}

const char *slice_status_word(enum slice_status status)
{
	return row_at(slice_rows, SLICE_STATUS_COUNT, status).word;
}

enum order_status order_status_of(const char *word)
{
	return (enum order_status)row_find(order_rows, ORDER_STATUS_COUNT, word);
}

enum block_status block_status_of(const char *word)
{
	return (enum block_status)row_find(block_rows, BLOCK_STATUS_COUNT, word);
}

enum slice_status slice_status_of(const char *word)
{
	return (enum slice_status)row_find(slice_rows, SLICE_STATUS_COUNT, word);
}

bool order_status_is_final(enum order_status status)
{
	return row_at(order_rows, ORDER_STATUS_COUNT, status).final;
}

bool block_status_is_final(enum block_status status)
{
	return row_at(block_rows, BLOCK_STATUS_COUNT, status).final;
}

bool slice_status_is_final(enum slice_status status)
{
	return row_at(slice_rows, SLICE_STATUS_COUNT, status).final;
}
