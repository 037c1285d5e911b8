/* Whether this process may take orders now; asked before a body is looked at closer, and by GET /readyz. */
#ifndef MUSTER_API_READINESS_H
#define MUSTER_API_READINESS_H

#include <stdbool.h>

#include "shared/err.h"

struct app;

/* ERR_HALTED while Redis has lost its history and no person has confirmed it: an order stored now could be one that was
 * executed already. ERR_REDIS_UNAVAILABLE while the stocks are not loaded. Whether Redis can be reached shows when it
 * is called. */
bool readiness_takes_orders(const struct app *app, struct err *err) MUST_USE;

#endif
