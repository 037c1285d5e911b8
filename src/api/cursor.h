/* Cursors: where the next page of a list begins, as a text that means nothing to a client.
 *
 * It is the base64url (RFC 4648, section 5, without padding) of "LIST NUMBER TEXT": a cursor of one list is refused by
 * another, and pages stay right while the list grows at its other end. */
#ifndef MUSTER_API_CURSOR_H
#define MUSTER_API_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/err.h"

#define CURSOR_TEXT_SIZE 64  /* of what is in it */
#define CURSOR_SIZE	 160 /* of the encoded cursor */

/* The letter that stands in the cursor. */
enum cursor_list {
	CURSOR_USER_ORDERS = 'o',
	CURSOR_TRANSACTIONS = 't',
	CURSOR_BLOCKS = 'b',
	CURSOR_STATEMENT = 's',
	CURSOR_STOCKS = 'k',
};

/* The last item of the page before: its score or place, and its name. */
struct cursor {
	bool is_set;
	int64_t number; /* >= 0, below 2^53 */
	char text[CURSOR_TEXT_SIZE];
};

/* Returns `encoded` (CURSOR_SIZE bytes). */
char *cursor_encode(enum cursor_list list, const struct cursor *cursor, char *encoded);

/* ERR_BAD_PARAMETER for anything that cursor_encode has not made for this list. */
bool cursor_decode(enum cursor_list list, const char *encoded, struct cursor *cursor, struct err *err) MUST_USE;

#endif
