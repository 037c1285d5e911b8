/* One request for orders, as it comes in: the body of POST /trade-queue/queue/order, or one element of a bulk call. */
#ifndef MUSTER_API_ORDER_REQUEST_H
#define MUSTER_API_ORDER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "api/problems.h"
#include "api/suggestion.h"

#define SUGGESTIONS_MAX 200

struct order_request {
	char user_id[NAME_SIZE];
	char smallcase_id[NAME_SIZE];
	bool is_high;			/* "priority": "high" */
	bool is_dry_run;		/* only to be told where the orders would go */
	int64_t execution_window_ms;	/* 0: the next */
	size_t count;			/* of suggestions */
	struct suggestion *suggestions; /* owned */
};

/* Which fields a request may have besides user_id, smallcase_id and suggestions. */
enum order_request_kind {
	ORDER_REQUEST_QUEUE,  /* priority, execution_window, dry_run */
	ORDER_REQUEST_ELEMENT /* none: a bulk call is executed at once */
};

/* Reads one. `default_user` stands for a user_id that is absent (NULL: it must be there); where `only_user` is given,
 * no other may be asked for. Every problem goes into `problems`; where there was one it returns false. To be freed in
 * any case. */
struct order_request_source {
	const json_t *json;
	enum order_request_kind kind;
	const char *default_user;
	const char *only_user; /* NULL: any */
	struct place place;
};
bool order_request_parse(const struct order_request_source *source, struct order_request *request,
			 struct problems *problems);

void order_request_free(struct order_request *request);

/* Whether an order of it is sized by the investment's value. */
bool order_request_needs_investment(const struct order_request *request);

#endif
