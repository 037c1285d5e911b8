/* Two ways to cut: ordinary blocks as little as the broker's largest order allows, large ones evenly over time. */
#include "worker/slicing.h"

#include "shared/decimal.h"

#define CLOSE_MARGIN_MS INT64_C(300000)
/* Each moment is off its place by at most a tenth of an interval, so that from one to the next it is a fifth at most.
 */
#define JITTER_PARTS 10

int64_t slicing_end_ms(int64_t sealed_ms, int64_t horizon_ms, int64_t close_ms)
{
	int64_t end_ms = sealed_ms + horizon_ms, left_ms = close_ms - sealed_ms, last_ms;

	if (close_ms == 0)
		return end_ms;
	if (left_ms <= 0)
		return sealed_ms;
	last_ms = close_ms - (left_ms < 2 * CLOSE_MARGIN_MS ? left_ms / 2 : CLOSE_MARGIN_MS);
	return end_ms < last_ms ? end_ms : last_ms;
}

/* The largest slice of whole lots; 0 where the limit is below a lot. */
static int64_t largest_slice(const struct slicing_whole *whole)
{
	return whole->most_nano > 0 && whole->quantity_nano > whole->most_nano
		   ? decimal_floor_to_lot(whole->most_nano, whole->lot_nano)
		   : whole->quantity_nano;
}

int64_t slicing_fewest(const struct slicing_whole *whole)
{
	int64_t each_nano = largest_slice(whole);

	return each_nano > 0 ? (whole->quantity_nano - 1) / each_nano + 1 : 0;
}

/* Whether it can be cut at all. */
static bool check_whole(const struct slicing_whole *whole, struct err *err)
{
	int64_t fewest;

	if (whole->quantity_nano <= 0 || whole->lot_nano <= 0)
		return err_set(err, ERR_INTERNAL, "there is no quantity to send");
	fewest = slicing_fewest(whole);
	if (fewest == 0)
		return err_set(err, ERR_CONFIG, "max_slice_quantity of the broker is below the lot of the stock");
	if (fewest > SLICES_MAX)
		return err_set(err, ERR_CONFIG, "max_slice_quantity of the broker makes %lld slices, %d are allowed",
			       (long long)fewest, SLICES_MAX);
	return true;
}

bool slicing_compute(const struct slicing_whole *whole, struct slicing *slicing, struct err *err)
{
	int64_t each_nano, left_nano = whole->quantity_nano;

	if (!check_whole(whole, err))
		return false;
	each_nano = largest_slice(whole);
	for (slicing->count = 0; left_nano > 0; slicing->count++) {
		slicing->slices[slicing->count].quantity_nano = left_nano < each_nano ? left_nano : each_nano;
		slicing->slices[slicing->count].due_ms = 0;
		left_nano -= slicing->slices[slicing->count].quantity_nano;
	}
	return true;
}

/* The whole in `count` parts that differ by a lot at most, the larger ones first; what is less than a lot is the last
 * one's. */
static void share_evenly(const struct slicing_whole *whole, size_t count, struct slicing *slicing)
{
	int64_t lots = whole->quantity_nano / whole->lot_nano, dust_nano = whole->quantity_nano % whole->lot_nano;

	slicing->count = count;
	for (size_t i = 0; i < count; i++)
		slicing->slices[i].quantity_nano =
		    (lots / (int64_t)count + ((int64_t)i < lots % (int64_t)count)) * whole->lot_nano;
	slicing->slices[count - 1].quantity_nano += dust_nano;
}

/* A number that is spread evenly, always the same for the same seed and place (FNV-1a, then the finalizer of
 * splitmix64). */
static uint64_t spread_number(const char *seed, size_t place)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *seed; seed++)
		hash = (hash ^ (unsigned char)*seed) * UINT64_C(1099511628211);
	hash += (uint64_t)place * UINT64_C(0x9e3779b97f4a7c15);
	hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
	return hash ^ (hash >> 31);
}

/* When slice `i` of `count` is due. */
static int64_t due_ms(const struct slicing_times *times, size_t i, size_t count)
{
	int64_t length_ms = times->until_ms > times->from_ms ? times->until_ms - times->from_ms : 0;
	int64_t step_ms = length_ms / (int64_t)count, most_ms = step_ms / JITTER_PARTS;
	uint64_t range = (uint64_t)(2 * most_ms + 1);
	int64_t jitter_ms = i == 0 ? 0 : (int64_t)(spread_number(times->seed, i) % range) - most_ms;

	return times->from_ms + (int64_t)i * step_ms + jitter_ms;
}

/* How many slices there is time for, each a lot at least. */
static size_t count_spread(const struct slicing_whole *whole, const struct slicing_times *times)
{
	int64_t length_ms = times->until_ms - times->from_ms;
	int64_t count = length_ms > 0 && times->interval_ms > 0 ? length_ms / times->interval_ms : 1;
	int64_t lots = whole->quantity_nano / whole->lot_nano, fewest = slicing_fewest(whole);

	count = count < lots ? count : lots;
	count = count > fewest ? count : fewest;
	return count < SLICES_MAX ? (size_t)count : SLICES_MAX;
}

bool slicing_spread(const struct slicing_whole *whole, const struct slicing_times *times, struct slicing *slicing,
		    struct err *err)
{
	size_t count;

	if (!check_whole(whole, err))
		return false;
	count = count_spread(whole, times);
	count = count > 0 ? count : 1;
	share_evenly(whole, count, slicing);
	for (size_t i = 0; i < count; i++)
		slicing->slices[i].due_ms = due_ms(times, i, count);
	return true;
}

bool slicing_refill(const struct slicing_whole *whole, const struct slicing_times *times, size_t room,
		    struct slicing *slicing)
{
	size_t count = slicing->count;
	int64_t fewest = slicing_fewest(whole), last_ms, end_ms;

	if (count == 0 || fewest == 0 || fewest > (int64_t)(count + room))
		return false;
	last_ms = slicing->slices[count - 1].due_ms;
	end_ms = times->until_ms > last_ms ? times->until_ms : last_ms;
	for (; (int64_t)count < fewest; count++) {
		last_ms = last_ms + times->interval_ms < end_ms ? last_ms + times->interval_ms : end_ms;
		slicing->slices[count].due_ms = last_ms;
	}
	share_evenly(whole, count, slicing);
	return true;
}
