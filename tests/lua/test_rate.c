/* The rate limit of a broker: how many calls may leave, what the broker's own word changes, and who goes first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/script_case.h"

/* 200 calls a minute: the bucket holds 40, and the rest comes evenly. <wait> is the longest that a call takes. */
#define LIMIT	"paper|200|60000|200000"
#define NO_WORD "|''|''|''"

/* "|1|2|…|count" with a letter before each number. */
static const char *ids(char letter, int count, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (int i = 1; i <= count; i++)
		length += (size_t)snprintf(text + length, size - length, "|%c%d", letter, i);
	assert_true(length < size);
	return text;
}

/* Asks for so many list calls; returns how many are granted. */
static long long ask_lists(struct keyspace *ks, int count)
{
	char text[2048], list[1024];

	(void)snprintf(text, sizeof text, LIMIT NO_WORD "|0|%d%s", count, ids('l', count, list, sizeof list));
	GIVEN(ks, RATE, text);
	return keyspace_reply(ks)->element[2]->integer;
}

/* The same for single calls. */
static long long ask_singles(struct keyspace *ks, const char *word, int count)
{
	char text[2048], list[1024];

	(void)snprintf(text, sizeof text, LIMIT "%s|%d|0%s", word, count, ids('s', count, list, sizeof list));
	GIVEN(ks, RATE, text);
	return keyspace_reply(ks)->element[1]->integer;
}

static void calls_take_tokens_and_are_on_their_way(void **state)
{
	struct keyspace *ks = *state;

	STEP(ks, RATE, LIMIT NO_WORD "|1|1|look|list", "[granted 1 1 0]",
	     "+rate:paper hash - at=<now> lists=9.000 lists_at=<now> tokens=38.000\n"
	     "+rate:paper:out zset - list=<now+wait> look=<now+wait>\n");
	STEP(ks, RATE, LIMIT NO_WORD "|0|0|look|list", "[granted 0 0 0]", "-rate:paper:out\n");
}

static void no_more_leave_than_there_are_tokens(void **state)
{
	struct keyspace *ks = *state;

	assert_int_equal(ask_singles(ks, NO_WORD, 41), 40);
	/* the next comes in 375 ms: 160 come in a minute */
	assert_in_range(keyspace_reply(ks)->element[3]->integer, 200, 375);
	keyspace_command(ks, "HINCRBY muster:{0}:rate:paper at -60000");
	assert_int_equal(ask_singles(ks, NO_WORD, 100), 40);
}

static void no_minute_sees_more_than_the_limit(void **state)
{
	struct keyspace *ks = *state;
	int64_t start_us = keyspace_time_us(ks), took_us;
	long long granted = 0;

	for (int second = 0; second < 60; second++) {
		granted += ask_singles(ks, NO_WORD, 50);
		keyspace_command(ks, "HINCRBY muster:{0}:rate:paper at -1000");
		keyspace_command(ks, "DEL muster:{0}:rate:paper:out");
	}
	took_us = keyspace_time_us(ks) - start_us; /* that much more came meanwhile */
	assert_in_range(granted, 190, 200 + took_us * 160 / 60000000);
}

static void the_brokers_word_counts_less_what_is_on_its_way(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, RATE, LIMIT NO_WORD "|3|0|a|b|c");
	assert_int_equal(ask_singles(ks, "|200|5|48000", 10), 2); /* 5 remain, 3 are on their way */
	assert_string_equal(keyspace_value(ks, "rate:paper", "remaining"), "5");
	/* it takes none before its minute ends */
	assert_in_range(keyspace_reply(ks)->element[3]->integer, 47000, 48050);
}

static void refused_call_holds_all_until_the_reset(void **state)
{
	struct keyspace *ks = *state;

	assert_int_equal(ask_singles(ks, "|''|0|48000", 1), 0);
	keyspace_command(ks, "HINCRBY muster:{0}:rate:paper reset_at -48100");
	assert_int_equal(ask_singles(ks, NO_WORD, 1), 1);
}

