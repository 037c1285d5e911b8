/* Sizing: money and percentages become whole lots, exactly and rounded down; what cannot be sized says why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "api/sizing.h"

/* One case; numbers as decimal text, "" for none. */
struct sizing_case {
	enum size_kind kind;
	const char *size, *price, *lot, *investment;
	const char *quantity; /* expected */
	enum err_code code;   /* expected; ERR_NONE: it is sized */
};

static struct config config;

static int64_t nano_of(const char *text, int64_t otherwise)
{
	int64_t nano = otherwise;
	struct err err;
	if (*text)
		assert_true(decimal_parse(text, &nano, &err));
	return nano;
}

static struct stock stock_of(const struct sizing_case *c)
{
	struct stock stock = {.symbol = "AAPL", .tradable = true};
	stock.price_nano = nano_of(c->price, 0);
	stock.lot_nano = nano_of(c->lot, 0);
	return stock;
}

static int setup(void **state)
{
	struct err err;
	(void)state;
	config_init(&config);
	return config_set(&config, "broker.paper.adapter=alpaca", &err) &&
		       config_set(&config, "broker.fine.adapter=alpaca", &err) &&
		       config_set(&config, "broker.fine.base_url=http://127.0.0.1:1", &err) &&
		       config_set(&config, "broker.fine.lot=0.000000001", &err)
		   ? 0
		   : -1;
}

static void sizes_exactly_and_rounds_down(void **state)
{
	static const struct sizing_case cases[] = {
	    /* quantities stand as they are, in whole lots */
	    {SIZING_QUANTITY, "5", "190.25", "", "", "5", ERR_NONE},
	    {SIZING_QUANTITY, "5", "", "", "", "5", ERR_NONE},
	    {SIZING_QUANTITY, "0.5", "190.25", "0.25", "", "0.5", ERR_NONE},
	    {SIZING_QUANTITY, "0.5", "190.25", "", "", "0.5", ERR_BAD_QUANTITY},
	    {SIZING_QUANTITY, "150", "190.25", "100", "", "150", ERR_BAD_QUANTITY},
	    {SIZING_QUANTITY, "1000000000", "1", "", "", "1000000000", ERR_NONE},
	    /* amount / price */
	    {SIZING_AMOUNT, "1000", "190.25", "", "", "5", ERR_NONE},
	    {SIZING_AMOUNT, "951.25", "190.25", "", "", "5", ERR_NONE},
	    {SIZING_AMOUNT, "951.249999999", "190.25", "", "", "4", ERR_NONE},
	    {SIZING_AMOUNT, "190.249999999", "190.25", "", "", "0", ERR_BAD_QUANTITY},
	    {SIZING_AMOUNT, "1", "3", "0.000000001", "", "0.333333333", ERR_NONE},
	    {SIZING_AMOUNT, "100", "190.25", "0.25", "", "0.5", ERR_NONE},
	    {SIZING_AMOUNT, "100000", "190.25", "100", "", "500", ERR_NONE},
	    {SIZING_AMOUNT, "9000000000", "0.000000001", "", "", "0", ERR_BAD_QUANTITY},
	    {SIZING_AMOUNT, "1000000000", "1", "", "", "1000000000", ERR_NONE},
	    {SIZING_AMOUNT, "1000000000.000000001", "1", "0.000000001", "", "0", ERR_BAD_QUANTITY},
	    /* value * weight / 100 / price: cut once, at the end */
	    {SIZING_WEIGHT, "5", "190.25", "", "100000", "26", ERR_NONE},
	    {SIZING_WEIGHT, "100", "190.25", "", "190.25", "1", ERR_NONE},
	    {SIZING_WEIGHT, "99.999999999", "190.25", "", "190.25", "0", ERR_BAD_QUANTITY},
	    {SIZING_WEIGHT, "33.333333333", "1", "0.000000001", "3", "0.999999999", ERR_NONE},
	    {SIZING_WEIGHT, "0.000000001", "0.01", "0.000000001", "1000", "0.000001", ERR_NONE},
	    {SIZING_WEIGHT, "1000", "9.2", "", "9200000000", "0", ERR_BAD_QUANTITY},
	    {SIZING_WEIGHT, "5", "190.25", "", "0", "0", ERR_BAD_QUANTITY},
	    {SIZING_WEIGHT, "5", "190.25", "", "", "0", ERR_NO_INVESTMENT},
	    {SIZING_WEIGHT, "5", "", "", "100000", "0", ERR_NO_PRICE},
	    {SIZING_AMOUNT, "5", "", "", "", "0", ERR_NO_PRICE},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct sizing_case *c = &cases[i];
		const struct stock stock = stock_of(c);
		const struct suggestion suggestion = {
		    .symbol = "AAPL", .sizing = c->kind, .size_nano = nano_of(c->size, 0)};
		const struct sizing_facts facts = {&config, &stock, nano_of(c->investment, INVESTMENT_UNKNOWN), 0};
		struct sized_order order;
		struct err err = {.code = ERR_NONE};
		bool good = sizing_compute(&suggestion, &facts, &order, &err);
		if (good != (c->code == ERR_NONE) || err.code != c->code || strcmp(order.quantity, c->quantity) != 0)
			fail_msg("case %zu: %s, quantity %s, expected %s %s", i, good ? "ok" : err.message,
				 order.quantity, err_word(c->code), c->quantity);
		assert_int_equal(order.quantity_nano, nano_of(c->quantity, 0));
	}
}

