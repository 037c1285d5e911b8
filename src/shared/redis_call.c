/* Calls on a link: sending, answering, time limits, scripts that Redis has forgotten.
 *
 * Replies come in the order of the calls, so the calls that are out form a queue, and one timer that looks at its head
 * is enough. A script call keeps its arguments until it is answered: after NOSCRIPT (Redis was restarted, or somebody
 * ran SCRIPT FLUSH) the same arguments go out once more with EVAL and the whole text, which loads and runs in one step
 * and so cannot meet a second flush. Nothing had run, so nothing can run twice.
 *
 * No reply function is ever called from inside the function that makes the call: what is refused is answered from the
 * loop, so that a flow can make a call in the middle of a step. */
#include "shared/redis_link_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"

#define WHAT_SIZE   32
#define FRAMES_MAX  128 /* bytes of EVALSHA and its frames, without the tag */
#define US_A_SECOND 1000000
#define US_A_MS	    1000

enum call_kind { CALL_COMMAND, CALL_SCRIPT, CALL_WAIT };

struct redis_call {
	TAILQ_ENTRY(redis_call) entry;
	redis_reply_fn *fn;
	void *arg;
	enum call_kind kind;
	char what[WHAT_SIZE];  /* for messages: "enqueue", "WAIT" */
	int64_t sent_us;       /* on the monotonic clock, as is the next */
	int64_t deadline_us;
	uint64_t repeats;      /* of a WAIT: link->repeats when it was sent */
	enum script_id script; /* what follows is of a script */
	size_t count;	       /* arguments */
	size_t length;	       /* their bytes on the wire */
	char *args;	       /* inside `bytes` */
	enum err_code refused; /* of a call that was never sent; `bytes` is the message then */
	char bytes[];
};

void *redis_alloc(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		abort();
	return memory;
}

/* A call with `room` bytes behind it. They are not cleared: a batch is large. */
static struct redis_call *call_new(redis_reply_fn *fn, void *arg, const char *what, size_t room)
{
	struct redis_call *call = malloc(sizeof *call + room);

	if (!call)
		abort();
	memset(call, 0, sizeof *call);
	call->fn = fn;
	call->arg = arg;
	(void)snprintf(call->what, sizeof call->what, "%s", what);
	return call;
}

/* Has a call that cannot be sent answered from the loop. */
static void call_refuse(struct redis_link *link, redis_reply_fn *fn, void *arg, const struct err *err)
{
	size_t size = strlen(err->message) + 1;
	struct redis_call *call = call_new(fn, arg, "", size);

	call->refused = err->code;
	memcpy(call->bytes, err->message, size);
	TAILQ_INSERT_TAIL(&link->refused, call, entry);
	event_active(link->refusals, EV_TIMEOUT, 0);
}

/* Answers those that were refused so far. New ones wait for the next turn. */
static void answer_refusals(struct redis_link *link)
{
	struct redis_call_list list = TAILQ_HEAD_INITIALIZER(list);
	struct redis_call *call;
	struct err err;

	TAILQ_CONCAT(&list, &link->refused, entry);
	while ((call = TAILQ_FIRST(&list))) {
		TAILQ_REMOVE(&list, call, entry);
		(void)err_set(&err, call->refused, "%s", call->bytes);
		call->fn(NULL, &err, call->arg);
		free(call);
	}
}

/* The event behind call_refuse. */
static void on_refusals(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	answer_refusals(arg);
}

/* Sets the timer to the moment at which this call is overdue. */
static void watch_deadline(struct redis_link *link, const struct redis_call *head, int64_t now_us)
{
	int64_t rest_us = head->deadline_us - now_us;
	struct timeval delay = {rest_us / US_A_SECOND, rest_us % US_A_SECOND};

	link->watched_us = head->deadline_us;
	(void)event_add(link->overdue, &delay);
}

/* The timer. It is not moved for every call: where the head is not overdue yet, it sleeps again. */
static void on_overdue(evutil_socket_t fd, short what, void *arg)
{
	struct redis_link *link = arg;
	const struct redis_call *head = TAILQ_FIRST(&link->calls);
	int64_t now_us = clock_monotonic_us();
	char why[128];

	(void)fd;
	(void)what;
	if (!head)
		return;
	if (head->deadline_us > now_us) {
		watch_deadline(link, head, now_us);
		return;
	}
	(void)snprintf(why, sizeof why, "no reply to %s within %lld ms", head->what,
		       (long long)link->config->redis.timeout_ms);
	redis_link_drop(link, why);
}

/* Whether a reply says that it did not work; then `err` says what that means for the caller. */
static bool judge_reply(const struct redis_call *call, const redisReply *reply, struct err *err)
{
	const char *words = reply->str;

	if (reply->type != REDIS_REPLY_ERROR)
		return true;
	if (call->kind == CALL_WAIT)
		return err_set(err, ERR_OUTCOME_UNKNOWN, "stored, but whether replicas have it is not known: %s",
			       words);
	return redis_judge_error(call->what, call->kind == CALL_SCRIPT, words, err);
}

