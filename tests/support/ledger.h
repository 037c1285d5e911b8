/* The paper broker's own ledger, read by an auditor: what arrived there and what was filled, one record an order. */
#ifndef MUSTER_TEST_LEDGER_H
#define MUSTER_TEST_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/decimal.h"

struct ledger_order {
	char client_order_id[80];
	char symbol[40];
	char side[8];
	int64_t quantity_nano; /* of the accepted one */
	int accepted;	       /* how many times it was accepted: more than once is a disaster */
	int refused;
	int refused_status; /* of the last refusal */
	char message[160];  /* of the last refusal */
	size_t fills;
	int64_t filled_nano;
	int128 gross_atto; /* quantity x price over the fills, in 10^-18: exact */
	int128 fee_nano;   /* the commission, where anything was filled */
	int128 commission_nano;
	bool is_ended;
	int first_line, last_line; /* from its acceptance to its last event */
};

struct ledger {
	struct ledger_order *orders; /* in the order of arrival */
	size_t count;
};

/* Fails the test where a line is no event of the ledger. A ledger that is missing is empty. */
struct ledger *ledger_read(const char *path);
void ledger_free(struct ledger *ledger);

/* NULL where it never arrived. */
const struct ledger_order *ledger_find(const struct ledger *ledger, const char *client_order_id);

/* Sums over all orders. */
int ledger_accepted(const struct ledger *ledger);
int ledger_refused(const struct ledger *ledger);

#endif
