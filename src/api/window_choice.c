/* A time names windows of several lanes; an id names one, also when it was sealed a moment ago. */
#include "api/window_choice.h"

#include <stdlib.h>
#include <string.h>

#include "api/app.h"
#include "api/query.h"
#include "shared/clock.h"

#define TEXT_SIZE 64

enum choice_state {
	CHOICE_TIME,	/* waits for Redis's clock */
	CHOICE_WINDOWS, /* waits for the windows */
};

/* Where the fields of one window stand in the reply of preview.lua. */
enum { WINDOW_ID = 0, WINDOW_DUE_AT = 2, WINDOW_STATUS = 3 };

struct choice_flow {
	struct app *app;
	enum choice_state state;
	char window_id[TEXT_SIZE]; /* "": not chosen by id */
	int64_t due_ms;		   /* -1: not chosen by time */
	bool is_nonsense;	   /* chosen by what is neither */
	struct window_choice choice;
	window_choice_fn *fn;
	void *arg;
};

/* Answers and frees; `err` is NULL where all went well. */
static void choice_end(struct choice_flow *flow, const struct err *err)
{
	flow->fn(err ? NULL : &flow->choice, err, flow->arg);
	json_decref(flow->choice.open_ids);
	free(flow);
}

/* Takes the windows that are meant. */
static void choice_take(struct choice_flow *flow, const redisReply *windows)
{
	for (size_t i = 0; i < windows->elements; i++) {
		const redisReply *window = windows->element[i];
		int64_t due_ms = reply_int(reply_at(window, WINDOW_DUE_AT), -1);

		if (flow->is_nonsense || (flow->due_ms >= 0 && due_ms != flow->due_ms))
			continue;
		if (strcmp(reply_text(reply_at(window, WINDOW_STATUS)), "open") == 0)
			json_array_append_new(flow->choice.open_ids,
					      json_string(reply_text(reply_at(window, WINDOW_ID))));
		else if (flow->window_id[0])
			flow->choice.past_id = flow->window_id;
	}
}

static void choice_ask_windows(struct choice_flow *flow);

/* Every reply of the flow. */
static void on_reply(const redisReply *reply, const struct err *err, void *arg)
{
	struct choice_flow *flow = arg;
	bool is_named = flow->window_id[0] || flow->due_ms >= 0 || flow->is_nonsense;
	struct err none;

	if (err) {
		choice_end(flow, err);
	} else if (flow->state == CHOICE_TIME) {
		flow->choice.now_ms = reply_int(reply_at(reply, 0), 0) * 1000 + reply_int(reply_at(reply, 1), 0) / 1000;
		choice_ask_windows(flow);
	} else {
		choice_take(flow, reply);
		if (is_named && json_array_size(flow->choice.open_ids) == 0 && !flow->choice.past_id) {
			(void)err_set(&none, ERR_NOT_FOUND,
				      "window: it names no open window, by its id or its RFC 3339 time");
			choice_end(flow, &none);
			return;
		}
		choice_end(flow, NULL);
	}
}

/* Asks for the windows, with as few of their groups as the script gives. */
static void choice_ask_windows(struct choice_flow *flow)
{
	struct script_args *args = script_args_new();

	flow->state = CHOICE_WINDOWS;
	script_args_add(args, flow->window_id);
	script_args_add_int(args, 0);
	script_args_add_int(args, 1);
	redis_link_script(flow->app->read, SCRIPT_PREVIEW, args, on_reply, flow);
	script_args_free(args);
}

/* Reads ?window=. In a query "+" means a space, and a time's offset is often written with it as it stands. */
static void choice_read(struct choice_flow *flow, const char *text)
{
	char time[TEXT_SIZE], *space;
	size_t length = strlen(text);
	struct err err;

	flow->is_nonsense = true;
	if (length >= sizeof time)
		return;
	memcpy(time, text, length + 1);
	space = strrchr(time, ' ');
	if (space)
		*space = '+';
	if (clock_parse(time, &flow->due_ms, &err) && flow->due_ms >= 0) {
		flow->is_nonsense = false;
	} else if (query_is_id(text)) {
		flow->due_ms = -1;
		memcpy(flow->window_id, text, length + 1);
		flow->is_nonsense = false;
	}
}

void window_choice_load(struct app *app, const struct http_request *request, window_choice_fn *fn, void *arg)
{
	const char *argv[] = {"TIME"};
	const char *text = request ? http_query(request, "window") : NULL;
	struct choice_flow *flow = calloc(1, sizeof *flow);

	if (!flow)
		abort();
	*flow = (struct choice_flow){.app = app, .due_ms = -1, .fn = fn, .arg = arg};
	flow->choice.open_ids = json_array();
	if (text)
		choice_read(flow, text);
	redis_link_command(app->read, 1, argv, on_reply, flow);
}
