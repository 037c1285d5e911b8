/* The steps of a block, one file a stage. Each `block_start_...` makes calls and says what the block waits for; each
 * `block_on_...` goes on when that has come. `reply` is the script's, and NULL where the broker was waited for; stale
 * replies and errors never get here. Only the files of order aggregation include this. */
#ifndef MUSTER_BLOCK_STEP_H
#define MUSTER_BLOCK_STEP_H

#include "worker/block.h"

typedef void block_step_fn(struct block *block, const redisReply *reply);

/* block_plan.c: ready or waiting, no slices -> slices are named, with the time at which each is due. */
struct slicing_whole block_whole(const struct block *block, int64_t quantity_nano);
struct slicing_times block_times(const struct block *block);
void block_start_plan(struct block *block);
block_step_fn block_on_planned;

/* block_replan.c: of a large block, what a slice has left, or could not send in its time, goes to later slices. Each is
 * false where there is nothing of the kind. `missed` is gate.lua's reply. */
bool block_start_carry(struct block *block);
bool block_start_again(struct block *block); /* of one that gave way to the other side: what is left goes once more */
bool block_start_merge(struct block *block, const redisReply *missed);
block_step_fn block_on_replanned;

/* block_submit.c: through the gate -> every slice that was due is known to be at the broker, or not. */
void block_start_submit(struct block *block);
block_step_fn block_on_gate;
block_step_fn block_on_submits;

/* block_follow.c: working -> every slice is final. */
bool block_has_unknown(const struct block *block);
bool block_has_open(const struct block *block);
void block_start_follow(struct block *block);
block_step_fn block_on_follows;

/* block_close.c: every fill stored, totals exact -> closing. */
void block_start_close(struct block *block);
block_step_fn block_on_fills;
block_step_fn block_on_fills_stored;
block_step_fn block_on_closed;

/* allocation_run.c: closing -> every order has its share, the block is allocated. */
void block_start_allocation(struct block *block);
block_step_fn block_on_statement;
block_step_fn block_on_shares;
block_step_fn block_on_finished;

#endif
