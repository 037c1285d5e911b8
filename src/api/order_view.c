/* An order knows little by itself: the script has put beside it what its block and window know. */
#include "api/order_view.h"

#include <string.h>

#include "api/route.h"
#include "api/view_json.h"
#include "shared/status.h"

/* About a millisecond of Redis where each is in a block of its own. */
#define ORDERS_A_CALL 30

static const struct view_field fields[] = {
    {"order_id", VIEW_TEXT},	  {"queue_id", VIEW_TEXT},
    {"user_id", VIEW_TEXT},	  {"smallcase_id", VIEW_TEXT},
    {"symbol", VIEW_TEXT},	  {"side", VIEW_TEXT},
    {"broker_type", VIEW_TEXT},	  {"order_type", VIEW_TEXT},
    {"limit_price", VIEW_TEXT},	  {"quantity", VIEW_TEXT},
    {"lane", VIEW_TEXT},	  {"execution_window", VIEW_TIME},
    {"status", VIEW_TEXT},	  {"filled_quantity", VIEW_TEXT},
    {"average_price", VIEW_TEXT}, {"gross_amount", VIEW_TEXT},
    {"fee", VIEW_TEXT},		  {"block_id", VIEW_TEXT},
    {"reason", VIEW_TEXT},	  {"created_at", VIEW_TIME},
    {"updated_at", VIEW_TIME},	  {"window_id", VIEW_TEXT},
};

json_t *order_view(const redisReply *order)
{
	json_t *view;

	if (!order || order->type != REDIS_REPLY_ARRAY || order->elements == 0)
		return NULL;
	view = json_object();
	view_add_fields(view, fields, sizeof fields / sizeof fields[0], order, 0);
	view_set(view, "why", json_string(route_why(view_get_text(view, "lane"), view_text(order, 0, "rule"))));
	return view;
}

bool order_view_is_final(const json_t *order)
{
	enum order_status status = order_status_of(view_get_text(order, "status"));

	return status != ORDER_STATUS_COUNT && order_status_is_final(status);
}

void order_view_as_first_answered(json_t *order)
{
	static const char *const unknown[] = {"average_price", "block_id", "reason"};
	static const char *const zero[] = {"filled_quantity", "gross_amount", "fee"};
	json_t *created_at = json_object_get(order, "created_at");

	if (strcmp(view_get_text(order, "status"), order_status_word(ORDER_REJECTED)) == 0 &&
	    json_is_null(json_object_get(order, "block_id")))
		return;
	view_set(order, "status", json_string(order_status_word(ORDER_QUEUED)));
	for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
		view_set(order, unknown[i], json_null());
	for (size_t i = 0; i < sizeof zero / sizeof zero[0]; i++)
		view_set(order, zero[i], json_string("0"));
	view_set(order, "updated_at", json_incref(created_at));
}

void order_view_for(json_t *order, const char *only_user)
{
	if (only_user && !json_is_null(json_object_get(order, "block_id")) &&
	    !json_is_null(json_object_get(order, "reason")))
		view_set(order, "reason", json_string("the broker did not execute all of it"));
}

void order_views_for(json_t *orders, const char *only_user)
{
	for (size_t i = 0; i < json_array_size(orders); i++)
		order_view_for(json_array_get(orders, i), only_user);
}

void order_views_load(struct app *app, json_t *take_ids, views_fn *fn, void *arg)
{
	static const struct view_source source = {SCRIPT_ORDER, ORDERS_A_CALL, order_view};

	views_load(app, &source, take_ids, fn, arg);
}
