/* Where connections come from: how many each address has, and how many requests it may still send. IPv6 counts by /64:
 * whoever has one has as many as it likes. */
#ifndef MUSTER_HTTP_SOURCE_H
#define MUSTER_HTTP_SOURCE_H

#include <stddef.h>
#include <stdint.h>

struct http_source {
	struct http_source *next;
	unsigned char address[16];
	size_t connections;
	int64_t rate_at_us; /* for http_rate_take */
};

struct http_sources {
	struct http_source **slots;
	size_t slot_count, count;
};

/* Of the text of an address; made where it is new. Counts one connection more. */
struct http_source *http_source_take(struct http_sources *sources, const char *address);
/* One connection less. Whoever has none is forgotten in http_sources_tidy. */
void http_source_release(struct http_source *source);
/* Now and then: forgets those without connections whose rate has recovered. */
void http_sources_tidy(struct http_sources *sources, int64_t now_us);
void http_sources_free(struct http_sources *sources);

#endif
