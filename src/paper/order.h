/* One order at the paper broker, its fills, and the JSON that Alpaca shows for them. */
#ifndef MUSTER_PAPER_ORDER_H
#define MUSTER_PAPER_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "paper/stock.h"
#include "paper/uuid.h"
#include "shared/decimal.h"

#define PAPER_CLIENT_ID_MAX 128
#define PAPER_NOT_DUE	    SIZE_MAX
#define PAPER_FILL_ID_SIZE  (17 + 2 + PAPER_UUID_SIZE) /* "20261122131500123::" and a UUID */

enum paper_side { PAPER_BUY, PAPER_SELL, PAPER_SIDE_COUNT };
enum paper_type { PAPER_MARKET, PAPER_LIMIT, PAPER_TYPE_COUNT };
enum paper_tif { PAPER_DAY, PAPER_GTC, PAPER_OPG, PAPER_CLS, PAPER_IOC, PAPER_FOK, PAPER_TIF_COUNT };
enum paper_state { PAPER_OPEN, PAPER_FILLED, PAPER_CANCELED, PAPER_EXPIRED };

extern const char *const paper_side_words[PAPER_SIDE_COUNT];
extern const char *const paper_type_words[PAPER_TYPE_COUNT];
extern const char *const paper_tif_words[PAPER_TIF_COUNT];

/* Where the word stands in one of the tables above; `count` where it does not. */
int paper_word_find(const char *const *words, int count, const char *word);

struct paper_order {
	char id[PAPER_UUID_SIZE];
	char client_order_id[PAPER_CLIENT_ID_MAX + 1];
	struct paper_stock *stock;
	enum paper_side side;
	enum paper_type type;
	enum paper_tif tif;
	enum paper_state state;
	int64_t quantity_nano;
	int64_t notional_nano;	 /* 0: ordered by quantity */
	int64_t limit_nano;	 /* 0: none */
	int64_t commission_nano; /* charged with the first fill; 0: none */
	int64_t filled_nano;
	int128 cost; /* sum of quantity x price over the fills, in 10^-18 */
	int64_t submitted_ms, updated_ms, ended_ms;
	int64_t parts_done; /* fills so far */
	/* Where a fault decided how much of it is filled, instead of the settings; not kept across a restart. */
	bool has_fate;
	int64_t fate_nano;
	/* The book's: open orders of all stocks, and of this one, oldest first. */
	struct paper_order *open_next, *open_previous;
	struct paper_order *stock_next, *stock_previous;
	/* The due queue's. */
	size_t due_place; /* PAPER_NOT_DUE: it rests */
	int64_t due_ms;
	uint64_t due_number;
};

/* One fill. Ids are strictly growing, in the order of time. */
struct paper_fill {
	struct paper_order *order;
	int64_t at_ms;
	int64_t quantity_nano, price_nano;
	int64_t cumulative_nano; /* of its order, with this one */
	char id[PAPER_FILL_ID_SIZE];
};

/* "new", "partially_filled", "filled", "canceled", "expired". */
const char *paper_order_status(const struct paper_order *order);

/* The order as GET shows it. New reference. */
json_t *paper_order_json(const struct paper_order *order);

/* A row of the activities. New reference. */
json_t *paper_fill_json(const struct paper_fill *fill);

/* JSON text of a decimal. New reference. */
json_t *paper_decimal_json(int64_t nano);

/* JSON text of a time. New reference. */
json_t *paper_time_json(int64_t at_ms);

#endif
