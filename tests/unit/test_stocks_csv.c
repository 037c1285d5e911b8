/* Stocks as CSV: what RFC 4180 allows is read, everything else is refused with its line and column. */
#include "api/stocks_csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The configuration without any broker of its own: there is `paper`, whose lot is 1. */
static struct config config;

static int set_up(void **state)
{
	(void)state;
	config_init(&config);
	assert_true(config_set(&config, "broker.bits.adapter=alpaca", NULL));
	assert_true(config_set(&config, "broker.bits.base_url=http://127.0.0.1:1", NULL));
	assert_true(config_set(&config, "broker.bits.lot=0.000000001", NULL));
	assert_true(config_set(&config, "broker.paper.lot=1", NULL));
	return 0;
}

/* Reads `text`, which must be good, and gives the JSON texts of its stocks, one a line. */
static void assert_reads(const char *text, const char *expected)
{
	struct stock_entries entries = {0};
	struct err err = {0};
	char all[4096] = "";

	if (!stocks_csv_read(text, strlen(text), &config, &entries, &err))
		fail_msg("%s", err.message);
	for (size_t i = 0; i < entries.count; i++) {
		char *json = stock_entry_text(&entries.list[i]);

		(void)snprintf(all + strlen(all), sizeof all - strlen(all), "%s %s\n", entries.list[i].symbol, json);
		free(json);
	}
	assert_string_equal(all, expected);
	stock_entries_free(&entries);
}

/* Reads bytes that must be refused. */
static void assert_refuses_bytes(const char *bytes, size_t length, enum err_code code, const char *message)
{
	struct stock_entries entries = {0};
	struct err err = {0};

	if (stocks_csv_read(bytes, length, &config, &entries, &err))
		fail_msg("accepted: %s", bytes);
	assert_string_equal(err.message, message);
	assert_int_equal(err.code, code);
	stock_entries_free(&entries);
}

static void assert_refuses(const char *text, enum err_code code, const char *message)
{
	assert_refuses_bytes(text, strlen(text), code, message);
}

static void columns_come_in_any_order_and_cells_may_be_empty(void **state)
{
	(void)state;
	assert_reads(
	    "symbol,name,price\nMMM,3M,178.960\nAOS,A. O. Smith,63.08\n",
	    "MMM {\"name\":\"3M\",\"price\":\"178.96\"}\nAOS {\"name\":\"A. O. Smith\",\"price\":\"63.08\"}\n");
	assert_reads("price,symbol\n1,A", "A {\"price\":\"1\"}\n");
	assert_reads(
	    "lot,average_daily_volume,tradable,broker_type,symbol,price\n"
	    "0.5,1000000,true,bits,BRK.B,400\n,,false,,M&M,0.000000001\n",
	    "BRK.B {\"price\":\"400\",\"broker_type\":\"bits\",\"lot\":\"0.5\",\"average_daily_volume\":\"1000000\"}\n"
	    "M&M {\"price\":\"0.000000001\",\"tradable\":false}\n");
	assert_reads("symbol,price\n", "");
}

static void lines_and_quotes_are_those_of_rfc_4180(void **state)
{
	(void)state;
	assert_reads("symbol,name,price\r\n\"A\",\"Smith, \"\"Al\"\" & Co\",\"1.5\"\r\nB,\"\",2\r\n",
		     "A {\"name\":\"Smith, \\\"Al\\\" & Co\",\"price\":\"1.5\"}\nB {\"price\":\"2\"}\n");
	assert_reads("\xef\xbb\xbfsymbol,price\nA,1\n\n\r\nB,2\n\n", "A {\"price\":\"1\"}\nB {\"price\":\"2\"}\n");
	assert_reads("symbol,name,price\nA,N\xc3\xa9stl\xc3\xa9 \xf0\x9f\x8d\xab,1\n",
		     "A {\"name\":\"N\xc3\xa9stl\xc3\xa9 \xf0\x9f\x8d\xab\",\"price\":\"1\"}\n");
}

