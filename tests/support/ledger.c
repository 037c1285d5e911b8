/* See ledger.h. */
#include "tests/support/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/support/json_at.h"

/* The record of an id, made where there is none. */
static struct ledger_order *order_of(struct ledger *ledger, const char *client_order_id)
{
	struct ledger_order *order;

	for (size_t i = 0; i < ledger->count; i++)
		if (strcmp(ledger->orders[i].client_order_id, client_order_id) == 0)
			return &ledger->orders[i];
	ledger->orders = realloc(ledger->orders, (ledger->count + 1) * sizeof *ledger->orders);
	if (!ledger->orders)
		abort();
	order = &ledger->orders[ledger->count++];
	*order = (struct ledger_order){.first_line = -1};
	(void)snprintf(order->client_order_id, sizeof order->client_order_id, "%s", client_order_id);
	return order;
}

/* Whether the line tells of an order that the broker did not take. */
static bool is_refusal(const json_t *event)
{
	return strcmp(json_text(event, "/event"), "order") == 0 && strcmp(json_text(event, "/outcome"), "accepted") != 0;
}

static void read_order(struct ledger_order *order, const json_t *event, int line)
{
	if (is_refusal(event)) {
		order->refused++;
		order->refused_status = (int)json_int(event, "/status_code");
		(void)snprintf(order->message, sizeof order->message, "%s", json_text(event, "/message"));
		return;
	}
	order->accepted++;
	order->first_line = line;
	order->quantity_nano = json_nano(event, "/qty");
	if (!json_is_null(json_at(event, "/commission")))
		order->commission_nano = json_nano(event, "/commission");
}

static void read_fill(struct ledger_order *order, const json_t *event)
{
	int64_t quantity_nano = json_nano(event, "/qty");

	order->fills++;
	order->filled_nano += quantity_nano;
	order->gross_atto += (int128)quantity_nano * json_nano(event, "/price");
	order->fee_nano = order->commission_nano;
	order->is_ended = order->filled_nano >= order->quantity_nano;
}

/* Takes one line. */
static void read_event(struct ledger *ledger, const json_t *event, int line)
{
	const char *kind = json_text(event, "/event");
	struct ledger_order *order = order_of(ledger, json_text(event, "/client_order_id"));

	(void)snprintf(order->symbol, sizeof order->symbol, "%s", json_text(event, "/symbol"));
	(void)snprintf(order->side, sizeof order->side, "%s", json_text(event, "/side"));
	if (strcmp(kind, "order") == 0)
		read_order(order, event, line);
	else if (strcmp(kind, "fill") == 0)
		read_fill(order, event);
	else
		order->is_ended = true;
	if (order->accepted > 0 && !is_refusal(event)) /* a refused repetition does not bring it back */
		order->last_line = line;
}

struct ledger *ledger_read(const char *path)
{
	struct ledger *ledger = calloc(1, sizeof *ledger);
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!ledger)
		abort();
	for (int line = 0; file && getline(&text, &size, file) > 0; line++) {
		json_t *event = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

		if (!event)
			fail_msg("line %d of the ledger is no JSON: %s", line + 1, text);
		read_event(ledger, event, line);
		json_decref(event);
	}
	free(text);
	if (file)
		(void)fclose(file);
	return ledger;
}

void ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return;
	free(ledger->orders);
	free(ledger);
}

const struct ledger_order *ledger_find(const struct ledger *ledger, const char *client_order_id)
{
	for (size_t i = 0; i < ledger->count; i++)
		if (strcmp(ledger->orders[i].client_order_id, client_order_id) == 0)
			return &ledger->orders[i];
	return NULL;
}

int ledger_accepted(const struct ledger *ledger)
{
	int sum = 0;

	for (size_t i = 0; i < ledger->count; i++)
		sum += ledger->orders[i].accepted;
	return sum;
}

int ledger_refused(const struct ledger *ledger)
{
	int sum = 0;

	for (size_t i = 0; i < ledger->count; i++)
		sum += ledger->orders[i].refused;
	return sum;
}
