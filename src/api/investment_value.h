/* What an investment is worth: weight changes are percentages of it. */
#ifndef MUSTER_API_INVESTMENT_VALUE_H
#define MUSTER_API_INVESTMENT_VALUE_H

#include <stdint.h>

#include "api/order_request.h"
#include "shared/redis_link.h"

struct app;

/* Asks Redis for the value of the request's investment. */
void investment_value_ask(struct app *app, const struct order_request *request, redis_reply_fn *fn, void *arg);

/* The value in such a reply, or INVESTMENT_UNKNOWN (sizing.h): there is none, or it is no amount. */
int64_t investment_value_of(const redisReply *reply);

#endif
