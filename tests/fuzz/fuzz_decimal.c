/* Decimals: what is read is written back as the same number, and narrow and wide agree. */
#include "fuzz.h"

#include "shared/decimal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), out[DECIMAL_TEXT];
	int64_t nano = 0, again = 0;
	int128 wide = 0, wide_again = 0;
	struct err err;
	bool is_wide = decimal_parse_wide(text, &wide, &err);

	if (!is_wide)
		FUZZ_REQUIRE_ERROR(&err);
	if (decimal_parse(text, &nano, &err)) {
		FUZZ_REQUIRE(is_wide && wide == nano);
		FUZZ_REQUIRE(decimal_parse(decimal_format(nano, out), &again, &err) && again == nano);
	} else {
		FUZZ_REQUIRE_ERROR(&err);
		FUZZ_REQUIRE(!is_wide || wide > INT64_MAX || wide < INT64_MIN);
	}
	if (is_wide)
		FUZZ_REQUIRE(decimal_parse_wide(decimal_format_wide(wide, out), &wide_again, &err) &&
			     wide_again == wide);
	free(text);
	return 0;
}
