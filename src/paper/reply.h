/* The reply to a call about orders and fills. What goes wrong between a broker and its caller goes wrong here: before
 * anything is done, or after it was done and is in the ledger. */
#ifndef MUSTER_PAPER_REPLY_H
#define MUSTER_PAPER_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "paper/fault.h"
#include "paper/paper.h"
#include "paper/refusal.h"

struct paper_reply {
	struct paper *paper;
	struct http_request *request;
	struct paper_fault *fault; /* NULL: nothing goes wrong */
	int status;
	json_t *json;	  /* owned; NULL: `page` */
	const char *page; /* in place of JSON, static; NULL: no body */
	const char *page_type;
	int64_t delay_ms;
};

/* Sees what goes wrong with a call at `point`; `symbol` NULL where it is about several. True: the call is refused
 * without anything being done, and the reply stands. */
bool paper_reply_begin(struct paper_reply *reply, struct paper *paper, struct http_request *request,
		       enum paper_point point, const char *symbol);

/* Makes it a refusal. */
void paper_reply_refuse(struct paper_reply *reply, struct paper_refusal *take_refusal);

/* Sends it, well or wrongly; owns what is in it. */
void paper_reply_send(struct paper_reply *take_reply);

#endif
