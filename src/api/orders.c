/* An order's state is what its own hash, its block and its window say together; lua/order.lua joins them. */
#include "api/orders.h"

#include <stdio.h>

#include "api/access.h"
#include "api/app.h"
#include "api/order_view.h"
#include "api/read_answer.h"
#include "shared/ids.h"

#define KEY_SIZE (CONFIG_NAME_SIZE + ORDER_ID_SIZE + 16)

/* Answers that there is no such order. */
static void refuse(struct http_request *request)
{
	read_answer_refuse(request, ERR_NOT_FOUND, "there is no order %.64s", http_param(request, "order_id"));
}

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
	if (!view) {
		refuse(request);
		return;
	}
	order_view_for(view, access_user(request));
	http_answer_json(request, 200, view);
}

/* Asks for the order. */
static void order_ask(struct http_request *request)
{
	struct app *app = http_arg(request);
	struct script_args *args = script_args_new();

	script_args_add(args, http_param(request, "order_id"));
	redis_link_script(app->read, SCRIPT_ORDER, args, on_order, request);
	script_args_free(args);
}

/* Whose order it is. Another user's ends here, as one that is unknown does. */
static void on_owner(const redisReply *reply, const struct err *err, void *arg)
{
	struct http_request *request = arg;

	if (err)
		read_answer_error(request, err);
	else if (access_may_see(request, reply_text(reply)))
		order_ask(request);
	else
		refuse(request);
}

/* Asks whose order it is. */
static void owner_ask(struct http_request *request)
{
	struct app *app = http_arg(request);
	char key[KEY_SIZE];
	const char *argv[] = {"HGET", key, "user"};

	(void)snprintf(key, sizeof key, "%s:{0}:order:%s", app->config->redis.prefix, http_param(request, "order_id"));
	redis_link_command(app->read, sizeof argv / sizeof argv[0], argv, on_owner, request);
}

void orders_get(struct http_request *request, void *arg)
{
	char queue_id[QUEUE_ID_LENGTH + 1];
	uint32_t index;

	(void)arg;
	if (!ids_split_order_id(http_param(request, "order_id"), queue_id, &index))
		refuse(request);
	else if (access_user(request))
		owner_ask(request);
	else
		order_ask(request);
}
