/* Calls of the adapter: how they reach the broker, when they must not, and how each is answered exactly once. */
#include "worker/alpaca_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/http.h>

#include "shared/clock.h"
#include "shared/log.h"
#include "shared/redact.h"

#define HALT_LOOK_MS 500
#define KEY_SHORTEST 8 /* a shorter one is no secret, and might be a word of any reply */

struct alpaca_call *alpaca_call_new(struct alpaca *alpaca, enum alpaca_op op, broker_fn *fn, void *arg)
{
	struct alpaca_call *call = calloc(1, sizeof *call);
	if (!call)
		abort();
	call->alpaca = alpaca;
	call->op = op;
	call->fn = fn;
	call->arg = arg;
	TAILQ_INSERT_TAIL(&alpaca->calls, call, entry);
	return call;
}

/* Answers a call for a list. */
static void answer_list(const struct alpaca_call *call, const struct broker_result *result)
{
	bool good = result->outcome == BROKER_ACCEPTED;
	call->list_fn(good ? call->listed : NULL, good ? call->listed_count : 0, good ? NULL : &result->why, call->arg);
}

void alpaca_answer(struct alpaca_call *call, const struct broker_result *result)
{
	assert(!call->http);
	rate_cancel(call->ask);
	free(call->path);
	TAILQ_REMOVE(&call->alpaca->calls, call, entry);
	if (call->fn)
		call->fn(result, call->arg);
	else if (call->list_fn)
		answer_list(call, result);
	else if (result->outcome == BROKER_ACCEPTED)
		call->fills_fn(call->fills, call->fill_count, NULL, call->arg);
	else
		call->fills_fn(NULL, 0, &result->why, call->arg);
	free(call->fills);
	free(call->listed);
	free(call);
}

void alpaca_answer_later(struct alpaca_call *call)
{
	TAILQ_INSERT_TAIL(&call->alpaca->deferred, call, turn);
	event_active(call->alpaca->turn, EV_TIMEOUT, 0);
}

void alpaca_answer_deferred(struct alpaca *alpaca)
{
	/* Those that come in meanwhile are for the next turn. */
	struct alpaca_calls now = TAILQ_HEAD_INITIALIZER(now);
	struct alpaca_call *call;
	TAILQ_CONCAT(&now, &alpaca->deferred, turn);
	while ((call = TAILQ_FIRST(&now))) {
		TAILQ_REMOVE(&now, call, turn);
		alpaca_answer(call, &call->result);
	}
}

bool alpaca_is_paused(const struct alpaca *alpaca, struct broker_result *result)
{
	int64_t left_us = alpaca->paused_until_us - clock_monotonic_us();
	if (left_us <= 0)
		return false;
	*result = (struct broker_result){
	    .outcome = BROKER_NOT_SENT,
	    .why = alpaca->paused_why,
	    .retry_after_ms = left_us / 1000 + 1,
	};
	/* The broker is being halted: what waits should come to the gate and find out, so that a resume wakes it. */
	if (alpaca->paused_for_keys && result->retry_after_ms > HALT_LOOK_MS)
		result->retry_after_ms = HALT_LOOK_MS;
	return true;
}

struct http_client_call *alpaca_send(struct alpaca *alpaca, const struct http_client_request *request, const char *path,
				     http_client_fn *fn, void *arg)
{
	struct http_client_request whole = *request;
	char url[CONFIG_TEXT_SIZE + ALPACA_PATH_SIZE];
	snprintf(url, sizeof url, "%s%s", alpaca->base_url, path);
	whole.url = url;
	whole.headers = alpaca->headers;
	whole.timeout_ms = alpaca->broker.config->timeout_ms;
	return http_client_start(alpaca->client, &whole, fn, arg);
}

