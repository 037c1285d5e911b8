/* Parameters come from people: each message says what is allowed. */
#include "api/query.h"

#include <string.h>

#define ID_LENGTH_MAX 63
#define MS_A_SECOND   1000

/* A whole number in decimal digits from `min` to `max`. */
static bool read_number(const char *text, int64_t min, int64_t max, int64_t *number)
{
	int64_t value = 0;
	size_t length = strspn(text, "0123456789");

	if (length == 0 || length > 9 || text[length])
		return false;
	for (; *text; text++)
		value = value * 10 + (*text - '0');
	*number = value;
	return value >= min && value <= max;
}

bool query_wait(const struct http_request *request, int64_t otherwise_ms, int64_t *wait_ms, struct err *err)
{
	const char *text = http_query(request, "wait");
	int64_t seconds;

	*wait_ms = otherwise_ms;
	if (!text)
		return true;
	if (!read_number(text, 0, QUERY_WAIT_MAX_S, &seconds))
		return err_set(err, ERR_BAD_PARAMETER, "wait: it must be a whole number of seconds from 0 to %d",
			       QUERY_WAIT_MAX_S);
	*wait_ms = seconds * MS_A_SECOND;
	return true;
}

bool query_page(const struct http_request *request, enum cursor_list list, struct query_page *page, struct err *err)
{
	const char *limit = http_query(request, "limit");
	const char *cursor = http_query(request, "cursor");
	int64_t number = QUERY_LIMIT_USUAL;

	*page = (struct query_page){0};
	if (limit && !read_number(limit, 1, QUERY_LIMIT_MAX, &number))
		return err_set(err, ERR_BAD_PARAMETER, "limit: it must be a whole number from 1 to %d",
			       QUERY_LIMIT_MAX);
	page->limit = (size_t)number;
	return !cursor || cursor_decode(list, cursor, &page->cursor, err);
}

bool query_is_id(const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return length > 0 && length <= ID_LENGTH_MAX && !text[length];
}
