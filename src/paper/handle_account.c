/* The account: its fills, itself, what it can trade, and when. */
#include "paper/handlers.h"

#include <stdio.h>
#include <string.h>

#include "paper/reply.h"
#include "paper/session.h"
#include "shared/clock.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX     100
#define CALENDAR_MAX 3660 /* days */

enum direction { NEWEST_FIRST, OLDEST_FIRST };
static const char *const direction_words[] = {"desc", "asc", NULL};

/* A page of the fills: those in [from, to), walked in one direction. */
struct page {
	size_t from, to, size;
	int direction;
};

/* Which fills a call asks for; false, and answered, where a parameter is not valid. */
static bool page_read(struct http_request *request, const struct paper_book *book, struct page *page)
{
	int64_t after_ms = -1, until_ms = INT64_MAX;
	*page = (struct page){.size = PAGE_DEFAULT, .direction = NEWEST_FIRST};
	if (!paper_query_word(request, "direction", direction_words, &page->direction) ||
	    !paper_query_count(request, "page_size", PAGE_MAX, &page->size) ||
	    !paper_query_time(request, "after", &after_ms) || !paper_query_time(request, "until", &until_ms))
		return false;
	page->from = paper_book_fills_until(book, after_ms);
	page->to = paper_book_fills_until(book, until_ms - 1);
	const char *token = http_query(request, "page_token");
	if (!token || !*token)
		return true;
	size_t below = paper_book_fills_below(book, token);
	if (page->direction == NEWEST_FIRST) {
		page->to = below < page->to ? below : page->to;
		return true;
	}
	/* The token is the last one seen: go on behind it. */
	if (below < paper_book_fill_count(book) && strcmp(paper_book_fill(book, below)->id, token) == 0)
		below++;
	page->from = below > page->from ? below : page->from;
	return true;
}

/* The rows of a page. New reference. */
static json_t *page_json(const struct paper_book *book, struct page page)
{
	json_t *list = json_array();
	while (page.from < page.to && json_array_size(list) < page.size) {
		size_t at = page.direction == OLDEST_FIRST ? page.from++ : --page.to;
		json_array_append_new(list, paper_fill_json(paper_book_fill(book, at)));
	}
	return list;
}

void paper_handle_fills(struct http_request *request, void *arg)
{
	struct paper *paper = arg;
	struct page page;
	struct paper_reply reply;
	if (!page_read(request, paper->book, &page))
		return;
	if (!paper_reply_begin(&reply, paper, request, PAPER_ON_FILLS, NULL))
		reply.json = page_json(paper->book, page);
	paper_reply_send(&reply);
}

void paper_handle_account(struct http_request *request, void *arg)
{
	(void)arg;
	char id[PAPER_UUID_SIZE];
	paper_uuid_of_name("muster-paper account", id);
	http_answer_json(request, 200,
			 json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b}", "id", id, "account_number",
				   "PAPER0001", "status", "ACTIVE", "currency", "USD", "cash", "1000000000",
				   "buying_power", "1000000000", "trading_blocked", 0, "account_blocked", 0,
				   "trade_suspended_by_user", 0));
}

void paper_handle_asset(struct http_request *request, void *arg)
{
	const struct paper *paper = arg;
	const char *symbol = http_param(request, "symbol");
	const struct paper_stock *stock = paper_stocks_find(paper->stocks, symbol);
	if (!stock || !stock->is_listed) {
		struct paper_refusal refusal;
		(void)paper_refuse(&refusal, PAPER_REFUSE_NO_ASSET, "asset not found for %.40s", symbol);
		paper_refusal_answer(request, &refusal);
		return;
	}
	char id[PAPER_UUID_SIZE];
	paper_uuid_of_name(stock->symbol, id);
	http_answer_json(request, 200,
			 json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b}", "id", id, "class", "us_equity",
				   "exchange", "NYSE", "symbol", stock->symbol, "name", stock->name, "status", "active",
				   "tradable", 1, "marginable", 0, "fractionable", stock->is_fractionable));
}

/* The first session that opens (or closes) after `now_ms`. */
static int64_t next_bell(int64_t now_ms, bool opening)
{
	struct paper_session session;
	for (int64_t day_ms = now_ms - PAPER_DAY_MS;; day_ms += PAPER_DAY_MS) {
		if (!paper_session_of(day_ms, &session))
			continue;
		int64_t bell_ms = opening ? session.open_ms : session.close_ms;
		if (bell_ms > now_ms)
			return bell_ms;
	}
}

void paper_handle_clock(struct http_request *request, void *arg)
{
	const struct paper *paper = arg;
	int64_t now_ms = paper_book_now_ms(paper->book);
	struct calendar_status status = {.state = CALENDAR_OPEN};
	if (paper->calendar)
		status = calendar_status(paper->calendar, now_ms);
	json_t *json = json_pack("{s:b}", "is_open", status.state == CALENDAR_OPEN);
	json_object_set_new(json, "timestamp", paper_time_json(now_ms));
	json_object_set_new(json, "next_open",
			    paper_time_json(status.next_open_ms ? status.next_open_ms : next_bell(now_ms, true)));
	json_object_set_new(json, "next_close",
			    paper_time_json(status.next_close_ms ? status.next_close_ms : next_bell(now_ms, false)));
	http_answer_json(request, 200, json);
}

/* A date (YYYY-MM-DD) of the query; false, and answered, where it is none. */
static bool query_date(struct http_request *request, const char *name, int64_t *day_ms)
{
	char text[32];
	struct err err;
	const char *date = http_query(request, name);
	if (!date || !*date)
		return true;
	snprintf(text, sizeof text, "%.10sT00:00:00Z", date);
	if (strlen(date) == 10 && clock_parse(text, day_ms, &err))
		return true;
	struct paper_refusal refusal;
	(void)paper_refuse(&refusal, PAPER_REFUSE_VALUE, "invalid %s", name);
	paper_refusal_answer(request, &refusal);
	return false;
}

void paper_handle_calendar(struct http_request *request, void *arg)
{
	(void)arg;
	struct paper_session session;
	int64_t start_ms = clock_wall_ms() / PAPER_DAY_MS * PAPER_DAY_MS, end_ms = -1;
	if (!query_date(request, "start", &start_ms) || !query_date(request, "end", &end_ms))
		return;
	if (end_ms < 0)
		end_ms = start_ms + 365 * PAPER_DAY_MS;
	if (end_ms > start_ms + CALENDAR_MAX * PAPER_DAY_MS)
		end_ms = start_ms + CALENDAR_MAX * PAPER_DAY_MS;
	json_t *list = json_array();
	for (int64_t day_ms = start_ms; day_ms <= end_ms; day_ms += PAPER_DAY_MS) {
		char text[CLOCK_TEXT];
		if (!paper_session_of(day_ms, &session))
			continue;
		clock_format(day_ms, text)[10] = '\0';
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "date", text, "open", "09:30", "close",
						      session.closes_early ? "13:00" : "16:00"));
	}
	http_answer_json(request, 200, list);
}
