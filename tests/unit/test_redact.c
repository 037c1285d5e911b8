/* Our own secrets in texts of others. */
#include "shared/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "shared/redis_url.h"

static void redact_takes_out_every_place(void **state)
{
	static const struct {
		const char *text, *secret, *clean;
	} rows[] = {
	    {"", "key", ""},
	    {"key", "key", "***"},
	    {"a key keykey", "key", "a *** ******"},
	    {"kekey ke", "key", "ke*** ke"},
	    {"\"a\\/b\\\"c\" and a/b\"c", "a/b\"c", "\"*******\" and *****"},
	    {"\\\\key\\", "\\key", "*****\\"},
	    {"\\\\x", "\\\\x", "***"},
	    {"nothing", "", "nothing"},
	    {"ke", "key", "ke"},
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		(void)snprintf(text, sizeof text, "%s", rows[i].text);
		redact(text, strlen(text), rows[i].secret);
		assert_string_equal(text, rows[i].clean);
	}
	memcpy(text, "x\0key", 6);
	redact(text, 5, "key");
	assert_memory_equal(text, "x\0***", 6);
}

static void answers_to_a_log_in_are_cleaned(void **state)
{
	struct redis_url url = {.password = "hunter2"};
	char message[2][96] = {"ERR unknown command 'AUTH', with args beginning with: 'hunt", "WRONG hunter2, I say"};

	(void)state;
	redis_url_clean(&url, message[0]);
	assert_string_equal(message[0], "ERR unknown command 'AUTH'");
	redis_url_clean(&url, message[1]);
	assert_string_equal(message[1], "WRONG *******, I say");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(redact_takes_out_every_place),
	    cmocka_unit_test(answers_to_a_log_in_are_cleaned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
