/* The page at / and what belongs to it, and the description of the API: files of src/api/page/, compiled in. */
#ifndef MUSTER_API_PAGE_H
#define MUSTER_API_PAGE_H

#include <stddef.h>

#include "shared/http.h"

/* GET of each of their paths. */
void page_get(struct http_request *request, void *app);

/* What src/api/page/embed writes. */
struct page_file {
	const char *name; /* "page.html" */
	const unsigned char *bytes;
	size_t length;
	const char *etag; /* with its quotes */
};
extern const struct page_file page_files[];
extern const size_t page_file_count;

#endif
