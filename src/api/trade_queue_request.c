/* One request again, as POST answered it, but with the present state of its orders; ?wait= holds the answer back. */
#include "api/trade_queue_request.h"

#include "api/app.h"
#include "api/query.h"
#include "api/read_answer.h"
#include "api/request_view.h"
#include "api/waiter.h"
#include "shared/ids.h"

/* The request as it is after the wait. */
static void on_request(const struct request_view *view, const struct err *err, void *arg)
{
	struct http_request *request = arg;

	if (err)
		read_answer_error(request, err);
	else if (view->kind == REQUEST_NOT_FOUND)
		read_answer_refuse(request, ERR_NOT_FOUND, "there is no request %.64s",
				   http_param(request, "queue_id"));
	else
		http_answer_json(request, 200, request_view_answer(view));
}

void trade_queue_request_get(struct http_request *request, void *arg)
{
	struct waiter_options options = {.queue_id = http_param(request, "queue_id"), .client = request};
	struct err err;

	if (!query_wait(request, 0, &options.wait_ms, &err)) {
		http_answer_error(request, &err, NULL);
		return;
	}
	if (!ids_is_queue_id(options.queue_id)) {
		read_answer_refuse(request, ERR_NOT_FOUND, "there is no request %.64s", options.queue_id);
		return;
	}
	waiter_new_for_request(arg, &options, on_request, request);
}
