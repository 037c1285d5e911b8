/* Errors: the table behind the codes, and the one place where messages are put together. */
#include "shared/err.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct err_row {
	const char *word;
	const char *title;
	int http_status;
};

static const struct err_row err_rows[] = {
#define X(constant, word, http, title) [constant] = {word, title, http},
    ERR_CODES(X)
#undef X
};

/* The row of a code; a code that is none of ours reads as ERR_INTERNAL rather than past the table. */
static const struct err_row *err_row(enum err_code code)
{
	size_t i = (size_t)code;
	return &err_rows[i < sizeof(err_rows) / sizeof(err_rows[0]) ? i : (size_t)ERR_INTERNAL];
}

/* Bytes of the UTF-8 sequence that `first` begins. */
static size_t sequence_length(unsigned char first)
{
	return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

/* Stores the text, cut to what fits. A cut through a UTF-8 character would make the message unfit for JSON, so an
 * incomplete last character goes as well. */
static void message_store(struct err *err, const char *text)
{
	size_t length = strlen(text);
	size_t limit = sizeof(err->message) - 1;

	if (length > limit) {
		size_t start = limit - 1;

		length = limit;
		while (start > limit - 4 && ((unsigned char)text[start] & 0xc0) == 0x80)
			start--;
		if (start + sequence_length((unsigned char)text[start]) > limit)
			length = start;
	}
	memcpy(err->message, text, length);
	err->message[length] = '\0';
}

bool err_set(struct err *err, enum err_code code, const char *format, ...)
{
	/* Through a second buffer: an argument may be the message that is being replaced. The extra room keeps the
	 * character that the limit cuts through whole, so that message_store can see it. */
	char text[sizeof(err->message) + 8];
	va_list arguments;

	if (!err)
		return false;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	err->code = code;
	message_store(err, text);
	return false;
}

bool err_context(struct err *err, const char *format, ...)
{
	char text[sizeof(err->message) * 2];
	va_list arguments;
	size_t length;

	if (!err)
		return false;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(err->message), format, arguments);
	va_end(arguments);
	length = strlen(text);
	(void)snprintf(text + length, sizeof(text) - length, ": %s", err->message);
	message_store(err, text);
	return false;
}

const char *err_word(enum err_code code)
{
	return err_row(code)->word;
}

const char *err_title(enum err_code code)
{
	return err_row(code)->title;
}

int err_http_status(enum err_code code)
{
	return err_row(code)->http_status;
}
