/* Sessions: what the gate let go, by Redis's clock, against when its market was open, as its window was told when it was
 * opened. The block's own word of the close is only asked where the window has none: that of a bulk call. */
#include "audit/check.h"

/* One block that has left. */
static void check_block(struct audit *audit, struct audit_block *block)
{
	const struct audit_window *window = audit_map_find(&audit->window_of, block->window_id);
	int64_t earliest_ms = window ? window->earliest_at_ms : 0;
	int64_t close_ms = window && window->close_at_ms ? window->close_at_ms : block->close_at_ms;

	if (close_ms && block->submitted_at_ms >= close_ms)
		audit_blame_block(audit, block, AUDIT_BOUNDED, "it left %lld ms after its market had closed",
				  (long long)(block->submitted_at_ms - close_ms));
	if (block->submitted_at_ms < earliest_ms)
		audit_blame_block(audit, block, AUDIT_BOUNDED, "it left %lld ms before its market took orders",
				  (long long)(earliest_ms - block->submitted_at_ms));
}

void audit_check_sessions(struct audit *audit)
{
	for (size_t i = 0; i < audit->blocks.count; i++) {
		struct audit_block *block = audit->blocks.items[i];

		if (!audit_block_is_left_alone(audit, block) && block->submitted_at_ms > 0)
			check_block(audit, block);
	}
}
