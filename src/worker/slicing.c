/* Slicing keeps to the broker's largest order; spreading a large order over time is the lane's business, not ours. */
#include "worker/slicing.h"

#include "shared/decimal.h"

bool slicing_compute(int64_t quantity_nano, int64_t lot_nano, int64_t most_nano, struct slicing *slicing,
		     struct err *err)
{
	int64_t each_nano = quantity_nano, count;

	if (quantity_nano <= 0 || lot_nano <= 0)
		return err_set(err, ERR_INTERNAL, "there is no quantity to send");
	if (most_nano > 0 && quantity_nano > most_nano)
		each_nano = decimal_floor_to_lot(most_nano, lot_nano);
	if (each_nano <= 0)
		return err_set(err, ERR_CONFIG, "max_slice_quantity of the broker is below the lot of the stock");
	count = (quantity_nano - 1) / each_nano + 1;
	if (count > SLICES_MAX)
		return err_set(err, ERR_CONFIG, "max_slice_quantity of the broker makes %lld slices, %d are allowed",
			       (long long)count, SLICES_MAX);
	*slicing = (struct slicing){
	    .count = (size_t)count,
	    .each_nano = each_nano,
	    .last_nano = quantity_nano - (count - 1) * each_nano,
	};
	return true;
}

int64_t slicing_quantity(const struct slicing *slicing, size_t i)
{
	return i + 1 == slicing->count ? slicing->last_nano : slicing->each_nano;
}
