/* Reading and sizing of bulk calls. A mistake of form refuses the whole call; an order that only cannot be traded comes
 * back rejected, so that one delisted stock does not hold up a rebalance of thousands of users. */
#include "api/bulk_body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Zeroed memory for `count` things. */
static void *array_new(size_t count, size_t size)
{
	void *array = calloc(count, size);
	if (!array)
		abort();
	return array;
}

/* Reads each element. */
static void requests_parse(const json_t *json, struct bulk_users users, struct bulk_body *body,
			   struct problems *problems)
{
	struct order_request_source source = {
	    .kind = ORDER_REQUEST_ELEMENT, .default_user = users.otherwise, .only_user = users.only};
	source.place.suggestion = -1;
	body->request_count = json_array_size(json);
	body->requests = array_new(body->request_count, sizeof *body->requests);
	for (size_t i = 0; i < body->request_count; i++) {
		source.json = json_array_get(json, i);
		source.place.element = (long)i;
		body->requests[i].investment_nano = INVESTMENT_UNKNOWN;
		(void)order_request_parse(&source, &body->requests[i].request, problems);
		body->order_count += body->requests[i].request.count;
	}
}

bool bulk_body_parse(const json_t *json, struct bulk_users users, struct bulk_body *body, struct problems *problems)
{
	const struct place whole = {.element = -1, .suggestion = -1};
	size_t count = json_array_size(json);
	*body = (struct bulk_body){0};
	if (!json_is_array(json))
		problems_add(problems, whole, ERR_BAD_JSON, "a bulk call is an array of requests");
	else if (!count)
		problems_add(problems, whole, ERR_MISSING_FIELD, "at least one request is needed");
	else if (count > BULK_ORDERS_MAX)
		problems_add(problems, whole, ERR_TOO_MANY, "a bulk call has at most %d orders; there are %zu requests",
			     BULK_ORDERS_MAX, count);
	else
		requests_parse(json, users, body, problems);
	if (body->order_count > BULK_ORDERS_MAX)
		problems_add(problems, whole, ERR_TOO_MANY, "a bulk call has at most %d orders; there are %zu",
			     BULK_ORDERS_MAX, body->order_count);
	return !problems->count;
}

const char *bulk_body_user(const struct bulk_body *body)
{
	const char *user = body->requests[0].request.user_id;
	for (size_t i = 1; i < body->request_count; i++)
		if (strcmp(body->requests[i].request.user_id, user) != 0)
			return "";
	return user;
}

/* "code: sentence". */
static char *reason_new(const struct err *err)
{
	char *reason = NULL;
	if (asprintf(&reason, "%s: %s", err_word(err->code), err->message) < 0)
		abort();
	return reason;
}

void bulk_body_size(struct bulk_body *body, const struct bulk_facts *known)
{
	struct err err;
	body->orders = array_new(body->order_count, sizeof *body->orders);
	struct bulk_order *order = body->orders;
	for (size_t r = 0; r < body->request_count; r++) {
		const struct bulk_request *from = &body->requests[r];
		for (size_t s = 0; s < from->request.count; s++, order++) {
			const struct suggestion *suggestion = &from->request.suggestions[s];
			const struct sizing_facts facts = {
			    .config = known->config,
			    .stock = stock_table_find(known->stocks, suggestion->symbol),
			    .investment_nano = from->investment_nano,
			    .now_ms = known->now_ms,
			};
			order->from = from;
			if (!sizing_compute(suggestion, &facts, &order->sized, &err))
				order->reason = reason_new(&err);
		}
	}
}

void bulk_body_free(struct bulk_body *body)
{
	for (size_t i = 0; i < body->request_count; i++)
		order_request_free(&body->requests[i].request);
	for (size_t i = 0; body->orders && i < body->order_count; i++)
		free(body->orders[i].reason);
	free(body->requests);
	free(body->orders);
	*body = (struct bulk_body){0};
}
