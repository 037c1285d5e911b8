/* The words of the state machines: the contract's, in both directions. */
#include "shared/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void words_are_the_contracts(void **state)
{
	(void)state;
	assert_string_equal(order_status_word(ORDER_QUEUED), "queued");
	assert_string_equal(order_status_word(ORDER_PARTIALLY_FILLED), "partially_filled");
	assert_string_equal(order_status_word(ORDER_CANCELED), "canceled");
	assert_string_equal(block_status_word(BLOCK_NEEDS_REVIEW), "needs_review");
	assert_string_equal(block_status_word(BLOCK_ALLOCATED), "allocated");
	assert_string_equal(slice_status_word(SLICE_AMBIGUOUS), "ambiguous");
	assert_string_equal(slice_status_word(SLICE_EXPIRED), "expired");
}

static void every_word_leads_back_to_its_status(void **state)
{
	(void)state;
	for (int i = 0; i < ORDER_STATUS_COUNT; i++)
		assert_int_equal(order_status_of(order_status_word((enum order_status)i)), i);
	for (int i = 0; i < BLOCK_STATUS_COUNT; i++)
		assert_int_equal(block_status_of(block_status_word((enum block_status)i)), i);
	for (int i = 0; i < SLICE_STATUS_COUNT; i++)
		assert_int_equal(slice_status_of(slice_status_word((enum slice_status)i)), i);
}

static void other_words_are_no_status(void **state)
{
	static const char *const words[] = {"", "Queued", "queue", "queuedx", "unknown", "working ", NULL};
	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_int_equal(order_status_of(words[i]), ORDER_STATUS_COUNT);
		assert_int_equal(block_status_of(words[i]), BLOCK_STATUS_COUNT);
		assert_int_equal(slice_status_of(words[i]), SLICE_STATUS_COUNT);
	}
	assert_int_equal(order_status_of("ready"), ORDER_STATUS_COUNT);
	assert_int_equal(block_status_of("acked"), BLOCK_STATUS_COUNT);
	assert_int_equal(slice_status_of("unfilled"), SLICE_STATUS_COUNT);
}

static void a_count_is_printable_and_not_final(void **state)
{
	(void)state;
	assert_string_equal(order_status_word(ORDER_STATUS_COUNT), "unknown");
	assert_string_equal(block_status_word(BLOCK_STATUS_COUNT), "unknown");
	assert_string_equal(slice_status_word(SLICE_STATUS_COUNT), "unknown");
	assert_false(order_status_is_final(ORDER_STATUS_COUNT));
	assert_false(block_status_is_final(BLOCK_STATUS_COUNT));
	assert_false(slice_status_is_final(SLICE_STATUS_COUNT));
}

static void what_waits_for_a_person_or_a_broker_is_not_final(void **state)
{
	(void)state;
	assert_false(order_status_is_final(ORDER_WORKING));
	assert_true(order_status_is_final(ORDER_FILLED));
	assert_true(order_status_is_final(ORDER_UNFILLED));
	assert_true(order_status_is_final(ORDER_REJECTED));
	assert_false(block_status_is_final(BLOCK_NEEDS_REVIEW));
	assert_false(block_status_is_final(BLOCK_CLOSING));
	assert_true(block_status_is_final(BLOCK_ALLOCATED));
	assert_false(slice_status_is_final(SLICE_AMBIGUOUS));
	assert_false(slice_status_is_final(SLICE_PARTIALLY_FILLED));
	assert_true(slice_status_is_final(SLICE_CANCELED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_are_the_contracts),
	    cmocka_unit_test(every_word_leads_back_to_its_status),
	    cmocka_unit_test(other_words_are_no_status),
	    cmocka_unit_test(a_count_is_printable_and_not_final),
	    cmocka_unit_test(what_waits_for_a_person_or_a_broker_is_not_final),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
