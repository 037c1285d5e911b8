/* Order aggregation: takes a block, the one order made of a group of many users' orders, to its end.
 *
 *     ready --plan--> (slices created) --gate--> submitting --submit--> working --follow--> (all slices final)
 *                                                            --close--> closing --allocate--> allocated
 *
 * Every stage is: one act, then one script that records it. What is recorded decides what comes next, so any worker can
 * go on from any record: this one by itself where the next act is due at once, anybody where it is due later. The same
 * code serves timed windows, immediate windows and bulk calls. */
#ifndef MUSTER_ORDER_AGGREGATION_H
#define MUSTER_ORDER_AGGREGATION_H

#include "worker/block.h"

/* Begins with a block that was just claimed. */
void order_aggregation_start(struct block *block);

/* What the block waited for has come. */
void order_aggregation_step(struct block *block, const redisReply *reply);

/* Goes on with the next stage at once, or gives the block back where the worker is draining. */
void order_aggregation_go_on(struct block *block);

/* Redis has the block as due in `next_ms`: it leaves our hands. */
void order_aggregation_leave(struct block *block, int64_t next_ms);

#endif
