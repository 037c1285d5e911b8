/* Nothing on the page comes from anywhere else, and nothing may: its Content-Security-Policy has no exceptions. */
#include "api/page.h"

#include <string.h>

#include "api/read_answer.h"

static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static const struct {
	const char *suffix;
	const char *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".json", "application/json"},
};

static const char *type_of(const char *name)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(strrchr(name, '.'), types[i].suffix) == 0)
			return types[i].type;
	return "application/octet-stream";
}

static void answer_file(struct http_request *request, const struct page_file *file)
{
	const char *known = http_header(request, "If-None-Match");
	struct evbuffer *body;

	http_set_header(request, "Content-Security-Policy", policy);
	http_set_header(request, "X-Content-Type-Options", "nosniff");
	http_set_header(request, "Referrer-Policy", "no-referrer");
	http_set_header(request, "Cache-Control", "no-cache"); /* kept, but asked after */
	http_set_header(request, "ETag", file->etag);
	if (known && strcmp(known, file->etag) == 0) {
		http_answer_empty(request, 304);
		return;
	}
	body = evbuffer_new();
	evbuffer_add_reference(body, file->bytes, file->length, NULL, NULL);
	http_answer_buffer(request, 200, type_of(file->name), body);
}

void page_get(struct http_request *request, void *arg)
{
	const char *name = http_path(request) + 1;

	(void)arg;
	if (!*name)
		name = "page.html";
	for (size_t i = 0; i < page_file_count; i++) {
		if (strcmp(page_files[i].name, name) == 0) {
			answer_file(request, &page_files[i]);
			return;
		}
	}
	read_answer_refuse(request, ERR_NOT_FOUND, "there is nothing at this path");
}
