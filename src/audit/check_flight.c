/* What has not ended: in flight on a system that works, and a violation (I11) on one that should be quiet. A block that
 * waits for a person is neither. */
#include <string.h>

#include "audit/check.h"

/* Whether there is anything in the block that has to end. */
static bool is_in_flight(const struct audit_block *block)
{
	if (!block->version)
		return false;
	if (block->is_moving)
		return true;
	return !audit_block_is_final(block) && block->status != BLOCK_NEEDS_REVIEW &&
	       (block->is_sealed || block->members.count > 0);
}

/* One block. */
static void tell_block(struct audit *audit, struct audit_block *block, bool quiet_expected)
{
	const char *status = !block->is_sealed			   ? "queued"
			     : block->status == BLOCK_STATUS_COUNT ? "?"
								   : block_status_word(block->status);
	char quantity[DECIMAL_TEXT];

	(void)decimal_format_wide(block->quantity_nano, quantity);
	if (quiet_expected)
		audit_blame_block(audit, block, AUDIT_ALIVE, "it should have ended and is %s%s: %zu orders, %s %s %s",
				  status, block->is_moving ? " (and changing)" : "", block->members.count, block->side,
				  quantity, block->symbol);
	else
		audit_report_in_flight(audit->report, "block %s is %s%s: %zu orders, %s %s %s", block->id, status,
				       block->is_moving ? " (and changing)" : "", block->members.count, block->side,
				       quantity, block->symbol);
}

/* Bulk calls that are not in, and windows whose blocks have ended but which have not. */
static void tell_window(struct audit *audit, const struct audit_window *window, bool quiet_expected)
{
	bool is_open = strcmp(window->status, "open") == 0 && strcmp(window->lane, "bulk") != 0;

	if (!window->status[0] || strcmp(window->status, "done") == 0 || is_open)
		return;
	for (size_t i = 0; i < window->blocks.count; i++) {
		const struct audit_block *block = window->blocks.items[i];

		if (is_in_flight(block) || (block->version && block->status == BLOCK_NEEDS_REVIEW))
			return; /* told by the block */
	}
	if (quiet_expected)
		audit_report_violation(audit->report, AUDIT_ALIVE, "window %s: it should have ended and is %s",
				       window->id, window->status);
	else
		audit_report_in_flight(audit->report, "window %s is %s", window->id, window->status);
}

void audit_check_flight(struct audit *audit, bool quiet_expected)
{
	for (size_t i = 0; i < audit->blocks.count; i++) {
		struct audit_block *block = audit->blocks.items[i];

		audit->in_review += block->version && block->status == BLOCK_NEEDS_REVIEW;
		if (is_in_flight(block))
			tell_block(audit, block, quiet_expected);
	}
	for (size_t i = 0; i < audit->windows.count; i++)
		tell_window(audit, audit->windows.items[i], quiet_expected);
}