/* The call has its token. The broker may have asked for a pause meanwhile. */
static void on_token(uint64_t id, void *arg)
{
	struct alpaca_call *call = arg;
	call->ask = NULL;
	call->rate_id = id;
	if (!alpaca_is_paused(call->alpaca, &call->result)) {
		call->http = alpaca_send(call->alpaca, &(struct http_client_request){.method = call->method},
					 call->path, call->replied, call);
		return;
	}
	rate_done(call->alpaca->broker.rate, id, NULL);
	alpaca_answer_later(call);
}

void alpaca_send_call(struct alpaca_call *call, enum http_client_method method, const char *path, http_client_fn *fn)
{
	struct rate *rate = call->alpaca->broker.rate;
	if (alpaca_is_paused(call->alpaca, &call->result)) {
		alpaca_answer_later(call);
	} else if (!rate) {
		call->http = alpaca_send(call->alpaca, &(struct http_client_request){.method = method}, path, fn, call);
	} else {
		call->method = method;
		call->replied = fn;
		free(call->path);
		call->path = strdup(path);
		if (!call->path)
			abort();
		call->ask = rate_ask(rate, call->op == ALPACA_FOLLOW ? RATE_LIST : RATE_SINGLE, on_token, call);
	}
}

/* Holds everything back for a while; logged where it was not held already. */
static void pause_calls(struct alpaca *alpaca, const char *event, enum log_level level,
			const struct broker_result *result)
{
	int64_t now_us = clock_monotonic_us();
	int64_t until_us = now_us + result->retry_after_ms * 1000;
	if (alpaca->paused_until_us <= now_us)
		log_event(level, event, "broker", alpaca->broker.config->name, "why", result->why.message,
			  "retry_after_ms", log_int(result->retry_after_ms), NULL);
	if (until_us <= alpaca->paused_until_us)
		return;
	alpaca->paused_until_us = until_us;
	alpaca->paused_for_keys = level == LOG_ERROR;
	alpaca->paused_why = result->why;
}

/* Takes our keys out of what a broker said, or curl of it. */
static void redact_keys(const struct alpaca *alpaca, char *text, size_t length)
{
	const struct config_broker *config = alpaca->broker.config;
	const char *const keys[] = {config->key_id, config->key_secret};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strlen(keys[i]) >= KEY_SHORTEST)
			redact(text, length, keys[i]);
}

/* Judges the reply without our keys in it: whatever refuses us may repeat them, and why it did is logged, stored and
 * shown. True where it refuses our credentials. */
static bool judge_redacted(const struct alpaca *alpaca, enum alpaca_op op, const struct http_client_reply *reply,
			   struct broker_result *result)
{
	struct http_client_reply clean = *reply;
	struct err why = reply->err ? *reply->err : (struct err){0};
	char *body = malloc(reply->length + 1);
	bool is_credentials;
	if (!body)
		abort();
	memcpy(body, reply->body, reply->length);
	body[reply->length] = '\0';
	redact_keys(alpaca, body, reply->length);
	redact_keys(alpaca, why.message, strlen(why.message));
	clean.body = body;
	clean.err = reply->err ? &why : NULL;
	is_credentials = alpaca_judge(op, &clean, result);
	free(body);
	return is_credentials;
}

void alpaca_refused(struct alpaca *alpaca, enum alpaca_op op, const struct http_client_reply *reply,
		    struct broker_result *result)
{
	if (judge_redacted(alpaca, op, reply, result)) {
		pause_calls(alpaca, "broker_credentials_refused", LOG_ERROR, result);
		result->retry_after_ms = HALT_LOOK_MS;
		if (alpaca->broker.credentials)
			alpaca->broker.credentials(alpaca->broker.config, &result->why, alpaca->broker.credentials_arg);
	} else if (reply->status == 429)
		pause_calls(alpaca, "broker_rate_limited", LOG_WARN, result);
}

