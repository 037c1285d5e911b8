/* Reading requests: whose orders, of which smallcase, when, and the suggestions. */
#include "api/order_request.h"

#include <stdlib.h>
#include <string.h>

#include "api/fields.h"
#include "shared/clock.h"
#include "shared/ids.h"

enum request_field { SMALLCASE_ID, USER_ID, SUGGESTIONS, PRIORITY, EXECUTION_WINDOW, DRY_RUN, FIELD_COUNT };

/* An element of a bulk call has only the first three. */
static const struct field request_fields[FIELD_COUNT] = {
    [SMALLCASE_ID] = {"smallcase_id", FIELD_TEXT, true},	  [USER_ID] = {"user_id", FIELD_TEXT, false},
    [SUGGESTIONS] = {"suggestions", FIELD_ARRAY, true},		  [PRIORITY] = {"priority", FIELD_TEXT, false},
    [EXECUTION_WINDOW] = {"execution_window", FIELD_TEXT, false},
    [DRY_RUN] = {"dry_run", FIELD_BOOL, false},
};

static const size_t field_counts[] = {
    [ORDER_REQUEST_QUEUE] = FIELD_COUNT,
    [ORDER_REQUEST_ELEMENT] = PRIORITY,
};

/* A request while it is read. */
struct reading {
	const struct order_request_source *source;
	struct fields fields;
	struct order_request *request;
	struct problems *problems;
};

/* The place of one of its fields. */
static struct place place_of(const struct reading *reading, enum request_field field)
{
	struct place place = reading->source->place;
	place.field = request_fields[field].name;
	return place;
}

/* Copies a name into NAME_SIZE bytes. */
static void read_name(const struct reading *reading, enum request_field field, char *name)
{
	const char *text = json_string_value(reading->fields.values[field]);
	if (!text)
		return;
	if (ids_is_name(text))
		memcpy(name, text, strlen(text) + 1);
	else
		problems_add(
		    reading->problems, place_of(reading, field), ERR_BAD_TYPE,
		    "it must be 1 to 64 printable ASCII characters without space, quotes, backslash and colon");
}

static void read_user(const struct reading *reading)
{
	const char *otherwise = reading->source->default_user, *only = reading->source->only_user;
	if (reading->fields.given[USER_ID])
		read_name(reading, USER_ID, reading->request->user_id);
	else if (otherwise)
		memcpy(reading->request->user_id, otherwise, strnlen(otherwise, NAME_SIZE - 1));
	else
		problems_add(reading->problems, place_of(reading, USER_ID), ERR_MISSING_FIELD,
			     "it is needed: the token acts for any user");
	if (only && *reading->request->user_id && strcmp(only, reading->request->user_id) != 0)
		problems_add(reading->problems, place_of(reading, USER_ID), ERR_FORBIDDEN,
			     "the token acts for its own user only");
}

static void read_timing(const struct reading *reading)
{
	struct err err;
	struct order_request *request = reading->request;
	const char *priority = json_string_value(reading->fields.values[PRIORITY]);
	const char *window = json_string_value(reading->fields.values[EXECUTION_WINDOW]);
	request->is_dry_run = json_is_true(reading->fields.values[DRY_RUN]);
	request->is_high = priority && strcmp(priority, "high") == 0;
	if (priority && !request->is_high && strcmp(priority, "normal") != 0)
		problems_add(reading->problems, place_of(reading, PRIORITY), ERR_BAD_TYPE,
			     "it must be \"normal\" or \"high\"");
	if (!window)
		return;
	if (!clock_parse(window, &request->execution_window_ms, &err))
		problems_add(reading->problems, place_of(reading, EXECUTION_WINDOW), ERR_BAD_WINDOW, "%s", err.message);
	else if (request->execution_window_ms <= 0)
		problems_add(reading->problems, place_of(reading, EXECUTION_WINDOW), ERR_BAD_WINDOW, "it is past");
	else if (request->is_high)
		problems_add(reading->problems, place_of(reading, EXECUTION_WINDOW), ERR_BAD_WINDOW,
			     "an order of high priority is executed at once: it cannot have a time as well");
}

static void read_suggestions(const struct reading *reading)
{
	const json_t *list = reading->fields.values[SUGGESTIONS];
	struct order_request *request = reading->request;
	struct place place = reading->source->place;
	size_t count = json_array_size(list);
	if (!list)
		return;
	if (!count)
		problems_add(reading->problems, place_of(reading, SUGGESTIONS), ERR_MISSING_FIELD,
			     "at least one suggestion is needed");
	if (count > SUGGESTIONS_MAX)
		problems_add(reading->problems, place_of(reading, SUGGESTIONS), ERR_TOO_MANY,
			     "a request has at most %d suggestions; there are %zu", SUGGESTIONS_MAX, count);
	if (!count || count > SUGGESTIONS_MAX)
		return;
	request->suggestions = malloc(count * sizeof *request->suggestions);
	if (!request->suggestions)
		abort();
	request->count = count;
	for (size_t i = 0; i < count; i++) {
		place.suggestion = (long)i;
		(void)suggestion_parse(json_array_get(list, i), &request->suggestions[i], reading->problems, place);
	}
}

bool order_request_parse(const struct order_request_source *source, struct order_request *request,
			 struct problems *problems)
{
	size_t before = problems->count;
	struct reading reading = {.source = source, .request = request, .problems = problems};
	const struct fields_source fields = {source->json, request_fields, field_counts[source->kind]};
	*request = (struct order_request){0};
	if (!json_is_object(source->json)) {
		problems_add(problems, source->place, source->place.element < 0 ? ERR_BAD_JSON : ERR_BAD_TYPE,
			     "a request is an object");
		return false;
	}
	(void)fields_read(fields, &reading.fields, problems, source->place);
	read_user(&reading);
	read_name(&reading, SMALLCASE_ID, request->smallcase_id);
	read_timing(&reading);
	read_suggestions(&reading);
	return problems->count == before;
}

void order_request_free(struct order_request *request)
{
	free(request->suggestions);
	*request = (struct order_request){0};
}

bool order_request_needs_investment(const struct order_request *request)
{
	for (size_t i = 0; i < request->count; i++)
		if (request->suggestions[i].sizing == SIZING_WEIGHT)
			return true;
	return false;
}
