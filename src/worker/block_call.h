/* Calls on behalf of a block: scripts (each fenced), and rounds at the broker. Every answer ends in
 * order_aggregation_step, unless the block is no longer ours. */
#ifndef MUSTER_BLOCK_CALL_H
#define MUSTER_BLOCK_CALL_H

#include "worker/block.h"

#define BLOCK_CALLS_MAX 8 /* to the broker, of one block at a time: others want the broker too */

/* Empty arguments with block and fence at the front, borrowed until the next call of this function. */
struct script_args *block_args(struct block *block);

/* Sends the script. The step comes with each reply; replies of calls that are out together may come in any order. */
void block_call(struct block *block, enum script_id script, const struct script_args *args,
		enum block_waits_for waits_for);

/* The same; `tag` is in `reply_tag` during the step that this reply brings. */
void block_call_tagged(struct block *block, enum script_id script, const struct script_args *args,
		       enum block_waits_for waits_for, size_t tag);

/* record.lua with the slices that have changed. `next_ms` < 0: the block stays in hand; otherwise Redis gives it to
 * anybody in that time, and the step that follows takes it out of hand. */
void block_record(struct block *block, int64_t next_ms);
void block_record_as(struct block *block, int64_t next_ms, enum block_waits_for waits_for);

/* Whether there is something that Redis does not have. */
bool block_has_news(const struct block *block);

/* Records what has changed and sets the block aside for a person. `why` is for people; `slice` (may be NULL) is what
 * the evidence is about. */
void block_review(struct block *block, const char *why, const struct slice *slice);

/* Asks the broker what each slice needs, a few at a time; the step comes when all have answered. */
void block_start_round(struct block *block, enum block_waits_for waits_for);

#endif