static void bad_headers_are_refused(void **state)
{
	(void)state;
	assert_refuses("", ERR_MISSING_FIELD, "line 1: the header is missing");
	assert_refuses("\n\n", ERR_MISSING_FIELD, "line 1: the header is missing");
	assert_refuses("symbol,name\nA,B\n", ERR_MISSING_FIELD, "line 1: the header lacks the column price");
	assert_refuses("price\n1\n", ERR_MISSING_FIELD, "line 1: the header lacks the column symbol");
	assert_refuses("symbol,price,symbol\n", ERR_DUPLICATE_KEY, "line 1: the column symbol stands there twice");
	assert_refuses(
	    "symbol,Price\n", ERR_UNKNOWN_FIELD,
	    "line 1, column 2: Price is no column; there are symbol, name, price, broker_type, lot, tradable and "
	    "average_daily_volume");
}

static void bad_cells_are_refused_with_line_and_column(void **state)
{
	static const struct {
		const char *row;
		enum err_code code;
		const char *message;
	} rows[] = {
	    {"aapl,1,,,,", ERR_BAD_SYMBOL,
	     "line 3, column symbol: it must be 1 to 32 of A-Z, 0-9 and (not first) . & -"},
	    {",1,,,,", ERR_MISSING_FIELD, "line 3, column symbol: it is empty"},
	    {"B,,,,,", ERR_MISSING_FIELD, "line 3, column price: it is empty"},
	    {"B,0,,,,", ERR_BAD_PRICE, "line 3, column price: it must be above 0"},
	    {"B,-1,,,,", ERR_BAD_PRICE, "line 3, column price: it must be above 0"},
	    {"B,1,robinhood,,,", ERR_UNKNOWN_BROKER, "line 3, column broker_type: there is no broker robinhood"},
	    {"B,1,,0.5,,", ERR_BAD_NUMBER,
	     "line 3, column lot: it must be a multiple of 1, the lot of the broker paper"},
	    {"B,1,,0,,", ERR_BAD_NUMBER, "line 3, column lot: it must be above 0"},
	    {"B,1,,1000001,,", ERR_BAD_NUMBER, "line 3, column lot: it must not be above 1000000"},
	    {"B,1,,,yes,", ERR_BAD_TYPE, "line 3, column tradable: it must be true or false"},
	    {"B,1,,,,-5", ERR_BAD_NUMBER, "line 3, column average_daily_volume: it must not be below 0"},
	    {"A,2,,,,", ERR_DUPLICATE_KEY, "line 3, column symbol: A is in line 2 already"},
	    {"B,1,,,", ERR_BAD_REQUEST, "line 3: it has 5 fields, the header has 6"},
	    {"B,1,,,,,", ERR_BAD_REQUEST, "line 3: it has 7 fields, the header has 6"},
	    {"B", ERR_BAD_REQUEST, "line 3: it has 1 fields, the header has 6"},
	};
	char text[256];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		(void)snprintf(text, sizeof text,
			       "symbol,price,broker_type,lot,tradable,average_daily_volume\nA,1,,,,\n%s\n",
			       rows[i].row);
		assert_refuses(text, rows[i].code, rows[i].message);
	}
}

static void numbers_that_are_no_exact_decimals_are_refused(void **state)
{
	static const char *const prices[] = {"1e3", "+1", " 1", "1 ",		"1,5",	      "0x10",
					     "nan", "1.", ".5", "0.0000000001", "99999999999"};
	struct err err;
	(void)state;
	for (size_t i = 0; i < sizeof prices / sizeof prices[0]; i++) {
		struct stock_entries entries = {0};
		char text[64];

		(void)snprintf(text, sizeof text, "symbol,price\nA,\"%s\"\n", prices[i]);
		assert_false(stocks_csv_read(text, strlen(text), &config, &entries, &err));
		assert_int_equal(err.code, ERR_BAD_NUMBER);
		assert_memory_equal(err.message, "line 2, column price: ", 22);
		stock_entries_free(&entries);
	}
}

