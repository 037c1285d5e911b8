/* Caps on one order: each by itself, at its edge, and off where it is 0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/caps.h"

#define NOW_MS INT64_C(1790000000000)

/* One order against one option. */
struct caps_case {
	const char *option;
	const char *quantity, *limit, *price; /* limit "": a market order; price "": none */
	bool is_sell;
	int64_t age_ms;	    /* of the price; -1: it has no time */
	enum err_code code; /* expected; ERR_NONE: it may pass */
};

static int64_t nano_of(const char *text)
{
	int64_t nano = 0;
	struct err err;

	if (*text)
		assert_true(decimal_parse(text, &nano, &err));
	return nano;
}

static enum err_code check(const struct caps_case *c, char *message, size_t size)
{
	struct config config;
	struct err err = {0};
	struct suggestion suggestion = {.symbol = "AAPL", .is_sell = c->is_sell, .is_limit = *c->limit != '\0'};
	struct stock stock = {.symbol = "AAPL", .tradable = true, .price_nano = nano_of(c->price)};
	const struct caps_order order = {&suggestion, &stock, nano_of(c->quantity), NOW_MS};
	bool is_good;

	suggestion.limit_nano = nano_of(c->limit);
	stock.priced_at_ms = c->age_ms < 0 ? 0 : NOW_MS - c->age_ms;
	config_init(&config);
	if (*c->option)
		assert_true(config_set(&config, c->option, &err));
	is_good = caps_check(&config, &order, &err);
	assert_int_equal(is_good, err.code == ERR_NONE);
	assert_true(strlen(err.message) < size);
	strcpy(message, err.message);
	return err.code;
}

static void each_cap_holds_at_its_edge(void **state)
{
	static const struct caps_case cases[] = {
	    {"", "1000000000", "", "1000", false, -1, ERR_NONE},
	    {"", "1", "5000", "1", false, -1, ERR_NONE},

	    {"caps.max_order_quantity=100", "100", "", "190", false, 0, ERR_NONE},
	    {"caps.max_order_quantity=100", "100.000000001", "", "190", false, 0, ERR_BAD_QUANTITY},
	    {"caps.max_order_quantity=0.5", "1", "", "190", true, 0, ERR_BAD_QUANTITY},

	    {"caps.max_order_notional=19000", "100", "", "190", false, 0, ERR_NONE},
	    {"caps.max_order_notional=19000", "100", "", "190.01", false, 0, ERR_OVER_CAP},
	    {"caps.max_order_notional=19000", "100", "", "", false, 0, ERR_NO_PRICE},
	    {"caps.max_order_notional=9223372036", "1000000000", "", "9", false, 0, ERR_NONE},
	    {"caps.max_order_notional=9223372036", "1000000000", "", "9000000000", false, 0, ERR_OVER_CAP},
	    /* a buy costs its limit at most; a sell may fetch the last price */
	    {"caps.max_order_notional=19000", "100", "150", "200", false, 0, ERR_NONE},
	    {"caps.max_order_notional=19000", "100", "150", "200", true, 0, ERR_OVER_CAP},
	    {"caps.max_order_notional=19000", "100", "200", "150", false, 0, ERR_OVER_CAP},
	    {"caps.max_order_notional=19000", "100", "200", "150", true, 0, ERR_OVER_CAP},

	    {"caps.price_collar_pct=5", "1", "105", "100", false, 0, ERR_NONE},
	    {"caps.price_collar_pct=5", "1", "95", "100", true, 0, ERR_NONE},
	    {"caps.price_collar_pct=5", "1", "105.000000001", "100", false, 0, ERR_PRICE_COLLAR},
	    {"caps.price_collar_pct=5", "1", "94.999999999", "100", false, 0, ERR_PRICE_COLLAR},
	    {"caps.price_collar_pct=5", "1", "9000000000", "0.01", true, 0, ERR_PRICE_COLLAR},
	    {"caps.price_collar_pct=0.5", "1", "100.5", "100", false, 0, ERR_NONE},
	    {"caps.price_collar_pct=0.5", "1", "100.51", "100", false, 0, ERR_PRICE_COLLAR},
	    {"caps.price_collar_pct=5", "1", "100", "", false, 0, ERR_NO_PRICE},
	    {"caps.price_collar_pct=5", "1", "", "", false, 0, ERR_NONE}, /* a market order has no limit price */

	    {"caps.max_price_age_s=60", "1", "", "100", false, 60000, ERR_NONE},
	    {"caps.max_price_age_s=60", "1", "", "100", false, 60001, ERR_STALE_PRICE},
	    {"caps.max_price_age_s=60", "1", "100", "100", true, 60001, ERR_STALE_PRICE},
	    {"caps.max_price_age_s=60", "1", "", "100", false, -1, ERR_STALE_PRICE},
	    {"caps.max_price_age_s=0", "1", "", "100", false, -1, ERR_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char message[512];
		enum err_code code = check(&cases[i], message, sizeof message);

		if (code != cases[i].code)
			fail_msg("case %zu (%s, %s at %s): %s, %s", i, cases[i].option, cases[i].quantity,
				 cases[i].price, err_word(code), message);
	}
}

static void refusal_says_what_is_and_what_may_be(void **state)
{
	static const struct {
		struct caps_case asked;
		const char *message;
	} rows[] = {
	    {{"caps.max_order_quantity=100", "150.5", "", "190", false, 0, ERR_BAD_QUANTITY},
	     "150.5 shares of AAPL are more than an order may have (100)"},
	    {{"caps.max_order_notional=19000", "200", "", "190.25", false, 0, ERR_OVER_CAP},
	     "the order of AAPL is worth 38050, more than an order may be (19000)"},
	    {{"caps.price_collar_pct=2.5", "1", "200", "190.25", false, 0, ERR_PRICE_COLLAR},
	     "the limit price 200 of AAPL is farther than 2.5 % from the last price (190.25)"},
	    {{"caps.max_price_age_s=60", "1", "", "100", false, 61000, ERR_STALE_PRICE},
	     "the price of AAPL is of 2026-09-21T14:12:19Z, older than 60 s"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char message[512];

		(void)check(&rows[i].asked, message, sizeof message);
		assert_string_equal(message, rows[i].message);
	}
}

static void no_price_is_old_while_the_time_is_not_known(void **state)
{
	struct config config;
	struct err err = {0};
	const struct suggestion suggestion = {.symbol = "AAPL"};
	const struct stock stock = {.symbol = "AAPL", .price_nano = NANO, .priced_at_ms = 1};
	const struct caps_order order = {&suggestion, &stock, NANO, 0};

	(void)state;
	config_init(&config);
	assert_true(config_set(&config, "caps.max_price_age_s=1", &err));
	assert_true(caps_check(&config, &order, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_cap_holds_at_its_edge),
	    cmocka_unit_test(refusal_says_what_is_and_what_may_be),
	    cmocka_unit_test(no_price_is_old_while_the_time_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
