/* Halts: what the gate let go, by Redis's clock, against who halted and resumed what, by the same clock. So it holds
 * whatever the clocks of hosts and brokers say. */
#include <string.h>

#include "audit/check.h"

#define WITHIN_MS 1000 /* what was let go before may be on its way for so long */

/* Whether the entry is about this broker. A resume of all ends every halt; each of them has an entry of its own. */
static bool is_about(const struct audit_halt *halt, const char *scope)
{
	return strcmp(halt->scope, scope) == 0;
}

/* The halt of this scope that was in force at a time; NULL: none. */
static const struct audit_halt *halt_at(const struct audit *audit, const char *scope, int64_t at_ms)
{
	const struct audit_halt *in_force = NULL;

	for (size_t i = 0; i < audit->halts.count; i++) {
		const struct audit_halt *halt = audit->halts.items[i];

		if (!is_about(halt, scope))
			continue;
		if (halt->is_resume && halt->at_ms >= at_ms)
			break;
		if (halt->is_resume)
			in_force = NULL;
		else if (!in_force)
			in_force = halt;
	}
	return in_force && in_force->at_ms + WITHIN_MS < at_ms ? in_force : NULL;
}

void audit_check_halts(struct audit *audit)
{
	for (size_t i = 0; i < audit->blocks.count; i++) {
		struct audit_block *block = audit->blocks.items[i];
		const struct audit_halt *halt;

		if (audit_block_is_left_alone(audit, block) || block->submitted_at_ms == 0)
			continue;
		halt = halt_at(audit, "all", block->submitted_at_ms);
		if (!halt)
			halt = halt_at(audit, block->broker_type, block->submitted_at_ms);
		if (halt)
			audit_blame_block(audit, block, AUDIT_BOUNDED, "it left %lld ms after the halt of %s",
					  (long long)(block->submitted_at_ms - halt->at_ms), halt->scope);
	}
}