/* Whether enough replicas have acknowledged. */
static bool judge_wait(const struct redis_link *link, const redisReply *reply, struct err *err)
{
	int64_t acknowledged = reply_int(reply, 0);

	if (acknowledged >= link->config->redis.min_replicas)
		return true;
	return err_set(err, ERR_OUTCOME_UNKNOWN, "stored, but only %lld of %lld replicas acknowledged within %lld ms",
		       (long long)acknowledged, (long long)link->config->redis.min_replicas,
		       (long long)link->config->redis.timeout_ms);
}

static void on_reply(redisAsyncContext *context, void *answer, void *privdata);

/* Sends bytes in wire form and puts the call into the queue. */
static void call_send(struct redis_link *link, struct redis_call *call, const char *bytes, size_t length)
{
	int64_t now_us = clock_monotonic_us();
	int64_t patience_us = link->config->redis.timeout_ms * US_A_MS;
	struct err err;

	/* Nobody can be answered before those in front; and a WAIT may rightly take the whole time limit in Redis. */
	call->sent_us = now_us;
	call->deadline_us = now_us + patience_us;
	if (!TAILQ_EMPTY(&link->calls) && call->deadline_us < link->last_deadline_us)
		call->deadline_us = link->last_deadline_us;
	if (call->kind == CALL_WAIT)
		call->deadline_us += patience_us;
	link->last_deadline_us = call->deadline_us;
	call->repeats = link->repeats;
	if (redisAsyncFormattedCommand(link->context, on_reply, call, bytes, length) != REDIS_OK) {
		(void)err_set(&err, ERR_REDIS_UNAVAILABLE, "Redis at %s: the connection is closing", link->place);
		call_refuse(link, call->fn, call->arg, &err);
		free(call);
		return;
	}
	TAILQ_INSERT_TAIL(&link->calls, call, entry);
	if (call->deadline_us < link->watched_us || !event_pending(link->overdue, EV_TIMEOUT, NULL))
		watch_deadline(link, call, now_us);
}

/* Puts a command into wire form and sends it. */
static void command_send(struct redis_link *link, struct redis_call *call, int argc, const char *const *argv)
{
	char head[32];
	int length = snprintf(head, sizeof head, "*%d\r\n", argc);

	script_args_reset(&link->scratch);
	script_args_add_raw(&link->scratch, head, (size_t)length);
	for (int i = 0; i < argc; i++)
		script_args_add(&link->scratch, argv[i]);
	call_send(link, call, link->scratch.bytes, link->scratch.length);
}

/* Sends the WAIT of a call. */
static void wait_send(struct redis_link *link, struct redis_call *call)
{
	char replicas[24], timeout_ms[24];
	const char *argv[] = {"WAIT", replicas, timeout_ms};

	(void)snprintf(replicas, sizeof replicas, "%lld", (long long)link->config->redis.min_replicas);
	(void)snprintf(timeout_ms, sizeof timeout_ms, "%lld", (long long)link->config->redis.timeout_ms);
	command_send(link, call, 3, argv);
}

/* Sends a script call again, this time with the text of the script. */
static void script_repeat(struct redis_link *link, struct redis_call *call)
{
	const struct script *script = script_get(call->script);
	char head[32];
	int length = snprintf(head, sizeof head, "*%zu\r\n", call->count + 4);

	link->repeats++;
	script_args_reset(&link->scratch);
	script_args_add_raw(&link->scratch, head, (size_t)length);
	script_args_add(&link->scratch, "EVAL");
	script_args_add_bytes(&link->scratch, script->text, script->length);
	script_args_add(&link->scratch, "1");
	script_args_add(&link->scratch, link->tag);
	script_args_add_raw(&link->scratch, call->args, call->length);
	call_send(link, call, link->scratch.bytes, link->scratch.length);
}

/* Deals with the reply of a call that has left the queue. */
static void call_answer(struct redis_link *link, struct redis_call *call, const redisReply *reply)
{
	bool is_error = reply->type == REDIS_REPLY_ERROR;
	struct err err;

	if (is_error && call->kind == CALL_SCRIPT && strncmp(reply->str, "NOSCRIPT", 8) == 0) {
		script_repeat(link, call);
		return;
	}
	if (call->kind == CALL_SCRIPT && link->hooks->timed)
		link->hooks->timed(call->script, clock_monotonic_us() - call->sent_us, link->arg);
	if (call->kind == CALL_WAIT && call->repeats != link->repeats) {
		wait_send(link, call); /* a write before it went out again after it */
		return;
	}
	if (judge_reply(call, reply, &err) && (call->kind != CALL_WAIT || judge_wait(link, reply, &err)))
		call->fn(reply, NULL, call->arg);
	else
		call->fn(NULL, &err, call->arg);
	free(call);
	if (is_error && strncmp(reply->str, "READONLY", 8) == 0 && link->is_master && link->state == LINK_UP)
		redis_link_condemn(link, "it has become a replica");
}

