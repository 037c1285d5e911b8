/* A halt is stored as JSON text, so that redis-cli shows who and why at one look. What cannot be read still halts, and
 * is shown as a halt without particulars. */
#include "api/halt_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/app.h"
#include "api/view_json.h"

/* One halt. */
static json_t *halt_view(const char *scope, const char *text)
{
	static const char *const words[] = {"code", "by", "reason"};
	json_t *stored = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *view = json_object();
	const json_t *since = json_object_get(stored, "since");

	view_set(view, "broker_type", strcmp(scope, HALT_ALL) == 0 ? json_null() : view_value(VIEW_TEXT, scope));
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		view_set(view, words[i], view_value(VIEW_TEXT, json_string_value(json_object_get(stored, words[i]))));
	view_set(view, "since", json_is_integer(since) ? view_time(json_integer_value(since)) : json_null());
	json_decref(stored);
	return view;
}

/* Whether the view belongs before that of this scope. */
static bool comes_before(const json_t *view, const char *scope)
{
	const char *broker = json_string_value(json_object_get(view, "broker_type"));

	return !broker || (strcmp(scope, HALT_ALL) != 0 && strcmp(broker, scope) < 0);
}

json_t *halt_views(const redisReply *hash)
{
	json_t *views = json_array();

	for (size_t i = 0; hash && i + 1 < hash->elements; i += 2) {
		const char *scope = reply_text(hash->element[i]);
		size_t at = 0;

		while (at < json_array_size(views) && comes_before(json_array_get(views, at), scope))
			at++;
		(void)json_array_insert_new(views, at, halt_view(scope, reply_text(hash->element[i + 1])));
	}
	return views;
}

const char *halt_views_sentence(const json_t *views, char *text, size_t size)
{
	const json_t *view = json_array_get(views, 0);
	const char *broker = view ? view_get_text(view, "broker_type") : "", *since, *by, *reason;
	size_t more = json_array_size(views) - 1;
	char others[48] = "";

	text[0] = '\0';
	if (!view)
		return text;
	if (more > 0)
		(void)snprintf(others, sizeof others, " (and %zu more)", more);
	since = view_get_text(view, "since");
	by = view_get_text(view, "by");
	reason = view_get_text(view, "reason");
	(void)snprintf(text, size, "trading is halted at %s%s%s%s%s%s%s%s", *broker ? broker : "all brokers",
		       *since ? " since " : "", since, *by ? " by " : "", by, *reason ? ": " : "", reason, others);
	return text;
}

void halt_views_load(struct app *app, redis_reply_fn *fn, void *arg)
{
	char key[CONFIG_NAME_SIZE + 16];
	const char *argv[] = {"HGETALL", key};

	(void)snprintf(key, sizeof key, "%s:{0}:halts", app->config->redis.prefix);
	redis_link_command(app->read, sizeof argv / sizeof argv[0], argv, fn, arg);
}
