/* See wire.h. Each reply on its way is one struct with one step, taken when its timer runs. */
#include "paper/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#define STEP_ENDS	 (-1)
#define SILENCE_LOOK_MS	 100 /* whether the caller is still there */
#define FILLER_BYTES	 ((size_t)16 * 1024)
#define FILLER_AHEAD_MAX ((size_t)64 * 1024)

/* One reply on its way. */
struct sending {
	TAILQ_ENTRY(sending) entry;
	struct paper_wire *wire;
	struct paper_wire_reply reply;
	struct event *timer;
	bool is_begun;
};
TAILQ_HEAD(sendings, sending);

struct paper_wire {
	struct event_base *base;
	struct sendings sendings;
	bool is_draining;
};

/* Answers as it should be. */
static void send_whole(const struct paper_wire_reply *reply)
{
	http_answer_buffer(reply->request, reply->status, reply->content_type, reply->body);
}

/* Puts the reply's head before its body; `length` is what the head says. Returns the length of the head. */
static size_t prepend_head(struct paper_wire_reply *reply, const char *length)
{
	char head[256];
	const char *type = reply->content_type ? reply->content_type : "text/plain";
	int size =
	    snprintf(head, sizeof head, "HTTP/1.1 %d Whatever\r\nContent-Type: %s\r\n%s\r\nConnection: close\r\n\r\n",
		     reply->status, type, length);
	evbuffer_prepend(reply->body, head, (size_t)size);
	return (size_t)size;
}

/* The same with the body's own length. */
static size_t prepend_honest_head(struct paper_wire_reply *reply)
{
	char length[48];
	snprintf(length, sizeof length, "Content-Length: %zu", evbuffer_get_length(reply->body));
	return prepend_head(reply, length);
}

/* Moves up to `count` bytes to the connection; how many of all have not left yet. */
static size_t write_bytes(struct paper_wire_reply *reply, size_t count)
{
	size_t length = evbuffer_get_length(reply->body);
	count = count < length ? count : length;
	size_t pending = http_raw_write(reply->request, evbuffer_pullup(reply->body, (ev_ssize_t)count), count);
	evbuffer_drain(reply->body, count);
	return pending;
}

/* A step sends something and returns the pause before the next one in ms, or STEP_ENDS: the connection is closed. */
typedef int64_t step_fn(struct sending *sending);

/* Looks whether anybody still waits. */
static int64_t step_silent(struct sending *sending)
{
	(void)http_raw_write(sending->reply.request, "", 0); /* the caller is seen to leave */
	return http_client_is_there(sending->reply.request) ? SILENCE_LOOK_MS : STEP_ENDS;
}

/* Closes without a byte. */
static int64_t step_close(struct sending *sending)
{
	(void)sending;
	return STEP_ENDS;
}

/* Sends the head and half of the body (or, where there is none, half of the head), then closes. */
static int64_t step_cut(struct sending *sending)
{
	struct paper_wire_reply *reply = &sending->reply;
	size_t count = 0;
	if (!sending->is_begun) {
		size_t body = evbuffer_get_length(reply->body), head = prepend_honest_head(reply);
		count = body ? head + body / 2 : head / 2;
	}
	return write_bytes(reply, count) ? 1 : STEP_ENDS;
}

/* Sends the next byte. */
static int64_t step_drip(struct sending *sending)
{
	struct paper_wire_reply *reply = &sending->reply;
	if (!sending->is_begun)
		prepend_honest_head(reply);
	bool is_all = evbuffer_get_length(reply->body) == 0;
	size_t pending = write_bytes(reply, 1);
	bool is_over = is_all ? pending == 0 : !http_client_is_there(reply->request);
	return is_over ? STEP_ENDS : reply->pause_ms;
}

/* Begins well and goes on with filler, a little more than the caller takes. */
static int64_t step_endless(struct sending *sending)
{
	static const char filler[FILLER_BYTES] = {0};
	struct paper_wire_reply *reply = &sending->reply;
	if (!sending->is_begun) {
		prepend_head(reply, "Content-Length: 1000000000000");
		(void)write_bytes(reply, evbuffer_get_length(reply->body));
	}
	if (http_raw_write(reply->request, "", 0) < FILLER_AHEAD_MAX)
		(void)http_raw_write(reply->request, filler, sizeof filler);
	return http_client_is_there(reply->request) ? 1 : STEP_ENDS;
}

static step_fn *const steps[PAPER_WIRE_WAYS] = {
    [PAPER_WIRE_SILENT] = step_silent, [PAPER_WIRE_CLOSE] = step_close,	    [PAPER_WIRE_CUT] = step_cut,
    [PAPER_WIRE_DRIP] = step_drip,     [PAPER_WIRE_ENDLESS] = step_endless,
};

/* Ends one; `is_closed`: its connection too. */
static void sending_end(struct sending *sending)
{
	TAILQ_REMOVE(&sending->wire->sendings, sending, entry);
	event_free(sending->timer);
	if (sending->reply.way == PAPER_WIRE_WHOLE) {
		send_whole(&sending->reply);
	} else {
		evbuffer_free(sending->reply.body);
		http_raw_close(sending->reply.request);
	}
	free(sending);
}

/* Sets the timer of the next step. */
static void wait_ms(struct sending *sending, int64_t pause_ms)
{
	const struct timeval pause = {pause_ms / 1000, pause_ms % 1000 * 1000};
	evtimer_add(sending->timer, &pause);
}

/* The timer ran. */
static void step(evutil_socket_t unused, short what, void *arg)
{
	(void)unused, (void)what;
	struct sending *sending = arg;
	step_fn *fn = steps[sending->reply.way];
	int64_t pause_ms = fn ? fn(sending) : STEP_ENDS;
	sending->is_begun = true;
	if (pause_ms == STEP_ENDS)
		sending_end(sending);
	else
		wait_ms(sending, pause_ms);
}

struct paper_wire *paper_wire_new(struct event_base *base)
{
	struct paper_wire *wire = calloc(1, sizeof *wire);
	if (!wire)
		abort();
	wire->base = base;
	TAILQ_INIT(&wire->sendings);
	return wire;
}

void paper_wire_free(struct paper_wire *wire)
{
	if (!wire)
		return;
	paper_wire_drain(wire);
	free(wire);
}

void paper_wire_send(struct paper_wire *wire, const struct paper_wire_reply *take_reply)
{
	if (wire->is_draining || (take_reply->way == PAPER_WIRE_WHOLE && !take_reply->delay_ms)) {
		send_whole(take_reply);
		return;
	}
	struct sending *sending = calloc(1, sizeof *sending);
	if (!sending)
		abort();
	sending->wire = wire;
	sending->reply = *take_reply;
	sending->timer = evtimer_new(wire->base, step, sending);
	if (!sending->timer)
		abort();
	TAILQ_INSERT_TAIL(&wire->sendings, sending, entry);
	wait_ms(sending, take_reply->delay_ms);
}

void paper_wire_drain(struct paper_wire *wire)
{
	wire->is_draining = true;
	while (!TAILQ_EMPTY(&wire->sendings))
		sending_end(TAILQ_FIRST(&wire->sendings));
}
