/* What the query of a request may say, checked: ?wait=, ?limit=, ?cursor=. All fail with ERR_BAD_PARAMETER. */
#ifndef MUSTER_API_QUERY_H
#define MUSTER_API_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/cursor.h"
#include "shared/err.h"
#include "shared/http.h"

#define QUERY_WAIT_MAX_S  60
#define QUERY_LIMIT_MAX	  500
#define QUERY_LIMIT_USUAL 100

/* Whole seconds, 0 to QUERY_WAIT_MAX_S; `otherwise_ms` where it is absent. */
bool query_wait(const struct http_request *request, int64_t otherwise_ms, int64_t *wait_ms, struct err *err) MUST_USE;

/* What a page of a list is asked by. */
struct query_page {
	size_t limit;	      /* 1 to QUERY_LIMIT_MAX */
	struct cursor cursor; /* where the page begins; is_set is false for the first one */
};
bool query_page(const struct http_request *request, enum cursor_list list, struct query_page *page,
		struct err *err) MUST_USE;

/* Whether a text can be the id of a block or window: 1 to 63 of a-z, 0-9 and dash. Nothing else goes into a key. */
bool query_is_id(const char *text);

#endif
