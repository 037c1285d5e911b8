/* One pass: reads everything and checks everything. */
#ifndef MUSTER_AUDIT_PASS_H
#define MUSTER_AUDIT_PASS_H

#include <stdbool.h>
#include <stddef.h>

#include "audit/options.h"
#include "audit/redis.h"
#include "audit/report.h"
#include "shared/err.h"

/* What a pass has looked at. */
struct audit_figures {
	size_t blocks, orders, fills, accepted, in_review;
};

/* Reads the ledgers, then Redis, then holds them and the accepted requests against each other. False where something
 * could not be read. */
bool audit_pass_run(const struct audit_options *options, struct audit_redis *redis, struct audit_report *report,
		    struct audit_figures *figures, struct err *err) MUST_USE;

#endif
