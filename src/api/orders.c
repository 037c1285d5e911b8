/* An order's state is what its own hash, its block and its window say together; lua/order.lua joins them. */
#include "api/orders.h"

#include "api/access.h"
#include "api/app.h"
#include "api/order_view.h"
#include "api/read_answer.h"
#include "api/view_json.h"
#include "shared/ids.h"

/* The order, or none. `arg` is the request. */
static void on_order(const redisReply *reply, const struct err *err, void *arg)
{
	struct http_request *request = arg;
	json_t *view;

	if (err) {
		read_answer_error(request, err);
		return;
	}
	view = order_view(reply_at(reply, 0));
	if (view && access_may_see(request, view_get_text(view, "user_id"))) {
		order_view_for(view, access_user(request));
		http_answer_json(request, 200, view);
		return;
	}
	json_decref(view);
	read_answer_refuse(request, ERR_NOT_FOUND, "there is no order %.64s", http_param(request, "order_id"));
}

void orders_get(struct http_request *request, void *arg)
{
	struct app *app = arg;
	const char *order_id = http_param(request, "order_id");
	char queue_id[QUEUE_ID_LENGTH + 1];
	struct script_args *args;
	uint32_t index;

	if (!ids_split_order_id(order_id, queue_id, &index)) {
		read_answer_refuse(request, ERR_NOT_FOUND, "there is no order %.64s", order_id);
		return;
	}
	args = script_args_new();
	script_args_add(args, order_id);
	redis_link_script(app->read, SCRIPT_ORDER, args, on_order, request);
	script_args_free(args);
}
