/* A block's totals are written when it closes; until then its slices are what is known. */
#include "api/block_view.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "api/view_json.h"
#include "shared/decimal.h"
#include "shared/redis_link.h"
#include "shared/status.h"

/* Each comes with its slices and up to a thousand fills. */
#define BLOCKS_A_CALL 10

static const struct view_field head_fields[] = {
    {"block_id", VIEW_TEXT},
    {"execution_window", VIEW_TIME},
    {"lane", VIEW_TEXT},
    {"symbol", VIEW_TEXT},
    {"side", VIEW_TEXT},
    {"broker_type", VIEW_TEXT},
    {"orders", VIEW_COUNT},
    {"quantity", VIEW_TEXT},
    {"filled_quantity", VIEW_TEXT},
    {"average_price", VIEW_TEXT},
    {"gross_amount", VIEW_TEXT},
    {"fee", VIEW_TEXT},
    {"status", VIEW_TEXT},
    {"outcome", VIEW_TEXT},
    {"reason", VIEW_TEXT},
};

static const struct view_field tail_fields[] = {
    {"sealed_at", VIEW_TIME},  {"submitted_at", VIEW_TIME}, {"closed_at", VIEW_TIME},	{"allocated_at", VIEW_TIME},
    {"updated_at", VIEW_TIME}, {"order_type", VIEW_TEXT},   {"limit_price", VIEW_TEXT}, {"lot", VIEW_TEXT},
};

/* Only of blocks that a person has looked at or must. */
static const struct view_field review_fields[] = {
    {"review_from", VIEW_TEXT},	    {"evidence", VIEW_TEXT},	{"resolution", VIEW_TEXT},
    {"resolution_note", VIEW_TEXT}, {"resolved_at", VIEW_TIME},
};

static const struct view_field slice_fields[] = {
    {"broker_order_id", VIEW_TEXT}, {"quantity", VIEW_TEXT}, {"filled_quantity", VIEW_TEXT},
    {"average_price", VIEW_TEXT},   {"status", VIEW_TEXT},   {"reason", VIEW_TEXT},
    {"due_at", VIEW_TIME},	    {"carried", VIEW_TEXT},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* Nano of a decimal that Redis holds; 0 for none. */
static int128 nano_of(const char *text)
{
	struct err err;
	int128 nano = 0;

	return *text && decimal_parse_wide(text, &nano, &err) ? nano : 0;
}

/* The slices, and the sum of what they have filled. */
static json_t *slices_view(const redisReply *slices, int128 *filled_nano)
{
	json_t *list = json_array();

	*filled_nano = 0;
	for (size_t i = 0; slices && i < slices->elements; i++) {
		const redisReply *hash = reply_at(slices->element[i], 1);
		json_t *slice = json_object();

		view_set(slice, "client_order_id", view_value(VIEW_TEXT, reply_text(reply_at(slices->element[i], 0))));
		view_add_fields(slice, slice_fields, COUNT(slice_fields), hash, 0);
		*filled_nano += nano_of(view_text(hash, 0, "filled_quantity"));
		json_array_append_new(list, slice);
	}
	return list;
}

/* A fill's time: milliseconds, or what the broker wrote. */
static json_t *fill_time(const char *text)
{
	bool is_number = *text != '\0';

	for (const char *at = text; *at; at++)
		is_number = is_number && isdigit((unsigned char)*at);
	return view_value(is_number ? VIEW_TIME : VIEW_TEXT, text);
}

/* One fill out of `CLIENT_ORDER_ID QUANTITY PRICE AT`. */
static json_t *fill_view(const char *id, const char *text)
{
	static const char *const names[] = {"client_order_id", "quantity", "price"};
	json_t *fill = json_object();
	char *copy = strdup(text), *rest = copy;

	if (!copy)
		abort();
	view_set(fill, "fill_id", view_value(VIEW_TEXT, id));
	for (size_t i = 0; i < COUNT(names); i++)
		view_set(fill, names[i], view_value(VIEW_TEXT, strsep(&rest, " ")));
	view_set(fill, "executed_at", fill_time(rest ? rest : ""));
	free(copy);
	return fill;
}

/* By time, then by the broker's id: the hash has no order of its own. */
static int compare_fills(const void *a, const void *b)
{
	const json_t *left = *(json_t *const *)a, *right = *(json_t *const *)b;
	int order = strcmp(view_get_text(left, "executed_at"), view_get_text(right, "executed_at"));

	return order ? order : strcmp(view_get_text(left, "fill_id"), view_get_text(right, "fill_id"));
}

/* The fills, a flat array of id, text, …, in the order in which they happened. */
static json_t *fills_view(const redisReply *fills)
{
	size_t count = fills ? fills->elements / 2 : 0;
	json_t **sorted = calloc(count + 1, sizeof *sorted);
	json_t *list = json_array();

	if (!sorted)
		abort();
	for (size_t i = 0; i < count; i++)
		sorted[i] = fill_view(reply_text(fills->element[2 * i]), reply_text(fills->element[2 * i + 1]));
	qsort(sorted, count, sizeof *sorted, compare_fills);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, sorted[i]);
	free(sorted);
	return list;
}

/* What went to the house account; nulls until the block is allocated. */
static json_t *house_view(const redisReply *hash)
{
	json_t *house = json_object();

	view_set(house, "quantity", view_value(VIEW_TEXT, view_text(hash, 0, "house_quantity")));
	view_set(house, "gross_amount", view_value(VIEW_TEXT, view_text(hash, 0, "house_gross_amount")));
	view_set(house, "fee", view_value(VIEW_TEXT, view_text(hash, 0, "house_fee")));
	return house;
}

json_t *block_view(const redisReply *block, bool with_fills)
{
	const redisReply *hash = reply_at(block, 0);
	char text[DECIMAL_TEXT];
	int128 filled_nano;
	json_t *view;

	if (!hash)
		return NULL;
	view = json_object();
	view_add_fields(view, head_fields, COUNT(head_fields), hash, 0);
	view_set(view, "slices", slices_view(reply_at(block, 1), &filled_nano));
	if (json_is_null(json_object_get(view, "filled_quantity")))
		view_set(view, "filled_quantity", json_string(decimal_format_wide(filled_nano, text)));
	view_set(view, "house", house_view(hash));
	view_add_fields(view, tail_fields, COUNT(tail_fields), hash, 0);
	view_set(view, "window_id", view_value(VIEW_TEXT, view_text(hash, 0, "window")));
	if (*view_text(hash, 0, "review_from") || *view_text(hash, 0, "resolution"))
		view_add_fields(view, review_fields, COUNT(review_fields), hash, 0);
	if (with_fills)
		view_set(view, "fills", fills_view(reply_at(block, 2)));
	return view;
}

bool block_view_is_final(const json_t *block)
{
	enum block_status status = block_status_of(view_get_text(block, "status"));

	return status != BLOCK_STATUS_COUNT && block_status_is_final(status);
}

/* For lists. */
static json_t *view_without_fills(const redisReply *block)
{
	return block_view(block, false);
}

void block_views_load(struct app *app, json_t *take_ids, views_fn *fn, void *arg)
{
	static const struct view_source source = {SCRIPT_BLOCK, BLOCKS_A_CALL, view_without_fills};

	views_load(app, &source, take_ids, fn, arg);
}
