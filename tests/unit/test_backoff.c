/* Pauses between looks at the broker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/backoff.h"

static void following_slows_down_to_five_seconds(void **state)
{
	static const int64_t expected_ms[] = {50, 50, 100, 200, 400, 800, 1600, 3200, 5000, 5000};

	(void)state;
	for (size_t i = 0; i < sizeof expected_ms / sizeof *expected_ms; i++)
		assert_int_equal(backoff_follow_ms((int64_t)i), expected_ms[i]);
	assert_int_equal(backoff_follow_ms(INT64_MAX), 5000);
}

static void retries_slow_down_to_half_a_minute(void **state)
{
	static const int64_t expected_ms[] = {250, 250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000};

	(void)state;
	for (size_t i = 0; i < sizeof expected_ms / sizeof *expected_ms; i++)
		assert_int_equal(backoff_retry_ms((int64_t)i), expected_ms[i]);
	assert_int_equal(backoff_retry_ms(INT64_MAX), 30000);
}

static void looking_up_follows_the_schedule_and_ends(void **state)
{
	static const int64_t expected_ms[] = {500, 1000, 2000, 4000};
	int64_t pause_ms = 0;

	(void)state;
	for (size_t i = 0; i < sizeof expected_ms / sizeof *expected_ms; i++) {
		assert_true(backoff_look_up_ms((int64_t)i + 1, &pause_ms));
		assert_int_equal(pause_ms, expected_ms[i]);
	}
	assert_false(backoff_look_up_ms(BACKOFF_LOOK_UPS, &pause_ms));
	assert_false(backoff_look_up_ms(BACKOFF_LOOK_UPS + 1, &pause_ms));
	assert_int_equal(pause_ms, 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(following_slows_down_to_five_seconds),
	    cmocka_unit_test(retries_slow_down_to_half_a_minute),
	    cmocka_unit_test(looking_up_follows_the_schedule_and_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
