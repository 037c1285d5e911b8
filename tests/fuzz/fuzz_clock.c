/* Times: what is read as RFC 3339 is written back as the same moment. */
#include "fuzz.h"

#include "shared/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), out[CLOCK_TEXT];
	int64_t at_ms = 0, again = 0;
	struct err err;

	if (!clock_parse(text, &at_ms, &err))
		FUZZ_REQUIRE_ERROR(&err);
	else if (at_ms >= 0)
		FUZZ_REQUIRE(clock_parse(clock_format(at_ms, out), &again, &err) && again == at_ms);
	free(text);
	return 0;
}
