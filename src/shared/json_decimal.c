/* See json_decimal.h. */
#include "shared/json_decimal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/decimal.h"

#define DIGITS_MAX 15
#define PLACES_MAX 32 /* beyond these the value is out of range, or has too many decimals, whatever its digits */

/* Refuses a number that cannot be told from its neighbours. */
static bool too_many_digits(struct err *err)
{
	return err_set(err, ERR_BAD_NUMBER, "a number with more than %d significant digits: send it as a string",
		       DIGITS_MAX);
}

/* An integer is exact as it is; its length is limited all the same, so that one rule holds for every number. */
static bool integer_decimal(json_int_t value, int64_t *nano, struct err *err)
{
	char text[24];
	snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, value);
	size_t length = strlen(text);
	while (length > 1 && text[length - 1] == '0')
		length--;
	if (length - (*text == '-') > DIGITS_MAX)
		return too_many_digits(err);
	return decimal_parse(text, nano, err);
}

/* Writes digits and a power of ten as plain text: ("19025", 2) is 190.25. */
static void plain_text(const char *digits, int exponent, char *text)
{
	int count = (int)strlen(digits);
	if (exponent < 0) {
		*text++ = '0';
		*text++ = '.';
		for (int i = -1; i > exponent; i--)
			*text++ = '0';
	}
	for (int i = 0; i < count || i <= exponent; i++) {
		if (i == exponent + 1 && exponent >= 0)
			*text++ = '.';
		*text++ = i < count ? digits[i] : '0';
	}
	*text = '\0';
}

/* A double is good where its shortest decimal of 15 digits comes back as the same double. */
static bool real_decimal(double value, int64_t *nano, struct err *err)
{
	char scientific[40], digits[DIGITS_MAX + 1], text[2 * PLACES_MAX + DIGITS_MAX + 4];
	snprintf(scientific, sizeof scientific, "%.*e", DIGITS_MAX - 1, value);
	if (strtod(scientific, NULL) != value)
		return too_many_digits(err);
	size_t count = 0;
	const char *p = scientific + (*scientific == '-');
	for (; *p != 'e'; p++)
		if (*p != '.')
			digits[count++] = *p;
	while (count > 1 && digits[count - 1] == '0')
		count--;
	digits[count] = '\0';
	long exponent = strtol(p + 1, NULL, 10);
	if (exponent > PLACES_MAX || exponent < -PLACES_MAX)
		return err_set(err, ERR_BAD_NUMBER, "the number %.*g is out of range", DIGITS_MAX, value);
	*text = '-';
	plain_text(digits, (int)exponent, text + 1);
	return decimal_parse(*scientific == '-' ? text : text + 1, nano, err);
}

bool json_decimal(const json_t *json, int64_t *nano, struct err *err)
{
	switch (json ? json_typeof(json) : JSON_NULL) {
	case JSON_STRING:
		if (strlen(json_string_value(json)) != json_string_length(json))
			return err_set(err, ERR_BAD_NUMBER, "the text has a NUL in it");
		return decimal_parse(json_string_value(json), nano, err);
	case JSON_INTEGER:
		return integer_decimal(json_integer_value(json), nano, err);
	case JSON_REAL:
		return real_decimal(json_real_value(json), nano, err);
	default:
		return err_set(err, ERR_BAD_TYPE, "it must be a decimal, as a string or a number");
	}
}
