/* Halting is one field in Redis that every worker's gate looks at before each slice: nothing has to be told to anybody.
 * A body that cannot be understood changes nothing: a halt meant for one broker must not become one of all. */
#include "api/halt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/access.h"
#include "api/app.h"
#include "api/failure.h"
#include "api/fields.h"
#include "api/halt_view.h"
#include "api/problems.h"
#include "api/read_answer.h"
#include "api/request_log.h"
#include "api/view_json.h"
#include "shared/fault.h"
#include "shared/log.h"

#define WORDS_MAX 500 /* bytes of a reason, a name */

enum { FIELD_BROKER, FIELD_REASON, FIELD_BY, FIELD_CONFIRM, FIELD_COUNT };

static const struct field table[FIELD_COUNT] = {
    [FIELD_BROKER] = {"broker_type", FIELD_TEXT, false},
    [FIELD_REASON] = {"reason", FIELD_TEXT, false},
    [FIELD_BY] = {"by", FIELD_TEXT, false},
    [FIELD_CONFIRM] = {"confirm", FIELD_TEXT, false}, /* of resume only, hence the last */
};

/* One call, from its body to its answer. */
struct halt_flow {
	struct http_request *request;
	bool is_resume;
	bool has_changed;
	char detail[256];
	char scope[CONFIG_NAME_SIZE];
	char by[WORDS_MAX + 1];
	char reason[WORDS_MAX + 1];
	char confirm[CONFIG_NAME_SIZE];
};

/* Answers with what is halted now, and frees. */
static void on_halts(const redisReply *reply, const struct err *err, void *arg)
{
	struct halt_flow *flow = arg;
	json_t *answer, *views;

	if (err) {
		read_answer_error(flow->request, err);
		free(flow);
		return;
	}
	views = halt_views(reply);
	answer = json_pack("{s:b, s:s}", "changed", flow->has_changed, "detail", flow->detail);
	view_set(answer, "halted", json_boolean(json_array_size(views) > 0));
	view_set(answer, "halts", views);
	http_answer_json(flow->request, 200, answer);
	free(flow);
}

/* What the scope is called in a sentence. */
static const char *scope_name(const char *scope)
{
	return strcmp(scope, HALT_ALL) == 0 ? "all brokers" : scope;
}

/* Says in the log and the answer what has happened. */
static void note_change(struct halt_flow *flow)
{
	const char *trace_id = request_log_trace_id(flow->request);

	flow->has_changed = true;
	(void)snprintf(flow->detail, sizeof flow->detail,
		       flow->is_resume ? "%s: trading goes on"
				       : "%s: no new slice leaves; orders are still taken and working slices followed",
		       scope_name(flow->scope));
	log_event(LOG_WARN, flow->is_resume ? "trading_resumed" : "trading_halted", "scope", flow->scope, "by",
		  flow->by, "reason", flow->reason, trace_id ? "trace_id" : NULL, trace_id, NULL);
}

/* What halt.lua or resume.lua says. */
static void on_written(const redisReply *reply, const struct err *err, void *arg)
{
	struct halt_flow *flow = arg;
	const char *word = reply_text(reply_at(reply, 0));

	FAULT_POINT_OR(HALT_STORED, NULL, err = fault_error());
	if (err) {
		failure_answer(flow->request, err);
		free(flow);
		return;
	}
	if (strcmp(word, "unconfirmed") == 0) {
		const char *code = reply_text(reply_at(reply, 2));

		read_answer_refuse(flow->request, ERR_UNCONFIRMED,
				   "the halt of %s has the code %s: see what happened, then resume with \"confirm\": "
				   "\"%s\"; nothing was resumed",
				   scope_name(reply_text(reply_at(reply, 1))), code, code);
		free(flow);
		return;
	}
	if (strcmp(word, "halted") == 0 || strcmp(word, "resumed") == 0) {
		redis_link_recheck(((struct app *)http_arg(flow->request))->write);
		note_change(flow);
	} else if (strcmp(word, "already") == 0)
		(void)snprintf(flow->detail, sizeof flow->detail, "%s: halted before; that halt stays as it is",
			       scope_name(flow->scope));
	else
		(void)snprintf(flow->detail, sizeof flow->detail, "%s: no halt of its own, nothing to resume",
			       scope_name(flow->scope));
	halt_views_load(http_arg(flow->request), on_halts, flow);
}

