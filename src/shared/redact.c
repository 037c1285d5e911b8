/* See redact.h. */
#include "shared/redact.h"

#include <string.h>

/* How many bytes the secret takes at the text's start; 0 where it does not stand there. */
static size_t match(const char *text, size_t length, const char *secret)
{
	size_t plain = strlen(secret), at = 0;

	if (plain <= length && memcmp(text, secret, plain) == 0)
		return plain;
	for (; *secret != '\0'; secret++, at++) {
		if (at + 1 < length && text[at] == '\\' && text[at + 1] == *secret)
			at++;
		if (at >= length || text[at] != *secret)
			return 0;
	}
	return at;
}

void redact(char *text, size_t length, const char *secret)
{
	size_t at = 0;

	while (at < length) {
		size_t found = match(text + at, length - at, secret);

		memset(text + at, '*', found);
		at += found > 0 ? found : 1;
	}
}
