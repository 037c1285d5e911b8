/* A window's progress after the seal is what is left of `blocks_open`. */
#include "api/window_view.h"

#include <stdlib.h>
#include <string.h>

#include "api/app.h"
#include "api/view_json.h"
#include "shared/redis_link.h"

/* Blocks' ids of one call, each with its status. */
#define BLOCKS_A_CALL 500

static const struct view_field head_fields[] = {
    {"lane", VIEW_TEXT},
    {"status", VIEW_TEXT},
    {"orders", VIEW_COUNT},
};

static const struct view_field time_fields[] = {
    {"created_at", VIEW_TIME},
    {"forced_at", VIEW_TIME},
    {"sealed_at", VIEW_TIME},
    {"done_at", VIEW_TIME},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* Before the seal there are groups, after it blocks. */
json_t *window_view(const char *window_id, int64_t groups, const redisReply *flat, size_t from)
{
	const char *due_at = view_text(flat, from, "due_at");
	const char *open = view_text(flat, from, "blocks_open");
	json_t *view = json_object();

	view_set(view, "window_id", json_string(window_id));
	view_set(view, "due_at", view_value(VIEW_TIME, due_at));
	view_set(view, "execution_window", view_value(VIEW_TIME, due_at));
	view_add_fields(view, head_fields, COUNT(head_fields), flat, from);
	view_set(view, "groups", json_integer(groups));
	view_add_fields(view, time_fields, COUNT(time_fields), flat, from);
	if (*open) {
		view_set(view, "blocks", json_integer(groups));
		view_set(view, "blocks_final", json_integer(groups - strtoll(open, NULL, 10)));
	}
	return view;
}

bool window_view_is_done(const json_t *window)
{
	return strcmp(view_get_text(window, "status"), "done") == 0;
}

struct window_load {
	struct app *app;
	struct window_views_wanted wanted;
	size_t window; /* index of the one that is being read */
	size_t from;   /* its first block of the next call */
	json_t *views;
	json_t *block_ids;
	window_views_fn *fn;
	void *arg;
};

/* Answers and frees; `err` is NULL where all went well. */
static void load_end(struct window_load *load, const struct err *err)
{
	load->fn(err ? NULL : load->views, err ? NULL : load->block_ids, err, load->arg);
	json_decref(load->wanted.take_ids);
	json_decref(load->views);
	json_decref(load->block_ids);
	free(load);
}

static void load_step(struct window_load *load);

/* Takes what the reply says; the place of the next call is set. */
static void load_take(struct window_load *load, const redisReply *reply)
{
	const char *id = json_string_value(json_array_get(load->wanted.take_ids, load->window));
	int64_t groups = reply_int(reply_at(reply, 1), 0);
	const redisReply *blocks = reply_at(reply, 2);

	if (load->from == 0 && reply->elements > 0)
		json_array_append_new(load->views, window_view(id, groups, reply_at(reply, 0), 0));
	for (size_t i = 0; load->wanted.with_blocks && blocks && i < blocks->elements; i += 2)
		json_array_append_new(load->block_ids, json_string(reply_text(blocks->element[i])));
	load->from += BLOCKS_A_CALL;
	if (!load->wanted.with_blocks || reply->elements == 0 || (int64_t)load->from >= groups) {
		load->window++;
		load->from = 0;
	}
}

/* A window's reply. */
static void on_window(const redisReply *reply, const struct err *err, void *arg)
{
	struct window_load *load = arg;

	if (err) {
		load_end(load, err);
		return;
	}
	load_take(load, reply);
	if (load->window < json_array_size(load->wanted.take_ids))
		load_step(load);
	else
		load_end(load, NULL);
}

/* Asks for the next window or the next of its blocks. Without any window the name is empty, which none has. */
static void load_step(struct window_load *load)
{
	struct script_args *args = script_args_new();
	const char *id = json_string_value(json_array_get(load->wanted.take_ids, load->window));

	script_args_add(args, id ? id : "");
	script_args_add_int(args, (int64_t)load->from);
	script_args_add_int(args, load->wanted.with_blocks ? BLOCKS_A_CALL : 1);
	redis_link_script(load->app->read, SCRIPT_WINDOW, args, on_window, load);
	script_args_free(args);
}

void window_views_load(struct app *app, struct window_views_wanted wanted, window_views_fn *fn, void *arg)
{
	struct window_load *load = calloc(1, sizeof *load);

	if (!load)
		abort();
	*load = (struct window_load){.app = app, .wanted = wanted, .fn = fn, .arg = arg};
	load->views = json_array();
	load->block_ids = json_array();
	load_step(load);
}
