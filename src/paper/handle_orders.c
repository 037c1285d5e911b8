/* Orders: submit, look up, list, cancel. */
#include "paper/handlers.h"

#include <stdio.h>

#include "paper/intake.h"
#include "paper/reply.h"

#define ORDERS_DEFAULT 50
#define ORDERS_MAX     500

/* An order that was not taken goes into the ledger, too. */
static void submit_refused(struct paper *paper, const json_t *body, struct paper_reply *reply)
{
	struct err err;
	struct paper_refusal refusal;
	const char *message = json_string_value(json_object_get(reply->json, "message"));
	if (paper_ledger_refused(paper->ledger, body, reply->status, message, &err))
		return;
	paper_fail(paper, &err);
	(void)paper_refuse(&refusal, PAPER_REFUSE_INTERNAL, NULL);
	paper_reply_refuse(reply, &refusal);
}

/* An order that is taken is in the ledger and in the book before anybody hears of it. */
static void submit_accepted(struct paper *paper, struct paper_order *take_order, struct paper_reply *reply)
{
	struct err err;
	struct paper_order *order = take_order;
	struct paper_fault *fate = paper_faults_find_fate(paper->faults, order->stock->symbol);
	if (fate) {
		fate->mode->bend(order, fate->value);
		paper_fault_count(fate);
	}
	if (paper_engine_accept(paper->engine, order, &err)) {
		reply->json = paper_order_json(order);
		json_object_set_new(reply->json, "status", json_string("pending_new"));
	} else {
		struct paper_refusal refusal;
		(void)paper_refuse(&refusal, PAPER_REFUSE_INTERNAL, NULL);
		paper_reply_refuse(reply, &refusal);
	}
}

void paper_handle_submit(struct http_request *request, void *arg)
{
	struct paper *paper = arg;
	struct err err;
	struct paper_refusal refusal;
	struct paper_reply reply;
	struct paper_order *order = NULL;
	const struct paper_intake intake = {paper->stocks, paper->book, paper->settings, paper->calendar};
	json_t *body = http_body_json(request, &err);
	const char *symbol = json_string_value(json_object_get(body, "symbol"));
	if (!paper_reply_begin(&reply, paper, request, PAPER_ON_SUBMIT, symbol ? symbol : "")) {
		order = paper_intake_read(&intake, body, &refusal);
		if (!order)
			paper_reply_refuse(&reply, &refusal);
	}
	if (order)
		submit_accepted(paper, order, &reply);
	else
		submit_refused(paper, body, &reply);
	reply.delay_ms = paper_settings_rule(paper->settings, symbol ? symbol : "")->value[PAPER_RULE_REPLY_DELAY_MS];
	json_decref(body);
	paper_reply_send(&reply);
}

/* Begins the reply to a call about one order, which may not be there. True: there is nothing more to do but to send it.
 */
static bool reply_begin(struct paper_reply *reply, struct paper *paper, struct http_request *request,
			enum paper_point point, const struct paper_order *order)
{
	struct paper_refusal refusal;
	if (paper_reply_begin(reply, paper, request, point, order ? order->stock->symbol : ""))
		return true;
	if (order)
		return false;
	(void)paper_refuse(&refusal, PAPER_REFUSE_NO_ORDER, NULL);
	paper_reply_refuse(reply, &refusal);
	return true;
}

void paper_handle_order(struct http_request *request, void *arg)
{
	struct paper *paper = arg;
	struct paper_reply reply;
	const struct paper_order *order = paper_book_by_id(paper->book, http_param(request, "id"));
	if (!reply_begin(&reply, paper, request, PAPER_ON_FOLLOW, order))
		reply.json = paper_order_json(order);
	paper_reply_send(&reply);
}

void paper_handle_order_by_client_id(struct http_request *request, void *arg)
{
	struct paper *paper = arg;
	struct paper_reply reply;
	const char *id = http_query(request, "client_order_id");
	const struct paper_order *order = id ? paper_book_by_client_id(paper->book, id) : NULL;
	if (!reply_begin(&reply, paper, request, PAPER_ON_LOOK_UP, order))
		reply.json = paper_order_json(order);
	paper_reply_send(&reply);
}

