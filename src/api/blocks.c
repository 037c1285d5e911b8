/* One block whole, and the blocks of a status: needs_review is the list that a person works off. */
#include "api/blocks.h"

#include <stdio.h>

#include "api/app.h"
#include "api/block_view.h"
#include "api/indexed_list.h"
#include "api/query.h"
#include "api/read_answer.h"
#include "shared/status.h"

#define KEY_SIZE 64

/* The block, or none. `arg` is the request. */
static void on_block(const redisReply *reply, const struct err *err, void *arg)
{
	struct http_request *request = arg;
	json_t *view;

	if (err) {
		read_answer_error(request, err);
		return;
	}
	view = block_view(reply_at(reply, 0), true);
	if (view)
		http_answer_json(request, 200, view);
	else
		read_answer_refuse(request, ERR_NOT_FOUND, "there is no block %.64s", http_param(request, "block_id"));
}

void blocks_get(struct http_request *request, void *arg)
{
	struct app *app = arg;
	const char *block_id = http_param(request, "block_id");
	struct script_args *args;

	if (!query_is_id(block_id)) {
		read_answer_refuse(request, ERR_NOT_FOUND, "there is no block %.64s", block_id);
		return;
	}
	args = script_args_new();
	script_args_add(args, block_id);
	redis_link_script(app->read, SCRIPT_BLOCK, args, on_block, request);
	script_args_free(args);
}

void blocks_list(struct http_request *request, void *arg)
{
	const char *status = http_query(request, "status");
	char key[KEY_SIZE];

	if (!status || block_status_of(status) == BLOCK_STATUS_COUNT) {
		read_answer_refuse(request, ERR_BAD_PARAMETER,
				   "status: it is needed and must be ready, waiting, submitting, working, closing, "
				   "allocated, canceled or needs_review");
		return;
	}
	(void)snprintf(key, sizeof key, "blocks:%s", status);
	indexed_list_answer(
	    arg, request,
	    &(struct indexed_list){.key = key, .min_score = "-inf", .list = CURSOR_BLOCKS, .load = block_views_load});
}
