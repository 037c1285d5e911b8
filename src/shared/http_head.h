/* The head of a request, read over evhttp's shoulder as its bytes arrive: how long its lines are and how long a body it
 * announces, so that what is too large is refused before it is read. evhttp still does the parsing. */
#ifndef MUSTER_HTTP_HEAD_H
#define MUSTER_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEAD_LINE 64 /* of a header line that is split over two reads this much is kept */

struct http_head {
	size_t bytes;	   /* of the head so far, without the request line */
	size_t line_bytes; /* of the line that is being read */
	size_t uri_bytes;  /* of the request line so far */
	uint64_t length;   /* of the body, as announced; UINT64_MAX: more than fits */
	bool is_chunked;
	bool has_request_line;
	bool is_whole; /* the empty line has come */
	char line[HTTP_HEAD_LINE];
};

/* Takes the next bytes; those behind the head are left alone. */
void http_head_feed(struct http_head *head, const char *bytes, size_t length);

#endif
