/* What comes in is checked whole, stored a chunk at a time, and put into this process's own copy before the answer, so
 * that whoever has stored a stock can use it at once. Other processes hear of it on the channel `changes`. */
#include "api/stocks.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/app.h"
#include "api/failure.h"
#include "api/read_answer.h"
#include "api/stock_entry.h"
#include "api/stocks_csv.h"
#include "api/stocks_json.h"
#include "shared/ids.h"

#define STOCKS_A_CALL 200
#define KEY_SIZE      64

struct stocks_flow {
	struct app *app;
	struct http_request *request;
	bool is_one; /* of PUT /stocks/{symbol} */
	struct stock_entries entries;
	char **texts; /* what is stored of each, without the time of its price */
	int64_t priced_at_ms;
	size_t stored;
	size_t asked;
};

/* Ends the flow, which has answered. */
static void stocks_free(struct stocks_flow *flow)
{
	for (size_t i = 0; flow->texts && i < flow->entries.count; i++)
		free(flow->texts[i]);
	free(flow->texts);
	stock_entries_free(&flow->entries);
	free(flow);
}

/* Everything is stored. */
static void stocks_answer(struct stocks_flow *flow)
{
	for (size_t i = 0; i < flow->entries.count; i++) {
		stock_entry_stamp(&flow->texts[i], flow->priced_at_ms);
		stock_table_put(flow->app->stocks, flow->entries.list[i].symbol, flow->texts[i]);
	}
	if (flow->is_one)
		http_answer_json(flow->request, 200,
				 stock_view(flow->app->config, flow->entries.list[0].symbol, flow->texts[0]));
	else
		http_answer_json(flow->request, 200, json_pack("{s:I}", "stored", (json_int_t)flow->entries.count));
	stocks_free(flow);
}

/* A chunk could not be stored, or nobody knows. Storing the same again is harmless, and the answer says so. */
static void stocks_fail(struct stocks_flow *flow, const struct err *err)
{
	struct err told = *err;

	if (flow->stored > 0) {
		told.code = ERR_OUTCOME_UNKNOWN;
		(void)err_context(&told, "%zu of %zu stocks are stored, send all of them again", flow->stored,
				  flow->entries.count);
	}
	failure_answer(flow->request, &told);
	stocks_free(flow);
}

static void stocks_store(struct stocks_flow *flow);

/* A chunk is stored. */
static void on_stored(const redisReply *reply, const struct err *err, void *arg)
{
	struct stocks_flow *flow = arg;

	if (err) {
		stocks_fail(flow, err);
		return;
	}
	flow->priced_at_ms = reply_int(reply_at(reply, 2), 0);
	flow->stored = flow->asked;
	if (flow->stored < flow->entries.count)
		stocks_store(flow);
	else
		stocks_answer(flow);
}

/* Sends the next chunk. */
static void stocks_store(struct stocks_flow *flow)
{
	struct script_args *args = script_args_new();

	for (size_t i = 0; i < STOCKS_A_CALL && flow->asked < flow->entries.count; i++, flow->asked++) {
		script_args_add(args, flow->entries.list[flow->asked].symbol);
		script_args_add(args, flow->texts[flow->asked]);
	}
	redis_link_script(flow->app->write, SCRIPT_STOCKS, args, on_stored, flow);
	script_args_free(args);
}

/* Everything has been read: begins to store it. Of nothing there is nothing to store. */
static void stocks_start(struct stocks_flow *flow)
{
	flow->texts = calloc(flow->entries.count + 1, sizeof *flow->texts);
	if (!flow->texts)
		abort();
	for (size_t i = 0; i < flow->entries.count; i++)
		flow->texts[i] = stock_entry_text(&flow->entries.list[i]);
	if (flow->entries.count == 0)
		stocks_answer(flow);
	else
		stocks_store(flow);
}

/* Reads a CSV body; has answered where that is false. */
static bool stocks_read_csv(struct stocks_flow *flow)
{
	struct err err;
	size_t length;
	const char *bytes = http_body(flow->request, &length);

	if (stocks_csv_read(bytes, length, flow->app->config, &flow->entries, &err))
		return true;
	http_answer_error(flow->request, &err, NULL);
	return false;
}

/* Reads a JSON body; has answered where that is false. */
static bool stocks_read_json(struct stocks_flow *flow)
{
	const struct config *config = flow->app->config;
	struct problems problems = {0};
	struct err err;
	json_t *body = http_body_json(flow->request, &err);
	bool is_good;

	if (!body) {
		http_answer_error(flow->request, &err, NULL);
		return false;
	}
	is_good = flow->is_one ? stocks_json_read_one(body, http_param(flow->request, "symbol"), config, &flow->entries,
						      &problems)
			       : stocks_json_read_many(body, config, &flow->entries, &problems);
	if (!is_good)
		problems_answer(&problems, flow->request);
	json_decref(body);
	return is_good;
}

/* Reads and stores. */
static void stocks_put(struct http_request *request, struct app *app, bool is_one)
{
	struct stocks_flow *flow = calloc(1, sizeof *flow);

	if (!flow)
		abort();
	flow->app = app;
	flow->request = request;
	flow->is_one = is_one;
	if (!is_one && http_body_is_csv(request) ? stocks_read_csv(flow) : stocks_read_json(flow))
		stocks_start(flow);
	else
		stocks_free(flow);
}

void stocks_put_one(struct http_request *request, void *arg)
{
	stocks_put(request, arg, true);
}

void stocks_put_many(struct http_request *request, void *arg)
{
	stocks_put(request, arg, false);
}

/* The text of one stock. `arg` is the request. */
static void on_stock(const redisReply *reply, const struct err *err, void *arg)
{
	struct http_request *request = arg;
	const struct app *app = http_arg(request);
	const char *symbol = http_param(request, "symbol");

	if (err)
		read_answer_error(request, err);
	else if (reply->type != REDIS_REPLY_STRING)
		read_answer_refuse(request, ERR_NOT_FOUND, "there is no stock %s", symbol);
	else
		http_answer_json(request, 200, stock_view(app->config, symbol, reply_text(reply)));
}

void stocks_get_one(struct http_request *request, void *arg)
{
	struct app *app = arg;
	const char *symbol = http_param(request, "symbol");
	char key[KEY_SIZE];
	const char *argv[] = {"HGET", key, symbol};

	if (!ids_is_symbol(symbol)) {
		read_answer_refuse(request, ERR_NOT_FOUND, "there is no stock %.64s", symbol);
		return;
	}
	(void)snprintf(key, sizeof key, "%s:{0}:stocks", app->config->redis.prefix);
	redis_link_command(app->read, sizeof argv / sizeof argv[0], argv, on_stock, request);
}
