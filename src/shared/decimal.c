/* Decimals: money and quantities never pass through a double, because what is rounded once cannot add up again. */
#include "shared/decimal.h"

#include <string.h>

#define DECIMAL_PLACES 9

__extension__ typedef unsigned __int128 uint128;

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Appends one digit below zero: the negative side of two's complement is the longer one, so the least value can be
 * read too. */
static bool append_digit(int128 *negative, int digit)
{
	return !__builtin_mul_overflow(*negative, (int128)10, negative) &&
	       !__builtin_sub_overflow(*negative, (int128)digit, negative);
}

/* Reads the digits after the dot, always as nine. False on more than nine that matter, or out of range. */
static bool read_fraction(const char **text, int128 *negative, bool *too_fine)
{
	int places = 0;

	for (; is_digit(**text); (*text)++, places++) {
		if (places >= DECIMAL_PLACES) {
			if (**text != '0')
				*too_fine = true;
		} else if (!append_digit(negative, **text - '0')) {
			return false;
		}
	}
	for (; places < DECIMAL_PLACES; places++)
		if (!append_digit(negative, 0))
			return false;
	return true;
}

bool decimal_parse_wide(const char *text, int128 *nano, struct err *err)
{
	bool minus = *text == '-';
	bool in_range = true;
	bool too_fine = false;
	int128 value = 0; /* minus the number that has been read */

	text += minus;
	if (!is_digit(*text))
		return err_set(err, ERR_BAD_NUMBER, "not a decimal number such as 12.5");
	for (; is_digit(*text); text++)
		in_range = in_range && append_digit(&value, *text - '0');
	if (*text == '.') {
		text++;
		if (!is_digit(*text))
			return err_set(err, ERR_BAD_NUMBER, "a decimal point needs digits after it");
	}
	in_range = in_range && read_fraction(&text, &value, &too_fine);
	if (!minus)
		in_range = in_range && !__builtin_sub_overflow((int128)0, value, &value);
	if (!in_range)
		return err_set(err, ERR_BAD_NUMBER, "the number is out of range");
	if (too_fine)
		return err_set(err, ERR_BAD_NUMBER, "more than %d decimals", DECIMAL_PLACES);
	if (*text != '\0')
		return err_set(err, ERR_BAD_NUMBER, "not a decimal number such as 12.5");
	*nano = value;
	return true;
}

bool decimal_parse(const char *text, int64_t *nano, struct err *err)
{
	int128 wide;

	if (!decimal_parse_wide(text, &wide, err))
		return false;
	if (wide > INT64_MAX || wide < INT64_MIN)
		return err_set(err, ERR_BAD_NUMBER, "the number is out of range");
	*nano = (int64_t)wide;
	return true;
}

/* Puts the digits of `whole` so that they end before `end`; returns their start. */
static char *put_whole(uint128 whole, char *end)
{
	for (; whole > UINT64_MAX; whole /= 10)
		*--end = (char)('0' + (int)(whole % 10));

	/* Nearly every number ends up here at once, and a 64-bit division is many times cheaper. */
	uint64_t rest = (uint64_t)whole;
	do {
		*--end = (char)('0' + (int)(rest % 10));
		rest /= 10;
	} while (rest);
	return end;
}

/* Writes sign, whole and fraction without trailing zeros, from the last character to the first. */
static char *put_number(bool minus, uint128 whole, uint32_t fraction, char *text)
{
	char buffer[DECIMAL_TEXT];
	char *end = buffer + sizeof(buffer);
	char *start = end;

	*--start = '\0';
	if (fraction) {
		int places = DECIMAL_PLACES;

		for (; fraction % 10 == 0; fraction /= 10)
			places--;
		for (; places > 0; places--, fraction /= 10)
			*--start = (char)('0' + (int)(fraction % 10));
		*--start = '.';
	}
	start = put_whole(whole, start);
	if (minus)
		*--start = '-';
	memcpy(text, start, (size_t)(end - start));
	return text;
}

char *decimal_format(int64_t nano, char *text)
{
	uint64_t magnitude = nano < 0 ? 0 - (uint64_t)nano : (uint64_t)nano;
	return put_number(nano < 0, magnitude / NANO, (uint32_t)(magnitude % NANO), text);
}

char *decimal_format_wide(int128 nano, char *text)
{
	uint128 magnitude = nano < 0 ? 0 - (uint128)nano : (uint128)nano;
	return put_number(nano < 0, magnitude / NANO, (uint32_t)(magnitude % NANO), text);
}

int128 decimal_mul_div(int128 a, int128 b, int128 c)
{
	return a * b / c;
}

int128 decimal_amount(int64_t quantity_nano, int64_t price_nano)
{
	int128 product = (int128)quantity_nano * price_nano; /* at most 2^126: adding half a nano stays in range */
	return (product + (product < 0 ? -NANO / 2 : NANO / 2)) / NANO;
}

int64_t decimal_floor_to_lot(int64_t nano, int64_t lot_nano)
{
	return nano - nano % lot_nano;
}
