/* The words of the three state machines, and which words end them. */
#ifndef MUSTER_STATUS_H
#define MUSTER_STATUS_H

#include <stdbool.h>

/* X(constant, word, final) */
#define ORDER_STATUSES(X)                                                                                              \
	X(ORDER_QUEUED, "queued", false)                                                                               \
	X(ORDER_SEALED, "sealed", false)                                                                               \
	X(ORDER_WORKING, "working", false)                                                                             \
	X(ORDER_FILLED, "filled", true)                                                                                \
	X(ORDER_PARTIALLY_FILLED, "partially_filled", true)                                                            \
	X(ORDER_UNFILLED, "unfilled", true)                                                                            \
	X(ORDER_REJECTED, "rejected", true)                                                                            \
	X(ORDER_CANCELED, "canceled", true)

#define BLOCK_STATUSES(X)                                                                                              \
	X(BLOCK_READY, "ready", false)                                                                                 \
	X(BLOCK_WAITING, "waiting", false)                                                                             \
	X(BLOCK_SUBMITTING, "submitting", false)                                                                       \
	X(BLOCK_WORKING, "working", false)                                                                             \
	X(BLOCK_CLOSING, "closing", false)                                                                             \
	X(BLOCK_ALLOCATED, "allocated", true)                                                                          \
	X(BLOCK_CANCELED, "canceled", true)                                                                            \
	X(BLOCK_NEEDS_REVIEW, "needs_review", false)

#define SLICE_STATUSES(X)                                                                                              \
	X(SLICE_CREATED, "created", false)                                                                             \
	X(SLICE_SUBMITTING, "submitting", false)                                                                       \
	X(SLICE_AMBIGUOUS, "ambiguous", false)                                                                         \
	X(SLICE_ACKED, "acked", false)                                                                                 \
	X(SLICE_PARTIALLY_FILLED, "partially_filled", false)                                                           \
	X(SLICE_FILLED, "filled", true)                                                                                \
	X(SLICE_CANCELED, "canceled", true)                                                                            \
	X(SLICE_EXPIRED, "expired", true)                                                                              \
	X(SLICE_REJECTED, "rejected", true)

#define X(constant, word, final) constant,
enum order_status { ORDER_STATUSES(X) ORDER_STATUS_COUNT };
enum block_status { BLOCK_STATUSES(X) BLOCK_STATUS_COUNT };
enum slice_status { SLICE_STATUSES(X) SLICE_STATUS_COUNT };
#undef X

const char *order_status_word(enum order_status status);
const char *block_status_word(enum block_status status);
const char *slice_status_word(enum slice_status status);

/* The _COUNT constant where the word is none of them. */
enum order_status order_status_of(const char *word);
enum block_status block_status_of(const char *word);
enum slice_status slice_status_of(const char *word);

bool order_status_is_final(enum order_status status);
bool block_status_is_final(enum block_status status);
bool slice_status_is_final(enum slice_status status);

#endif