/* Cancels an open order. */
static void cancel(struct paper *paper, struct paper_order *order, struct paper_reply *reply)
{
	struct err err;
	struct paper_refusal refusal;
	if (order->state != PAPER_OPEN)
		(void)paper_refuse(&refusal, PAPER_REFUSE_VALUE, "order is already in \"%s\" state",
				   paper_order_status(order));
	else if (!paper_engine_end(paper->engine, order, PAPER_CANCELED, &err))
		(void)paper_refuse(&refusal, PAPER_REFUSE_INTERNAL, NULL);
	else {
		reply->status = 204;
		return;
	}
	paper_reply_refuse(reply, &refusal);
}

void paper_handle_cancel(struct http_request *request, void *arg)
{
	struct paper *paper = arg;
	struct paper_reply reply;
	struct paper_order *order = paper_book_by_id(paper->book, http_param(request, "id"));
	if (!reply_begin(&reply, paper, request, PAPER_ON_CANCEL, order))
		cancel(paper, order, &reply);
	paper_reply_send(&reply);
}

enum listed { LISTED_OPEN, LISTED_CLOSED, LISTED_ALL };
enum direction { NEWEST_FIRST, OLDEST_FIRST };
static const char *const listed_words[] = {"open", "closed", "all", NULL};
static const char *const direction_words[] = {"desc", "asc", NULL};

/* What GET /v2/orders asks for; times are exclusive. */
struct listing {
	int status, direction;
	size_t limit;
	int64_t after_ms, until_ms;
};

/* What a call asks for; false, and answered, where a parameter is not valid. */
static bool listing_read(struct http_request *request, struct listing *listing)
{
	*listing = (struct listing){LISTED_OPEN, NEWEST_FIRST, ORDERS_DEFAULT, -1, INT64_MAX};
	return paper_query_word(request, "status", listed_words, &listing->status) &&
	       paper_query_word(request, "direction", direction_words, &listing->direction) &&
	       paper_query_count(request, "limit", ORDERS_MAX, &listing->limit) &&
	       paper_query_time(request, "after", &listing->after_ms) &&
	       paper_query_time(request, "until", &listing->until_ms);
}

/* Open orders, along the book's list of them. */
static json_t *list_open(const struct paper_book *book, const struct listing *listing)
{
	json_t *list = json_array();
	bool oldest_first = listing->direction == OLDEST_FIRST;
	const struct paper_order *order = oldest_first ? paper_book_open_first(book) : paper_book_open_last(book);
	for (; order && json_array_size(list) < listing->limit;
	     order = oldest_first ? order->open_next : order->open_previous)
		if (order->submitted_ms > listing->after_ms && order->submitted_ms < listing->until_ms)
			json_array_append_new(list, paper_order_json(order));
	return list;
}

/* All orders or the closed ones, along the order of submission. */
static json_t *list_any(const struct paper_book *book, const struct listing *listing)
{
	json_t *list = json_array();
	size_t from = paper_book_orders_until(book, listing->after_ms);
	size_t to = paper_book_orders_until(book, listing->until_ms - 1);
	for (; from < to && json_array_size(list) < listing->limit;) {
		size_t at = listing->direction == OLDEST_FIRST ? from++ : --to;
		const struct paper_order *order = paper_book_order(book, at);
		if (listing->status == LISTED_ALL || order->state != PAPER_OPEN)
			json_array_append_new(list, paper_order_json(order));
	}
	return list;
}

void paper_handle_orders(struct http_request *request, void *arg)
{
	struct paper *paper = arg;
	struct paper_reply reply;
	struct listing listing;
	if (!listing_read(request, &listing))
		return;
	if (!paper_reply_begin(&reply, paper, request, PAPER_ON_FOLLOW, NULL))
		reply.json =
		    listing.status == LISTED_OPEN ? list_open(paper->book, &listing) : list_any(paper->book, &listing);
	paper_reply_send(&reply);
}
