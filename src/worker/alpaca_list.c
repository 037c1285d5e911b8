/* What the account shows: the open orders, then those since a time, the newest of each. */
#include "worker/alpaca_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"

#define PAGE_ROWS  500
#define OUR_PREFIX "muster-"

static bool list_next(struct alpaca_call *call);

/* Keeps an order that may be ours. Orders of others with longer ids cannot be. */
static void take_row(struct alpaca_call *call, const json_t *row)
{
	const char *id = alpaca_text(row, "client_order_id"), *at = alpaca_text(row, "submitted_at");
	struct broker_listed *listed = &call->listed[call->listed_count];
	if (!id || strncmp(id, OUR_PREFIX, sizeof OUR_PREFIX - 1) != 0 || strlen(id) >= sizeof listed->client_order_id)
		return;
	*listed = (struct broker_listed){0};
	memcpy(listed->client_order_id, id, strlen(id));
	if (!at || !clock_parse(at, &listed->submitted_at_ms, NULL))
		listed->submitted_at_ms = call->since_ms;
	call->listed_count++;
}

/* Takes a page; false where it is none. */
static bool take_page(struct alpaca_call *call, const struct http_client_reply *reply)
{
	json_t *rows = json_loadb(reply->body, reply->length, JSON_REJECT_DUPLICATES, NULL), *row;
	size_t i;
	bool good = json_is_array(rows);
	if (good) {
		size_t most = call->listed_count + json_array_size(rows);
		call->listed = realloc(call->listed, (most + 1) * sizeof *call->listed);
		if (!call->listed)
			abort();
		json_array_foreach (rows, i, row)
			take_row(call, row);
	}
	json_decref(rows);
	return good;
}

static void page_replied(const struct http_client_reply *reply, void *arg)
{
	struct alpaca_call *call = arg;
	struct broker_result result = {.outcome = BROKER_AMBIGUOUS};
	call->http = NULL;
	alpaca_heed_limits_of(call, reply);
	if (reply->status != 200)
		alpaca_refused(call->alpaca, ALPACA_LIST, reply, &result);
	else if (!take_page(call, reply))
		(void)err_set(&result.why, ERR_BROKER, "the broker's list of orders cannot be read");
	else if (list_next(call))
		return;
	else
		result.outcome = BROKER_ACCEPTED;
	alpaca_answer(call, &result);
}

/* Asks for the next page; false where there is none left. */
static bool list_next(struct alpaca_call *call)
{
	char path[ALPACA_PATH_SIZE], after[CLOCK_TEXT], escaped[CLOCK_TEXT * 3];
	switch (call->pages++) {
	case 0:
		snprintf(path, sizeof path, "/v2/orders?status=open&direction=desc&limit=%d", PAGE_ROWS);
		break;
	case 1:
		snprintf(path, sizeof path, "/v2/orders?status=all&direction=desc&limit=%d&after=%s", PAGE_ROWS,
			 alpaca_escape(clock_format(call->since_ms, after), escaped, sizeof escaped));
		break;
	default:
		return false;
	}
	alpaca_send_call(call, HTTP_CLIENT_GET, path, page_replied);
	return true;
}

void alpaca_list(struct broker *broker, int64_t since_ms, broker_list_fn *fn, void *arg)
{
	struct alpaca_call *call = alpaca_call_new((struct alpaca *)broker, ALPACA_LIST, NULL, arg);
	call->list_fn = fn;
	call->since_ms = since_ms;
	(void)list_next(call);
}
