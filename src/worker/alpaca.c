/* Life of the adapter, and the calls that are one request about one order: submit, look up, cancel. */
#include "worker/alpaca.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/alpaca_private.h"

static void answer_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	alpaca_answer_deferred(arg);
}

/* Keeps what the order must be: false, with the call's result filled, where that cannot be an order at all. */
static bool expect_order(struct alpaca_call *call, const struct broker_submit *order)
{
	struct alpaca_expected *expected = &call->expected;
	int client_length = snprintf(call->client_order_id, sizeof call->client_order_id, "%s", order->client_order_id);
	int symbol_length = snprintf(call->symbol, sizeof call->symbol, "%s", order->symbol);
	expected->client_order_id = call->client_order_id;
	expected->symbol = call->symbol;
	expected->is_sell = order->is_sell;
	if (client_length > 0 && client_length < (int)sizeof call->client_order_id && symbol_length > 0 &&
	    symbol_length < (int)sizeof call->symbol &&
	    decimal_parse(order->quantity, &expected->quantity_nano, NULL) && expected->quantity_nano > 0)
		return true;
	/* Nothing left, and no repetition can make it better. */
	call->result.outcome = BROKER_REJECTED;
	(void)err_set(&call->result.why, ERR_INTERNAL,
		      "not an order: id \"%.64s\", symbol \"%.64s\", quantity \"%.48s\"", order->client_order_id,
		      order->symbol, order->quantity);
	return false;
}

static char *order_body(const struct broker_submit *order)
{
	json_t *json = json_pack("{ss ss ss ss ss ss}", "symbol", order->symbol, "qty", order->quantity, "side",
				 order->is_sell ? "sell" : "buy", "type", order->limit_price ? "limit" : "market",
				 "time_in_force", "day", "client_order_id", order->client_order_id);
	if (order->limit_price)
		json_object_set_new(json, "limit_price", json_string(order->limit_price));
	char *body = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return body;
}

static void ambiguous(struct broker_result *result, const char *what)
{
	result->outcome = BROKER_AMBIGUOUS;
	(void)err_context(&result->why, "%s", what);
}

/* Reads an order that should be ours into the result. */
static void read_order(struct alpaca_call *call, const json_t *json, struct broker_result *result)
{
	struct alpaca_order order;
	if (!alpaca_order_parse(json, &order, &result->why)) {
		ambiguous(result, "a reply that cannot be read");
		return;
	}
	if (strcmp(order.order.client_order_id, call->client_order_id) != 0) {
		(void)err_set(&result->why, ERR_BROKER, "the broker answers about another order");
		result->outcome = BROKER_AMBIGUOUS;
		return;
	}
	bool is_ours = alpaca_order_matches(&order, &call->expected, &result->why);
	/* A submit's reply may be mixed up on its way; what the broker holds, only a look-up says. */
	result->outcome = is_ours		      ? BROKER_ACCEPTED
			  : call->op == ALPACA_SUBMIT ? BROKER_AMBIGUOUS
						      : BROKER_CONTRADICTION;
	result->order = order.order;
	result->order.is_other_trade =
	    strcmp(order.symbol, call->expected.symbol) != 0 || order.is_sell != call->expected.is_sell;
	if (is_ours)
		alpaca_heed_status(call->alpaca, &order);
}

/* The look-up answers with an object, or (as Broker API documents have it) with an array. */
static void read_look_up(struct alpaca_call *call, const json_t *json, struct broker_result *result)
{
	if (!json_is_array(json)) {
		read_order(call, json, result);
		return;
	}
	const json_t *found = NULL, *row;
	size_t i;
	json_array_foreach (json, i, row) {
		const char *id = alpaca_text(row, "client_order_id");
		if (id && strcmp(id, call->client_order_id) == 0)
			found = row;
	}
	if (found || json_array_size(json)) {
		read_order(call, found ? found : json_array_get(json, 0), result);
		return;
	}
	result->outcome = BROKER_NOT_FOUND;
	(void)err_set(&result->why, ERR_BROKER, "the broker does not know the id");
}

static void read_success(struct alpaca_call *call, const struct http_client_reply *reply, struct broker_result *result)
{
	if (call->op == ALPACA_CANCEL) {
		result->outcome = BROKER_ACCEPTED;
		return;
	}
	json_error_t where;
	json_t *json = json_loadb(reply->body, reply->length, JSON_REJECT_DUPLICATES, &where);
	if (!json) {
		(void)err_set(&result->why, ERR_BROKER, "not JSON");
		ambiguous(result, "a reply that cannot be read");
	} else if (call->op == ALPACA_LOOK_UP) {
		read_look_up(call, json, result);
	} else {
		read_order(call, json, result);
	}
	json_decref(json);
}

static void call_replied(const struct http_client_reply *reply, void *arg)
{
	struct alpaca_call *call = arg;
	struct broker_result result = {0};
	call->http = NULL;
	alpaca_heed_limits_of(call, reply);
	if (reply->status == 200 || (reply->status == 204 && call->op == ALPACA_CANCEL))
		read_success(call, reply, &result);
	else
		alpaca_refused(call->alpaca, call->op, reply, &result);
	alpaca_answer(call, &result);
}

/* Sends a submit, unless the broker wants none now. Its token was taken at the gate. */
static void submit_send(struct alpaca_call *call, const struct http_client_request *request)
{
	if (!alpaca_is_paused(call->alpaca, &call->result)) {
		call->http = alpaca_send(call->alpaca, request, "/v2/orders", call_replied, call);
		return;
	}
	if (call->alpaca->broker.rate)
		rate_done_slice(call->alpaca->broker.rate, call->client_order_id, NULL);
	alpaca_answer_later(call);
}

