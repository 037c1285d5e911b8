/* Cursors come back from outside: only what a list has given is taken, in the one spelling that it was given in. */
#include "api/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Whether a list refuses a cursor, with nothing written. */
static bool is_refused(enum cursor_list list, const char *encoded)
{
	struct cursor cursor = {.number = 77};
	struct err err = {0};

	if (cursor_decode(list, encoded, &cursor, &err))
		return false;
	assert_int_equal(err.code, ERR_BAD_PARAMETER);
	assert_int_equal(cursor.number, 77);
	assert_false(cursor.is_set);
	return true;
}

static void a_cursor_comes_back_as_it_was(void **state)
{
	static const struct cursor cursors[] = {
	    {.number = 0, .text = ""},
	    {.number = 1795356610990960, .text = "a3dmn5ynbtmz5dpsv40g-199"},
	    {.number = (INT64_C(1) << 53) - 1, .text = "6b02f7c2-2"},
	    {.number = 2, .text = "BRK.B&-"},
	    {.number = 3, .text = "a text with spaces"},
	    {.number = 4, .text = "012345678901234567890123456789012345678901234567890123456789012"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cursors / sizeof cursors[0]; i++) {
		char encoded[CURSOR_SIZE];
		struct cursor read = {0};
		struct err err;

		assert_ptr_equal(cursor_encode(CURSOR_BLOCKS, &cursors[i], encoded), encoded);
		assert_int_equal(strspn(encoded, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
				 strlen(encoded));
		assert_true(cursor_decode(CURSOR_BLOCKS, encoded, &read, &err));
		assert_true(read.is_set);
		assert_true(read.number == cursors[i].number);
		assert_string_equal(read.text, cursors[i].text);
	}
}

static void the_encoding_is_base64url(void **state)
{
	struct cursor cursor = {.number = 0, .text = "AAPL"};
	char encoded[CURSOR_SIZE];
	(void)state;
	/* printf 'k 0 AAPL' | base64 | tr '+/' '-_' | tr -d = */
	assert_string_equal(cursor_encode(CURSOR_STOCKS, &cursor, encoded), "ayAwIEFBUEw");
}

static void a_cursor_of_one_list_is_refused_by_the_others(void **state)
{
	static const enum cursor_list lists[] = {CURSOR_USER_ORDERS, CURSOR_TRANSACTIONS, CURSOR_BLOCKS,
						 CURSOR_STATEMENT, CURSOR_STOCKS};
	struct cursor cursor = {.number = 5, .text = "x"};
	char encoded[CURSOR_SIZE];
	(void)state;
	for (size_t i = 0; i < 5; i++) {
		(void)cursor_encode(lists[i], &cursor, encoded);
		for (size_t j = 0; j < 5; j++)
			assert_int_equal(is_refused(lists[j], encoded), i != j);
	}
}

static void what_no_list_has_given_is_refused(void **state)
{
	static const char *const texts[] = {
	    "",
	    "a",
	    "ayAwIEFBUEw=",
	    "ayAwIEFBUEw ",
	    "ayAwIEFBUEx",			  /* other low bits behind the last letter */
	    "ay",				  /* "k" and bits */
	    "ayA",				  /* "k " */
	    "ayAw",				  /* "k 0" without its text */
	    "ayAtMSBB",				  /* "k -1 A" */
	    "ayAwMCBB",				  /* "k 00 A" */
	    "ayArMSBB",				  /* "k +1 A" */
	    "ayA5MDA3MTk5MjU0NzQwOTkyIEE",	  /* "k 9007199254740992 A": 2^53 */
	    "ayA5OTk5OTk5OTk5OTk5OTk5OTk5OTkgQQ", /* "k 9999999999999999999999 A" */
	    "k 0 AAPL",
	    "%00",
	    "\xff\xfe",
	};
	char text[2000];
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_true(is_refused(CURSOR_STOCKS, texts[i]));
	memset(text, 'A', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_true(is_refused(CURSOR_STOCKS, text));
}

/* What is accepted of any text is what encodes to that text again. */
static void no_cursor_has_two_spellings(void **state)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned accepted = 0;
	(void)state;
	srandom(1);
	for (int i = 0; i < 200000; i++) {
		char text[16] = "ayAw", again[CURSOR_SIZE];
		size_t length = 4 + (size_t)random() % 10;
		struct cursor cursor;
		struct err err;

		text[4] = 'I'; /* "k 0 " begins so */
		for (size_t at = 5; at < length; at++)
			text[at] = letters[random() % 64];
		if (!cursor_decode(CURSOR_STOCKS, text, &cursor, &err))
			continue;
		accepted++;
		assert_string_equal(cursor_encode(CURSOR_STOCKS, &cursor, again), text);
	}
	assert_true(accepted > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_cursor_comes_back_as_it_was),
	    cmocka_unit_test(the_encoding_is_base64url),
	    cmocka_unit_test(a_cursor_of_one_list_is_refused_by_the_others),
	    cmocka_unit_test(what_no_list_has_given_is_refused),
	    cmocka_unit_test(no_cursor_has_two_spellings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
