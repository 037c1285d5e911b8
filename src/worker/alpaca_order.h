/* An order and a fill as Alpaca writes them: JSON in, our terms out.
 *
 * https://docs.alpaca.markets/reference/getorderbyorderid; numbers come as strings and as JSON numbers. */
#ifndef MUSTER_ALPACA_ORDER_H
#define MUSTER_ALPACA_ORDER_H

#include <stdbool.h>

#include <jansson.h>

#include "worker/broker.h"

struct alpaca_order {
	struct broker_order order;
	const char *symbol; /* borrowed from the JSON */
	bool is_sell;
	bool is_known_status;
	const char *replaced_by; /* NULL, or the order that took its place; borrowed */
};

/* What an order of ours must be. Texts are borrowed. */
struct alpaca_expected {
	const char *client_order_id;
	const char *symbol;
	bool is_sell;
	int64_t quantity_nano;
};

/* Our status for a word of Alpaca's: final ones, or SLICE_ACKED for all that work. A word that is not known works, and
 * `*is_known` is false. */
enum slice_status alpaca_status_of(const char *word, bool *is_known);

/* ERR_BROKER where something that we need is missing or cannot be read. */
bool alpaca_order_parse(const json_t *json, struct alpaca_order *order, struct err *err) MUST_USE;

/* Symbol, side and quantity; the message says what differs. */
bool alpaca_order_matches(const struct alpaca_order *order, const struct alpaca_expected *expected,
			  struct err *err) MUST_USE;

/* One row of account/activities/FILL. Quantity and price are above zero: ERR_BROKER otherwise, as above. */
bool alpaca_fill_parse(const json_t *json, struct broker_fill *fill, struct err *err) MUST_USE;

/* A text member, or NULL. */
const char *alpaca_text(const json_t *json, const char *name);

#endif