static void word_of_the_same_minute_only_lowers(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, RATE, LIMIT "|200|10|48000|0|0");
	GIVEN(ks, RATE, LIMIT "|200|12|48000|0|0");
	assert_string_equal(keyspace_value(ks, "rate:paper", "remaining"), "10");
	GIVEN(ks, RATE, LIMIT "|200|9|48000|0|0");
	assert_string_equal(keyspace_value(ks, "rate:paper", "remaining"), "9");
	GIVEN(ks, RATE, LIMIT "|200|3|10000|0|0"); /* of an earlier minute */
	assert_string_equal(keyspace_value(ks, "rate:paper", "remaining"), "9");
	keyspace_command(ks, "HINCRBY muster:{0}:rate:paper reset_at -30000");
	GIVEN(ks, RATE, LIMIT "|200|199|58000|0|0"); /* of the next one */
	assert_string_equal(keyspace_value(ks, "rate:paper", "remaining"), "199");
}

static void limit_of_the_broker_is_kept_where_it_is_smaller(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, RATE, LIMIT "|20|20|48000|0|0");
	assert_int_equal(ask_singles(ks, NO_WORD, 10), 4);
	keyspace_reset(ks);
	GIVEN(ks, RATE, LIMIT "|1000|1000|48000|0|0");
	assert_int_equal(ask_singles(ks, NO_WORD, 100), 40);
}

static void lists_get_a_quarter_while_slices_wait(void **state)
{
	struct keyspace *ks = *state;

	assert_int_equal(ask_lists(ks, 30), 30);
	keyspace_reset(ks);
	keyspace_command(ks, "ZADD muster:{0}:rate:paper:waiting 1 some-block");
	assert_int_equal(ask_lists(ks, 30), 10);
	assert_in_range(keyspace_reply(ks)->element[3]->integer, 1000, 1500); /* a quarter of the rate: one in 1.5 s */
	assert_true(strtoll(keyspace_value(ks, "rate:paper", "calls_wait_until"), NULL, 10) >
		    keyspace_time_us(ks) / 1000);
}

static void clock_that_went_back_stops_nothing(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, RATE, LIMIT "|200|0|48000|1|0|a");
	keyspace_command(ks, "HINCRBY muster:{0}:rate:paper reset_at 3600000");
	keyspace_command(ks, "HSET muster:{0}:rate:paper tokens 1 at 9999999999999");
	assert_int_equal(ask_singles(ks, NO_WORD, 2), 1);
	assert_true(strtoll(keyspace_value(ks, "rate:paper", "at"), NULL, 10) <= keyspace_time_us(ks) / 1000);
}

static void call_that_is_never_told_ends_by_itself(void **state)
{
	struct keyspace *ks = *state;

	GIVEN(ks, RATE, "paper|200|60000|0" NO_WORD "|1|0|lost");
	STEP(ks, RATE, LIMIT NO_WORD "|0|0", "[granted 0 0 0]", "-rate:paper:out\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRIPT_TEST(calls_take_tokens_and_are_on_their_way),
	    SCRIPT_TEST(no_more_leave_than_there_are_tokens),
	    SCRIPT_TEST(no_minute_sees_more_than_the_limit),
	    SCRIPT_TEST(the_brokers_word_counts_less_what_is_on_its_way),
	    SCRIPT_TEST(refused_call_holds_all_until_the_reset),
	    SCRIPT_TEST(word_of_the_same_minute_only_lowers),
	    SCRIPT_TEST(limit_of_the_broker_is_kept_where_it_is_smaller),
	    SCRIPT_TEST(lists_get_a_quarter_while_slices_wait),
	    SCRIPT_TEST(clock_that_went_back_stops_nothing),
	    SCRIPT_TEST(call_that_is_never_told_ends_by_itself),
	};

	return cmocka_run_group_tests(tests, script_case_setup_group, script_case_teardown_group);
}
