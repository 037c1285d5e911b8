/* Control: what Alpaca does not have. Settings, faults and prices while the broker runs, and the end of a session on
 * demand. */
#include "paper/handlers.h"

#include "shared/clock.h"
#include "shared/json_decimal.h"

void paper_handle_settings(struct http_request *request, void *arg)
{
	const struct paper *paper = arg;
	json_t *json = paper_settings_json(paper->settings);
	/* No setting, but what came of one: how many calls got 429. */
	json_object_set_new(json, "rate_refused", json_integer(paper->rate.refused));
	http_answer_json(request, 200, json);
}

void paper_handle_settings_put(struct http_request *request, void *arg)
{
	struct paper *paper = arg;
	struct err err;
	json_t *change = http_body_json(request, &err);
	bool ok = change && paper_settings_merge(paper->settings, change, &err);
	json_decref(change);
	if (!ok) {
		http_answer_error(request, &err, NULL);
		return;
	}
	paper_engine_wake_all(paper->engine);
	http_answer_json(request, 200, paper_settings_json(paper->settings));
}

void paper_handle_faults(struct http_request *request, void *arg)
{
	const struct paper *paper = arg;
	http_answer_json(request, 200, paper_faults_json(paper->faults));
}

void paper_handle_faults_put(struct http_request *request, void *arg)
{
	struct paper *paper = arg;
	struct err err;
	json_t *list = http_body_json(request, &err);
	bool ok = list && paper_faults_put(paper->faults, list, &err);
	json_decref(list);
	if (ok)
		paper_handle_faults(request, arg);
	else
		http_answer_error(request, &err, NULL);
}

void paper_handle_faults_delete(struct http_request *request, void *arg)
{
	struct paper *paper = arg;
	paper_faults_clear(paper->faults);
	paper_handle_faults(request, arg);
}

/* Sets the price of a stock that is listed. */
static bool price_set(const struct paper *paper, const json_t *body, struct paper_stock **stock, struct err *err)
{
	int64_t price_nano;
	const char *symbol = json_string_value(json_object_get(body, "symbol"));
	if (!json_is_object(body) || json_object_size(body) != 2 || !symbol)
		return err_set(err, ERR_BAD_TYPE, "send {\"symbol\": text, \"price\": decimal}");
	*stock = paper_stocks_find(paper->stocks, symbol);
	if (!*stock || !(*stock)->is_listed)
		return err_set(err, ERR_UNKNOWN_SYMBOL, "the stock list has no %.40s", symbol);
	if (!json_decimal(json_object_get(body, "price"), &price_nano, err))
		return err_context(err, "\"price\"");
	if (price_nano <= 0)
		return err_set(err, ERR_BAD_PRICE, "\"price\" must be above 0");
	(*stock)->price_nano = price_nano;
	return true;
}

void paper_handle_price(struct http_request *request, void *arg)
{
	struct paper *paper = arg;
	struct err err;
	struct paper_stock *stock = NULL;
	json_t *body = http_body_json(request, &err);
	bool ok = body && price_set(paper, body, &stock, &err);
	json_decref(body);
	if (!ok) {
		http_answer_error(request, &err, NULL);
		return;
	}
	paper_engine_wake_stock(paper->engine, stock);
	http_answer_json(
	    request, 200,
	    json_pack("{s:s, s:o}", "symbol", stock->symbol, "price", paper_decimal_json(stock->price_nano)));
}

void paper_handle_clock_put(struct http_request *request, void *arg)
{
	struct paper *paper = arg;
	struct err err;
	int64_t at_ms;
	json_t *body = http_body_json(request, &err);
	const char *now = json_string_value(json_object_get(body, "now"));
	bool ok = body && (now || err_set(&err, ERR_BAD_TYPE, "send {\"now\": an RFC 3339 time}")) &&
		  clock_parse(now, &at_ms, &err);
	json_decref(body);
	if (!ok) {
		http_answer_error(request, &err, NULL);
		return;
	}
	paper_book_set_clock(paper->book, at_ms);
	paper_market_look(paper->market);
	paper_handle_clock(request, arg);
}

void paper_handle_expire_all(struct http_request *request, void *arg)
{
	struct paper *paper = arg;
	struct err err;
	size_t count;
	if (!paper_engine_expire_all(paper->engine, &count, &err)) {
		http_answer_error(request, &err, NULL);
		return;
	}
	http_answer_json(request, 200, json_pack("{s:I}", "expired", (json_int_t)count));
}

void paper_handle_health(struct http_request *request, void *arg)
{
	(void)arg;
	http_answer_json(request, 200, json_pack("{s:s}", "status", "ok"));
}