/* What is refused as too small says what is not, and that is true. */
static void the_least_that_is_told_is_enough(void **state)
{
	static const struct sizing_case cases[] = {
	    {SIZING_AMOUNT, "1", "190.25", "", "", "", ERR_NONE},
	    {SIZING_AMOUNT, "0.000000001", "3.333333333", "0.3", "", "", ERR_NONE},
	    {SIZING_WEIGHT, "0.000000001", "190.25", "", "70000", "", ERR_NONE},
	    {SIZING_WEIGHT, "0.5", "190.25", "7", "2999.99", "", ERR_NONE},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct stock stock = stock_of(&cases[i]);
		struct suggestion suggestion = {
		    .symbol = "AAPL", .sizing = cases[i].kind, .size_nano = nano_of(cases[i].size, 0)};
		const struct sizing_facts facts = {&config, &stock, nano_of(cases[i].investment, INVESTMENT_UNKNOWN),
						   0};
		struct sized_order order;
		struct err err;
		assert_false(sizing_compute(&suggestion, &facts, &order, &err));
		assert_int_equal(err.code, ERR_BAD_QUANTITY);
		const char *least = strstr(err.message, "the least is ");
		assert_non_null(least);
		suggestion.size_nano = nano_of(least + strlen("the least is "), 0);
		assert_true(sizing_compute(&suggestion, &facts, &order, &err));
		assert_int_equal(order.quantity_nano, stock.lot_nano ? stock.lot_nano : NANO);
		suggestion.size_nano--;
		assert_false(sizing_compute(&suggestion, &facts, &order, &err));
	}
}

static void broker_and_lot_come_from_the_nearest_that_names_them(void **state)
{
	static const struct {
		const char *asked, *of_stock, *lot_of_stock, *broker, *signature;
		enum err_code code;
	} cases[] = {
	    {"", "", "", "paper", "AAPL buy paper 1 market", ERR_NONE},
	    {"", "fine", "", "fine", "AAPL buy fine 0.000000001 market", ERR_NONE},
	    {"paper", "fine", "", "paper", "AAPL buy paper 1 market", ERR_NONE},
	    {"", "fine", "0.1", "fine", "AAPL buy fine 0.1 market", ERR_NONE},
	    {"nowhere", "fine", "", "nowhere", "AAPL buy nowhere 1 market", ERR_UNKNOWN_BROKER},
	    {"", "nowhere", "", "nowhere", "AAPL buy nowhere 1 market", ERR_UNKNOWN_BROKER},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct stock stock = {.symbol = "AAPL", .tradable = true, .price_nano = NANO};
		struct suggestion suggestion = {.symbol = "AAPL", .sizing = SIZING_QUANTITY, .size_nano = 5 * NANO};
		const struct sizing_facts facts = {&config, &stock, INVESTMENT_UNKNOWN, 0};
		struct sized_order order;
		struct err err = {.code = ERR_NONE};
		strcpy(stock.broker_type, cases[i].of_stock);
		strcpy(suggestion.broker_type, cases[i].asked);
		stock.lot_nano = nano_of(cases[i].lot_of_stock, 0);
		assert_int_equal(sizing_compute(&suggestion, &facts, &order, &err), cases[i].code == ERR_NONE);
		assert_int_equal(err.code, cases[i].code);
		assert_string_equal(order.broker_type, cases[i].broker);
		assert_string_equal(order.signature, cases[i].signature);
	}
}

static void the_signature_tells_orders_apart_that_cannot_share_a_block(void **state)
{
	const struct stock stock = {.symbol = "AAPL", .tradable = true, .price_nano = NANO};
	const struct sizing_facts facts = {&config, &stock, INVESTMENT_UNKNOWN, 0};
	struct suggestion suggestion = {.symbol = "AAPL",
					.is_sell = true,
					.is_limit = true,
					.sizing = SIZING_QUANTITY,
					.size_nano = NANO,
					.limit_nano = INT64_C(190500000000)};
	struct sized_order order;
	struct err err;
	(void)state;
	assert_true(sizing_compute(&suggestion, &facts, &order, &err));
	assert_string_equal(order.signature, "AAPL sell paper 1 limit 190.5");
	suggestion.is_limit = false;
	assert_true(sizing_compute(&suggestion, &facts, &order, &err));
	assert_string_equal(order.signature, "AAPL sell paper 1 market");
}

static void what_cannot_be_traded_says_why_and_is_complete(void **state)
{
	struct stock stock = {.symbol = "AAPL", .price_nano = NANO};
	struct suggestion suggestion = {.symbol = "AAPL", .sizing = SIZING_AMOUNT, .size_nano = NANO};
	struct sizing_facts facts = {&config, NULL, INVESTMENT_UNKNOWN, 0};
	struct sized_order order;
	struct err err;
	(void)state;
	assert_false(sizing_compute(&suggestion, &facts, &order, &err));
	assert_int_equal(err.code, ERR_UNKNOWN_SYMBOL);
	assert_string_equal(order.signature, "AAPL buy paper 1 market");
	assert_string_equal(order.quantity, "0");
	facts.stock = &stock;
	assert_false(sizing_compute(&suggestion, &facts, &order, &err));
	assert_int_equal(err.code, ERR_NOT_TRADABLE);
	assert_string_equal(order.signature, "AAPL buy paper 1 market");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sizes_exactly_and_rounds_down),
	    cmocka_unit_test(the_least_that_is_told_is_enough),
	    cmocka_unit_test(broker_and_lot_come_from_the_nearest_that_names_them),
	    cmocka_unit_test(the_signature_tells_orders_apart_that_cannot_share_a_block),
	    cmocka_unit_test(what_cannot_be_traded_says_why_and_is_complete),
	};
	return cmocka_run_group_tests_name("sizing", tests, setup, NULL);
}
