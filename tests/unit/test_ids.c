/* Identifiers: the same key names the same request for ever, so the exact texts are part of what is stored. */
#include "shared/ids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define RANDOM_IDS 20000

/* The queue_id of a key, which must also look like one. */
static void key_id(const char *scope, const char *who, const char *key, char *queue_id)
{
	ids_queue_id_from_key(scope, who, key, queue_id);
	assert_true(ids_is_queue_id(queue_id));
}

static void a_key_names_the_same_request_in_every_version(void **state)
{
	char queue_id[QUEUE_ID_LENGTH + 1];
	(void)state;
	/* sha256("queue\0user1\0key-1\0"), its first 96 bits; computed with another program. */
	key_id("queue", "user1", "key-1", queue_id);
	assert_string_equal(queue_id, "yxhsamez7k5vybbf2r4g");
}

static void any_difference_names_another_request(void **state)
{
	static const char *const keys[][3] = {
	    {"queue", "user1", "key"}, {"bulk", "user1", "key"},  {"queue", "user2", "key"}, {"queue", "user1", "kez"},
	    {"queue", "user1k", "ey"}, {"queueu", "ser1", "key"}, {"queue", "", "user1key"}, {"queue", "user1", ""},
	};
	char ids[8][QUEUE_ID_LENGTH + 1];
	(void)state;
	for (size_t i = 0; i < 8; i++) {
		key_id(keys[i][0], keys[i][1], keys[i][2], ids[i]);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(ids[i], ids[j]);
	}
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void random_ids_do_not_repeat_and_use_the_whole_alphabet(void **state)
{
	char(*ids)[QUEUE_ID_LENGTH + 1] = calloc(RANDOM_IDS, sizeof(*ids));
	bool seen[256] = {false};
	struct ids_pool pool = {.left = 0};
	int letters = 0;
	(void)state;
	assert_non_null(ids);
	for (size_t i = 0; i < RANDOM_IDS; i++) {
		if (i % 4)
			ids_queue_id_take(&pool, ids[i]);
		else
			ids_queue_id_random(ids[i]);
		assert_true(ids_is_queue_id(ids[i]));
		for (size_t j = 0; j < QUEUE_ID_LENGTH; j++)
			seen[(unsigned char)ids[i][j]] = true;
	}
	qsort(ids, RANDOM_IDS, sizeof(*ids), compare_ids);
	for (size_t i = 1; i < RANDOM_IDS; i++)
		assert_string_not_equal(ids[i - 1], ids[i]);
	for (int i = 0; i < 256; i++)
		letters += seen[i];
	assert_int_equal(letters, 32);
	assert_false(seen['i'] || seen['l'] || seen['o'] || seen['u']);
	free(ids);
}

static void a_digest_stands_for_every_byte(void **state)
{
	static const char body[] = "{\"smallcase_id\":\"sc1\"}\0tail";
	char digest[DIGEST_LENGTH + 1], other[DIGEST_LENGTH + 1];
	(void)state;
	ids_body_digest("", 0, digest);
	assert_string_equal(digest, "werc8gmrzge1"); /* of SHA-256's e3b0c44298fc1c14... for no bytes */
	ids_body_digest("abc", 3, digest);
	assert_string_equal(digest, "q9w1dfwf077y");
	ids_body_digest(body, sizeof(body), digest);
	ids_body_digest(body, sizeof(body) - 1, other);
	assert_string_not_equal(digest, other);
	assert_int_equal(strlen(digest), DIGEST_LENGTH);
}

static void queue_ids_are_recognized(void **state)
{
	static const char *const wrong[] = {"",
					    "0123456789abcdefghj",
					    "0123456789abcdefghjkm",
					    "0123456789abcdefghjK",
					    "0123456789abcdefghji",
					    "0123456789abcdefghj-",
					    "0123456789abcdefghj\n"};
	(void)state;
	assert_true(ids_is_queue_id("0123456789abcdefghjk"));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(ids_is_queue_id(wrong[i]));
}

static void order_ids_split_in_one_way_only(void **state)
{
	static const char *const wrong[] = {
	    "",
	    "0123456789abcdefghjk",
	    "0123456789abcdefghjk-",
	    "0123456789abcdefghjk-x",
	    "0123456789abcdefghjk-1x",
	    "0123456789abcdefghjk-01",
	    "0123456789abcdefghjk--1",
	    "0123456789abcdefghjk- 1",
	    "0123456789abcdefghj-1",
	    "0123456789abcdefghjkm-1",
	    "0123456789abcdefghjk-4294967296",
	    "0123456789abcdefghjk-99999999999999999999999",
	    "0123456789Abcdefghjk-1",
	};
	char queue_id[QUEUE_ID_LENGTH + 1] = "untouched";
	uint32_t index = 77;
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (ids_split_order_id(wrong[i], queue_id, &index))
			fail_msg("taken: %s", wrong[i]);
	assert_string_equal(queue_id, "untouched");
	assert_int_equal(index, 77);
	assert_true(ids_split_order_id("0123456789abcdefghjk-0", queue_id, &index));
	assert_string_equal(queue_id, "0123456789abcdefghjk");
	assert_int_equal(index, 0);
	assert_true(ids_split_order_id("zzzzzzzzzzzzzzzzzzzz-4294967295", queue_id, &index));
	assert_string_equal(queue_id, "zzzzzzzzzzzzzzzzzzzz");
	assert_true(index == UINT32_MAX);
	assert_true(strlen("zzzzzzzzzzzzzzzzzzzz-4294967295") < ORDER_ID_SIZE);
}

static void symbols_are_those_of_the_contract(void **state)
{
	static const char *const right[] = {
	    "A", "AAPL", "BRK.B", "M&M", "BAJAJ-AUTO", "3M", "0", "A.&-", "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"};
	static const char *const wrong[] = {"",
					    "aapl",
					    ".A",
					    "-A",
					    "&A",
					    "A B",
					    "A/B",
					    "A_B",
					    "A\n",
					    "\xc3\x84",
					    "A:B",
					    "{A}",
					    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456"};
	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		if (!ids_is_symbol(right[i]))
			fail_msg("refused: %s", right[i]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (ids_is_symbol(wrong[i]))
			fail_msg("taken: %s", wrong[i]);
}

static void names_are_printable_and_harmless_in_keys(void **state)
{
	static const char *const wrong[] = {"",	    " ",   "a b",  "a:b",      "a\"b", "a'b",
					    "a\\b", "a\n", "\x7f", "\xc3\xa9", "a\tb"};
	char name[66];
	(void)state;
	assert_true(ids_is_name("a"));
	assert_true(ids_is_name("user1"));
	assert_true(ids_is_name("user.name+tag@example.com"));
	assert_true(ids_is_name("!#$%&()*,-/;<=>?[]^_`{|}~"));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (ids_is_name(wrong[i]))
			fail_msg("taken: %s", wrong[i]);
	memset(name, 'x', sizeof(name));
	name[64] = '\0';
	assert_true(ids_is_name(name));
	name[64] = 'x';
	name[65] = '\0';
	assert_false(ids_is_name(name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_key_names_the_same_request_in_every_version),
	    cmocka_unit_test(any_difference_names_another_request),
	    cmocka_unit_test(random_ids_do_not_repeat_and_use_the_whole_alphabet),
	    cmocka_unit_test(a_digest_stands_for_every_byte),
	    cmocka_unit_test(queue_ids_are_recognized),
	    cmocka_unit_test(order_ids_split_in_one_way_only),
	    cmocka_unit_test(symbols_are_those_of_the_contract),
	    cmocka_unit_test(names_are_printable_and_harmless_in_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
