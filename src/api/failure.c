/* Error answers with a trace in the log where the fault is on our side. */
#include "api/failure.h"

#include "api/app.h"
#include "shared/clock.h"
#include "shared/log.h"

#define LOG_EVERY_US 1000000

/* Logs, or counts what is not logged. */
static void failure_note(struct failure_log *log, const struct http_request *request, const struct err *err)
{
	int64_t now_us = clock_monotonic_us();
	if (log->logged_us[err->code] && now_us - log->logged_us[err->code] < LOG_EVERY_US) {
		log->unlogged[err->code]++;
		return;
	}
	const char *trace_id = request_log_trace_id(request);
	log_event(LOG_WARN, "request_failed", "code", err_word(err->code), "reason", err->message, "not_logged_before",
		  log_int(log->unlogged[err->code]), "path", http_path(request), trace_id ? "trace_id" : NULL, trace_id,
		  NULL);
	log->logged_us[err->code] = now_us;
	log->unlogged[err->code] = 0;
}

void failure_answer(struct http_request *request, const struct err *err)
{
	struct app *app = http_arg(request);
	if (err_http_status(err->code) >= 500)
		failure_note(&app->failures, request, err);
	http_answer_error(request, err, NULL);
}
