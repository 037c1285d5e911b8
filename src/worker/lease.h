/* Leases: keeps those of the blocks in hand alive, and gives blocks back before their time. */
#ifndef MUSTER_LEASE_H
#define MUSTER_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/block.h"

struct lease;

/* Renews every third of worker.lease_ms. Never NULL. */
struct lease *lease_new(struct worker *worker);

/* NULL is fine. */
void lease_free(struct lease *lease);

/* Gives the block back: anybody may claim it after the pause. It leaves our hands at once. */
void lease_release(struct block *block, int64_t pause_ms);

/* The same for all blocks in hand, without a pause. */
void lease_release_all(struct worker *worker);

/* Whether every block that was given back is known as such by Redis. */
bool lease_is_quiet(const struct lease *lease);

#endif
