/* The headers that ask for a pause, three lines of input: whatever they say, the pause stays within its bounds. */
#include "fuzz.h"

#include "worker/alpaca_errors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *lines[3] = {text, NULL, NULL};
	int64_t wait_ms;

	for (int i = 0; i < 2 && lines[i]; i++) {
		char *end = strchr(lines[i], '\n');

		if (end) {
			*end = '\0';
			lines[i + 1] = end + 1;
		}
	}
	wait_ms = alpaca_retry_after_ms(lines[0], lines[1], lines[2], INT64_C(1790000000000));
	FUZZ_REQUIRE(wait_ms >= 100 && wait_ms <= 60000);
	free(text);
	return 0;
}
