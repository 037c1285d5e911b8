/* What json_plain reads is what jansson reads, to the order of the keys; the rest it leaves to jansson. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/json_plain.h"

#define TRIES 300000

/* Fails where the two differ; whether the text was plain. */
static bool compare(const char *text, size_t length)
{
	json_t *plain = json_plain(text, length), *json = NULL;
	char *text_plain, *text_json;
	if (!plain)
		return false;
	json = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
	if (!json)
		fail_msg("jansson does not take %.*s", (int)length, text);
	text_plain = json_dumps(plain, JSON_COMPACT);
	text_json = json_dumps(json, JSON_COMPACT);
	assert_string_equal(text_plain, text_json);
	free(text_plain);
	free(text_json);
	json_decref(plain);
	json_decref(json);
	return true;
}

static const char *const plain[] = {
    "{}",
    "[]",
    " \r\n\t[ ]\n",
    "{\"user_id\":\"user1\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"A\",\"quantity\":5}]}",
    "{ \"b\" : 1 , \"a\" : [ true , false , null , \"\" ] }",
    "[0,10,999999999999999,\"~ !#[]{}\",{\"\":{}}]",
    "[[[[[[[[0]]]]]]]]",
};

static void plain_texts_are_read_as_jansson_reads_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (!compare(plain[i], strlen(plain[i])))
			fail_msg("not plain: %s", plain[i]);
}

static void all_else_is_left_to_jansson(void **state)
{
	static const char *const others[] = {
	    "",
	    " ",
	    "1",
	    "\"a\"",
	    "{",
	    "[",
	    "[1",
	    "[1,]",
	    "[,1]",
	    "{\"a\":}",
	    "{\"a\":,}",
	    "{\"a\":1,}",
	    "{\"a\" 1}",
	    "{a:1}",
	    "{\"a\":1}x",
	    "[1]]",
	    "[1 2]",
	    "[01]",
	    "[00]",
	    "[-1]",
	    "[1.5]",
	    "[1e3]",
	    "[truex]",
	    "[tru",
	    "[nul]",
	    "[\"a]",
	    "[\"\\u0061\"]",
	    "[\"\\\"\"]",
	    "[\"a\tb\"]",
	    "[\"\303\244\"]",
	    "[\"a\177\"]",
	    "[1000000000000000]",
	    "[[[[[[[[[0]]]]]]]]]",
	    "{\"a\":1,\"a\":1}",
	    "{\"a\":{\"b\":1,\"b\":2}}",
	    "[\"\n\"]",
	    "{1:1}",
	    "[1}",
	    "{\"a\":1]",
	};
	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_null(json_plain(others[i], strlen(others[i])));
	assert_null(json_plain("[\"a\0b\"]", 7));
	assert_null(json_plain("[1\0]", 4));
	assert_null(json_plain("[1]", 2));
}

/* xorshift: spread is all that is asked of it. */
static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void texts_with_random_mistakes_are_never_read_otherwise(void **state)
{
	static const char letters[] = "{}[]\",: \n\t0123456789-.eE\\tfnullrueas\177\200";
	uint64_t seed = 88172645463325252u;
	size_t taken = 0;
	(void)state;
	for (size_t i = 0; i < TRIES; i++) {
		const char *from = plain[next_random(&seed) % (sizeof plain / sizeof *plain)];
		size_t length = strlen(from);
		char *text = malloc(length + 1); /* of its size, so that a sanitizer sees what is read beyond */
		assert_non_null(text);
		memcpy(text, from, length);
		for (uint64_t n = next_random(&seed) % 4; n; n--)
			text[next_random(&seed) % length] = letters[next_random(&seed) % sizeof letters];
		taken += compare(text, length - (next_random(&seed) % 8 == 0));
		free(text);
	}
	assert_in_range(taken, TRIES / 10, TRIES - TRIES / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_texts_are_read_as_jansson_reads_them),
	    cmocka_unit_test(all_else_is_left_to_jansson),
	    cmocka_unit_test(texts_with_random_mistakes_are_never_read_otherwise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
