/* Sizing: from a suggestion to an order that can be traded, or the reason why not. Pure and exact: integers of 10^-9,
 * products in 128 bits, rounded down to the lot. */
#ifndef MUSTER_API_SIZING_H
#define MUSTER_API_SIZING_H

#include <stdbool.h>
#include <stdint.h>

#include "api/stock_table.h"
#include "api/suggestion.h"
#include "shared/config.h"
#include "shared/decimal.h"
#include "shared/err.h"

#define INVESTMENT_UNKNOWN INT64_C(-1)

/* What sizing needs to know besides the suggestion. */
struct sizing_facts {
	const struct config *config;
	const struct stock *stock; /* NULL: the symbol is not known */
	int64_t investment_nano;   /* the investment's value, or INVESTMENT_UNKNOWN */
	int64_t now_ms;		   /* Redis's clock; 0: not known */
};

/* Orders of one signature in one window are one group: "SYMBOL SIDE BROKER LOT TYPE [LIMIT]". */
#define SIGNATURE_SIZE 224

struct sized_order {
	char signature[SIGNATURE_SIZE];
	char broker_type[NAME_SIZE];
	char quantity[DECIMAL_TEXT];
	int64_t quantity_nano; /* 0 where it was refused before it was computed */
	int128 notional_nano;  /* where the broker has a max_daily_notional: what counts towards it */
};

/* Fails with the reason (ERR_UNKNOWN_SYMBOL, ERR_NOT_TRADABLE, ERR_UNKNOWN_BROKER, ERR_NO_PRICE, ERR_NO_INVESTMENT,
 * ERR_BAD_QUANTITY, or a cap: see caps.h). `order` is complete also then, so that a refused order can be kept and
 * shown. */
bool sizing_compute(const struct suggestion *suggestion, const struct sizing_facts *facts, struct sized_order *order,
		    struct err *err) MUST_USE;

/* The field of the suggestion that such a refusal is about. */
const char *sizing_field(const struct suggestion *suggestion, enum err_code code);

#endif
