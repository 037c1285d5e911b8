/* A server that says exactly what a test wants, byte for byte, and then keeps, closes or floods the connection. It runs on
 * the test's own event loop and writes down what it was sent. */
#ifndef MUSTER_TEST_HOSTILE_BROKER_H
#define MUSTER_TEST_HOSTILE_BROKER_H

#include <stddef.h>

#include <event2/event.h>

/* What happens once the bytes are out. */
enum hostile_then {
	HOSTILE_KEEP,
	HOSTILE_CLOSE,
	HOSTILE_FLOOD, /* "x" without end */
	HOSTILE_DRIP,  /* one byte every 50 ms without end */
};

struct hostile_broker;

/* Returns the reply to a request (its text, head and body), to be freed by the server. */
typedef char *hostile_fn(const char *request, void *arg);

struct hostile_broker *hostile_broker_new(struct event_base *base);
void hostile_broker_free(struct hostile_broker *hostile);
int hostile_broker_port(const struct hostile_broker *hostile);

/* From now on every request gets these bytes; "" says nothing. */
void hostile_broker_say(struct hostile_broker *hostile, const char *bytes, enum hostile_then then);

/* From now on `fn` answers. */
void hostile_broker_ask(struct hostile_broker *hostile, hostile_fn *fn, void *arg);

/* A whole HTTP reply, to be freed; `headers` is "" or lines that end with \r\n. */
char *hostile_reply(int status, const char *headers, const char *body);

/* hostile_broker_say of that. */
void hostile_broker_answer(struct hostile_broker *hostile, int status, const char *headers, const char *body);

/* How many whole requests came, how many connections were taken, and the text of the last request. */
size_t hostile_broker_requests(const struct hostile_broker *hostile);
size_t hostile_broker_connections(const struct hostile_broker *hostile);
const char *hostile_broker_last(const struct hostile_broker *hostile);

#endif
