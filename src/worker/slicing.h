/* Slicing: a block's quantity as the quantities of its broker orders. Pure: the same block gives the same slices, whoever
 * asks and however often. */
#ifndef MUSTER_SLICING_H
#define MUSTER_SLICING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"

/* More are refused: a block's slices travel in one script call. */
#define SLICES_MAX 200

/* All slices but the last have the same quantity. */
struct slicing {
	size_t count;
	int64_t each_nano;
	int64_t last_nano;
};

/* As few slices as possible, none above `most_nano` (0: no limit), each but the last a multiple of `lot_nano`. Fails
 * (ERR_CONFIG) where the limit is below a lot or makes more than SLICES_MAX, (ERR_INTERNAL) where there is nothing. */
bool slicing_compute(int64_t quantity_nano, int64_t lot_nano, int64_t most_nano, struct slicing *slicing,
		     struct err *err) MUST_USE;

/* Quantity of slice `i` < count. */
int64_t slicing_quantity(const struct slicing *slicing, size_t i);

#endif
