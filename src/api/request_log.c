/* One line a request. At tens of thousands a second each of them counts, so that lines leave together (log_event_soon).
 */
#include "api/request_log.h"

#include <stdio.h>
#include <string.h>

#include "api/access.h"
#include "api/app.h"
#include "api/route.h"
#include "shared/clock.h"
#include "shared/log.h"

#define DOOR_EVERY_US 1000000

static struct request_note *note_of(const struct http_request *request)
{
	return http_note(request);
}

void request_log_begin(const struct http_request *request)
{
	struct request_note *note = note_of(request);

	note->is_begun = true;
	(void)traceparent_read(http_header_once(request, "traceparent"), &note->trace);
}

void request_log_let_in(const struct http_request *request)
{
	note_of(request)->is_let_in = true;
}

void request_log_queue_id(const struct http_request *request, const char *queue_id)
{
	memcpy(note_of(request)->queue_id, queue_id, QUEUE_ID_LENGTH + 1);
}

void request_log_user(const struct http_request *request, const char *user_id)
{
	memcpy(note_of(request)->user_id, user_id, strnlen(user_id, NAME_SIZE - 1)); /* the rest is zero */
}

void request_log_stored(const struct http_request *request, const struct routes *routes)
{
	struct request_note *note = note_of(request);
	size_t length = 0;

	note->due_ms = routes_first(routes)->due_ms;
	for (size_t i = 0; i < routes->count; i++) {
		const char *window = routes->list[i].place.window_id;
		size_t more = strlen(window) + (i > 0);

		if (length + more >= sizeof note->windows)
			return; /* their orders say it too */
		if (i > 0)
			note->windows[length] = ',';
		memcpy(note->windows + length + (i > 0), window, strlen(window) + 1);
		length += more;
	}
}

void request_log_bulk_stored(const struct http_request *request, size_t orders)
{
	const struct app *app = http_arg(request);
	const struct request_note *note = note_of(request);
	char window[sizeof "bulk-" + QUEUE_ID_LENGTH];
	const struct log_pair pairs[] = {
	    {"trace_id", request_log_trace_id(request)},
	    {"queue_id", note->queue_id},
	    {"window_id", window},
	    {"orders", log_int((long long)orders)},
	    {NULL, NULL},
	};

	if (app->config->api.log_requests == LOG_REQUESTS_OFF)
		return;
	(void)snprintf(window, sizeof window, "bulk-%s", note->queue_id);
	log_event_soon(LOG_INFO, "bulk_stored", pairs);
}

const char *request_log_trace_id(const struct http_request *request)
{
	const char *trace_id = note_of(request)->trace.trace_id;

	return *trace_id ? trace_id : NULL;
}

/* "GET", as it came; as its row says where the client has left. */
static const char *method_of(const struct http_request *request)
{
	static const char *const words[] = {
	    [HTTP_GET] = "GET", [HTTP_POST] = "POST", [HTTP_PUT] = "PUT", [HTTP_DELETE] = "DELETE"};
	const struct http_route *row = http_route_of(request);
	const char *method = http_method(request);

	return *method || !row ? method : words[row->method];
}

/* Whether the configuration wants a line about such a request. */
static bool is_wanted(const struct app *app, const char *method)
{
	return app->config->api.log_requests == LOG_REQUESTS_ALL ||
	       (app->config->api.log_requests == LOG_REQUESTS_CHANGES && strcmp(method, "GET") != 0 &&
		strcmp(method, "HEAD") != 0);
}

/* Whether there is a line about this one, of those that the door refused. */
static bool door_allows(struct request_log *log)
{
	int64_t now_us = clock_monotonic_us();

	if (log->door_us && now_us - log->door_us < DOOR_EVERY_US) {
		log->unlogged++;
		return false;
	}
	log->door_us = now_us;
	return true;
}

/* Milliseconds with three decimals. */
static char *format_ms(int64_t us, char *text)
{
	char digits[24];
	size_t end = sizeof digits;
	int count = 0;

	for (; us > 0 || count < 4; us /= 10, count++) {
		if (count == 3)
			digits[--end] = '.';
		digits[--end] = (char)('0' + us % 10);
	}
	memcpy(text, digits + end, sizeof digits - end);
	text[sizeof digits - end] = '\0';
	return text;
}

/* NULL for "". */
static const char *unless_empty(const char *text)
{
	return *text ? text : NULL;
}

/* When its window falls due, as text; NULL: it has none. */
static const char *due_of(struct request_log *log, const struct request_note *note)
{
	if (note->due_ms && note->due_ms != log->due_ms)
		clock_format(log->due_ms = note->due_ms, log->due);
	return note->due_ms ? log->due : NULL;
}

/* What the path says; NULL: nothing of that name. */
static const char *param_of(const struct http_request *request, const char *name)
{
	const struct http_route *row = http_route_of(request);

	return row && strchr(row->pattern, '{') ? http_param_find(request, name) : NULL;
}

/* What the request itself noted, or what its path says. */
static const char *noted(const struct http_request *request, const char *note, const char *name)
{
	return *note ? note : param_of(request, name);
}

/* The line. What others may have made long stands last, where it cuts off nothing. */
static void write_line(struct request_log *log, const struct http_request *request, int status, int64_t took_us,
		       const char *unlogged)
{
	const struct request_note *note = note_of(request);
	const struct http_route *row = http_route_of(request);
	enum err_code problem = http_problem(request);
	char code[] = {(char)('0' + status / 100 % 10), (char)('0' + status / 10 % 10), (char)('0' + status % 10),
		       '\0'};
	char ms[32];
	const struct log_pair pairs[] = {
	    {"method", method_of(request)},
	    {"route", row ? row->pattern : "none"},
	    {"status", code},
	    {"ms", format_ms(took_us, ms)},
	    {"code", problem == ERR_NONE ? NULL : err_word(problem)},
	    {"not_logged_before", unlogged},
	    {"trace_id", unless_empty(note->trace.trace_id)},
	    {"parent_id", unless_empty(note->trace.parent_id)},
	    {"window_id", unless_empty(note->windows)},
	    {"execution_window", due_of(log, note)},
	    {"by", http_caller(request) ? access_label(request) : NULL},
	    {"queue_id", noted(request, note->queue_id, "queue_id")},
	    {"order_id", param_of(request, "order_id")},
	    {"block_id", param_of(request, "block_id")},
	    {"user_id", noted(request, note->user_id, "user_id")},
	    {"smallcase_id", param_of(request, "smallcase_id")},
	    {"symbol", param_of(request, "symbol")},
	    {NULL, NULL},
	};

	log_event_soon(LOG_INFO, "request", pairs);
}

void request_log_answered(struct app *app, const struct http_request *request, int status, int64_t took_us)
{
	struct request_log *log = &app->request_log;
	const struct request_note *note = note_of(request);
	long long unlogged = 0;

	if (!is_wanted(app, method_of(request)))
		return;
	if (!note->is_begun) /* refused before we saw it: it is still whole */
		request_log_begin(request);
	if (!note->is_let_in) {
		if (!door_allows(log))
			return;
		unlogged = log->unlogged;
		log->unlogged = 0;
	}
	write_line(log, request, status, took_us, unlogged ? log_int(unlogged) : NULL);
}
