/* Makes windows due by hand. The scheduler does the rest as for any other; ?wait= holds the answer back until then. */
#include "api/trade_queue_process.h"

#include <stdlib.h>
#include <string.h>

#include "api/app.h"
#include "api/block_view.h"
#include "api/failure.h"
#include "api/query.h"
#include "api/read_answer.h"
#include "api/view_json.h"
#include "api/waiter.h"
#include "api/window_choice.h"
#include "api/window_view.h"
#include "shared/fault.h"

enum process_state {
	PROCESS_CHOICE,	 /* waits for what ?window= means */
	PROCESS_DUE,	 /* waits until they are due, one call a window */
	PROCESS_WAIT,	 /* waits until all are done or the time is over */
	PROCESS_WINDOWS, /* waits for the windows as they are then */
	PROCESS_BLOCKS,	 /* waits for their blocks */
};

struct process_flow {
	struct app *app;
	struct http_request *request;
	enum process_state state;
	bool has_wait;
	int64_t wait_ms;
	json_t *ids;  /* of the windows */
	size_t asked; /* of them made due */
	json_t *windows;
	json_t *block_ids;
	json_t *blocks;
};

static void process_step(struct process_flow *flow);

/* Ends the flow, which has answered. */
static void process_free(struct process_flow *flow)
{
	json_decref(flow->ids);
	json_decref(flow->windows);
	json_decref(flow->block_ids);
	json_decref(flow->blocks);
	free(flow);
}

/* The windows that are meant. */
static void on_choice(const struct window_choice *choice, const struct err *err, void *arg)
{
	struct process_flow *flow = arg;

	if (err) {
		read_answer_error(flow->request, err);
		process_free(flow);
		return;
	}
	flow->ids = json_incref(choice->open_ids);
	if (choice->past_id) {
		json_array_append_new(flow->ids, json_string(choice->past_id));
		flow->asked = json_array_size(flow->ids);
	}
	flow->state = PROCESS_DUE;
	process_step(flow);
}

/* A window is due. */
static void on_due(const redisReply *reply, const struct err *err, void *arg)
{
	struct process_flow *flow = arg;

	(void)reply;
	FAULT_POINT_OR(PROCESS_STORED, NULL, err = fault_error());
	if (err) {
		failure_answer(flow->request, err);
		process_free(flow);
		return;
	}
	flow->asked++;
	process_step(flow);
}

/* The wait is over. */
static void on_waited(const struct err *err, void *arg)
{
	struct process_flow *flow = arg;

	if (err) {
		read_answer_error(flow->request, err);
		process_free(flow);
		return;
	}
	flow->state = PROCESS_WINDOWS;
	process_step(flow);
}

/* The windows as they are. */
static void on_windows(json_t *windows, json_t *block_ids, const struct err *err, void *arg)
{
	struct process_flow *flow = arg;

	if (err) {
		read_answer_error(flow->request, err);
		process_free(flow);
		return;
	}
	flow->windows = json_incref(windows);
	flow->block_ids = json_incref(block_ids);
	flow->state = PROCESS_BLOCKS;
	process_step(flow);
}

/* Whether every window is done. */
static bool windows_are_done(const json_t *windows)
{
	for (size_t i = 0; i < json_array_size(windows); i++) {
		if (!window_view_is_done(json_array_get(windows, i)))
			return false;
	}
	return true;
}

/* Answers and frees. 200 says that somebody waited, and that all of it is final. */
static void process_answer(struct process_flow *flow)
{
	json_t *answer = json_object();
	int status = flow->has_wait && windows_are_done(flow->windows) ? 200 : 202;

	view_set(answer, "windows", json_incref(flow->windows));
	if (flow->has_wait)
		view_set(answer, "blocks", json_incref(flow->blocks));
	http_answer_json(flow->request, status, answer);
	process_free(flow);
}

/* The blocks as they are. */
static void on_blocks(json_t *blocks, const struct err *err, void *arg)
{
	struct process_flow *flow = arg;

	if (err) {
		read_answer_error(flow->request, err);
		process_free(flow);
		return;
	}
	flow->blocks = json_incref(blocks);
	process_answer(flow);
}

/* Makes the next window due. */
static void process_ask_due(struct process_flow *flow)
{
	struct script_args *args = script_args_new();

	script_args_add(args, json_string_value(json_array_get(flow->ids, flow->asked)));
	FAULT_POINT(PROCESS_READY, NULL);
	redis_link_script(flow->app->write, SCRIPT_PROCESS, args, on_due, flow);
	script_args_free(args);
}

/* What the state waited for is there: goes on. */
static void process_step(struct process_flow *flow)
{
	struct waiter_options options = {.wait_ms = flow->wait_ms, .client = flow->request};

	if (flow->state == PROCESS_DUE && flow->asked < json_array_size(flow->ids)) {
		process_ask_due(flow);
	} else if (flow->state == PROCESS_DUE && flow->wait_ms > 0) {
		flow->state = PROCESS_WAIT;
		waiter_new_for_windows(flow->app, json_incref(flow->ids), &options, on_waited, flow);
	} else if (flow->state == PROCESS_DUE || flow->state == PROCESS_WINDOWS) {
		flow->state = PROCESS_WINDOWS;
		window_views_load(flow->app,
				  (struct window_views_wanted){json_incref(flow->ids), .with_blocks = flow->has_wait},
				  on_windows, flow);
	} else if (flow->state == PROCESS_BLOCKS && flow->has_wait) {
		block_views_load(flow->app, json_incref(flow->block_ids), on_blocks, flow);
	} else if (flow->state == PROCESS_BLOCKS) {
		process_answer(flow);
	}
}

void trade_queue_process_post(struct http_request *request, void *arg)
{
	struct process_flow *flow;
	int64_t wait_ms;
	struct err err;

	if (!query_wait(request, -1, &wait_ms, &err)) {
		http_answer_error(request, &err, NULL);
		return;
	}
	flow = calloc(1, sizeof *flow);
	if (!flow)
		abort();
	*flow = (struct process_flow){.app = arg, .request = request, .has_wait = wait_ms >= 0, .wait_ms = wait_ms};
	window_choice_load(arg, request, on_choice, flow);
}
