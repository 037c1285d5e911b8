/* Orders as the API shows them, made of what lua/order.lua returns. */
#ifndef MUSTER_API_ORDER_VIEW_H
#define MUSTER_API_ORDER_VIEW_H

#include <stdbool.h>

#include <hiredis/hiredis.h>
#include <jansson.h>

#include "api/view_load.h"

/* One element of the script's reply: a new reference to an object with the contract's fields in the contract's order,
 * then `window_id`, `why` (of the lane); what is not known is null. NULL where there is no such order (an empty list). */
json_t *order_view(const redisReply *order);

/* Turns the view back into what it was right after the order was accepted: queued, nothing filled, in no block. One
 * that was rejected on arrival stays as it is. */
void order_view_as_first_answered(json_t *order);

/* For an answer to one user (`only_user`; NULL: nothing changes): why a block went as it did may tell what others
 * ordered, so that its reason is put in general words. */
void order_view_for(json_t *order, const char *only_user);
void order_views_for(json_t *orders, const char *only_user);

/* Whether the status in the view ends the order. */
bool order_view_is_final(const json_t *order);

/* Loads many orders, a chunk at a time. `take_ids` is an array of texts and owned from here on. */
void order_views_load(struct app *app, json_t *take_ids, views_fn *fn, void *arg);

#endif
