/* Reading heads. Most come in one piece: then a line is looked at where it stands, and only one that is split is
 * copied. */
#include "shared/http_head.h"

#include <string.h>
#include <strings.h>

/* Reads digits; what does not fit or is no number counts as more than any limit, or is refused elsewhere. */
static uint64_t read_length(const char *text, size_t size)
{
	uint64_t value = 0;
	size_t i = 0;

	while (i < size && (text[i] == ' ' || text[i] == '\t'))
		i++;
	for (; i < size && text[i] >= '0' && text[i] <= '9'; i++) {
		if (value > (UINT64_MAX - 9) / 10)
			return UINT64_MAX;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	return value;
}

/* Looks at a whole header line. */
static void take_line(struct http_head *head, const char *line, size_t size)
{
	static const char length[] = "content-length:", coding[] = "transfer-encoding:";

	if (size >= sizeof length - 1 && strncasecmp(line, length, sizeof length - 1) == 0) {
		uint64_t value = read_length(line + sizeof length - 1, size - (sizeof length - 1));

		head->length = value > head->length ? value : head->length;
	} else if (size >= sizeof coding - 1 && strncasecmp(line, coding, sizeof coding - 1) == 0) {
		head->is_chunked = true;
	}
}

/* Ends the line, of which `size` bytes came with this read and the rest before. */
static void end_line(struct http_head *head, const char *bytes, size_t size)
{
	size_t before = head->line_bytes, total = before + size;
	const char *line = bytes;

	head->line_bytes = 0;
	if (before) {
		size_t kept = before < HTTP_HEAD_LINE ? before : HTTP_HEAD_LINE;
		size_t more = size < HTTP_HEAD_LINE - kept ? size : HTTP_HEAD_LINE - kept;

		memcpy(head->line + kept, bytes, more);
		line = head->line;
		size = kept + more;
	}
	if (total == 0 || (total == 1 && line[0] == '\r'))
		head->is_whole = head->has_request_line; /* empty lines before a request count for nothing */
	else if (!head->has_request_line)
		head->has_request_line = true;
	else if (line[0] == 'C' || line[0] == 'c' || line[0] == 'T' || line[0] == 't')
		take_line(head, line, size);
}

/* Keeps the beginning of a line whose end has not come. */
static void keep_line(struct http_head *head, const char *bytes, size_t size)
{
	if (head->line_bytes < HTTP_HEAD_LINE) {
		size_t room = HTTP_HEAD_LINE - head->line_bytes;

		memcpy(head->line + head->line_bytes, bytes, size < room ? size : room);
	}
	head->line_bytes += size;
}

void http_head_feed(struct http_head *head, const char *bytes, size_t length)
{
	while (length && !head->is_whole) {
		const char *end = memchr(bytes, '\n', length);
		size_t size = end ? (size_t)(end - bytes) : length;

		*(head->has_request_line ? &head->bytes : &head->uri_bytes) += size + (end != NULL);
		if (!end) {
			keep_line(head, bytes, size);
			return;
		}
		end_line(head, bytes, size);
		bytes += size + 1;
		length -= size + 1;
	}
}
