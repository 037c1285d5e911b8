/* Routes: patterns are cut into segments once, at the start, so that matching a request is a few comparisons of lengths
 * and bytes among the routes with as many segments. */
#include "shared/http_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const method_words[] = {
    [HTTP_GET] = "GET",
    [HTTP_POST] = "POST",
    [HTTP_PUT] = "PUT",
    [HTTP_DELETE] = "DELETE",
};

/* Cuts a pattern; it is the program's own text, so that a bad one is our mistake. */
static void pattern_split(const char *pattern, struct http_path *path)
{
	path->count = 0;
	assert(*pattern == '/');
	while (*pattern) {
		assert(path->count < HTTP_SEGMENTS_MAX);
		struct http_segment *segment = &path->segments[path->count++];
		const char *start = pattern + 1;
		size_t length = strcspn(start, "/");
		segment->is_param = length > 2 && start[0] == '{' && start[length - 1] == '}';
		segment->text = segment->is_param ? start + 1 : start;
		segment->length = segment->is_param ? length - 2 : length;
		pattern = start + length;
	}
}

void http_route_table_init(struct http_route_table *table, const struct http_route *rows)
{
	size_t count = 0, at = 0;
	while (rows[count].pattern)
		count++;
	table->routes = calloc(count + 1, sizeof *table->routes);
	if (!table->routes)
		abort();
	for (size_t n = 0; n <= HTTP_SEGMENTS_MAX; n++) {
		table->start[n] = at;
		for (size_t i = 0; i < count; i++) {
			struct http_compiled_route route = {.row = &rows[i]};
			pattern_split(rows[i].pattern, &route.path);
			if (route.path.count == n)
				table->routes[at++] = route;
		}
	}
	table->start[HTTP_SEGMENTS_MAX + 1] = at;
}

void http_route_table_free(struct http_route_table *table)
{
	free(table->routes);
	table->routes = NULL;
}

/* Value of a hexadecimal digit, or -1. */
static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Whether every escape in `text` is two hexadecimal digits and none is a NUL. */
static bool escapes_are_good(const char *text)
{
	for (const char *p = strchr(text, '%'); p; p = strchr(p + 1, '%')) {
		int high = hex_value(p[1]);
		int low = high < 0 ? -1 : hex_value(p[2]);
		if (low < 0 || (high == 0 && low == 0))
			return false;
	}
	return true;
}

bool http_percent_decode(char *text, bool plus_is_space)
{
	if (!escapes_are_good(text))
		return false;
	char *to = text;
	for (const char *from = text; *from; from++) {
		if (*from == '%') {
			*to++ = (char)(hex_value(from[1]) * 16 + hex_value(from[2]));
			from += 2;
		} else {
			*to++ = plus_is_space && *from == '+' ? ' ' : *from;
		}
	}
	*to = '\0';
	return true;
}

bool http_path_split(char *text, struct http_path *path)
{
	path->count = 0;
	if (*text != '/')
		return false;
	char *next = text;
	while (next) {
		if (path->count == HTTP_SEGMENTS_MAX)
			return false;
		char *start = next + 1;
		next = strchr(start, '/');
		if (next)
			*next = '\0';
		if (!http_percent_decode(start, false))
			return false;
		path->segments[path->count++] = (struct http_segment){.text = start, .length = strlen(start)};
	}
	return true;
}

/* Whether a path with as many segments fits the pattern. */
static bool path_fits(const struct http_path *pattern, const struct http_path *path)
{
	for (size_t i = 0; i < pattern->count; i++) {
		const struct http_segment *want = &pattern->segments[i], *have = &path->segments[i];
		if (want->is_param ? have->length == 0
				   : (want->length != have->length || memcmp(want->text, have->text, want->length)))
			return false;
	}
	return true;
}

const struct http_compiled_route *http_route_find(const struct http_route_table *table, const struct http_path *path,
						  enum http_method method)
{
	for (size_t i = table->start[path->count]; i < table->start[path->count + 1]; i++)
		if (table->routes[i].row->method == method && path_fits(&table->routes[i].path, path))
			return &table->routes[i];
	return NULL;
}

bool http_route_allowed(const struct http_route_table *table, const struct http_path *path, char *list, size_t size)
{
	size_t length = 0;
	*list = '\0';
	for (enum http_method method = HTTP_GET; method <= HTTP_DELETE; method++) {
		if (!http_route_find(table, path, method))
			continue;
		int n = snprintf(list + length, size - length, "%s%s%s", length ? ", " : "", method_words[method],
				 method == HTTP_GET ? ", HEAD" : "");
		assert(n > 0 && (size_t)n < size - length);
		length += (size_t)n;
	}
	return length > 0;
}
