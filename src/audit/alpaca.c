/* An account at Alpaca, read through its own API: GET /v2/orders and GET /v2/account/activities/FILL, page by page.
 * Only reads are ever sent. Nothing is shared with the worker's adapter. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/ledger.h"
#include "shared/clock.h"

#define ORDERS_A_PAGE 500
#define FILLS_A_PAGE  100
#define REPLY_MAX     ((size_t)16 * 1024 * 1024)
#define TRIES_MAX     60 /* of a page that the broker puts off with 429, a second each */
#define DAY_MS	      INT64_C(86400000)
#define TOKEN_SIZE    256

struct reply {
	char *text;
	size_t length;
};

struct account {
	struct audit *audit;
	const struct config_broker *broker;
	struct audit_ledger *ledger;
	CURL *curl;
	struct curl_slist *headers;
};

/* curl's writer; a reply beyond the cap is cut off, which curl makes an error. */
static size_t take_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	struct reply *reply = arg;
	size_t length = size * count;
	char *text;

	if (reply->length + length > REPLY_MAX)
		return 0;
	text = realloc(reply->text, reply->length + length + 1);
	if (!text)
		abort();
	memcpy(text + reply->length, bytes, length);
	reply->text = text;
	reply->length += length;
	return length;
}

/* One GET. `*status` is 0 where no answer came. */
static json_t *get_once(const struct account *account, const char *url, long *status, struct err *err)
{
	struct reply reply = {0};
	json_t *json = NULL;
	CURLcode code;

	*status = 0;
	curl_easy_setopt(account->curl, CURLOPT_URL, url);
	curl_easy_setopt(account->curl, CURLOPT_WRITEDATA, &reply);
	code = curl_easy_perform(account->curl);
	if (code == CURLE_OK)
		curl_easy_getinfo(account->curl, CURLINFO_RESPONSE_CODE, status);
	if (code != CURLE_OK)
		(void)err_set(err, ERR_BROKER, "the broker %s cannot be reached: %s", account->broker->name,
			      curl_easy_strerror(code));
	else if (*status != 200)
		(void)err_set(err, ERR_BROKER, "the broker %s answers %ld", account->broker->name, *status);
	else if (!(json = json_loadb(reply.text ? reply.text : "", reply.length, 0, NULL)) || !json_is_array(json))
		(void)err_set(err, ERR_BROKER, "the broker %s answers what is no list", account->broker->name);
	free(reply.text);
	if (json_is_array(json))
		return json;
	json_decref(json);
	return NULL;
}

/* A page: waits while the broker says that we ask too often. */
static json_t *get_page(const struct account *account, const char *url, struct err *err)
{
	json_t *json = NULL;
	long status = 429;

	for (int tries = 0; !json && status == 429 && tries < TRIES_MAX; tries++) {
		if (tries)
			(void)nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
		json = get_once(account, url, &status, err);
	}
	return json;
}

/* Whether an order of that status trades no more. */
static bool is_ended(const char *status)
{
	static const char *const ended[] = {"filled", "canceled", "expired", "rejected", "replaced"};

	for (size_t i = 0; i < sizeof ended / sizeof ended[0]; i++)
		if (strcmp(status, ended[i]) == 0)
			return true;
	return false;
}

/* One row of the orders; `*is_new` where it was not there yet. */
static bool take_order(struct account *account, const json_t *row, bool *is_new, struct err *err)
{
	const char *id = audit_json_text(row, "id"), *client_id = audit_json_text(row, "client_order_id");
	struct audit *audit = account->audit;
	struct audit_broker_order *order;
	int64_t quantity_nano, fee_nano;

	if (!*id || !*client_id)
		return err_set(err, ERR_BROKER, "an order of the broker %s has no id", account->broker->name);
	if (audit_map_find(&account->ledger->by_broker_id, id))
		return true;
	if (!audit_json_decimal(row, "qty", &quantity_nano, err) ||
	    !audit_json_decimal(row, "commission", &fee_nano, err))
		return err_context(err, "order %s of the broker %s", id, account->broker->name);
	*is_new = true;
	order = audit_ledger_order(audit, account->ledger, client_id);
	order->accepted++;
	order->quantity_nano = quantity_nano;
	order->fee_nano = fee_nano;
	order->broker_order_id = audit_arena_text(audit->arena, id);
	order->symbol = audit_arena_text(audit->arena, audit_json_text(row, "symbol"));
	order->side = audit_arena_text(audit->arena, audit_json_text(row, "side"));
	order->type = audit_arena_text(audit->arena, audit_json_text(row, "type"));
	order->limit_price = audit_arena_text(audit->arena, audit_json_text(row, "limit_price"));
	order->is_ended = is_ended(audit_json_text(row, "status"));
	order->is_rejected = strcmp(audit_json_text(row, "status"), "rejected") == 0;
	if (!clock_parse(audit_json_text(row, "updated_at"), &order->last_at_ms, NULL))
		order->last_at_ms = account->audit->now_ms;
	audit_map_put(&account->ledger->by_broker_id, audit->arena, order->broker_order_id, order);
	return true;
}

