/* One call after the other: the chunks of many loads interleave, and none of them can flood the link. */
#include "api/view_load.h"

#include <stdlib.h>

#include "api/app.h"
#include "shared/redis_link.h"

struct view_load {
	struct app *app;
	const struct view_source *source;
	json_t *ids;
	json_t *views;
	size_t asked; /* ids that have been sent so far */
	views_fn *fn;
	void *arg;
};

/* Answers and frees; `err` is NULL where all went well. */
static void load_end(struct view_load *load, const struct err *err)
{
	load->fn(err ? NULL : load->views, err, load->arg);
	json_decref(load->ids);
	json_decref(load->views);
	free(load);
}

static void load_step(struct view_load *load);

/* A chunk's reply. */
static void on_chunk(const redisReply *reply, const struct err *err, void *arg)
{
	struct view_load *load = arg;

	if (err) {
		load_end(load, err);
		return;
	}
	for (size_t i = 0; i < reply->elements; i++) {
		json_t *view = load->source->view(reply_at(reply, i));

		if (view)
			json_array_append_new(load->views, view);
	}
	if (load->asked < json_array_size(load->ids))
		load_step(load);
	else
		load_end(load, NULL);
}

/* Sends the next chunk. Without any id the call is made all the same, so that `fn` never runs inside views_load. */
static void load_step(struct view_load *load)
{
	struct script_args *args = script_args_new();
	size_t count = json_array_size(load->ids);

	for (size_t i = 0; i < load->source->ids_a_call && load->asked < count; i++)
		script_args_add(args, json_string_value(json_array_get(load->ids, load->asked++)));
	redis_link_script(load->app->read, load->source->script, args, on_chunk, load);
	script_args_free(args);
}

void views_load(struct app *app, const struct view_source *source, json_t *take_ids, views_fn *fn, void *arg)
{
	struct view_load *load = calloc(1, sizeof *load);

	if (!load)
		abort();
	*load = (struct view_load){.app = app, .source = source, .ids = take_ids, .fn = fn, .arg = arg};
	load->views = json_array();
	load_step(load);
}
