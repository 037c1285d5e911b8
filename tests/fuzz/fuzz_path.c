/* Paths and percent-encoding: pieces stay inside the text, and decoding never grows it. */
#include "fuzz.h"

#include "shared/http_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *copy = fuzz_text(data, size);
	size_t before = strlen(text);
	struct http_path path;

	if (http_path_split(text, &path))
		for (size_t i = 0; i < path.count; i++)
			FUZZ_REQUIRE(path.segments[i].text >= text &&
				     path.segments[i].text + path.segments[i].length <= text + before);
	if (http_percent_decode(copy, data && size && data[0] & 1))
		FUZZ_REQUIRE(strlen(copy) <= before);
	free(text);
	free(copy);
	return 0;
}
