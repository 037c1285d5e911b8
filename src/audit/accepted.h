/* What clients were told: JSON lines, each the body of a 202 (or 200) as it came, {"queue_id", "orders": [...]}, with
 * the "idempotency_key" that was sent and "who" sent it beside it where there was one. */
#ifndef MUSTER_AUDIT_ACCEPTED_H
#define MUSTER_AUDIT_ACCEPTED_H

#include "audit/state.h"
#include "shared/err.h"

/* How many bytes of the file there are now: what is added later is about things that the pass may not have seen. */
bool audit_accepted_size(const char *path, int64_t *bytes, struct err *err) MUST_USE;

/* Holds the first `bytes` of the file against what Redis holds (I1, I2). */
bool audit_accepted_check(struct audit *audit, const char *path, int64_t bytes, struct err *err) MUST_USE;

#endif
