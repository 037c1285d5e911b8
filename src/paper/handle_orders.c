/* Orders: submit, look up, list, cancel. */
#include "paper/handlers.h"

#include <stdio.h>

#include "paper/intake.h"
#include "paper/reply.h"

#define ORDERS_DEFAULT 50
#define ORDERS_MAX     500

/* An order that was not taken: into the ledger, and back to its sender. */
static void submit_refused(struct paper *paper, const json_t *body, struct paper_reply *reply)
{
	struct err err;
	if (!paper_ledger_refused(paper->ledger, body, reply->refusal.status, reply->refusal.message, &err)) {
		paper_fail(paper, &err);
		json_decref(reply->refusal.more);
		(void)paper_refuse(&reply->refusal, PAPER_REFUSE_INTERNAL, NULL);
	}
	paper_reply_send(paper->base, reply);
}

/* An order that is taken is in the ledger and in the book before anybody hears of it. */
static void submit_accepted(struct paper *paper, struct paper_order *take_order, struct paper_reply *reply)
{
	struct err err;
	struct paper_order *order = take_order;
	if (paper_engine_accept(paper->engine, order, &err)) {
		reply->order = paper_order_json(order);
		json_object_set_new(reply->order, "status", json_string("pending_new"));
	} else {
		(void)paper_refuse(&reply->refusal, PAPER_REFUSE_INTERNAL, NULL);
	}
	paper_reply_send(paper->base, reply);
}

void paper_handle_submit(struct http_request *request, void *arg)
{
	struct paper *paper = arg;
	struct err err;
	const struct paper_intake intake = {paper->stocks, paper->book, paper->settings};
	struct paper_reply reply = {.request = request};
	json_t *body = http_body_json(request, &err);
	struct paper_order *order = paper_intake_read(&intake, body, &reply.refusal);
	const char *symbol = json_string_value(json_object_get(body, "symbol"));
	reply.delay_ms = paper_settings_rule(paper->settings, symbol ? symbol : "")->value[PAPER_RULE_REPLY_DELAY_MS];
	if (order)
		submit_accepted(paper, order, &reply);
	else
		submit_refused(paper, body, &reply);
	json_decref(body);
}

/* Answers with an order, or 404. */
static void answer_order(struct http_request *request, const struct paper_order *order)
{
	if (order)
		http_answer_json(request, 200, paper_order_json(order));
	else
		paper_answer_refused(request, PAPER_REFUSE_NO_ORDER);
}

void paper_handle_order(struct http_request *request, void *arg)
{
	const struct paper *paper = arg;
	answer_order(request, paper_book_by_id(paper->book, http_param(request, "id")));
}

void paper_handle_order_by_client_id(struct http_request *request, void *arg)
{
	const struct paper *paper = arg;
	const char *id = http_query(request, "client_order_id");
	answer_order(request, id ? paper_book_by_client_id(paper->book, id) : NULL);
}

void paper_handle_cancel(struct http_request *request, void *arg)
{
	struct paper *paper = arg;
	struct err err;
	struct paper_refusal refusal;
	struct paper_order *order = paper_book_by_id(paper->book, http_param(request, "id"));
	if (!order) {
		paper_answer_refused(request, PAPER_REFUSE_NO_ORDER);
	} else if (order->state != PAPER_OPEN) {
		(void)paper_refuse(&refusal, PAPER_REFUSE_VALUE, "order is already in \"%s\" state",
				   paper_order_status(order));
		paper_refusal_answer(request, &refusal);
	} else if (!paper_engine_end(paper->engine, order, PAPER_CANCELED, &err)) {
		paper_answer_refused(request, PAPER_REFUSE_INTERNAL);
	} else {
		http_answer_empty(request, 204);
	}
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
	const struct paper *paper = arg;
	struct listing listing;
	if (!listing_read(request, &listing))
		return;
	http_answer_json(request, 200,
			 listing.status == LISTED_OPEN ? list_open(paper->book, &listing)
						       : list_any(paper->book, &listing));
}
