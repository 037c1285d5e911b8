/* One hash a user: `user:ID:investments`, smallcase_id → value. */
#include "api/investments.h"

#include <stdio.h>

#include "api/access.h"
#include "api/app.h"
#include "api/failure.h"
#include "api/fields.h"
#include "api/problems.h"
#include "api/read_answer.h"
#include "api/view_json.h"
#include "shared/decimal.h"
#include "shared/ids.h"
#include "shared/json_decimal.h"

#define KEY_SIZE 192

/* Whether the path can name an investment that the caller may see; has answered where not. */
static bool path_is_good(struct http_request *request)
{
	static const char *const names[] = {"user_id", "smallcase_id"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (ids_is_name(http_param(request, names[i])))
			continue;
		read_answer_refuse(
		    request, ERR_BAD_PARAMETER,
		    "%s: it must be 1 to 64 printable ASCII characters without space, quotes, backslash or colon",
		    names[i]);
		return false;
	}
	if (access_may_see(request, http_param(request, "user_id")))
		return true;
	read_answer_refuse(request, ERR_NOT_FOUND, "the user has no such investment");
	return false;
}

/* Answers with the investment. */
static void answer_value(struct http_request *request, const char *value)
{
	json_t *answer = json_object();

	view_set(answer, "user_id", json_string(http_param(request, "user_id")));
	view_set(answer, "smallcase_id", json_string(http_param(request, "smallcase_id")));
	view_set(answer, "value", json_string(value));
	http_answer_json(request, 200, answer);
}

/* The value as it is stored. `arg` is the request. */
static void on_value(const redisReply *reply, const struct err *err, void *arg)
{
	struct http_request *request = arg;

	if (err)
		read_answer_error(request, err);
	else if (reply->type != REDIS_REPLY_STRING)
		read_answer_refuse(request, ERR_NOT_FOUND, "the user has no such investment");
	else
		answer_value(request, reply_text(reply));
}

/* Reads the value and answers. */
static void investment_get(struct http_request *request)
{
	struct app *app = http_arg(request);
	char key[KEY_SIZE];
	const char *argv[] = {"HGET", key, http_param(request, "smallcase_id")};

	(void)snprintf(key, sizeof key, "%s:{0}:user:%s:investments", app->config->redis.prefix,
		       http_param(request, "user_id"));
	redis_link_command(app->read, sizeof argv / sizeof argv[0], argv, on_value, request);
}

/* The value is stored. `arg` is the request. */
static void on_stored(const redisReply *reply, const struct err *err, void *arg)
{
	struct http_request *request = arg;

	(void)reply;
	if (err)
		failure_answer(request, err);
	else
		investment_get(request);
}

/* Stores the value. */
static void investment_put(struct http_request *request, int64_t value_nano)
{
	struct app *app = http_arg(request);
	char key[KEY_SIZE], value[DECIMAL_TEXT];
	const char *argv[] = {"HSET", key, http_param(request, "smallcase_id"), decimal_format(value_nano, value)};

	(void)snprintf(key, sizeof key, "%s:{0}:user:%s:investments", app->config->redis.prefix,
		       http_param(request, "user_id"));
	redis_link_command(app->write, sizeof argv / sizeof argv[0], argv, on_stored, request);
}

/* Reads the body; false where it told a problem. */
static bool body_read(const json_t *body, int64_t *value_nano, struct problems *problems)
{
	static const struct field table[] = {{"value", FIELD_DECIMAL, true}};
	struct place top = {-1, -1, NULL}, at_value = {-1, -1, "value"};
	struct fields fields;
	struct err err;

	if (!json_is_object(body)) {
		problems_add(problems, top, ERR_BAD_JSON, "the body must be an object");
		return false;
	}
	if (!fields_read((struct fields_source){body, table, 1}, &fields, problems, top))
		return false;
	if (!json_decimal(fields.values[0], value_nano, &err))
		problems_add_err(problems, at_value, &err);
	else if (*value_nano <= 0)
		problems_add(problems, at_value, ERR_BAD_NUMBER, "it must be above 0");
	return problems->count == 0;
}

void investments_put(struct http_request *request, void *arg)
{
	struct problems problems = {0};
	struct err err;
	int64_t value_nano = 0;
	json_t *body;

	(void)arg;
	if (!path_is_good(request))
		return;
	body = http_body_json(request, &err);
	if (!body) {
		http_answer_error(request, &err, NULL);
		return;
	}
	if (body_read(body, &value_nano, &problems))
		investment_put(request, value_nano);
	else
		problems_answer(&problems, request);
	json_decref(body);
}

void investments_get(struct http_request *request, void *arg)
{
	(void)arg;
	if (path_is_good(request))
		investment_get(request);
}
