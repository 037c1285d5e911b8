/* The ledger: what the paper broker received and did, one JSON line each, only ever appended to. It is the broker's own
 * truth, against which an auditor holds everything that Muster says.
 *
 *   {"event":"order","at","outcome":"accepted"|"refused","status_code","message","id","client_order_id","symbol","side",
 *    "qty","notional","type","time_in_force","limit_price","commission"}; a refused one shows the fields as they came
 *   {"event":"fill","at","id","order_id","client_order_id","symbol","side","qty","price"}
 *   {"event":"canceled"|"expired","at","order_id","client_order_id","symbol","side","filled_qty"}
 *
 * Each line is one write to the kernel before the answer leaves, so that a killed broker has told nobody of anything
 * that is not in it. */
#ifndef MUSTER_PAPER_LEDGER_H
#define MUSTER_PAPER_LEDGER_H

#include <stdbool.h>

#include <jansson.h>

#include "paper/book.h"
#include "paper/stock.h"
#include "shared/err.h"

struct paper_ledger;

/* Opens `path`, making it where it is missing, and locks it: a second broker on one ledger is refused. Reads it back
 * into `book`. A cut last line is dropped with a warning; any other line that cannot be read is an error. */
struct paper_ledger *paper_ledger_open(const char *path, struct paper_book *book, struct paper_stocks *stocks,
				       struct err *err);
void paper_ledger_close(struct paper_ledger *ledger);

/* Each fails with ERR_INTERNAL where the line cannot be written whole; the broker must then stop. */
bool paper_ledger_accepted(struct paper_ledger *ledger, const struct paper_order *order, struct err *err) MUST_USE;
/* `body`: what was received, any JSON or NULL. */
bool paper_ledger_refused(struct paper_ledger *ledger, const json_t *body, int status_code, const char *message,
			  struct err *err) MUST_USE;
bool paper_ledger_filled(struct paper_ledger *ledger, const struct paper_fill *fill, struct err *err) MUST_USE;
bool paper_ledger_ended(struct paper_ledger *ledger, const struct paper_order *order, enum paper_state state,
			int64_t at_ms, struct err *err) MUST_USE;

#endif
