/* A user's orders and transactions are listed by arrival and by time; both lists only grow at their new end. */
#include "api/users.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/access.h"
#include "api/app.h"
#include "api/indexed_list.h"
#include "api/order_view.h"
#include "api/query.h"
#include "api/read_answer.h"
#include "api/view_json.h"
#include "shared/ids.h"

#define KEY_SIZE 96

/* Arrivals are microseconds since 1970; below there is only the member `open`, a count. */
#define FIRST_ARRIVAL "1000000000000"

static const struct view_field transaction_fields[] = {
    {"order_id", VIEW_TEXT}, {"block_id", VIEW_TEXT},	  {"user_id", VIEW_TEXT},     {"smallcase_id", VIEW_TEXT},
    {"symbol", VIEW_TEXT},   {"side", VIEW_TEXT},	  {"broker_type", VIEW_TEXT}, {"quantity", VIEW_TEXT},
    {"price", VIEW_TEXT},    {"gross_amount", VIEW_TEXT}, {"fee", VIEW_TEXT},	      {"executed_at", VIEW_TIME},
};

/* The user of the path; NULL where it has answered that it cannot be one, or is none that the caller may see: those are
 * all answered alike, whether there is such a user or not. */
static const char *user_of(struct http_request *request)
{
	const char *user = http_param(request, "user_id");

	if (ids_is_name(user) && access_may_see(request, user))
		return user;
	if (ids_is_name(user)) {
		read_answer_refuse(request, ERR_NOT_FOUND, "there is no user %.64s", user);
		return NULL;
	}
	read_answer_refuse(
	    request, ERR_BAD_PARAMETER,
	    "user_id: it must be 1 to 64 printable ASCII characters without space, quotes, backslash or colon");
	return NULL;
}

void users_get_orders(struct http_request *request, void *arg)
{
	const char *user = user_of(request);
	char key[KEY_SIZE];

	if (!user)
		return;
	(void)snprintf(key, sizeof key, "user:%s:orders", user);
	indexed_list_answer(
	    arg, request,
	    &(struct indexed_list){
		.key = key, .min_score = FIRST_ARRIVAL, .list = CURSOR_USER_ORDERS, .load = order_views_load});
}

struct transactions_flow {
	struct http_request *request;
	size_t limit;
};

/* A page of transactions, each {SCORE, field, value, …}; one more than asked for says that another page follows. */
static void on_transactions(const redisReply *reply, const struct err *err, void *arg)
{
	struct transactions_flow *flow = arg;
	struct cursor cursor = {0};
	char next[CURSOR_SIZE] = "";
	json_t *items;

	if (err) {
		read_answer_error(flow->request, err);
		free(flow);
		return;
	}
	items = json_array();
	for (size_t i = 0; i < reply->elements && i < flow->limit; i++) {
		json_t *item = json_object();

		view_add_fields(item, transaction_fields, sizeof transaction_fields / sizeof transaction_fields[0],
				reply->element[i], 1);
		json_array_append_new(items, item);
		cursor.number = (int64_t)strtod(reply_text(reply_at(reply->element[i], 0)), NULL);
	}
	if (reply->elements > flow->limit)
		(void)cursor_encode(CURSOR_TRANSACTIONS, &cursor, next);
	read_answer_page(flow->request, items, next);
	free(flow);
}

void users_get_transactions(struct http_request *request, void *arg)
{
	struct app *app = arg;
	const char *user = user_of(request);
	struct transactions_flow *flow;
	struct script_args *args;
	struct query_page page;
	struct err err;

	if (!user)
		return;
	if (!query_page(request, CURSOR_TRANSACTIONS, &page, &err)) {
		http_answer_error(request, &err, NULL);
		return;
	}
	flow = calloc(1, sizeof *flow);
	if (!flow)
		abort();
	*flow = (struct transactions_flow){.request = request, .limit = page.limit};
	args = script_args_new();
	script_args_add(args, user);
	if (page.cursor.is_set)
		script_args_add_int(args, page.cursor.number);
	else
		script_args_add(args, "");
	script_args_add_int(args, (int64_t)page.limit + 1);
	redis_link_script(app->read, SCRIPT_TRANSACTIONS, args, on_transactions, flow);
	script_args_free(args);
}