static void alpaca_submit(struct broker *broker, const struct broker_submit *order, broker_fn *fn, void *arg)
{
	struct alpaca_call *call = alpaca_call_new((struct alpaca *)broker, ALPACA_SUBMIT, fn, arg);
	char *body = expect_order(call, order) ? order_body(order) : NULL;
	if (body) {
		submit_send(call, &(struct http_client_request){
				      .method = HTTP_CLIENT_POST, .body = body, .send_by_us = order->send_by_us});
	} else {
		call->result.outcome = BROKER_REJECTED;
		if (!call->result.why.code)
			(void)err_set(&call->result.why, ERR_INTERNAL, "not an order: its texts are not UTF-8");
		alpaca_answer_later(call);
	}
	free(body);
}

static void alpaca_look_up(struct broker *broker, const struct broker_submit *order, broker_fn *fn, void *arg)
{
	struct alpaca_call *call = alpaca_call_new((struct alpaca *)broker, ALPACA_LOOK_UP, fn, arg);
	char id[3 * BROKER_ID_SIZE], path[ALPACA_PATH_SIZE];
	if (!expect_order(call, order)) {
		call->result.outcome = BROKER_AMBIGUOUS;
		alpaca_answer_later(call);
		return;
	}
	snprintf(path, sizeof path, "/v2/orders:by_client_order_id?client_order_id=%s",
		 alpaca_escape(call->client_order_id, id, sizeof id));
	alpaca_send_call(call, HTTP_CLIENT_GET, path, call_replied);
}

static void alpaca_cancel(struct broker *broker, const char *broker_order_id, broker_fn *fn, void *arg)
{
	struct alpaca_call *call = alpaca_call_new((struct alpaca *)broker, ALPACA_CANCEL, fn, arg);
	char path[ALPACA_PATH_SIZE];
	if (!alpaca_order_path(broker_order_id, path)) {
		call->result.outcome = BROKER_NOT_FOUND;
		(void)err_set(&call->result.why, ERR_INTERNAL, "the order has no usable id at the broker");
		alpaca_answer_later(call);
		return;
	}
	alpaca_send_call(call, HTTP_CLIENT_DELETE, path, call_replied);
}

static void alpaca_resume(struct broker *broker)
{
	struct alpaca *alpaca = (struct alpaca *)broker;
	if (alpaca->paused_for_keys)
		alpaca->paused_until_us = 0;
}

static void alpaca_free(struct broker *broker)
{
	struct alpaca *alpaca = (struct alpaca *)broker;
	struct broker_result result = {.outcome = BROKER_AMBIGUOUS};
	struct alpaca_call *call;
	(void)err_set(&result.why, ERR_BROKER, "given up: the program ends");
	alpaca_walk_free(alpaca->orders);
	alpaca_walk_free(alpaca->fills);
	while ((call = TAILQ_FIRST(&alpaca->calls))) {
		http_client_abandon(call->http);
		call->http = NULL;
		alpaca_answer(call, &result);
	}
	event_free(alpaca->turn);
	explicit_bzero(alpaca->key_id_line, sizeof alpaca->key_id_line);
	explicit_bzero(alpaca->key_secret_line, sizeof alpaca->key_secret_line);
	free(alpaca);
}

static const struct broker_ops alpaca_ops = {
    .adapter = "alpaca",
    .duplicates = DUPLICATES_REFUSED_FOREVER,
    .submit = alpaca_submit,
    .look_up = alpaca_look_up,
    .follow = alpaca_follow,
    .fills = alpaca_fills,
    .cancel = alpaca_cancel,
    .list = alpaca_list,
    .resume = alpaca_resume,
    .free = alpaca_free,
};

/* The headers of every request; the keys only where there are any (muster-paper needs none). */
static void set_headers(struct alpaca *alpaca, const struct config_broker *config)
{
	size_t count = 0;
	alpaca->headers[count++] = "Content-Type: application/json";
	alpaca->headers[count++] = "Accept: application/json";
	if (*config->key_id) {
		snprintf(alpaca->key_id_line, sizeof alpaca->key_id_line, "APCA-API-KEY-ID: %s", config->key_id);
		alpaca->headers[count++] = alpaca->key_id_line;
	}
	if (*config->key_secret) {
		snprintf(alpaca->key_secret_line, sizeof alpaca->key_secret_line, "APCA-API-SECRET-KEY: %s",
			 config->key_secret);
		alpaca->headers[count++] = alpaca->key_secret_line;
	}
	alpaca->headers[count] = NULL;
}

struct broker *alpaca_new(struct event_base *base, struct http_client *client, const struct config_broker *config)
{
	struct alpaca *alpaca = calloc(1, sizeof *alpaca);
	if (!alpaca)
		abort();
	alpaca->broker.ops = &alpaca_ops;
	alpaca->broker.config = config;
	alpaca->client = client;
	snprintf(alpaca->base_url, sizeof alpaca->base_url, "%s", config->base_url);
	for (size_t end = strlen(alpaca->base_url); end && alpaca->base_url[end - 1] == '/'; end--)
		alpaca->base_url[end - 1] = '\0';
	set_headers(alpaca, config);
	TAILQ_INIT(&alpaca->calls);
	TAILQ_INIT(&alpaca->deferred);
	alpaca->turn = event_new(base, -1, 0, answer_turn, alpaca);
	if (!alpaca->turn)
		abort();
	alpaca->orders = alpaca_walk_new(base, alpaca, &alpaca_follow_walk);
	alpaca->fills = alpaca_walk_new(base, alpaca, &alpaca_fills_walk);
	return &alpaca->broker;
}
