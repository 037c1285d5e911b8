/* What a person decides is only written down here; a worker acts on it. */
#include "api/block_resolve.h"

#include <string.h>

#include "api/app.h"
#include "api/block_view.h"
#include "api/failure.h"
#include "api/fields.h"
#include "api/problems.h"
#include "api/query.h"
#include "api/read_answer.h"
#include "shared/fault.h"

#define NOTE_LENGTH_MAX 1000

enum { FIELD_ACTION, FIELD_NOTE, FIELD_COUNT };

static const struct field table[FIELD_COUNT] = {
    [FIELD_ACTION] = {"action", FIELD_TEXT, true},
    [FIELD_NOTE] = {"note", FIELD_TEXT, true},
};

static const char *const actions[] = {"retry", "adopt", "cancel"};

/* The block after the word was written. `arg` is the request. */
static void on_block(const redisReply *reply, const struct err *err, void *arg)
{
	struct http_request *request = arg;
	json_t *view = err ? NULL : block_view(reply_at(reply, 0), true);

	if (view)
		http_answer_json(request, 200, view);
	else if (err)
		read_answer_error(request, err);
	else
		read_answer_refuse(request, ERR_NOT_FOUND, "the block has expired");
}

/* What a script says: not_found, the word for done, or the status that stands against it. */
static void answer_word(struct http_request *request, const redisReply *reply, const char *done, enum err_code refusal)
{
	struct app *app = http_arg(request);
	const char *block_id = http_param(request, "block_id");
	const char *word = reply_text(reply_at(reply, 0));
	struct script_args *args;

	if (strcmp(word, "not_found") == 0) {
		read_answer_refuse(request, ERR_NOT_FOUND, "there is no block %.64s", block_id);
	} else if (strcmp(word, done) != 0) {
		read_answer_refuse(request, refusal, "the block is %s", reply_text(reply_at(reply, 1)));
	} else {
		args = script_args_new();
		script_args_add(args, block_id);
		redis_link_script(app->read, SCRIPT_BLOCK, args, on_block, request);
		script_args_free(args);
	}
}

/* What resolve.lua says. */
static void on_resolved(const redisReply *reply, const struct err *err, void *arg)
{
	FAULT_POINT_OR(RESOLVE_STORED, NULL, err = fault_error());
	if (err)
		failure_answer(arg, err);
	else
		answer_word(arg, reply, "resolved", ERR_NOT_IN_REVIEW);
}

/* What stop.lua says. */
static void on_stopped(const redisReply *reply, const struct err *err, void *arg)
{
	FAULT_POINT_OR(STOP_STORED, NULL, err = fault_error());
	if (err)
		failure_answer(arg, err);
	else
		answer_word(arg, reply, "stopped", ERR_BLOCK_ENDED);
}

/* Whether the text is one of the actions. */
static bool is_action(const char *text)
{
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
		if (strcmp(text, actions[i]) == 0)
			return true;
	}
	return false;
}

/* Reads the body, with an action or without; false where it told a problem. */
static bool body_read(const json_t *body, bool has_action, struct fields *fields, struct problems *problems)
{
	struct place top = {-1, -1, NULL};
	size_t first = has_action ? FIELD_ACTION : FIELD_NOTE;

	if (!json_is_object(body)) {
		problems_add(problems, top, ERR_BAD_JSON, "the body must be an object");
		return false;
	}
	if (!fields_read((struct fields_source){body, table + first, FIELD_COUNT - first}, fields, problems, top))
		return false;
	if (has_action && !is_action(json_string_value(fields->values[FIELD_ACTION])))
		problems_add(problems, (struct place){-1, -1, "action"}, ERR_BAD_TYPE,
			     "it must be retry, adopt or cancel");
	if (json_string_length(fields->values[FIELD_NOTE - first]) - 1 >= NOTE_LENGTH_MAX)
		problems_add(problems, (struct place){-1, -1, "note"}, ERR_BAD_TYPE, "it must have 1 to %d bytes",
			     NOTE_LENGTH_MAX);
	return problems->count == 0;
}

/* Reads the word and writes it down, or answers what is wrong with it. */
static void take_word(struct http_request *request, struct app *app, bool has_action)
{
	struct problems problems = {0};
	struct script_args *args;
	struct fields fields;
	struct err err;
	json_t *body = http_body_json(request, &err);

	if (!body) {
		http_answer_error(request, &err, NULL);
		return;
	}
	if (!body_read(body, has_action, &fields, &problems)) {
		problems_answer(&problems, request);
	} else if (!query_is_id(http_param(request, "block_id"))) {
		read_answer_refuse(request, ERR_NOT_FOUND, "there is no block %.64s", http_param(request, "block_id"));
	} else {
		args = script_args_new();
		script_args_add(args, http_param(request, "block_id"));
		script_args_add(args, json_string_value(fields.values[0]));
		if (has_action) {
			script_args_add(args, json_string_value(fields.values[FIELD_NOTE]));
			FAULT_POINT(RESOLVE_READY, NULL);
			redis_link_script(app->write, SCRIPT_RESOLVE, args, on_resolved, request);
		} else {
			FAULT_POINT(STOP_READY, NULL);
			redis_link_script(app->write, SCRIPT_STOP, args, on_stopped, request);
		}
		script_args_free(args);
	}
	json_decref(body);
}

void block_resolve_post(struct http_request *request, void *arg)
{
	take_word(request, arg, true);
}

void block_cancel_post(struct http_request *request, void *arg)
{
	take_word(request, arg, false);
}
