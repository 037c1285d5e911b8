/* See schema.h. */
#include "tests/support/schema.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/json_at.h"

static const char *const known_words[] = {"$ref", "type",  "required", "properties", "additionalProperties",
					  "enum", "items", "pattern",  "description"};

/* A schema with a word that is not looked at would hold nothing. */
static void check_words(const json_t *schema, const char *where)
{
	const char *word;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)schema, word, value) {
		bool is_known = false;

		(void)value;
		for (size_t i = 0; i < sizeof known_words / sizeof known_words[0]; i++)
			is_known = is_known || strcmp(word, known_words[i]) == 0;
		if (!is_known)
			fail_msg("%s: the schema says %s, which the test does not know", where, word);
	}
}

static bool is_of_type(const json_t *value, const char *type)
{
	return (strcmp(type, "string") == 0 && json_is_string(value)) ||
	       (strcmp(type, "integer") == 0 && json_is_integer(value)) ||
	       (strcmp(type, "number") == 0 && json_is_number(value)) ||
	       (strcmp(type, "boolean") == 0 && json_is_boolean(value)) ||
	       (strcmp(type, "null") == 0 && json_is_null(value)) ||
	       (strcmp(type, "array") == 0 && json_is_array(value)) ||
	       (strcmp(type, "object") == 0 && json_is_object(value));
}

static void check_type(const json_t *type, const json_t *value, const char *where)
{
	bool is_good = json_is_string(type) && is_of_type(value, json_string_value(type));

	for (size_t i = 0; i < json_array_size(type); i++)
		is_good = is_good || is_of_type(value, json_string_value(json_array_get(type, i)));
	if (!is_good)
		fail_msg("%s has another type than the document says", where);
}

static void check_enum(const json_t *words, const json_t *value, const char *where)
{
	bool is_found = false;

	for (size_t i = 0; i < json_array_size(words); i++)
		is_found = is_found || json_equal(json_array_get(words, i), value);
	if (!is_found)
		fail_msg("%s: %s is none of the words of the document", where, json_string_value(value));
}

static void check_pattern(const char *pattern, const char *text, const char *where)
{
	regex_t regex;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&regex, text, 0, NULL, 0) != 0)
		fail_msg("%s: %s does not fit %s", where, text, pattern);
	regfree(&regex);
}

static void check_object(const json_t *document, const json_t *schema, const json_t *value, const char *where)
{
	const json_t *properties = json_object_get(schema, "properties"),
		     *required = json_object_get(schema, "required");
	const char *field;
	char place[512];
	json_t *part;

	for (size_t i = 0; i < json_array_size(required); i++)
		if (!json_object_get(value, json_string_value(json_array_get(required, i))))
			fail_msg("%s lacks %s", where, json_string_value(json_array_get(required, i)));
	json_object_foreach ((json_t *)(uintptr_t)value, field, part) {
		const json_t *one = json_object_get(properties, field);

		(void)snprintf(place, sizeof place, "%s/%s", where, field);
		if (one)
			schema_check(document, one, part, place);
		else if (json_is_false(json_object_get(schema, "additionalProperties")))
			fail_msg("%s is not in the document", place);
	}
}

void schema_check(const json_t *document, const json_t *schema, const json_t *value, const char *where)
{
	const char *to = json_string_value(json_object_get(schema, "$ref"));
	char place[512];

	check_words(schema, where);
	if (to) {
		assert_int_equal(to[0], '#');
		schema_check(document, json_at(document, to + 1), value, where);
		return;
	}
	check_type(json_object_get(schema, "type"), value, where);
	if (json_object_get(schema, "enum") && !json_is_null(value))
		check_enum(json_object_get(schema, "enum"), value, where);
	if (json_object_get(schema, "pattern") && json_is_string(value))
		check_pattern(json_string_value(json_object_get(schema, "pattern")), json_string_value(value), where);
	if (json_is_object(value))
		check_object(document, schema, value, where);
	for (size_t i = 0; i < json_array_size(value); i++) {
		(void)snprintf(place, sizeof place, "%s/%zu", where, i);
		schema_check(document, json_object_get(schema, "items"), json_array_get(value, i), place);
	}
}
