/* Lists that a sorted set keeps (a user's orders, the blocks of a status), answered newest first, a page at a time. */
#ifndef MUSTER_API_INDEXED_LIST_H
#define MUSTER_API_INDEXED_LIST_H

#include "api/cursor.h"
#include "api/view_load.h"
#include "shared/http.h"

struct indexed_list {
	const char *key;       /* without prefix and tag; copied */
	const char *min_score; /* members below are not part of the list */
	enum cursor_list list;
	void (*load)(struct app *app, json_t *take_ids, views_fn *fn, void *arg);
};

/* Reads ?limit= and ?cursor= and answers the request. What has expired but is still listed is left out of the page. */
void indexed_list_answer(struct app *app, struct http_request *request, const struct indexed_list *list);

#endif