/* All orders, the oldest first. `after` is exclusive and many can share an instant: each page begins a millisecond
 * before the last row of the one before, and what comes twice is passed over. */
static bool read_orders(struct account *account, struct err *err)
{
	int64_t after_ms = account->audit->deployed_at_ms > DAY_MS ? account->audit->deployed_at_ms - DAY_MS : 0;
	bool is_new = true;
	size_t rows = ORDERS_A_PAGE;

	while (rows == ORDERS_A_PAGE) {
		char url[CONFIG_TEXT_SIZE + 128], after[CLOCK_TEXT];
		json_t *page, *row;
		size_t i;

		(void)snprintf(url, sizeof url, "%s/v2/orders?status=all&direction=asc&limit=%d&after=%s",
			       account->broker->base_url, ORDERS_A_PAGE, clock_format(after_ms, after));
		if (!(page = get_page(account, url, err)))
			return false;
		rows = json_array_size(page);
		is_new = false;
		json_array_foreach (page, i, row) {
			if (!take_order(account, row, &is_new, err)) {
				json_decref(page);
				return false;
			}
			if (clock_parse(audit_json_text(row, "submitted_at"), &after_ms, NULL))
				after_ms--;
		}
		json_decref(page);
		if (!is_new && rows == ORDERS_A_PAGE)
			return err_set(err, ERR_BROKER, "the broker %s has more than %d orders of one millisecond",
				       account->broker->name, ORDERS_A_PAGE);
	}
	return true;
}

/* One row of the fills; those of orders that were not asked for are passed over. */
static bool take_fill(struct account *account, const json_t *row, struct err *err)
{
	struct audit_broker_order *order =
	    audit_map_find(&account->ledger->by_broker_id, audit_json_text(row, "order_id"));
	struct audit_fill fill = {.id = audit_arena_text(account->audit->arena, audit_json_text(row, "id"))};

	if (!order)
		return true;
	if (!*fill.id || !audit_json_decimal(row, "qty", &fill.quantity_nano, err) ||
	    !audit_json_decimal(row, "price", &fill.price_nano, err))
		return err_context(err, "fill %s of the broker %s", fill.id, account->broker->name);
	audit_ledger_add_fill(account->audit, account->ledger, order, &fill);
	return true;
}

/* The address of the page of fills behind `token`. */
static void fills_url(const struct account *account, const char *token, char *url, size_t size)
{
	int64_t after_ms = account->audit->deployed_at_ms > DAY_MS ? account->audit->deployed_at_ms - DAY_MS : 0;
	char after[CLOCK_TEXT], *escaped = curl_easy_escape(account->curl, token, 0);

	if (!escaped)
		abort();
	(void)snprintf(url, size, "%s/v2/account/activities/FILL?direction=asc&page_size=%d&after=%s&page_token=%s",
		       account->broker->base_url, FILLS_A_PAGE, clock_format(after_ms, after), escaped);
	curl_free(escaped);
}

/* All fills, the oldest first; the last row's id leads to the next page. */
static bool read_fills(struct account *account, struct err *err)
{
	char url[CONFIG_TEXT_SIZE + TOKEN_SIZE * 3 + 128], token[TOKEN_SIZE] = "";
	size_t rows = FILLS_A_PAGE;
	bool good = true;

	while (good && rows == FILLS_A_PAGE) {
		json_t *page, *row;
		size_t i;

		fills_url(account, token, url, sizeof url);
		if (!(page = get_page(account, url, err)))
			return false;
		rows = json_array_size(page);
		json_array_foreach (page, i, row) {
			good = good && take_fill(account, row, err);
			(void)snprintf(token, sizeof token, "%s", audit_json_text(row, "id"));
		}
		json_decref(page);
	}
	return good;
}

/* Header lines with the keys, which stay out of the process list and of every message. */
static void add_header(struct account *account, const char *name, const char *value)
{
	char line[CONFIG_TEXT_SIZE + 64];

	if (!*value)
		return;
	(void)snprintf(line, sizeof line, "%s: %s", name, value);
	account->headers = curl_slist_append(account->headers, line);
	explicit_bzero(line, sizeof line);
	if (!account->headers)
		abort();
}

bool audit_ledger_read_alpaca(struct audit *audit, const struct config_broker *broker, struct err *err)
{
	struct account account = {.audit = audit, .broker = broker, .curl = curl_easy_init()};
	bool good;

	if (!account.curl)
		abort();
	account.ledger = audit_ledger_add(audit, broker->name);
	add_header(&account, "APCA-API-KEY-ID", broker->key_id);
	add_header(&account, "APCA-API-SECRET-KEY", broker->key_secret);
	curl_easy_setopt(account.curl, CURLOPT_HTTPHEADER, account.headers);
	curl_easy_setopt(account.curl, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(account.curl, CURLOPT_TIMEOUT_MS, (long)broker->timeout_ms);
	curl_easy_setopt(account.curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(account.curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(account.curl, CURLOPT_PROTOCOLS_STR, "http,https");
	good = read_orders(&account, err) && read_fills(&account, err);
	curl_slist_free_all(account.headers);
	curl_easy_cleanup(account.curl);
	return good;
}
