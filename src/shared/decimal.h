/* Decimals: exact numbers as integers of 10^-9 ("nano"), and their text.
 *
 * Quantities and prices are int64 nano (at most 9.22e9 units); amounts of money and sums of products are int128 nano.
 * Text is `-?digits(.digits)?` without exponent; written without trailing zeros and without a trailing dot. */
#ifndef MUSTER_DECIMAL_H
#define MUSTER_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"

__extension__ typedef __int128 int128;

#define NANO INT64_C(1000000000)
#define DECIMAL_TEXT 48 /* bytes that any int128 nano value needs as text, with the final NUL */

/* Reads the whole of `text` (no spaces, no plus sign, no exponent). Fails with ERR_BAD_NUMBER on anything else, more
 * than 9 decimals (trailing zeros beyond the ninth are allowed), or a value out of range. */
bool decimal_parse(const char *text, int64_t *nano, struct err *err) MUST_USE;
bool decimal_parse_wide(const char *text, int128 *nano, struct err *err) MUST_USE;

/* Writes into `text` (at least DECIMAL_TEXT bytes) and returns it. */
char *decimal_format(int64_t nano, char *text);
char *decimal_format_wide(int128 nano, char *text);

/* a*b/c with the product held in 128 bits, rounded toward zero. c > 0. Both sides must fit: |a*b| < 2^127. */
int128 decimal_mul_div(int128 a, int128 b, int128 c);

/* Amount in nano of quantity x price (both nano), rounded to the nearest nano, halves away from zero. */
int128 decimal_amount(int64_t quantity_nano, int64_t price_nano);

/* Greatest multiple of `lot_nano` (> 0) that is not above `nano` (>= 0). */
int64_t decimal_floor_to_lot(int64_t nano, int64_t lot_nano);

#endif
