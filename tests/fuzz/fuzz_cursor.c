/* Cursors: only what was made for the list is taken, and it is taken as it was made. */
#include "fuzz.h"

#include "api/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum cursor_list lists[] = {CURSOR_USER_ORDERS, CURSOR_TRANSACTIONS, CURSOR_BLOCKS, CURSOR_STATEMENT,
						 CURSOR_STOCKS};
	char *text = fuzz_text(data, size), encoded[CURSOR_SIZE];
	size_t taken = 0;

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		struct cursor cursor = {0}, again = {0};
		struct err err;

		if (!cursor_decode(lists[i], text, &cursor, &err)) {
			FUZZ_REQUIRE_ERROR(&err);
			continue;
		}
		taken++;
		FUZZ_REQUIRE(cursor.is_set && cursor.number >= 0);
		FUZZ_REQUIRE(cursor_decode(lists[i], cursor_encode(lists[i], &cursor, encoded), &again, &err));
		FUZZ_REQUIRE(again.number == cursor.number && strcmp(again.text, cursor.text) == 0);
	}
	FUZZ_REQUIRE(taken <= 1);
	free(text);
	return 0;
}
