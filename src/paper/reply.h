/* The reply to a new order. It is the only answer that goes out in more than one way: what goes wrong on the wire
 * between a broker and its caller goes wrong here, after the order was decided and is in the ledger. */
#ifndef MUSTER_PAPER_REPLY_H
#define MUSTER_PAPER_REPLY_H

#include <stdint.h>

#include <event2/event.h>

#include "paper/refusal.h"
#include "shared/http.h"

struct paper_reply {
	struct http_request *request;
	json_t *order;		      /* of an accepted order, owned; NULL: refused */
	struct paper_refusal refusal; /* where `order` is NULL, owned */
	int64_t delay_ms;
};

/* Sends it at its time; owns what is in it. */
void paper_reply_send(struct event_base *base, const struct paper_reply *take_reply);

#endif
