/* Only the one form that the encoder writes is read, so that a cursor has no second spelling. */
#include "api/cursor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN_SIZE (CURSOR_TEXT_SIZE + 24)
#define NUMBER_MAX (INT64_C(1) << 53)

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Writes `plain` as base64url: 6 bits a letter, the rest padded with zeros. */
static void base64url_encode(const char *plain, char *encoded)
{
	unsigned bits = 0, held = 0;

	for (; *plain; plain++) {
		held = (held << 8 | (unsigned char)*plain) & 0xffff;
		for (bits += 8; bits >= 6; bits -= 6)
			*encoded++ = alphabet[held >> (bits - 6) & 63];
	}
	if (bits > 0)
		*encoded++ = alphabet[held << (6 - bits) & 63];
	*encoded = '\0';
}

/* The reverse, into at most `size` bytes with the NUL; false for a letter that is none, or for too many. */
static bool base64url_decode(const char *encoded, char *plain, size_t size)
{
	unsigned bits = 0, held = 0;

	for (; *encoded; encoded++) {
		const char *letter = strchr(alphabet, *encoded);

		if (!letter)
			return false;
		held = (held << 6 | (unsigned)(letter - alphabet)) & 0xffff;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (size <= 1)
			return false;
		*plain++ = (char)(held >> bits & 255);
		size--;
	}
	*plain = '\0';
	return true;
}

char *cursor_encode(enum cursor_list list, const struct cursor *cursor, char *encoded)
{
	char plain[PLAIN_SIZE];

	(void)snprintf(plain, sizeof plain, "%c %lld %s", (char)list, (long long)cursor->number, cursor->text);
	base64url_encode(plain, encoded);
	return encoded;
}

/* Takes "LIST NUMBER TEXT" apart. */
static bool plain_read(enum cursor_list list, const char *plain, struct cursor *cursor)
{
	char *end;

	if (plain[0] != (char)list || plain[1] != ' ' || plain[2] < '0' || plain[2] > '9')
		return false;
	errno = 0;
	cursor->number = strtoll(plain + 2, &end, 10);
	if (errno || cursor->number >= NUMBER_MAX || *end != ' ' || strlen(end + 1) >= sizeof cursor->text)
		return false;
	(void)snprintf(cursor->text, sizeof cursor->text, "%s", end + 1);
	cursor->is_set = true;
	return true;
}

bool cursor_decode(enum cursor_list list, const char *encoded, struct cursor *cursor, struct err *err)
{
	char plain[PLAIN_SIZE], again[CURSOR_SIZE];
	struct cursor read = {0};

	if (strlen(encoded) < CURSOR_SIZE && base64url_decode(encoded, plain, sizeof plain) &&
	    plain_read(list, plain, &read) && strcmp(cursor_encode(list, &read, again), encoded) == 0) {
		*cursor = read;
		return true;
	}
	return err_set(err, ERR_BAD_PARAMETER, "cursor: it is not one that this list has given");
}
