/* The table of routing rules: which lane an order asks for, as far as it is the order that decides. */
#include "api/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shared/decimal.h"

/* The table of stocks has AAPL at 190 with an average daily volume of 100,000, and MSFT at 400 with none known. */
static struct stock_table *stocks_new(void)
{
	struct stock_table *stocks = stock_table_new(NULL, "muster");

	stock_table_put(stocks, "AAPL", "{\"price\":\"190\",\"average_daily_volume\":\"100000\"}");
	stock_table_put(stocks, "MSFT", "{\"price\":\"400\"}");
	stock_table_put(stocks, "NONE", "{}");
	return stocks;
}

struct route_case {
	const char *symbol;
	int64_t quantity, limit;
	bool is_high;
	int64_t asked_ms;
	const char *lane, *rule;
};

static void choose(const struct stock_table *stocks, const struct route_case *c, struct routes *routes)
{
	static struct config config;
	static const struct calendars none;
	struct suggestion suggestion = {.is_limit = c->limit > 0, .limit_nano = c->limit * NANO};
	const struct sized_order order = {.broker_type = "paper", .quantity_nano = c->quantity * NANO};
	const struct order_request request = {
	    .count = 1, .suggestions = &suggestion, .is_high = c->is_high, .execution_window_ms = c->asked_ms};
	const struct route_facts facts = {&config, &none, stocks, &request, &order};

	config_init(&config);
	memcpy(suggestion.symbol, c->symbol, strlen(c->symbol) + 1);
	routes_choose(&facts, routes);
}

static void the_first_rule_that_matches_wins(void **state)
{
	static const struct route_case cases[] = {
	    {"AAPL", 1, 0, false, 0, "window", "next"},
	    {"AAPL", 1, 0, true, 0, "immediate", "high"},
	    {"AAPL", 1, 0, false, 5000, "window", "asked"},
	    {"NONE", 9999, 0, false, 0, "window", "next"},
	    {"NONE", 10000, 0, false, 0, "large", "large_quantity"},
	    {"MSFT", 499, 0, false, 0, "window", "next"},
	    {"MSFT", 500, 0, false, 0, "large", "large_notional"},
	    {"MSFT", 400, 500, false, 0, "large", "large_notional"},
	    {"MSFT", 499, 100, false, 0, "window", "next"},
	    {"AAPL", 999, 0, false, 0, "window", "next"},
	    {"AAPL", 1000, 0, false, 0, "large", "large_volume"},
	    {"AAPL", 10000, 0, true, 0, "large", "large_quantity"},
	    {"AAPL", 10000, 0, false, 5000, "large", "large_quantity"},
	};
	struct stock_table *stocks = stocks_new();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct routes routes;

		choose(stocks, &cases[i], &routes);
		assert_int_equal(routes.count, 1);
		if (strcmp(routes.list[0].wish.lane, cases[i].lane) != 0 ||
		    strcmp(routes.list[0].wish.rule, cases[i].rule) != 0)
			fail_msg("case %zu: %s by rule %s", i, routes.list[0].wish.lane, routes.list[0].wish.rule);
		assert_true(routes.list[0].wish.asked_ms == cases[i].asked_ms);
		assert_null(routes.list[0].wish.calendar);
		routes_free(&routes);
	}
	stock_table_free(stocks);
}

static void orders_that_wish_the_same_share_a_route(void **state)
{
	static struct config config;
	static const struct calendars none;
	struct stock_table *stocks = stocks_new();
	struct suggestion suggestions[] = {
	    {.symbol = "AAPL"}, {.symbol = "MSFT"}, {.symbol = "AAPL"}, {.symbol = "MSFT"}};
	const struct sized_order orders[] = {{.broker_type = "paper", .quantity_nano = NANO},
					     {.broker_type = "paper", .quantity_nano = 600 * NANO},
					     {.broker_type = "paper", .quantity_nano = 2 * NANO},
					     {.broker_type = "paper", .quantity_nano = 12000 * NANO}};
	const struct order_request request = {.count = 4, .suggestions = suggestions};
	const struct route_facts facts = {&config, &none, stocks, &request, orders};
	struct routes routes;

	(void)state;
	config_init(&config);
	routes_choose(&facts, &routes);
	assert_int_equal(routes.count, 3);
	assert_int_equal(routes.of_order[0], 0);
	assert_int_equal(routes.of_order[1], 1);
	assert_int_equal(routes.of_order[2], 0);
	assert_int_equal(routes.of_order[3], 2);
	routes.list[0].place.due_ms = 300;
	routes.list[1].place.due_ms = 100;
	routes.list[2].place.due_ms = 200;
	assert_ptr_equal(routes_first(&routes), &routes.list[1].place);
	routes_free(&routes);
	stock_table_free(stocks);
}

static void every_lane_says_why_in_a_sentence(void **state)
{
	static const char *const lanes[] = {"window", "immediate", "large", "rush", "bulk"};
	static const char *const rules[] = {"closed",	    "closing", "rush", "large_quantity", "large_notional",
					    "large_volume", "asked",   "high", "next",		 "bulk"};

	(void)state;
	for (size_t i = 0; i < sizeof lanes / sizeof lanes[0]; i++)
		assert_true(strlen(route_why(lanes[i], "")) > 20);
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		const char *why = route_why("window", rules[i]);

		assert_true(strlen(why) > 20 && why[strlen(why) - 1] == '.');
		assert_null(strpbrk(why, "\"\\")); /* it goes into JSON as it stands */
	}
	assert_string_equal(route_why("window", ""), route_why("window", "next"));
	assert_string_equal(route_why("immediate", ""), route_why("window", "high"));
	assert_string_equal(route_why("rush", ""), route_why("rush", "rush"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_rule_that_matches_wins),
	    cmocka_unit_test(orders_that_wish_the_same_share_a_route),
	    cmocka_unit_test(every_lane_says_why_in_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
