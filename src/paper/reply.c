/* See reply.h. */
#include "paper/reply.h"

#include <stdlib.h>
#include <string.h>

#include "paper/wire.h"

bool paper_reply_begin(struct paper_reply *reply, struct paper *paper, struct http_request *request,
		       enum paper_point point, const char *symbol)
{
	*reply = (struct paper_reply){
	    .paper = paper,
	    .request = request,
	    .fault = paper_faults_find(paper->faults, point, symbol),
	    .status = 200,
	};
	if (!reply->fault || !reply->fault->mode->refuse)
		return false;
	struct paper_refusal refusal;
	reply->fault->mode->refuse(request, reply->fault->value, &refusal);
	paper_reply_refuse(reply, &refusal);
	return true;
}

void paper_reply_refuse(struct paper_reply *reply, struct paper_refusal *take_refusal)
{
	json_decref(reply->json);
	reply->status = take_refusal->status;
	reply->json = paper_refusal_json(take_refusal);
}

/* Sends it the way that a fault wants; owns its JSON. */
static void send_on_wire(const struct paper_reply *reply)
{
	const struct paper_fault *fault = reply->fault;
	struct paper_wire_reply wired = {
	    .request = reply->request,
	    .status = reply->status,
	    .content_type = reply->json ? "application/json" : reply->page_type,
	    .body = evbuffer_new(),
	    .way = fault ? fault->mode->way : PAPER_WIRE_WHOLE,
	    .delay_ms = reply->delay_ms,
	    .pause_ms = fault ? fault->value : 0,
	};
	char *text = reply->json ? json_dumps(reply->json, JSON_COMPACT) : NULL;
	if (!wired.body || (reply->json && !text))
		abort();
	const char *body = text ? text : reply->page ? reply->page : "";
	evbuffer_add(wired.body, body, strlen(body));
	free(text);
	json_decref(reply->json);
	paper_wire_send(reply->paper->wire, &wired);
}

void paper_reply_send(struct paper_reply *take_reply)
{
	struct paper_fault *fault = take_reply->fault;
	bool is_different = fault && (!fault->mode->change || fault->mode->change(take_reply, fault));
	if (is_different)
		paper_fault_count(fault);
	if (!is_different && !take_reply->delay_ms && take_reply->json)
		http_answer_json(take_reply->request, take_reply->status, take_reply->json);
	else
		send_on_wire(take_reply);
}
