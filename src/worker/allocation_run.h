/* The allocation of a closed block: reads its statement, computes every share (shared/allocation.h), posts them in chunks.
 *
 * The computation is pure, so a run that was cut short is simply begun again: the cursor in Redis says which chunks are
 * posted already. Memory: 96 bytes for each order of the block. */
#ifndef MUSTER_ALLOCATION_RUN_H
#define MUSTER_ALLOCATION_RUN_H

struct allocation_run;

/* NULL is fine. */
void allocation_run_free(struct allocation_run *run);

#endif
