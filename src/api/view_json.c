/* The scripts answer in the order in which views show the fields, so each search starts where the last one ended. */
#include "api/view_json.h"

#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/redis_link.h"

/* A copy with every byte that is not ASCII replaced. */
static json_t *text_in_ascii(const char *text)
{
	char *copy = strdup(text);
	json_t *json;

	if (!copy)
		abort();
	for (char *byte = copy; *byte; byte++) {
		if ((unsigned char)*byte >= 0x80)
			*byte = '?';
	}
	json = json_string(copy);
	free(copy);
	return json;
}

json_t *view_time(int64_t at_ms)
{
	char time[CLOCK_TEXT];

	return json_string(clock_format(at_ms, time));
}

/* The texts of Redis are ours but for reasons, which may quote a broker. */
json_t *view_value(enum view_kind kind, const char *text)
{
	json_t *json;

	if (!text || !*text)
		return json_null();
	switch (kind) {
	case VIEW_TIME:
		return view_time(strtoll(text, NULL, 10));
	case VIEW_COUNT:
		return json_integer(strtoll(text, NULL, 10));
	case VIEW_TEXT:
		break;
	}
	json = json_string(text);
	return json ? json : text_in_ascii(text);
}

/* The value of a field, sought from element `*at` on and then from the start; `*at` ends behind it. */
static const char *find_field(const redisReply *flat, size_t from, const char *name, size_t *at)
{
	size_t pairs = flat && flat->elements > from ? (flat->elements - from) / 2 : 0;

	for (size_t i = 0; i < pairs; i++) {
		size_t pair = (*at + i) % pairs;

		if (strcmp(reply_text(flat->element[from + 2 * pair]), name) == 0) {
			*at = pair + 1;
			return reply_text(flat->element[from + 2 * pair + 1]);
		}
	}
	return "";
}

const char *view_text(const redisReply *flat, size_t from, const char *name)
{
	size_t at = 0;

	return find_field(flat, from, name, &at);
}

void view_set(json_t *object, const char *name, json_t *take_value)
{
	if (json_object_set_new_nocheck(object, name, take_value) != 0)
		abort();
}

void view_add_fields(json_t *object, const struct view_field *fields, size_t count, const redisReply *flat, size_t from)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++)
		view_set(object, fields[i].name,
			 view_value(fields[i].kind, find_field(flat, from, fields[i].name, &at)));
}

const char *view_get_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}
