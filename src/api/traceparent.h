/* The header `traceparent` of W3C Trace Context, level 1: which trace a request belongs to, and which of its spans
 * asks. https://www.w3.org/TR/trace-context-1/#traceparent-header */
#ifndef MUSTER_API_TRACEPARENT_H
#define MUSTER_API_TRACEPARENT_H

#include <stdbool.h>

#define TRACE_ID_LENGTH	 32
#define PARENT_ID_LENGTH 16

struct traceparent {
	char trace_id[TRACE_ID_LENGTH + 1]; /* lower-case hexadecimal; both are "" where there is none */
	char parent_id[PARENT_ID_LENGTH + 1];
};

/* Reads a header's value (NULL: there is none). Where it is not valid it returns false, and both ids are "". Of a
 * version to come what 00 has too is taken, as the standard asks for. */
bool traceparent_read(const char *header, struct traceparent *trace);

#endif
