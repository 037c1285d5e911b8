/* Reading a ledger back: the events are applied in their order, through the same book that made them. */
#include "paper/ledger_read.h"

#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"

/* Where events go. */
struct restore {
	struct paper_book *book;
	struct paper_stocks *stocks;
};

/* The text of a member; false where it is missing or no text. */
static bool text_of(const json_t *event, const char *key, const char **text, struct err *err)
{
	*text = json_string_value(json_object_get(event, key));
	return *text || err_set(err, ERR_INTERNAL, "\"%s\" is missing", key);
}

/* The decimal of a member; null is 0. */
static bool decimal_of(const json_t *event, const char *key, int64_t *nano, struct err *err)
{
	const char *text;
	*nano = 0;
	if (json_is_null(json_object_get(event, key)))
		return true;
	return text_of(event, key, &text, err) && (decimal_parse(text, nano, err) || err_context(err, "\"%s\"", key));
}

/* The time of an event. */
static bool time_of(const json_t *event, int64_t *at_ms, struct err *err)
{
	const char *text;
	return text_of(event, "at", &text, err) && (clock_parse(text, at_ms, err) || err_context(err, "\"at\""));
}

/* Where the word of a member stands in its table. */
static bool word_of(const json_t *event, const char *key, const char *const *words, int count, int *place,
		    struct err *err)
{
	const char *text;
	if (!text_of(event, key, &text, err))
		return false;
	*place = paper_word_find(words, count, text);
	return *place < count || err_set(err, ERR_INTERNAL, "\"%s\" is not known", key);
}

/* Copies an id where it fits its place. */
static bool id_of(const json_t *event, const char *key, char *id, size_t size, struct err *err)
{
	const char *text;
	if (!text_of(event, key, &text, err))
		return false;
	size_t length = strlen(text);
	if (!length || length >= size)
		return err_set(err, ERR_INTERNAL, "\"%s\" has a wrong length", key);
	memcpy(id, text, length + 1);
	return true;
}

/* Everything of an accepted order. */
static bool order_read(const json_t *event, struct paper_order *order, struct err *err)
{
	int side, type, tif;
	if (!id_of(event, "id", order->id, sizeof order->id, err) ||
	    !id_of(event, "client_order_id", order->client_order_id, sizeof order->client_order_id, err) ||
	    !word_of(event, "side", paper_side_words, PAPER_SIDE_COUNT, &side, err) ||
	    !word_of(event, "type", paper_type_words, PAPER_TYPE_COUNT, &type, err) ||
	    !word_of(event, "time_in_force", paper_tif_words, PAPER_TIF_COUNT, &tif, err) ||
	    !decimal_of(event, "qty", &order->quantity_nano, err) ||
	    !decimal_of(event, "notional", &order->notional_nano, err) ||
	    !decimal_of(event, "limit_price", &order->limit_nano, err) ||
	    !decimal_of(event, "commission", &order->commission_nano, err) ||
	    !time_of(event, &order->submitted_ms, err))
		return false;
	order->side = (enum paper_side)side;
	order->type = (enum paper_type)type;
	order->tif = (enum paper_tif)tif;
	order->updated_ms = order->submitted_ms;
	order->due_place = PAPER_NOT_DUE;
	return true;
}

/* Puts an accepted order into the book; refused ones leave nothing behind. */
static bool restore_order(const struct restore *restore, const json_t *event, struct err *err)
{
	const char *outcome, *symbol;
	if (!text_of(event, "outcome", &outcome, err))
		return false;
	if (strcmp(outcome, "accepted") != 0)
		return true;
	if (!text_of(event, "symbol", &symbol, err))
		return false;
	struct paper_order *order = calloc(1, sizeof *order);
	if (!order)
		abort();
	bool ok = order_read(event, order, err);
	if (ok && (paper_book_by_id(restore->book, order->id) ||
		   paper_book_by_client_id(restore->book, order->client_order_id)))
		ok = err_set(err, ERR_INTERNAL, "the order stands there twice");
	if (!ok) {
		free(order);
		return false;
	}
	order->stock = paper_stocks_remember(restore->stocks, symbol);
	paper_book_add(restore->book, order);
	return true;
}

/* The open order that an event is about. */
static bool open_order_of(const struct restore *restore, const json_t *event, struct paper_order **order,
			  struct err *err)
{
	const char *id;
	if (!text_of(event, "order_id", &id, err))
		return false;
	*order = paper_book_by_id(restore->book, id);
	return (*order && (*order)->state == PAPER_OPEN) ||
	       err_set(err, ERR_INTERNAL, "the order %.40s is not open", id);
}

/* Adds a fill to its order. */
static bool restore_fill(const struct restore *restore, const json_t *event, struct err *err)
{
	struct paper_fill fill = {0};
	if (!open_order_of(restore, event, &fill.order, err) || !id_of(event, "id", fill.id, sizeof fill.id, err) ||
	    !decimal_of(event, "qty", &fill.quantity_nano, err) || !decimal_of(event, "price", &fill.price_nano, err) ||
	    !time_of(event, &fill.at_ms, err))
		return false;
	if (fill.quantity_nano <= 0 || fill.quantity_nano > INT64_MAX - fill.order->filled_nano)
		return err_set(err, ERR_INTERNAL, "the fill does not fit its order");
	fill.cumulative_nano = fill.order->filled_nano + fill.quantity_nano;
	paper_book_add_fill(restore->book, &fill);
	return true;
}

/* Ends an order. */
static bool restore_end(const struct restore *restore, const json_t *event, enum paper_state state, struct err *err)
{
	struct paper_order *order;
	int64_t at_ms;
	if (!open_order_of(restore, event, &order, err) || !time_of(event, &at_ms, err))
		return false;
	paper_book_end(restore->book, order, state, at_ms);
	return true;
}

/* The event "canceled". */
static bool restore_canceled(const struct restore *restore, const json_t *event, struct err *err)
{
	return restore_end(restore, event, PAPER_CANCELED, err);
}

/* The event "expired". */
static bool restore_expired(const struct restore *restore, const json_t *event, struct err *err)
{
	return restore_end(restore, event, PAPER_EXPIRED, err);
}

static const struct {
	const char *event;
	bool (*apply)(const struct restore *restore, const json_t *event, struct err *err);
} events[] = {
    {"order", restore_order},
    {"fill", restore_fill},
    {"canceled", restore_canceled},
    {"expired", restore_expired},
};

/* Applies one line; events that are not known change nothing. */
static bool line_apply(const struct restore *restore, const char *line, size_t length, struct err *err)
{
	json_error_t why;
	json_t *event = json_loadb(line, length, 0, &why);
	if (!event)
		return err_set(err, ERR_INTERNAL, "it is not JSON: %s", why.text);
	const char *name;
	bool ok = text_of(event, "event", &name, err);
	for (size_t i = 0; ok && i < sizeof events / sizeof *events; i++)
		if (strcmp(name, events[i].event) == 0)
			ok = events[i].apply(restore, event, err);
	json_decref(event);
	return ok;
}

bool paper_ledger_read(FILE *file, struct paper_book *book, struct paper_stocks *stocks, int64_t *whole_bytes,
		       struct err *err)
{
	const struct restore restore = {book, stocks};
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	bool ok = true;
	*whole_bytes = 0;
	for (long long number = 1; ok && (length = getline(&line, &size, file)) > 0; number++) {
		if (line[length - 1] != '\n')
			break;
		ok = line_apply(&restore, line, (size_t)length, err) || err_context(err, "line %lld", number);
		*whole_bytes += length;
	}
	free(line);
	return ok;
}
