/* Slicing: a block's quantity as the quantities of its broker orders, and when each is due. Pure: the same block gives
 * the same slices, whoever asks and however often. */
#ifndef MUSTER_SLICING_H
#define MUSTER_SLICING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"

/* More are refused: a block's slices travel in one script call. */
#define SLICES_MAX 200

struct slicing {
	size_t count;
	struct {
		int64_t quantity_nano;
		int64_t due_ms; /* 0: at once */
	} slices[SLICES_MAX];
};

/* What is to be cut. */
struct slicing_whole {
	int64_t quantity_nano;
	int64_t lot_nano;
	int64_t most_nano; /* of one slice; 0: no limit */
};

/* How slices are spread over time. */
struct slicing_times {
	const char *seed; /* the block's id: the jitter follows from it */
	int64_t from_ms;  /* the first is due then */
	int64_t until_ms; /* all are due before that; not after `from_ms`: all are due at once */
	int64_t interval_ms;
};

/* When a block that was sealed at `sealed_ms` is to be through: after the horizon, at the latest five minutes before
 * the close, or, where there are no ten minutes left to it, halfway there. close_ms 0: the market does not close. */
int64_t slicing_end_ms(int64_t sealed_ms, int64_t horizon_ms, int64_t close_ms);

/* As few slices as possible, due at once, all but the last of the same quantity, none above the limit, each but the
 * last a multiple of the lot. Fails (ERR_CONFIG) where the limit is below a lot or makes more than SLICES_MAX,
 * (ERR_INTERNAL) where there is nothing. `slicing` is then left as it was. */
bool slicing_compute(const struct slicing_whole *whole, struct slicing *slicing, struct err *err) MUST_USE;

/* One slice an interval, as equal as lots allow, more where the limit asks for it, fewer where there are not so many
 * lots. From one to the next it is an interval, a fifth less or more. Fails like slicing_compute. */
bool slicing_spread(const struct slicing_whole *whole, const struct slicing_times *times, struct slicing *slicing,
		    struct err *err) MUST_USE;

/* The whole over the slices of `slicing`, which keep their times; where their number cannot hold it, more come an
 * interval apart behind the last, up to `room` of them and not after the end. False where it still cannot. */
bool slicing_refill(const struct slicing_whole *whole, const struct slicing_times *times, size_t room,
		    struct slicing *slicing) MUST_USE;

/* The fewest slices that can hold it; 0 where none can. */
int64_t slicing_fewest(const struct slicing_whole *whole);

#endif