static void what_is_no_csv_is_refused_at_its_byte(void **state)
{
	static const char nul[] = "symbol,price\nA\0,1\n";
	(void)state;
	assert_refuses("symbol,price\nA,\"1\n", ERR_BAD_REQUEST, "line 3, column 1: the text ends inside quotes");
	assert_refuses("symbol,price\nA\"B,1\n", ERR_BAD_REQUEST,
		       "line 2, column 2: a quote inside a field that does not begin with one");
	assert_refuses("symbol,price\n\"A\"B,1\n", ERR_BAD_REQUEST,
		       "line 2, column 4: there is text after the closing quote");
	assert_refuses("symbol,price\rA,1\r", ERR_BAD_REQUEST,
		       "line 1, column 13: a carriage return that ends no line");
	assert_refuses("symbol,price\nA\xc3,1\n", ERR_BAD_REQUEST, "line 2, column 2: it is no UTF-8 text");
	assert_refuses("symbol,price\nA\xed\xa0\x80,1\n", ERR_BAD_REQUEST, "line 2, column 2: it is no UTF-8 text");
	assert_refuses("symbol,price\nA\xc0\xaf,1\n", ERR_BAD_REQUEST, "line 2, column 2: it is no UTF-8 text");
	assert_refuses_bytes(nul, sizeof nul - 1, ERR_BAD_REQUEST, "line 2, column 2: it is no UTF-8 text");
	assert_refuses("symbol,name,price\nA,\"a\nb\",1\n", ERR_BAD_TYPE,
		       "line 2, column name: it has a control character");
}

/* A file of so many stocks. */
static char *many_stocks(size_t count)
{
	char *text = malloc(32 + count * 16), *at = text;

	assert_non_null(text);
	at += sprintf(at, "symbol,price\n");
	for (size_t i = 0; i < count; i++)
		at += sprintf(at, "S%zu,1\n", i);
	return text;
}

static void a_hundred_thousand_stocks_are_read_and_one_more_is_not(void **state)
{
	struct stock_entries entries = {0};
	struct err err = {0};
	char *text = many_stocks(STOCK_ENTRIES_MAX);
	(void)state;
	assert_true(stocks_csv_read(text, strlen(text), &config, &entries, &err));
	assert_int_equal(entries.count, STOCK_ENTRIES_MAX);
	assert_string_equal(entries.list[99999].symbol, "S99999");
	stock_entries_free(&entries);
	free(text);
	text = many_stocks(STOCK_ENTRIES_MAX + 1);
	assert_refuses(text, ERR_TOO_MANY, "line 100002: there are more than 100000 stocks");
	free(text);
}

/* Damages a good file everywhere, under the sanitizers: it is read or refused, and nothing else happens. */
static void no_damage_is_worse_than_a_refusal(void **state)
{
	static const char good[] = "symbol,name,price,lot\r\nA,\"x \"\"y\"\"\",1.5,2\r\nBRK.B,\xc3\xa9,2,\r\n";
	static const char bytes[] = "\",\r\n\0A\xc3\xff";
	(void)state;
	for (size_t at = 0; at < sizeof good - 1; at++) {
		for (size_t b = 0; b < sizeof bytes; b++) {
			struct stock_entries entries = {0};
			struct err err = {0};
			char *damaged = malloc(at + 1); /* cut there, so that a byte too far is seen */

			assert_non_null(damaged);
			memcpy(damaged, good, at + 1);
			damaged[at] = bytes[b];
			if (!stocks_csv_read(damaged, at + 1, &config, &entries, &err))
				assert_int_not_equal(err.code, ERR_NONE);
			stock_entries_free(&entries);
			free(damaged);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(columns_come_in_any_order_and_cells_may_be_empty),
	    cmocka_unit_test(lines_and_quotes_are_those_of_rfc_4180),
	    cmocka_unit_test(bad_headers_are_refused),
	    cmocka_unit_test(bad_cells_are_refused_with_line_and_column),
	    cmocka_unit_test(numbers_that_are_no_exact_decimals_are_refused),
	    cmocka_unit_test(what_is_no_csv_is_refused_at_its_byte),
	    cmocka_unit_test(a_hundred_thousand_stocks_are_read_and_one_more_is_not),
	    cmocka_unit_test(no_damage_is_worse_than_a_refusal),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
