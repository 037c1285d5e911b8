/* The invariants, each on what one pass has read. They are called in this order: what an earlier one blames a block for
 * is not told a second time by a later one that merely follows from it.
 *
 * A block that moved while it was read is left alone by all of them: it is in flight. */
#ifndef MUSTER_AUDIT_CHECK_H
#define MUSTER_AUDIT_CHECK_H

#include "audit/state.h"

void audit_check_requests(struct audit *audit); /* I1, I2: within Redis */
void audit_check_members(struct audit *audit);	/* I3, I4: statements, windows */
void audit_check_broker(struct audit *audit);	/* I4, I5, I10: slices against the ledgers */
void audit_check_fills(struct audit *audit);	/* I6: fills and totals */
void audit_check_shares(struct audit *audit);	/* I6, I7: who got what */
void audit_check_postings(struct audit *audit); /* I8 */
void audit_check_status(struct audit *audit);	/* I9: orders, blocks and slices among each other */
void audit_check_indexes(struct audit *audit);	/* I9: indexes, counts, times to live; I3: windows */

void audit_check_halts(struct audit *audit);	/* I12: nothing leaves in spite of a halt */
void audit_check_sessions(struct audit *audit); /* I12: nothing leaves while its market is closed */

/* Reports what is in flight; where all should be quiet, that is a violation (I11). */
void audit_check_flight(struct audit *audit, bool quiet_expected);

/* Whether the block is no subject: it moves, it is not there, or it is just about to expire. */
bool audit_block_is_left_alone(const struct audit *audit, const struct audit_block *block);

#endif
