/* The list stands from the seal on; before it there is nothing frozen to show. */
#include "api/statement.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/app.h"
#include "api/query.h"
#include "api/read_answer.h"
#include "api/view_json.h"
#include "shared/status.h"

#define KEY_SIZE 160

enum statement_state {
	STATEMENT_BLOCK, /* waits for the block's status */
	STATEMENT_ROWS,	 /* waits for the page */
};

struct statement_flow {
	struct app *app;
	struct http_request *request;
	enum statement_state state;
	struct query_page page;
	const char *stage; /* what an order without a share is */
};

/* What an order of the block is until it has its share. */
static const char *stage_of(enum block_status status)
{
	return order_status_word(status == BLOCK_READY || status == BLOCK_WAITING ? ORDER_SEALED : ORDER_WORKING);
}

/* One order; what statement.lua returns for it. */
static json_t *row_view(const redisReply *row, const char *stage)
{
	static const char *const names[] = {"order_id", "quantity",	   "user_id",	   "smallcase_id",
					    "status",	"filled_quantity", "gross_amount", "fee"};
	json_t *view = json_object();

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		view_set(view, names[i], view_value(VIEW_TEXT, reply_text(reply_at(row, i))));
	if (json_is_null(json_object_get(view, "status")))
		view_set(view, "status", json_string(stage));
	return view;
}

/* Answers with the page; one row more than asked for says that another follows. */
static void statement_answer(const struct statement_flow *flow, const redisReply *rows)
{
	struct cursor cursor = {.number = flow->page.cursor.number + (int64_t)flow->page.limit};
	char next[CURSOR_SIZE] = "";
	json_t *items = json_array();

	for (size_t i = 0; i < rows->elements && i < flow->page.limit; i++)
		json_array_append_new(items, row_view(rows->element[i], flow->stage));
	if (rows->elements > flow->page.limit)
		(void)cursor_encode(CURSOR_STATEMENT, &cursor, next);
	read_answer_page(flow->request, items, next);
}

static void statement_step(struct statement_flow *flow, const redisReply *reply);

/* Every reply of the flow. */
static void on_reply(const redisReply *reply, const struct err *err, void *arg)
{
	struct statement_flow *flow = arg;

	if (!err) {
		statement_step(flow, reply);
		return;
	}
	read_answer_error(flow->request, err);
	free(flow);
}

/* Asks for the page. */
static void statement_ask(struct statement_flow *flow)
{
	struct script_args *args = script_args_new();

	flow->state = STATEMENT_ROWS;
	script_args_add(args, http_param(flow->request, "block_id"));
	script_args_add_int(args, flow->page.cursor.number);
	script_args_add_int(args, (int64_t)flow->page.limit + 1);
	redis_link_script(flow->app->read, SCRIPT_STATEMENT, args, on_reply, flow);
	script_args_free(args);
}

/* What the state waited for is there: goes on, or answers and frees. */
static void statement_step(struct statement_flow *flow, const redisReply *reply)
{
	enum block_status status;

	if (flow->state == STATEMENT_BLOCK) {
		status = block_status_of(reply_text(reply_at(reply, 0)));
		if (status != BLOCK_STATUS_COUNT) {
			flow->stage = stage_of(status);
			statement_ask(flow);
			return;
		}
		read_answer_refuse(flow->request, ERR_NOT_FOUND, "there is no sealed block %.64s",
				   http_param(flow->request, "block_id"));
	} else {
		statement_answer(flow, reply);
	}
	free(flow);
}

void statement_get(struct http_request *request, void *arg)
{
	struct app *app = arg;
	const char *block_id = http_param(request, "block_id");
	char key[KEY_SIZE];
	const char *argv[] = {"HMGET", key, "status"};
	struct statement_flow *flow;
	struct query_page page;
	struct err err;

	if (!query_page(request, CURSOR_STATEMENT, &page, &err)) {
		http_answer_error(request, &err, NULL);
		return;
	}
	if (!query_is_id(block_id)) {
		read_answer_refuse(request, ERR_NOT_FOUND, "there is no block %.64s", block_id);
		return;
	}
	flow = calloc(1, sizeof *flow);
	if (!flow)
		abort();
	*flow = (struct statement_flow){.app = app, .request = request, .page = page};
	(void)snprintf(key, sizeof key, "%s:{0}:block:%s", app->config->redis.prefix, block_id);
	redis_link_command(app->read, sizeof argv / sizeof argv[0], argv, on_reply, flow);
}
