/* Everything at a glance, out of one script: windows, counts, workers, and whether something is late. */
#include "api/trade_queue_status.h"

#include <stdlib.h>
#include <string.h>

#include "api/app.h"
#include "api/calendar_view.h"
#include "api/halt_view.h"
#include "api/read_answer.h"
#include "api/view_json.h"
#include "api/window_view.h"
#include "shared/status.h"

#define MS_A_SECOND 1000

/* The part of the reply that follows this word. */
static const redisReply *part_of(const redisReply *reply, const char *word)
{
	for (size_t i = 0; reply && i + 1 < reply->elements; i += 2) {
		if (strcmp(reply_text(reply->element[i]), word) == 0)
			return reply->element[i + 1];
	}
	return NULL;
}

/* Windows, each {id, groups, field, value, …}. */
static json_t *windows_view(const redisReply *windows)
{
	json_t *list = json_array();

	for (size_t i = 0; windows && i < windows->elements; i++) {
		const redisReply *window = windows->element[i];

		json_array_append_new(
		    list, window_view(reply_text(reply_at(window, 0)), reply_int(reply_at(window, 1), 0), window, 2));
	}
	return list;
}

static const char *order_word(int i)
{
	return order_status_word((enum order_status)i);
}

static const char *block_word(int i)
{
	return block_status_word((enum block_status)i);
}

/* How many have each status: {status, n, …}, where what is absent is zero. */
static json_t *counts_view(const redisReply *counts, const char *(*word)(int), int count)
{
	json_t *view = json_object();

	for (int i = 0; i < count; i++)
		view_set(view, word(i), json_integer(reply_int(part_of(counts, word(i)), 0)));
	return view;
}

/* Workers, each {id, host, pid, last_seen, blocks_in_hand, started_at}. */
static json_t *workers_view(const redisReply *workers)
{
	static const struct view_field head[] = {{"id", VIEW_TEXT}, {"host", VIEW_TEXT}, {"pid", VIEW_COUNT}};
	static const struct view_field tail[] = {{"blocks_in_hand", VIEW_COUNT}, {"started_at", VIEW_TIME}};
	json_t *list = json_array();

	for (size_t i = 0; workers && i < workers->elements; i++) {
		const redisReply *hash = workers->element[i];
		json_t *worker = json_object();

		view_add_fields(worker, head, sizeof head / sizeof head[0], hash, 0);
		view_set(worker, "last_seen", view_value(VIEW_TIME, view_text(hash, 0, "seen_at")));
		view_add_fields(worker, tail, sizeof tail / sizeof tail[0], hash, 0);
		json_array_append_new(list, worker);
	}
	return list;
}

json_t *trade_queue_status_view(const struct app *app, const redisReply *reply)
{
	const redisReply *in_all = part_of(reply, "in_all");
	json_t *answer = json_object(), *halts;

	view_set(answer, "now", view_time(reply_int(part_of(reply, "now"), 0)));
	halts = halt_views(part_of(reply, "halts"));
	view_set(answer, "halted", json_boolean(json_array_size(halts) > 0));
	view_set(answer, "halts", halts);
	view_set(answer, "calendars",
		 calendar_views(program_calendars(app->program), app->config, reply_int(part_of(reply, "now"), 0)));
	view_set(answer, "windows", windows_view(part_of(reply, "windows")));
	view_set(answer, "windows_open", json_integer(reply_int(part_of(in_all, "open"), 0)));
	view_set(answer, "windows_overdue", json_integer(reply_int(part_of(in_all, "overdue"), 0)));
	view_set(answer, "windows_working", json_integer(reply_int(part_of(in_all, "working"), 0)));
	view_set(answer, "orders", counts_view(part_of(reply, "orders"), order_word, ORDER_STATUS_COUNT));
	view_set(answer, "blocks", counts_view(part_of(reply, "blocks"), block_word, BLOCK_STATUS_COUNT));
	view_set(answer, "workers", workers_view(part_of(reply, "workers")));
	view_set(answer, "oldest_overdue_window_s",
		 json_integer(reply_int(part_of(reply, "oldest_overdue_ms"), 0) / MS_A_SECOND));
	view_set(answer, "redis", json_pack("{s:b}", "up", 1));
	return answer;
}

/* What status.lua says. `arg` is the request. */
static void on_status(const redisReply *reply, const struct err *err, void *arg)
{
	struct http_request *request = arg;

	if (err)
		read_answer_error(request, err);
	else
		http_answer_json(request, 200, trade_queue_status_view(http_arg(request), reply));
}

void trade_queue_status_get(struct http_request *request, void *arg)
{
	struct app *app = arg;
	struct script_args *args = script_args_new();

	redis_link_script(app->read, SCRIPT_STATUS, args, on_status, request);
	script_args_free(args);
}
