/* Loads many orders or blocks by their ids, a chunk at a time, so that no single call keeps Redis from others. */
#ifndef MUSTER_API_VIEW_LOAD_H
#define MUSTER_API_VIEW_LOAD_H

#include <stddef.h>

#include <hiredis/hiredis.h>
#include <jansson.h>

#include "shared/err.h"
#include "shared/script.h"

struct app;

/* `views` is an array of views in the order of the ids asked for, without those that do not exist; NULL exactly where
 * `err` is not. Borrowed for the call (json_incref what is kept). */
typedef void views_fn(json_t *views, const struct err *err, void *arg);

struct view_source {
	enum script_id script; /* takes ids, returns one element for each */
	size_t ids_a_call;
	json_t *(*view)(const redisReply *element); /* NULL: there is none */
};

/* Calls `fn` once, never from inside. `source` is borrowed for the load; `take_ids`, an array of texts, is owned. */
void views_load(struct app *app, const struct view_source *source, json_t *take_ids, views_fn *fn, void *arg);

#endif
