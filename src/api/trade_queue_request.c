/* One request again, as POST answered it, but with the present state of its orders; ?wait= holds the answer back. */
#include "api/trade_queue_request.h"

#include "api/access.h"
#include "api/app.h"
#include "api/order_view.h"
#include "api/query.h"
#include "api/read_answer.h"
#include "api/request_view.h"
#include "api/waiter.h"
#include "shared/ids.h"

/* Answers that there is nothing. */
static void refuse(struct http_request *request)
{
	read_answer_refuse(request, ERR_NOT_FOUND, "there is no request %.64s", http_param(request, "queue_id"));
}

/* The request as it is after the wait. */
static void on_request(const struct request_view *view, const struct err *err, void *arg)
{
	struct http_request *request = arg;

	if (err) {
		read_answer_error(request, err);
	} else if (view->kind == REQUEST_NOT_FOUND) {
		refuse(request);
	} else {
		order_views_for(view->orders, access_user(request));
		http_answer_json(request, 200, request_view_answer(view));
	}
}

/* Waits as long as the client wants to. The parameters have been read before. */
static void request_wait(struct http_request *request)
{
	struct waiter_options options = {.queue_id = http_param(request, "queue_id"), .client = request};

	(void)!query_wait(request, 0, &options.wait_ms, NULL);
	waiter_new_for_request(http_arg(request), &options, on_request, request);
}

/* Whose request it is. Another user's ends here, as one that is unknown does. */
static void on_head(const struct request_view *view, const struct err *err, void *arg)
{
	struct http_request *request = arg;

	if (err)
		read_answer_error(request, err);
	else if (view->kind == REQUEST_NOT_FOUND || !access_may_see(request, view->user_id))
		refuse(request);
	else
		request_wait(request);
}

void trade_queue_request_get(struct http_request *request, void *arg)
{
	const char *queue_id = http_param(request, "queue_id");
	struct err err;
	int64_t wait_ms;

	if (!query_wait(request, 0, &wait_ms, &err))
		http_answer_error(request, &err, NULL);
	else if (!ids_is_queue_id(queue_id))
		refuse(request);
	else if (access_user(request))
		request_view_load_head(arg, queue_id, on_head, request);
	else
		request_wait(request);
}
