/* What a broker says, with a key in it: where nothing stands in two ways, no place of the key is left, and nothing else
 * changes. */
#include "fuzz.h"

#include <string.h>

#include "shared/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length = size > 0 ? data[0] % 40 : 0;
	char secret[40], *text, *clean;

	if (size < 1 + length || memchr(data + 1, '\0', length) || memchr(data + 1, '*', length))
		return 0;
	memcpy(secret, data + 1, length);
	secret[length] = '\0';
	text = fuzz_text(data + 1 + length, size - 1 - length);
	size = strlen(text);
	clean = strdup(text);
	FUZZ_REQUIRE(clean != NULL);
	redact(clean, size, secret);
	FUZZ_REQUIRE(length == 0 ? strcmp(clean, text) == 0 : strstr(clean, secret) == NULL);
	for (size_t i = 0; i < size; i++)
		FUZZ_REQUIRE(clean[i] == text[i] || clean[i] == '*');
	free(clean);
	free(text);
	return 0;
}