/* What the reply says of the limit; false where it says nothing. */
static bool read_limit(const struct http_client_reply *reply, struct rate_said *said)
{
	const char *remaining = reply->status ? http_client_header(reply, "X-RateLimit-Remaining") : NULL;
	const char *limit = reply->status ? http_client_header(reply, "X-RateLimit-Limit") : NULL;
	bool has_reset = reply->status && http_client_header(reply, "X-RateLimit-Reset");
	*said = (struct rate_said){.limit = limit && *limit >= '0' && *limit <= '9' ? strtoll(limit, NULL, 10) : -1};
	if (said->limit == 0)
		said->limit = -1;
	if (reply->status == 429) {
		said->reset_ms = alpaca_reply_retry_after_ms(reply);
		return true;
	}
	if (!remaining || *remaining < '0' || *remaining > '9' || !has_reset)
		return false;
	said->remaining = strtoll(remaining, NULL, 10);
	said->reset_ms = alpaca_reply_retry_after_ms(reply);
	return true;
}

/* Without shared tokens each worker must find out by itself when the broker takes no more. */
static void pause_by_limit(struct alpaca *alpaca, const struct http_client_reply *reply, const struct rate_said *said)
{
	struct broker_result result = {.retry_after_ms = said->reset_ms};
	if (reply->status == 429 || said->remaining > 0)
		return;
	(void)err_set(&result.why, ERR_BROKER, "the broker takes no more calls for now");
	pause_calls(alpaca, "broker_rate_used_up", LOG_INFO, &result);
}

void alpaca_heed_limits(struct alpaca *alpaca, const struct http_client_reply *reply, uint64_t rate_id)
{
	struct rate_said said;
	bool has_said = read_limit(reply, &said);
	if (alpaca->broker.rate)
		rate_done(alpaca->broker.rate, rate_id, has_said ? &said : NULL);
	else if (has_said)
		pause_by_limit(alpaca, reply, &said);
}

void alpaca_heed_limits_of(struct alpaca_call *call, const struct http_client_reply *reply)
{
	struct rate_said said;
	struct rate *rate = call->alpaca->broker.rate;
	if (rate && call->op == ALPACA_SUBMIT)
		rate_done_slice(rate, call->client_order_id, read_limit(reply, &said) ? &said : NULL);
	else
		alpaca_heed_limits(call->alpaca, reply, call->rate_id);
}

/* True the first time it is asked about a word. */
static bool is_new_word(struct alpaca *alpaca, const char *word)
{
	for (size_t i = 0; i < alpaca->warned_count; i++)
		if (strcmp(alpaca->warned[i], word) == 0)
			return false;
	if (alpaca->warned_count == ALPACA_WORDS_MAX)
		return false;
	snprintf(alpaca->warned[alpaca->warned_count++], sizeof *alpaca->warned, "%s", word);
	return true;
}

void alpaca_heed_status(struct alpaca *alpaca, const struct alpaca_order *order)
{
	const struct broker_order *is = &order->order;
	if (!order->is_known_status && is_new_word(alpaca, is->broker_status))
		log_event(LOG_WARN, "broker_status_unknown", "broker", alpaca->broker.config->name, "status",
			  is->broker_status, "broker_order_id", is->broker_order_id, "taken_as", "working", NULL);
	if (order->replaced_by)
		log_event(LOG_WARN, "broker_order_replaced", "broker", alpaca->broker.config->name, "broker_order_id",
			  is->broker_order_id, "client_order_id", is->client_order_id, "replaced_by",
			  order->replaced_by, NULL);
}

char *alpaca_escape(const char *from, char *text, size_t size)
{
	char *escaped = evhttp_uriencode(from, -1, 0);
	if (!escaped)
		abort();
	if (strlen(escaped) < size)
		memcpy(text, escaped, strlen(escaped) + 1);
	else
		*text = '\0';
	free(escaped);
	return text;
}

bool alpaca_order_path(const char *broker_order_id, char *path)
{
	char id[3 * BROKER_ID_SIZE];
	alpaca_escape(broker_order_id, id, sizeof id);
	if (!*id || strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
		return false;
	snprintf(path, ALPACA_PATH_SIZE, "/v2/orders/%s", id);
	return true;
}
