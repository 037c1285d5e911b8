/* What the fuzz targets share: a target is one file with one LLVMFuzzerTestOneInput, which feeds what comes from outside to
 * one parser and requires more of it than that it does not crash. `make fuzz SECONDS=n` builds and runs them all. */
#ifndef MUSTER_TESTS_FUZZ_H
#define MUSTER_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer calls it with every input; it returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts, which the fuzzer counts as a finding, and says what did not hold. */
#define FUZZ_REQUIRE(condition)                                                                                        \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                 \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

/* The input as a text, ended by a NUL; freed by the caller. A size of its own lets AddressSanitizer see any step beyond. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* An error that is set must say something, in one line that fits. */
#define FUZZ_REQUIRE_ERROR(err)                                                                                        \
	FUZZ_REQUIRE((err)->message[0] != '\0' && memchr((err)->message, '\0', sizeof(err)->message))

#endif
