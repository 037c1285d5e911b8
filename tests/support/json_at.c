/* See json_at.h. A test that misses something shows all of what it got instead. */
#include "tests/support/json_at.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/decimal.h"

#define KEY_SIZE 128

/* Shows the JSON; long ones are cut. */
static void show(const json_t *json)
{
	char *text = json_dumps(json, JSON_INDENT(1) | JSON_ENCODE_ANY);

	(void)fprintf(stderr, "%.6000s\n", text ? text : "(no JSON)");
	free(text);
}

/* ~1 stands for a slash and ~0 for a tilde. */
static void unescape(char *key)
{
	char *to = key;

	for (const char *from = key; *from; from++) {
		bool is_escape = from[0] == '~' && (from[1] == '0' || from[1] == '1');

		*to++ = is_escape ? (*++from == '1' ? '/' : '~') : *from;
	}
	*to = '\0';
}

json_t *json_find(const json_t *json, const char *pointer)
{
	char key[KEY_SIZE];

	while (json && *pointer == '/') {
		size_t length = strcspn(++pointer, "/");

		(void)snprintf(key, sizeof key, "%.*s", (int)length, pointer);
		unescape(key);
		json = json_is_array(json) ? json_array_get(json, strtoul(key, NULL, 10)) : json_object_get(json, key);
		pointer += length;
	}
	return (json_t *)(uintptr_t)json;
}

json_t *json_at(const json_t *json, const char *pointer)
{
	json_t *found = json_find(json, pointer);

	if (!found) {
		show(json);
		fail_msg("there is nothing at %s", pointer);
	}
	return found;
}

const char *json_text(const json_t *json, const char *pointer)
{
	json_t *found = json_at(json, pointer);

	if (json_is_null(found))
		return "null";
	if (!json_is_string(found)) {
		show(json);
		fail_msg("there is no text at %s", pointer);
	}
	return json_string_value(found);
}

int64_t json_int(const json_t *json, const char *pointer)
{
	json_t *found = json_at(json, pointer);

	if (!json_is_integer(found)) {
		show(json);
		fail_msg("there is no whole number at %s", pointer);
	}
	return json_integer_value(found);
}

int64_t json_nano(const json_t *json, const char *pointer)
{
	struct err err;
	int64_t nano;

	if (!decimal_parse(json_text(json, pointer), &nano, &err))
		fail_msg("no decimal at %s: %s", pointer, err.message);
	return nano;
}

void json_assert_text(const json_t *json, const char *pointer, const char *expected, const char *file, int line)
{
	const char *text = json_text(json, pointer);

	if (strcmp(text, expected) == 0)
		return;
	show(json);
	print_error("%s is \"%s\", not \"%s\"\n", pointer, text, expected);
	_fail(file, line);
}

void json_assert_int(const json_t *json, const char *pointer, int64_t expected, const char *file, int line)
{
	int64_t number = json_int(json, pointer);

	if (number == expected)
		return;
	show(json);
	print_error("%s is %lld, not %lld\n", pointer, (long long)number, (long long)expected);
	_fail(file, line);
}