/* hiredis has a reply, or tells that there will be none. The latter is dealt with where the connection's end is. */
static void on_reply(redisAsyncContext *context, void *answer, void *privdata)
{
	struct redis_link *link = context->data;
	struct redis_call *call = privdata;

	if (!link || !answer)
		return;
	assert(call == TAILQ_FIRST(&link->calls));
	TAILQ_REMOVE(&link->calls, call, entry);
	call_answer(link, call, answer);
	if (link->state == LINK_DRAINING && TAILQ_EMPTY(&link->calls))
		redis_link_drop(link, NULL);
}

void redis_link_script(struct redis_link *link, enum script_id id, const struct script_args *args, redis_reply_fn *fn,
		       void *arg)
{
	const struct script *script = script_get(id);
	size_t tag_length = strlen(link->tag);
	struct redis_call *call;
	int head;

	assert(!link->channel);
	if (link->state != LINK_UP) {
		call_refuse(link, fn, arg, &link->why);
		return;
	}
	call = call_new(fn, arg, script->name, FRAMES_MAX + tag_length + args->length);
	call->kind = CALL_SCRIPT;
	call->script = id;
	call->count = args->count;
	call->length = args->length;
	head = snprintf(call->bytes, FRAMES_MAX + tag_length,
			"*%zu\r\n$7\r\nEVALSHA\r\n$40\r\n%s\r\n$1\r\n1\r\n$%zu\r\n%s\r\n", args->count + 4,
			script->sha1, tag_length, link->tag);
	call->args = call->bytes + head;
	if (args->length)
		memcpy(call->args, args->bytes, args->length);
	link->write_generation = link->generation;
	call_send(link, call, call->bytes, (size_t)head + args->length);
}

void redis_link_command(struct redis_link *link, int argc, const char **argv, redis_reply_fn *fn, void *arg)
{
	assert(!link->channel && argc > 0);
	if (link->state != LINK_UP) {
		call_refuse(link, fn, arg, &link->why);
		return;
	}
	link->write_generation = link->generation;
	command_send(link, call_new(fn, arg, argv[0], 0), argc, argv);
}

bool redis_link_needs_wait(const struct redis_link *link)
{
	return link->config->redis.min_replicas > 0;
}

uint64_t redis_link_generation(const struct redis_link *link)
{
	return link->generation;
}

void redis_link_wait_replicas(struct redis_link *link, redis_reply_fn *fn, void *arg)
{
	struct redis_call *call;
	struct err err;

	assert(!link->channel);
	if (link->state != LINK_UP || link->write_generation != link->generation) {
		(void)err_set(&err, ERR_OUTCOME_UNKNOWN,
			      "stored, but the connection changed before replicas could acknowledge");
		call_refuse(link, fn, arg, &err);
		return;
	}
	call = call_new(fn, arg, "WAIT", 0);
	call->kind = CALL_WAIT;
	wait_send(link, call);
}

/* Nobody waits for this reply. */
static void ignore_reply(const redisReply *reply, const struct err *err, void *arg)
{
	(void)reply, (void)err, (void)arg;
}

void redis_link_wait_all(struct redis_link *link, redis_reply_fn *fn, void *arg)
{
	const char *ping[] = {"PING"};

	/* WAIT is for what Redis had written when it ran the connection's last command. */
	redis_link_command(link, 1, ping, ignore_reply, NULL);
	redis_link_wait_replicas(link, fn, arg);
}

void redis_call_internal(struct redis_link *link, int argc, const char *const *argv, redis_reply_fn *fn)
{
	command_send(link, call_new(fn, link, argv[0], 0), argc, argv);
}

void redis_calls_fail(struct redis_link *link, const struct err *err)
{
	struct redis_call_list list = TAILQ_HEAD_INITIALIZER(list);
	struct redis_call *call;

	(void)event_del(link->overdue);
	TAILQ_CONCAT(&list, &link->calls, entry);
	while ((call = TAILQ_FIRST(&list))) {
		TAILQ_REMOVE(&list, call, entry);
		call->fn(NULL, err, call->arg);
		free(call);
	}
}

void redis_calls_init(struct redis_link *link)
{
	TAILQ_INIT(&link->calls);
	TAILQ_INIT(&link->refused);
	link->overdue = evtimer_new(link->base, on_overdue, link);
	link->refusals = event_new(link->base, -1, 0, on_refusals, link);
	if (!link->overdue || !link->refusals)
		abort();
}

void redis_calls_free(struct redis_link *link)
{
	while (!TAILQ_EMPTY(&link->refused))
		answer_refusals(link);
	event_free(link->overdue);
	event_free(link->refusals);
	free(link->scratch.bytes);
}
