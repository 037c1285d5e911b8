/* Blocks as the API shows them, made of what lua/block.lua returns. */
#ifndef MUSTER_API_BLOCK_VIEW_H
#define MUSTER_API_BLOCK_VIEW_H

#include <stdbool.h>

#include <hiredis/hiredis.h>
#include <jansson.h>

#include "api/view_load.h"

/* A new reference to an object with the contract's fields in the contract's order, then more (window_id, order_type,
 * limit_price, lot, what a review knows); what is not known is null. While the block works its filled quantity is the
 * sum of its slices'. `with_fills` adds "fills". NULL where there is no sealed block (an empty list). */
json_t *block_view(const redisReply *block, bool with_fills);

/* Whether the status in the view ends the block. */
bool block_view_is_final(const json_t *block);

/* Loads many blocks, a chunk at a time, without their fills. `take_ids` is an array of texts and owned from here on. */
void block_views_load(struct app *app, json_t *take_ids, views_fn *fn, void *arg);

#endif
