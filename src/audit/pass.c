/* See pass.h. What others may add to meanwhile is read first: by the time that Redis is read, whatever the accepted
 * requests and the ledgers told of must be in it. */
#include "audit/pass.h"

#include <stdio.h>

#include "audit/accepted.h"
#include "audit/check.h"
#include "audit/ledger.h"
#include "audit/read.h"

#define MS_A_SECOND 1000

/* Reads all sides. */
static bool read_all(struct audit *audit, const struct audit_options *options, struct audit_redis *redis,
		     struct err *err)
{
	if (!audit_read_deployment(audit, redis, err))
		return false;
	for (int i = 0; i < options->broker_count; i++)
		if (!audit_ledger_read_alpaca(audit, options->brokers[i], err))
			return false;
	return (!options->ledger_path || audit_ledger_read_file(audit, options->ledger_path, err)) &&
	       audit_read_redis(audit, redis, err);
}

/* Checks all invariants. */
static void check_all(struct audit *audit, bool quiet_expected)
{
	audit_check_requests(audit);
	audit_check_members(audit);
	audit_check_broker(audit);
	audit_check_fills(audit);
	audit_check_shares(audit);
	audit_check_postings(audit);
	audit_check_status(audit);
	audit_check_indexes(audit);
	audit_check_halts(audit);
	audit_check_sessions(audit);
	audit_check_flight(audit, quiet_expected);
}

/* Counts what was there. */
static struct audit_figures count_all(const struct audit *audit)
{
	struct audit_figures figures = {
	    .fills = audit->fills, .accepted = audit->accepted, .in_review = audit->in_review};

	for (size_t i = 0; i < audit->blocks.count; i++)
		figures.blocks += ((struct audit_block *)audit->blocks.items[i])->version != NULL;
	for (size_t i = 0; i < audit->orders.count; i++)
		figures.orders += ((struct audit_order *)audit->orders.items[i])->exists;
	return figures;
}

bool audit_pass_run(const struct audit_options *options, struct audit_redis *redis, struct audit_report *report,
		    struct audit_figures *figures, struct err *err)
{
	char prefix[CONFIG_NAME_SIZE + 8];
	struct audit audit = {
	    .config = &options->config,
	    .prefix = prefix,
	    .arena = audit_arena_new(),
	    .report = report,
	    .retention_ms = options->config.orders.retention_s * MS_A_SECOND,
	};
	int64_t accepted_bytes = 0;
	bool good;

	(void)snprintf(prefix, sizeof prefix, "%s:{0}:", options->config.redis.prefix);
	good = (!options->accepted_path || audit_accepted_size(options->accepted_path, &accepted_bytes, err)) &&
	       read_all(&audit, options, redis, err) &&
	       (!options->accepted_path || audit_accepted_check(&audit, options->accepted_path, accepted_bytes, err));
	if (good) {
		check_all(&audit, options->quiet_expected);
		*figures = count_all(&audit);
	}
	audit_arena_free(audit.arena);
	return good;
}
