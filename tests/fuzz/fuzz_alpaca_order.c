/* Orders and fills as a broker tells them: what is taken is in range, and numbers are never negative where ours cannot be. */
#include "fuzz.h"

#include "worker/alpaca_order.h"

/* Whatever JSON stands for an order. */
static void read_order(const json_t *json)
{
	struct alpaca_expected expected = {"muster-1", "AAPL", false, NANO};
	struct alpaca_order order;
	struct err err;

	if (!alpaca_order_parse(json, &order, &err)) {
		FUZZ_REQUIRE_ERROR(&err);
		return;
	}
	FUZZ_REQUIRE(order.order.broker_order_id[0] != '\0' && order.symbol);
	FUZZ_REQUIRE(order.order.quantity_nano >= 0 && order.order.filled_nano >= 0);
	if (!alpaca_order_matches(&order, &expected, &err))
		FUZZ_REQUIRE_ERROR(&err);
}

/* Whatever JSON stands for a fill. */
static void read_fill(const json_t *json)
{
	struct broker_fill fill;
	struct err err;

	if (!alpaca_fill_parse(json, &fill, &err)) {
		FUZZ_REQUIRE_ERROR(&err);
		return;
	}
	FUZZ_REQUIRE(fill.fill_id[0] != '\0' && fill.quantity_nano > 0 && fill.price_nano > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *json = json_loadb((const char *)data, size, JSON_DECODE_ANY, NULL);

	if (!json)
		return 0;
	read_order(json);
	read_fill(json);
	json_decref(json);
	return 0;
}
