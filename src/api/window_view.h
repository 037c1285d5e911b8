/* Windows as the API shows them, made of the fields in `window:ID`. */
#ifndef MUSTER_API_WINDOW_VIEW_H
#define MUSTER_API_WINDOW_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <hiredis/hiredis.h>
#include <jansson.h>

#include "shared/err.h"

struct app;

/* A new reference: window_id, due_at, execution_window, lane, status, orders, groups and times; from the seal on also
 * `blocks` and `blocks_final`. The hash is a flat array that begins at element `from` of `flat`. */
json_t *window_view(const char *window_id, int64_t groups, const redisReply *flat, size_t from);

bool window_view_is_done(const json_t *window);

/* `windows`: array of views in the order of the ids, without those that do not exist. `block_ids`: array of the ids of
 * all their blocks, empty where they were not asked for. Both borrowed for the call, both NULL exactly where `err` is
 * not. */
typedef void window_views_fn(json_t *windows, json_t *block_ids, const struct err *err, void *arg);

/* Calls `fn` once, never from inside. `take_ids` is an array of texts and owned from here on. */
struct window_views_wanted {
	json_t *take_ids;
	bool with_blocks;
};
void window_views_load(struct app *app, struct window_views_wanted wanted, window_views_fn *fn, void *arg);

#endif
