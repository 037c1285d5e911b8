/* The body of a bulk call: its requests, and the orders that they come to, numbered through in the order of the body.
 */
#ifndef MUSTER_API_BULK_BODY_H
#define MUSTER_API_BULK_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "api/order_request.h"
#include "api/problems.h"
#include "api/sizing.h"
#include "api/stock_table.h"
#include "shared/config.h"

#define BULK_ORDERS_MAX 100000

struct bulk_request {
	struct order_request request;
	int64_t investment_nano; /* INVESTMENT_UNKNOWN until somebody fills it in */
};

struct bulk_order {
	const struct bulk_request *from;
	struct sized_order sized;
	char *reason; /* owned; NULL: accepted, else "code: sentence" */
};

struct bulk_body {
	struct bulk_request *requests;
	size_t request_count;
	struct bulk_order *orders; /* NULL until they are sized */
	size_t order_count;
};

/* Whose orders they may be, as in struct order_request_source. */
struct bulk_users {
	const char *otherwise, *only;
};

/* Reads the array; every problem goes into `problems`, and where there was one it returns false. To be freed in any
 * case. */
bool bulk_body_parse(const json_t *json, struct bulk_users users, struct bulk_body *body, struct problems *problems);

/* The user, where all orders are one user's; else "". */
const char *bulk_body_user(const struct bulk_body *body);

/* What sizing needs to know besides the body. */
struct bulk_facts {
	const struct config *config;
	const struct stock_table *stocks;
	int64_t now_ms; /* Redis's clock; 0: not known */
};
/* Sizes all orders; what cannot be sized or traded gets its reason. */
void bulk_body_size(struct bulk_body *body, const struct bulk_facts *facts);

void bulk_body_free(struct bulk_body *body);

#endif
