/* Orders that something is due for, soonest first; equal times in the order they were put in. A binary heap in which
 * each order knows its place, so that one can be taken out when it is canceled. */
#ifndef MUSTER_PAPER_DUE_H
#define MUSTER_PAPER_DUE_H

#include <stddef.h>
#include <stdint.h>

#include "paper/order.h"

struct paper_due {
	struct paper_order **heap;
	size_t count, room;
	uint64_t number;
};

void paper_due_free(struct paper_due *due);

/* Puts an order in, or moves it. */
void paper_due_put(struct paper_due *due, struct paper_order *order, int64_t due_ms);

/* Takes it out; one that is not in is fine. */
void paper_due_remove(struct paper_due *due, struct paper_order *order);

/* The soonest; NULL where it is empty. */
struct paper_order *paper_due_first(const struct paper_due *due);

#endif
