/* A request as the API shows it: what a queue_id names, with the present state of all its orders. */
#ifndef MUSTER_API_REQUEST_VIEW_H
#define MUSTER_API_REQUEST_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "shared/err.h"

struct app;

enum request_kind {
	REQUEST_NOT_FOUND, /* the queue_id names nothing; the other fields are empty */
	REQUEST_QUEUE,	   /* of POST /trade-queue/queue/order */
	REQUEST_BULK,	   /* of POST /smallcases/bulk/rebalance */
};

#define REQUEST_TEXT_SIZE 64

struct request_view {
	enum request_kind kind;
	char queue_id[REQUEST_TEXT_SIZE];
	char digest[REQUEST_TEXT_SIZE];	       /* of the body it was stored with */
	char user_id[REQUEST_TEXT_SIZE + 1];   /* whose it is; "" of a bulk call for several users */
	char window_id[REQUEST_TEXT_SIZE];     /* of bulk */
	char window_status[REQUEST_TEXT_SIZE]; /* of bulk: filling, open, sealing, sealed, done */
	int64_t total;			       /* orders that the call asked for */
	int64_t received;		       /* of bulk: orders stored so far; less than total while it is filling */
	int64_t requests;		       /* of bulk */
	json_t *orders;			       /* array of order views, in the order of the call */
	json_t *blocks;			       /* of bulk: array of the orders' block views; NULL of queue */
	bool all_final;
};

/* `view` is NULL exactly where `err` is not; borrowed for the call (json_incref what is kept). */
typedef void request_view_fn(const struct request_view *view, const struct err *err, void *arg);

/* Loads everything, a chunk at a time. Calls `fn` once, never from inside. */
void request_view_load(struct app *app, const char *queue_id, request_view_fn *fn, void *arg);

/* Only what lua/request.lua says: no orders, no blocks; all_final is known of bulk only. */
void request_view_load_head(struct app *app, const char *queue_id, request_view_fn *fn, void *arg);

/* The whole answer, for GET and for the POST of a bulk call; a new reference. Queue: {queue_id, status,
 * execution_window, lane, why, orders}. Bulk: {queue_id, status, execution_window, lane, why, orders, blocks, summary}. The
 * status is "queued", "working", "completed" or "canceled". Not for REQUEST_NOT_FOUND. */
json_t *request_view_answer(const struct request_view *view);

#endif
