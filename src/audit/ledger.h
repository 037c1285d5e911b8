/* What a broker itself says about our orders: its ledger file (the paper broker's), or its own API. */
#ifndef MUSTER_AUDIT_LEDGER_H
#define MUSTER_AUDIT_LEDGER_H

#include <jansson.h>

#include "audit/state.h"
#include "shared/err.h"

/* Reads the paper broker's ledger (its lines are described in paper/ledger.h); a last line without its end is being
 * written and is left out. It shows the orders of all brokers that no other ledger shows. */
bool audit_ledger_read_file(struct audit *audit, const char *path, struct err *err) MUST_USE;

/* Reads an account at Alpaca: all orders since the deployment began, and their fills. It shows the orders of this
 * broker. */
bool audit_ledger_read_alpaca(struct audit *audit, const struct config_broker *broker, struct err *err) MUST_USE;

/* --- for both */

/* Adds an empty ledger to the audit. */
struct audit_ledger *audit_ledger_add(struct audit *audit, const char *broker_type);

/* The order of a client_order_id, made where there is none. */
struct audit_broker_order *audit_ledger_order(struct audit *audit, struct audit_ledger *ledger,
					      const char *client_order_id);

/* Adds a fill. One whose id is there already is the same execution told again, and changes nothing. */
void audit_ledger_add_fill(struct audit *audit, struct audit_ledger *ledger, struct audit_broker_order *order,
			   const struct audit_fill *fill);

/* A member's text; "" where it is missing or null. */
const char *audit_json_text(const json_t *json, const char *key);

/* A member that is a decimal, as text or number, 0 where it is missing or null. */
bool audit_json_decimal(const json_t *json, const char *key, int64_t *nano, struct err *err) MUST_USE;

#endif
