/* From hashes in Redis to JSON: one table row a field, the same rules for orders, blocks and windows.
 *
 * What is absent or empty in Redis is null in JSON. */
#ifndef MUSTER_API_VIEW_JSON_H
#define MUSTER_API_VIEW_JSON_H

#include <stddef.h>
#include <stdint.h>

#include <hiredis/hiredis.h>
#include <jansson.h>

enum view_kind {
	VIEW_TEXT,  /* words, ids, decimals */
	VIEW_TIME,  /* milliseconds, shown as RFC 3339 */
	VIEW_COUNT, /* shown as a JSON integer */
};

struct view_field {
	const char *name; /* in Redis and in JSON */
	enum view_kind kind;
};

/* One value as JSON; `text` may be NULL. Bytes that are no UTF-8 become question marks. */
json_t *view_value(enum view_kind kind, const char *text);

/* A time in milliseconds as RFC 3339. */
json_t *view_time(int64_t at_ms);

/* Adds the fields in the table's order. `flat` is an array of field, value, … from its element `from` on. */
void view_add_fields(json_t *object, const struct view_field *fields, size_t count, const redisReply *flat,
		     size_t from);

/* The text of one field of such an array; "" where it is absent. */
const char *view_text(const redisReply *flat, size_t from, const char *name);

/* Sets a key that is known to be fine; owns `take_value`. */
void view_set(json_t *object, const char *name, json_t *take_value);

/* The text under a key of a view; "" where it is no text. */
const char *view_get_text(const json_t *object, const char *name);

#endif
