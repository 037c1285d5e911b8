/* A time-out of a read and one of a write look the same to the link, and differ for the client. */
#include "api/read_answer.h"

#include <stdarg.h>
#include <stdio.h>

#include "api/failure.h"
#include "api/view_json.h"

void read_answer_error(struct http_request *request, const struct err *err)
{
	struct err told = *err;

	if (told.code == ERR_OUTCOME_UNKNOWN)
		told.code = ERR_REDIS_UNAVAILABLE;
	failure_answer(request, &told);
}

void read_answer_refuse(struct http_request *request, enum err_code code, const char *format, ...)
{
	struct err err = {.code = code};
	va_list list;

	va_start(list, format);
	(void)vsnprintf(err.message, sizeof err.message, format, list);
	va_end(list);
	http_answer_error(request, &err, NULL);
}

void read_answer_page(struct http_request *request, json_t *take_items, const char *next_cursor)
{
	json_t *answer = json_object();

	view_set(answer, "items", take_items);
	view_set(answer, "next_cursor", view_value(VIEW_TEXT, next_cursor));
	http_answer_json(request, 200, answer);
}
