/* See reply.h. */
#include "paper/reply.h"

#include <stdlib.h>

/* Sends a reply. */
static void reply_now(const struct paper_reply *reply)
{
	if (reply->order) {
		http_answer_json(reply->request, 200, reply->order);
		return;
	}
	struct paper_refusal refusal = reply->refusal;
	paper_refusal_answer(reply->request, &refusal);
}

/* The delay is over. */
static void reply_due(evutil_socket_t unused, short what, void *arg)
{
	(void)unused, (void)what;
	struct paper_reply *reply = arg;
	reply_now(reply);
	free(reply);
}

void paper_reply_send(struct event_base *base, const struct paper_reply *take_reply)
{
	if (!take_reply->delay_ms) {
		reply_now(take_reply);
		return;
	}
	const struct timeval delay = {take_reply->delay_ms / 1000, take_reply->delay_ms % 1000 * 1000};
	struct paper_reply *waiting = malloc(sizeof *waiting);
	if (!waiting)
		abort();
	*waiting = *take_reply;
	if (event_base_once(base, -1, EV_TIMEOUT, reply_due, waiting, &delay))
		abort();
}
