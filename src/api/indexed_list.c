/* Members of one score come in the order of their bytes, so score and member together say where a page ends; skipping
 * a number of members would go wrong as soon as one is added or gone. */
#include "api/indexed_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/access.h"
#include "api/app.h"
#include "api/order_view.h"
#include "api/query.h"
#include "api/read_answer.h"
#include "shared/redis_link.h"

#define KEY_SIZE    192
#define NUMBER_SIZE 24

struct list_flow {
	struct app *app;
	struct http_request *request;
	const char *min_score;
	enum cursor_list list;
	void (*load)(struct app *app, json_t *take_ids, views_fn *fn, void *arg);
	char key[KEY_SIZE];
	struct query_page page;
	size_t offset;	    /* members of the cursor's score or older that were read */
	json_t *ids;	    /* of the page */
	struct cursor last; /* the last of them */
	bool has_more;
};

/* Ends the flow, which has answered. */
static void list_free(struct list_flow *flow)
{
	json_decref(flow->ids);
	free(flow);
}

/* The views of the page. */
static void on_views(json_t *views, const struct err *err, void *arg)
{
	struct list_flow *flow = arg;
	char next[CURSOR_SIZE] = "";

	if (err) {
		read_answer_error(flow->request, err);
	} else {
		if (flow->list == CURSOR_USER_ORDERS)
			order_views_for(views, access_user(flow->request));
		if (flow->has_more)
			(void)cursor_encode(flow->list, &flow->last, next);
		read_answer_page(flow->request, json_incref(views), next);
	}
	list_free(flow);
}

/* Takes one member; one that was on an earlier page is passed over. */
static void list_take(struct list_flow *flow, const char *member, int64_t score)
{
	const struct cursor *cursor = &flow->page.cursor;

	if (cursor->is_set && score == cursor->number && strcmp(member, cursor->text) >= 0)
		return;
	if (json_array_size(flow->ids) == flow->page.limit) {
		flow->has_more = true;
		return;
	}
	json_array_append_new(flow->ids, json_string(member));
	flow->last.number = score;
	(void)snprintf(flow->last.text, sizeof flow->last.text, "%s", member);
}

static void list_step(struct list_flow *flow);

/* A stretch of the sorted set. */
static void on_members(const redisReply *reply, const struct err *err, void *arg)
{
	struct list_flow *flow = arg;
	size_t members;

	if (err) {
		read_answer_error(flow->request, err);
		list_free(flow);
		return;
	}
	members = reply->elements / 2;
	for (size_t i = 0; i < members; i++)
		list_take(flow, reply_text(reply->element[2 * i]),
			  (int64_t)strtod(reply_text(reply->element[2 * i + 1]), NULL));
	flow->offset += members;
	if (flow->has_more || members <= flow->page.limit)
		flow->load(flow->app, json_incref(flow->ids), on_views, flow);
	else
		list_step(flow);
}

/* Asks for one member more than a page has, which tells whether there is another page. */
static void list_step(struct list_flow *flow)
{
	char from[NUMBER_SIZE] = "+inf", offset[NUMBER_SIZE], count[NUMBER_SIZE];
	const char *argv[] = {"ZRANGE", flow->key, from,   flow->min_score, "BYSCORE",
			      "REV",	"LIMIT",   offset, count,	    "WITHSCORES"};

	if (flow->page.cursor.is_set)
		(void)snprintf(from, sizeof from, "%lld", (long long)flow->page.cursor.number);
	(void)snprintf(offset, sizeof offset, "%zu", flow->offset);
	(void)snprintf(count, sizeof count, "%zu", flow->page.limit + 1);
	redis_link_command(flow->app->read, sizeof argv / sizeof argv[0], argv, on_members, flow);
}

void indexed_list_answer(struct app *app, struct http_request *request, const struct indexed_list *list)
{
	struct list_flow *flow;
	struct query_page page;
	struct err err;

	if (!query_page(request, list->list, &page, &err)) {
		http_answer_error(request, &err, NULL);
		return;
	}
	flow = calloc(1, sizeof *flow);
	if (!flow)
		abort();
	*flow = (struct list_flow){.app = app,
				   .request = request,
				   .list = list->list,
				   .min_score = list->min_score,
				   .load = list->load,
				   .page = page};
	(void)snprintf(flow->key, sizeof flow->key, "%s:{0}:%s", app->config->redis.prefix, list->key);
	flow->ids = json_array();
	list_step(flow);
}