/* Who it is: the token says it; where there are no tokens the caller does, or else the address. */
static void name_caller(struct halt_flow *flow)
{
	const char *label = access_label(flow->request);

	if (strcmp(label, "anonymous") != 0)
		(void)snprintf(flow->by, sizeof flow->by, "%s", label);
	else if (!flow->by[0])
		(void)snprintf(flow->by, sizeof flow->by, "%s", http_peer(flow->request));
}

/* Sends the script. */
static void send_script(struct halt_flow *flow)
{
	struct app *app = http_arg(flow->request);
	struct script_args *args = script_args_new();

	name_caller(flow);
	script_args_add(args, flow->scope);
	if (!flow->is_resume)
		script_args_add(args, "operator");
	script_args_add(args, flow->by);
	script_args_add(args, flow->reason);
	if (flow->is_resume)
		script_args_add(args, flow->confirm);
	FAULT_POINT(HALT_READY, NULL);
	redis_link_script(app->write, flow->is_resume ? SCRIPT_RESUME : SCRIPT_HALT, args, on_written, flow);
	script_args_free(args);
}

/* Copies a text of the body, where it is given; tells where it is too long or empty. */
static void take_text(const struct fields *fields, size_t i, char *text, size_t size, struct problems *problems)
{
	const char *value = json_string_value(fields->values[i]);
	size_t length = value ? strlen(value) : 0;

	if (!value)
		return;
	if (length == 0 || length >= size)
		problems_add(problems, (struct place){-1, -1, table[i].name}, ERR_BAD_TYPE,
			     "it must have 1 to %zu bytes", size - 1);
	else
		memcpy(text, value, length + 1);
}

/* Reads the body, where there is one; false where it told a problem. */
static bool body_read(struct halt_flow *flow, const json_t *body, struct problems *problems)
{
	struct app *app = http_arg(flow->request);
	struct place top = {-1, -1, NULL};
	struct fields fields;

	if (!json_is_object(body)) {
		problems_add(problems, top, ERR_BAD_JSON, "the body must be an object");
		return false;
	}
	if (!fields_read((struct fields_source){body, table, FIELD_COUNT - !flow->is_resume}, &fields, problems, top))
		return false;
	take_text(&fields, FIELD_BROKER, flow->scope, sizeof flow->scope, problems);
	take_text(&fields, FIELD_REASON, flow->reason, sizeof flow->reason, problems);
	take_text(&fields, FIELD_BY, flow->by, sizeof flow->by, problems);
	if (flow->is_resume)
		take_text(&fields, FIELD_CONFIRM, flow->confirm, sizeof flow->confirm, problems);
	if (problems->count == 0 && fields.values[FIELD_BROKER] && !config_broker(app->config, flow->scope))
		problems_add(problems, (struct place){-1, -1, "broker_type"}, ERR_UNKNOWN_BROKER,
			     "no broker of that name is configured; without broker_type all are meant");
	return problems->count == 0;
}

/* Reads the call and sends it on its way. */
static void start(struct http_request *request, bool is_resume)
{
	struct halt_flow *flow = calloc(1, sizeof *flow);
	struct problems problems = {0};
	size_t length;
	struct err err;
	json_t *body = NULL;

	if (!flow)
		abort();
	*flow =
	    (struct halt_flow){.request = request, .is_resume = is_resume, .scope = HALT_ALL, .reason = "none given"};
	(void)http_body(request, &length);
	if (length > 0 && !(body = http_body_json(request, &err))) {
		http_answer_error(request, &err, NULL);
		free(flow);
	} else if (body && !body_read(flow, body, &problems)) {
		problems_answer(&problems, request);
		free(flow);
	} else {
		send_script(flow);
	}
	json_decref(body);
}

void halt_post(struct http_request *request, void *arg)
{
	(void)arg;
	start(request, false);
}

void resume_post(struct http_request *request, void *arg)
{
	(void)arg;
	start(request, true);
}
