/* See refusal.h. */
#include "paper/refusal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
	int status, code;
	const char *message;
} rows[] = {
#define X(constant, status, code, message) [PAPER_##constant] = {status, code, message},
    PAPER_REFUSALS(X)
#undef X
};

bool paper_refuse(struct paper_refusal *refusal, enum paper_refusal_kind kind, const char *format, ...)
{
	*refusal = (struct paper_refusal){.status = rows[kind].status, .code = rows[kind].code};
	snprintf(refusal->message, sizeof refusal->message, "%s", rows[kind].message);
	if (format) {
		va_list args;
		va_start(args, format);
		vsnprintf(refusal->message, sizeof refusal->message, format, args);
		va_end(args);
	}
	return false;
}

json_t *paper_refusal_json(struct paper_refusal *take_refusal)
{
	json_t *json = json_object();
	if (take_refusal->code)
		json_object_set_new(json, "code", json_integer(take_refusal->code));
	json_t *message = json_string(take_refusal->message);
	json_object_set_new(json, "message", message ? message : json_string("")); /* a character cut in half */
	if (take_refusal->more) {
		json_object_update(json, take_refusal->more);
		json_decref(take_refusal->more);
	}
	return json;
}

void paper_refusal_answer(struct http_request *request, struct paper_refusal *take_refusal)
{
	http_answer_json(request, take_refusal->status, paper_refusal_json(take_refusal));
}

void paper_answer_refused(struct http_request *request, enum paper_refusal_kind kind)
{
	struct paper_refusal refusal;
	(void)paper_refuse(&refusal, kind, NULL);
	paper_refusal_answer(request, &refusal);
}

void paper_answer_problem(struct http_request *request, const struct err *err, json_t *take_errors)
{
	struct paper_refusal refusal = {.status = err_http_status(err->code)};
	refusal.code = refusal.status * 100000 + 10000;
	snprintf(refusal.message, sizeof refusal.message, "%s", err->message);
	json_decref(take_errors);
	paper_refusal_answer(request, &refusal);
}
