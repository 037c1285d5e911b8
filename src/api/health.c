/* Alive says that the loop turns. Ready says that an order sent now would be accepted: both links are up, the
 * deployment has its name, the stocks are there, Redis has not lost its history, and the process is not about to end.
 * Orders are accepted while trading is halted, too: that is ready, with a detail that says so. */
#include "api/health.h"

#include "api/app.h"
#include "api/halt_view.h"
#include "api/read_answer.h"
#include "api/readiness.h"
#include "api/view_json.h"

/* {"status": word} */
static void answer_word(struct http_request *request, const char *word)
{
	http_set_header(request, "Cache-Control", "no-store");
	http_answer_json(request, 200, json_pack("{s:s}", "status", word));
}

void health_get_alive(struct http_request *request, void *arg)
{
	(void)arg;
	answer_word(request, "alive");
}

/* What `halts` holds. `arg` is the request. */
static void on_halts(const redisReply *reply, const struct err *err, void *arg)
{
	struct http_request *request = arg;
	char sentence[640];
	json_t *answer, *views;

	if (err) {
		read_answer_error(request, err);
		return;
	}
	views = halt_views(reply);
	answer = json_pack("{s:s}", "status", "ready");
	if (json_array_size(views) > 0)
		view_set(answer, "detail",
			 view_value(VIEW_TEXT, halt_views_sentence(views, sentence, sizeof sentence)));
	json_decref(views);
	http_set_header(request, "Cache-Control", "no-store");
	http_answer_json(request, 200, answer);
}

bool health_is_ready(const struct app *app)
{
	struct err unused;

	return redis_link_is_up(app->write) && redis_link_is_up(app->read) && !app->is_draining && app->deployment[0] &&
	       readiness_takes_orders(app, &unused);
}

void health_get_ready(struct http_request *request, void *arg)
{
	struct app *app = arg;
	const struct redis_link *links[] = {app->write, app->read};
	struct err err;

	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
		if (!redis_link_is_up(links[i])) {
			read_answer_error(request, redis_link_why_down(links[i]));
			return;
		}
	}
	if (app->is_draining)
		read_answer_refuse(request, ERR_REDIS_UNAVAILABLE, "the process is shutting down");
	else if (!readiness_takes_orders(app, &err))
		read_answer_error(request, &err);
	else if (!app->deployment[0])
		read_answer_refuse(request, ERR_REDIS_UNAVAILABLE, "the deployment has no id yet");
	else
		halt_views_load(app, on_halts, request);
}
