/* version "-" trace-id "-" parent-id "-" flags, in lower-case hexadecimal: 2, 32, 16 and 2 digits. What is taken goes
 * into the log as it stands, so that nothing but such digits may get through. */
#include "api/traceparent.h"

#include <string.h>

#define VERSION_LENGTH 2
#define FLAGS_LENGTH   2
#define TRACE_AT       (VERSION_LENGTH + 1)
#define PARENT_AT      (TRACE_AT + TRACE_ID_LENGTH + 1)
#define FLAGS_AT       (PARENT_AT + PARENT_ID_LENGTH + 1)
#define LENGTH	       (FLAGS_AT + FLAGS_LENGTH)

/* Whether exactly so many digits stand here. */
static bool is_digits(const char *text, size_t length)
{
	return strspn(text, "0123456789abcdef") == length;
}

/* Whether an id is more than zeros, which mean that there is none. */
static bool is_id(const char *text, size_t length)
{
	return is_digits(text, length) && strspn(text, "0") < length;
}

bool traceparent_read(const char *header, struct traceparent *trace)
{
	*trace = (struct traceparent){0};
	if (!header || strnlen(header, LENGTH) < LENGTH)
		return false;
	if (!is_digits(header, VERSION_LENGTH) || strncmp(header, "ff", VERSION_LENGTH) == 0 ||
	    header[TRACE_AT - 1] != '-' || !is_id(header + TRACE_AT, TRACE_ID_LENGTH) || header[PARENT_AT - 1] != '-' ||
	    !is_id(header + PARENT_AT, PARENT_ID_LENGTH) || header[FLAGS_AT - 1] != '-' ||
	    !is_digits(header + FLAGS_AT, FLAGS_LENGTH))
		return false;
	/* Versions to come may have more behind a dash; this one has not. */
	if (header[LENGTH] && (header[LENGTH] != '-' || strncmp(header, "00", VERSION_LENGTH) == 0))
		return false;
	memcpy(trace->trace_id, header + TRACE_AT, TRACE_ID_LENGTH);
	memcpy(trace->parent_id, header + PARENT_AT, PARENT_ID_LENGTH);
	return true;
}
