/* Why not jansson alone: it reads a byte at a time through a callback and a buffer of its own, and so took a quarter of
 * the time that a small request spends outside of the kernel. What it says of a text that is not plain is what counts,
 * so that nothing is refused here. */
#include "shared/json_plain.h"

#include <stdbool.h>
#include <string.h>

struct reader {
	const char *at, *end;
	int depth;
};

static void space_skip(struct reader *reader)
{
	while (reader->at < reader->end &&
	       (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\r' || *reader->at == '\t'))
		reader->at++;
}

/* Skips space and takes the character, if it is the next. */
static bool take(struct reader *reader, char c)
{
	space_skip(reader);
	if (reader->at == reader->end || *reader->at != c)
		return false;
	reader->at++;
	return true;
}

/* Takes a string; it stays where it is. NULL: there is none, or none that is plain. */
static const char *text_take(struct reader *reader, size_t *length)
{
	if (!take(reader, '"'))
		return NULL;
	const char *start = reader->at;
	while (reader->at < reader->end && *reader->at >= ' ' && *reader->at <= '~' && *reader->at != '"' &&
	       *reader->at != '\\')
		reader->at++;
	*length = (size_t)(reader->at - start);
	if (reader->at == reader->end || *reader->at != '"')
		return NULL;
	reader->at++;
	return start;
}

/* Whether something stands next that ends a number. */
static bool number_ends(const struct reader *reader)
{
	return reader->at < reader->end && *reader->at && strchr(",]} \n\r\t", *reader->at);
}

/* Takes digits, and nothing else that a number can have. */
static json_t *number_take(struct reader *reader)
{
	const char *start = reader->at;
	json_int_t value = 0;
	while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9' &&
	       reader->at - start < JSON_PLAIN_DIGITS)
		value = value * 10 + (*reader->at++ - '0');
	bool is_good = reader->at > start && (*start != '0' || reader->at == start + 1);
	return is_good && number_ends(reader) ? json_integer(value) : NULL;
}

/* Takes a word. */
static bool word_take(struct reader *reader, const char *word, size_t length)
{
	if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0)
		return false;
	reader->at += length;
	return true;
}

static json_t *value_take(struct reader *reader);

/* Takes the rest of an object, whose brace has been taken. */
static bool members_take(struct reader *reader, json_t *object)
{
	if (take(reader, '}'))
		return true;
	do {
		size_t length;
		const char *key = text_take(reader, &length);
		if (!key || !take(reader, ':') || json_object_getn(object, key, length) ||
		    json_object_setn_new_nocheck(object, key, length, value_take(reader)) != 0)
			return false;
	} while (take(reader, ','));
	return take(reader, '}');
}

static bool elements_take(struct reader *reader, json_t *array)
{
	if (take(reader, ']'))
		return true;
	do
		if (json_array_append_new(array, value_take(reader)) != 0)
			return false;
	while (take(reader, ','));
	return take(reader, ']');
}

/* Takes an object or an array. */
static json_t *nest_take(struct reader *reader, bool is_object)
{
	json_t *nest = is_object ? json_object() : json_array();
	reader->at++;
	bool good = ++reader->depth <= JSON_PLAIN_DEPTH &&
		    (is_object ? members_take(reader, nest) : elements_take(reader, nest));
	reader->depth--;
	if (good)
		return nest;
	json_decref(nest);
	return NULL;
}

static json_t *value_take(struct reader *reader)
{
	const char *text;
	size_t length;
	space_skip(reader);
	switch (reader->at < reader->end ? *reader->at : '\0') {
	case '{':
		return nest_take(reader, true);
	case '[':
		return nest_take(reader, false);
	case '"':
		text = text_take(reader, &length);
		return text ? json_stringn_nocheck(text, length) : NULL;
	case 't':
		return word_take(reader, "true", 4) ? json_true() : NULL;
	case 'f':
		return word_take(reader, "false", 5) ? json_false() : NULL;
	case 'n':
		return word_take(reader, "null", 4) ? json_null() : NULL;
	default:
		return number_take(reader);
	}
}

json_t *json_plain(const char *text, size_t length)
{
	struct reader reader = {.at = text, .end = text + length};
	space_skip(&reader);
	if (reader.at == reader.end || (*reader.at != '{' && *reader.at != '['))
		return NULL;
	json_t *json = value_take(&reader);
	space_skip(&reader);
	if (json && reader.at == reader.end)
		return json;
	json_decref(json);
	return NULL;
}
