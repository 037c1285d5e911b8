/* Problems of a body, with their places as JSON pointers. */
#include "api/problems.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define POINTER_SIZE 160

/* Appends the name of a field, cut where it does not fit (but never inside a character of UTF-8). */
static void pointer_add_field(char *text, size_t size, size_t length, const char *field)
{
	text[length++] = '/';
	for (; *field; field++) {
		bool begins = ((unsigned char)*field & 0xc0) != 0x80;
		if (length + 5 >= size && begins)
			break;
		if (*field == '~' || *field == '/') {
			text[length++] = '~';
			text[length++] = *field == '~' ? '0' : '1';
		} else {
			text[length++] = *field;
		}
	}
	text[length] = '\0';
}

/* RFC 6901; "" is the whole body. */
static void pointer_format(struct place place, char *text, size_t size)
{
	int length = 0;
	*text = '\0';
	if (place.element >= 0)
		length += snprintf(text, size, "/%ld", place.element);
	if (place.suggestion >= 0)
		length += snprintf(text + length, size - (size_t)length, "/suggestions/%ld", place.suggestion);
	if (place.field)
		pointer_add_field(text, size, (size_t)length, place.field);
}

/* Whether this one decides the answer's code: problems of form go before all others. */
static bool problem_leads(const struct problems *problems, const struct err *err)
{
	return !problems->count || (err_http_status(err->code) == 400 && err_http_status(problems->first.code) != 400);
}

void problems_add_err(struct problems *problems, struct place place, const struct err *err)
{
	char pointer[POINTER_SIZE];
	if (problem_leads(problems, err))
		problems->first = *err;
	if (problems->count++ >= PROBLEMS_LISTED)
		return;
	if (!problems->list)
		problems->list = json_array();
	pointer_format(place, pointer, sizeof pointer);
	json_t *row =
	    json_pack("{s:s, s:s, s:s}", "pointer", pointer, "code", err_word(err->code), "detail", err->message);
	if (!row) /* a message that was cut inside a character */
		row = json_pack("{s:s, s:s}", "pointer", pointer, "code", err_word(err->code));
	if (json_array_append_new(problems->list, row))
		abort();
}

void problems_add(struct problems *problems, struct place place, enum err_code code, const char *format, ...)
{
	struct err err = {.code = code};
	va_list args;
	va_start(args, format);
	vsnprintf(err.message, sizeof err.message, format, args);
	va_end(args);
	problems_add_err(problems, place, &err);
}

void problems_answer(struct problems *problems, struct http_request *request)
{
	struct err err;
	assert(problems->count);
	if (problems->count > PROBLEMS_LISTED)
		err_set(&err, problems->first.code, "%.300s (the first %d of %zu problems are listed)",
			problems->first.message, PROBLEMS_LISTED, problems->count);
	else
		err = problems->first;
	http_answer_error(request, &err, problems->list);
	*problems = (struct problems){0};
}

void problems_free(struct problems *problems)
{
	json_decref(problems->list);
	*problems = (struct problems){0};
}
