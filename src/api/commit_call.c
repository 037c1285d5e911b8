/* The arguments and the reply of lua/enqueue.lua. */
#include "api/commit_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/admission.h"

#define NUMBER_MAX 21 /* characters of a number and what separates it */

void commit_call_init(struct commit_call *call)
{
	*call = (struct commit_call){.slots = NULL};
	STAILQ_INIT(&call->requests);
}

void commit_call_free(struct commit_call *call)
{
	free(call->slots);
}

void commit_call_put(struct commit_call *call, struct commit_request *request)
{
	STAILQ_INSERT_TAIL(&call->requests, request, entry);
	call->request_count++;
	call->order_count += request->order_count;
}

/* The number of the slot of a wish, from 0; it is added where it is new. */
static size_t slot_of(struct commit_call *call, const struct route_wish *wish)
{
	for (size_t i = 0; i < call->slot_count; i++)
		if (route_wish_equal(&call->slots[i].wish, wish))
			return i;
	if (call->slot_count == call->slot_room) {
		call->slot_room = call->slot_room ? call->slot_room * 2 : 8;
		call->slots = realloc(call->slots, call->slot_room * sizeof *call->slots);
		if (!call->slots)
			abort();
	}
	call->slots[call->slot_count] = (struct commit_slot){.wish = *wish};
	return call->slot_count++;
}

/* The slots that the orders ask for. */
static void slots_write(struct commit_call *call, int64_t now_ms, struct script_args *args)
{
	const struct commit_request *request;
	call->slot_count = 0;
	STAILQ_FOREACH(request, &call->requests, entry)
	for (size_t i = 0; i < request->routes->count; i++)
		(void)slot_of(call, &request->routes->list[i].wish);
	script_args_add_int(args, (int64_t)call->slot_count);
	for (size_t i = 0; i < call->slot_count; i++)
		route_write_wish(&call->slots[i].wish, now_ms, args);
}

/* Writes a number; returns what follows it. */
static char *put_number(char *at, size_t number)
{
	char digits[NUMBER_MAX];
	size_t count = 0;
	do
		digits[count++] = (char)('0' + number % 10);
	while (number /= 10);
	while (count)
		*at++ = digits[--count];
	return at;
}

/* How many orders a request has, and their slots: one number for all, or one for each. */
static void shape_write(struct commit_call *call, const struct commit_request *request, struct script_args *args)
{
	const struct routes *routes = request->routes;
	char text[NUMBER_MAX * (1 + SUGGESTIONS_MAX)], *at = put_number(text, request->order_count);
	size_t count = routes->count > 1 ? request->order_count : 1;
	for (size_t i = 0; i < count; i++) {
		*at++ = i ? ',' : ' ';
		at = put_number(at, slot_of(call, &routes->list[routes->of_order[i]].wish) + 1);
	}
	script_args_add_bytes(args, text, (size_t)(at - text));
}

static void request_write(struct commit_call *call, const struct commit_request *request, struct script_args *args)
{
	script_args_add(args, request->queue_id);
	script_args_add(args, request->user_id);
	script_args_add(args, request->smallcase_id);
	script_args_add(args, request->digest);
	shape_write(call, request, args);
	for (size_t i = 0; i < request->order_count; i++) {
		script_args_add(args, request->orders[i].signature);
		script_args_add(args, request->orders[i].quantity);
	}
}

/* Caps that are checked where orders are stored. */
static void caps_write(const struct commit_call *call, const struct config *config, struct script_args *args)
{
	struct admission *admission = admission_new(config);
	const struct commit_request *request;
	STAILQ_FOREACH(request, &call->requests, entry)
	for (size_t i = 0; i < request->order_count; i++)
		admission_add(admission, &request->orders[i]);
	admission_end(admission, args);
}

void commit_call_write(struct commit_call *call, const struct config *config, int64_t now_ms, struct script_args *args)
{
	const struct commit_request *request;
	script_args_reset(args);
	route_write_options(config, args);
	slots_write(call, now_ms, args);
	script_args_add_int(args, (int64_t)call->request_count);
	STAILQ_FOREACH(request, &call->requests, entry)
	request_write(call, request, args);
	caps_write(call, config, args);
}

/* Takes where the orders of each slot went; nowhere, if there are none that are queued. */
static void slots_read(struct commit_call *call, const redisReply *reply)
{
	for (size_t i = 0; i < call->slot_count; i++) {
		struct route_place *place = &call->slots[i].place;
		const redisReply *slot = reply_at(reply, i);
		snprintf(place->window_id, sizeof place->window_id, "%s", reply_text(reply_at(slot, 0)));
		place->due_ms = reply_int(reply_at(slot, 1), 0);
		snprintf(place->lane, sizeof place->lane, "%s", reply_text(reply_at(slot, 2)));
		snprintf(place->rule, sizeof place->rule, "%s", reply_text(reply_at(slot, 3)));
	}
}

/* The words of the script; a number says that the request is queued. */
static const struct {
	const char *word;
	enum commit_result result;
} results[] = {
    {"replayed", COMMIT_REPLAYED},
    {"conflict", COMMIT_CONFLICT},
    {"over_cap", COMMIT_OVER_CAP},
    {"bad_window", COMMIT_BAD_WINDOW},
};

/* Takes why a request is not queued. */
static bool refusal_read(const redisReply *reply, struct commit_outcome *outcome)
{
	const char *word = reply_text(reply_at(reply, 0));
	size_t i = 0;
	while (i < sizeof results / sizeof *results && strcmp(results[i].word, word) != 0)
		i++;
	if (i == sizeof results / sizeof *results)
		return false;
	outcome->result = results[i].result;
	if (outcome->result == COMMIT_OVER_CAP) {
		outcome->order = (long)reply_int(reply_at(reply, 1), -1);
		snprintf(outcome->why, sizeof outcome->why, "%s", reply_text(reply_at(reply, 2)));
	} else if (outcome->result == COMMIT_BAD_WINDOW) {
		route_read_refusal(reply, &outcome->refusal);
	}
	return true;
}

/* Takes what the script says of one request. */
static bool request_read(struct commit_call *call, const redisReply *reply, struct commit_request *request)
{
	struct routes *routes = request->routes;
	if (!reply || reply->type != REDIS_REPLY_INTEGER)
		return refusal_read(reply, &request->outcome);
	request->outcome.result = COMMIT_QUEUED;
	request->outcome.arrival_us = reply->integer;
	for (size_t i = 0; i < routes->count; i++)
		routes->list[i].place = call->slots[slot_of(call, &routes->list[i].wish)].place;
	return true;
}

bool commit_call_read(struct commit_call *call, const redisReply *reply)
{
	struct commit_request *request;
	size_t i = 2;
	slots_read(call, reply_at(reply, 1));
	STAILQ_FOREACH(request, &call->requests, entry)
	if (!request_read(call, reply_at(reply, i++), request))
		return false;
	return true;
}
