/* The value of an investment, out of `user:ID:investments`. */
#include "api/investment_value.h"

#include <stdio.h>

#include "api/app.h"
#include "api/sizing.h"

void investment_value_ask(struct app *app, const struct order_request *request, redis_reply_fn *fn, void *arg)
{
	char key[CONFIG_NAME_SIZE + NAME_SIZE + 32];
	const char *argv[] = {"HGET", key, request->smallcase_id};
	snprintf(key, sizeof key, "%s:{0}:user:%s:investments", app->config->redis.prefix, request->user_id);
	redis_link_command(app->read, 3, argv, fn, arg);
}

int64_t investment_value_of(const redisReply *reply)
{
	struct err err;
	int64_t nano;
	if (!decimal_parse(reply_text(reply), &nano, &err) || nano < 0)
		return INVESTMENT_UNKNOWN;
	return nano;
}
