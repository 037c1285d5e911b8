/* The query says what a body with one suggestion would: it is made into that body, and goes the way that the body of a
 * POST with "dry_run": true goes. */
#include "api/trade_queue_route.h"

#include <stdlib.h>

#include <jansson.h>

#include "api/access.h"
#include "api/trade_queue_accept.h"
#include "api/view_json.h"

/* Puts the parameters of these names that are there into the object. */
static void take_parameters(const struct http_request *request, const char *const *names, json_t *object)
{
	for (; *names; names++) {
		const char *value = http_query(request, *names);
		json_t *text = value ? json_string(value) : NULL;

		/* What is no UTF-8 is no value of any of them. */
		if (value)
			view_set(object, *names, text ? text : json_string("?"));
	}
}

void trade_queue_route_get(struct http_request *request, void *arg)
{
	static const char *const of_request[] = {"user_id", "smallcase_id", "priority", "execution_window", NULL};
	static const char *const of_order[] = {"symbol",      "action",	    "quantity",	   "amount", "weight_change",
					       "broker_type", "order_type", "limit_price", NULL};
	json_t *body = json_object(), *order = json_object(), *orders = json_array();

	/* Whose it is matters only where the investment's value does. */
	if (!access_default_user(request))
		view_set(body, "user_id", json_string("anybody"));
	view_set(body, "smallcase_id", json_string("any"));
	view_set(body, "dry_run", json_true());
	take_parameters(request, of_request, body);
	take_parameters(request, of_order, order);
	json_array_append_new(orders, order);
	view_set(body, "suggestions", orders);
	trade_queue_accept_body(request, arg, body);
}
