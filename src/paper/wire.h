/* Ways in which a reply can go out, late and wrong ones too. What is on its way is kept here until it has left, so that
 * a broker that ends leaves nobody hanging. */
#ifndef MUSTER_PAPER_WIRE_H
#define MUSTER_PAPER_WIRE_H

#include <stdint.h>

#include <event2/buffer.h>
#include <event2/event.h>

#include "shared/http.h"

enum paper_wire_way {
	PAPER_WIRE_WHOLE,   /* as it should be */
	PAPER_WIRE_SILENT,  /* never a byte, until the caller leaves */
	PAPER_WIRE_CLOSE,   /* the connection is closed instead */
	PAPER_WIRE_CUT,	    /* closed in mid-body */
	PAPER_WIRE_DRIP,    /* one byte at a time */
	PAPER_WIRE_ENDLESS, /* a body that never ends */
	PAPER_WIRE_WAYS
};

struct paper_wire_reply {
	struct http_request *request;
	int status;
	const char *content_type; /* NULL: no body; must outlive the reply */
	struct evbuffer *body;	  /* owned */
	enum paper_wire_way way;
	int64_t delay_ms; /* before the first byte */
	int64_t pause_ms; /* between dripping bytes */
};

struct paper_wire;

struct paper_wire *paper_wire_new(struct event_base *base);
/* Ends what is on its way. Before the HTTP server is freed. NULL is fine. */
void paper_wire_free(struct paper_wire *wire);

/* Owns what is in `take_reply`. */
void paper_wire_send(struct paper_wire *wire, const struct paper_wire_reply *take_reply);

/* Sends late replies now and closes what goes out wrongly; from here on all replies go out well and at once. */
void paper_wire_drain(struct paper_wire *wire);

#endif
