/* The header traceparent: whatever is taken of it is lower-case hexadecimal, stands in it, and is not all zeros. */
#include "fuzz.h"

#include <string.h>

#include "api/traceparent.h"

/* Whether an id is what the log may show. */
static bool is_id(const char *id, size_t length, const char *header)
{
	return strlen(id) == length && strspn(id, "0123456789abcdef") == length && strspn(id, "0") < length &&
	       strstr(header, id) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct traceparent trace;

	if (traceparent_read(text, &trace))
		FUZZ_REQUIRE(is_id(trace.trace_id, TRACE_ID_LENGTH, text) &&
			     is_id(trace.parent_id, PARENT_ID_LENGTH, text));
	else
		FUZZ_REQUIRE(!*trace.trace_id && !*trace.parent_id);
	free(text);
	return 0;
}
