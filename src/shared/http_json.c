/* JSON bodies: jansson lets the last of two equal keys win unless told otherwise, nests to 2048, and turns every real
 * into a double. The nesting and the digits of numbers are therefore looked at in the text, before it is parsed. */
#include "shared/http.h"

#include <string.h>

#define DEPTH_MAX  8
#define DIGITS_MAX 15 /* any decimal with that many survives a double */

/* Skips a string that starts at `p` (its opening quote); returns what follows it. */
static const char *string_skip(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : end;
}

/* Skips a number; `digits` becomes how many significant digits it has. */
static const char *number_skip(const char *p, const char *end, int *digits)
{
	int zeros = 0; /* seen since the last digit that was not one */
	*digits = 0;
	for (; p < end && ((*p >= '0' && *p <= '9') || *p == '.'); p++) {
		if (*p == '.')
			continue;
		if (*p == '0') {
			zeros += *digits > 0;
			continue;
		}
		*digits += zeros + 1;
		zeros = 0;
	}
	while (p < end && (*p == 'e' || *p == 'E' || *p == '+' || *p == '-' || (*p >= '0' && *p <= '9')))
		p++;
	return p;
}

/* Looks at nesting and numbers; malformed text is left for the parser to refuse. */
static bool text_check(const char *text, size_t length, struct err *err)
{
	const char *p = text, *end = text + length;
	int depth = 0, digits;
	while (p < end) {
		switch (*p) {
		case '"':
			p = string_skip(p, end);
			continue;
		case '[':
		case '{':
			if (++depth > DEPTH_MAX)
				return err_set(err, ERR_TOO_DEEP, "the body is nested deeper than %d", DEPTH_MAX);
			break;
		case ']':
		case '}':
			depth--;
			break;
		default:
			if (*p < '0' || *p > '9')
				break;
			const char *start = p;
			p = number_skip(p, end, &digits);
			if (digits > DIGITS_MAX)
				return err_set(
				    err, ERR_BAD_NUMBER,
				    "the number at byte %zu has more than %d significant digits: send it as a string",
				    (size_t)(start - text), DIGITS_MAX);
			continue;
		}
		p++;
	}
	return true;
}

/* What the parser did not like, in our codes. */
static void parse_error(const json_error_t *error, struct err *err)
{
	switch (json_error_code(error)) {
	case json_error_duplicate_key:
		err_set(err, ERR_DUPLICATE_KEY, "line %d: %s", error->line, error->text);
		break;
	case json_error_numeric_overflow:
		err_set(err, ERR_BAD_NUMBER, "line %d: %s: send it as a string", error->line, error->text);
		break;
	default:
		err_set(err, ERR_BAD_JSON, "line %d, column %d: %s", error->line, error->column, error->text);
	}
}

json_t *http_json_parse(const void *body, size_t length, struct err *err)
{
	json_error_t error;
	if (!text_check(body, length, err))
		return NULL;
	json_t *json = json_loadb(body, length, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		parse_error(&error, err);
	return json;
}

json_t *http_body_json(struct http_request *request, struct err *err)
{
	size_t length;
	const void *body = http_body(request, &length);
	return http_json_parse(body, length, err);
}
