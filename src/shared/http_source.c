/* Addresses, in a hash table that grows with them. */
#include "shared/http_source.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* 16 bytes for any address; what is none counts as one of all zeros. */
static void address_read(const char *text, unsigned char *bytes)
{
	memset(bytes, 0, 16);
	if (inet_pton(AF_INET, text, bytes + 12) == 1) {
		bytes[10] = bytes[11] = 0xff;
		return;
	}
	if (inet_pton(AF_INET6, text, bytes) != 1 || IN6_IS_ADDR_V4MAPPED((struct in6_addr *)(void *)bytes))
		return;
	memset(bytes + 8, 0, 8);
}

/* FNV-1a. */
static struct http_source **slot_of(const struct http_sources *sources, const unsigned char *address)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < 16; i++)
		hash = (hash ^ address[i]) * UINT64_C(1099511628211);
	return &sources->slots[(hash >> 32) & (sources->slot_count - 1)];
}

static void sources_grow(struct http_sources *sources)
{
	struct http_sources grown = {.slot_count = sources->slot_count ? 2 * sources->slot_count : 64,
				     .count = sources->count};

	grown.slots = calloc(grown.slot_count, sizeof(struct http_source *));
	if (!grown.slots)
		abort();
	for (size_t i = 0; i < sources->slot_count; i++) {
		for (struct http_source *source = sources->slots[i], *next; source; source = next) {
			struct http_source **slot = slot_of(&grown, source->address);

			next = source->next;
			source->next = *slot;
			*slot = source;
		}
	}
	free(sources->slots);
	*sources = grown;
}

struct http_source *http_source_take(struct http_sources *sources, const char *address)
{
	unsigned char bytes[16];
	struct http_source *source, **slot;

	address_read(address, bytes);
	if (sources->count >= sources->slot_count)
		sources_grow(sources);
	slot = slot_of(sources, bytes);
	for (source = *slot; source && memcmp(source->address, bytes, sizeof bytes) != 0; source = source->next)
		continue;
	if (!source) {
		source = calloc(1, sizeof *source);
		if (!source)
			abort();
		memcpy(source->address, bytes, sizeof bytes);
		source->next = *slot;
		*slot = source;
		sources->count++;
	}
	source->connections++;
	return source;
}

void http_source_release(struct http_source *source)
{
	source->connections--;
}

void http_sources_tidy(struct http_sources *sources, int64_t now_us)
{
	for (size_t i = 0; i < sources->slot_count; i++) {
		struct http_source **link = &sources->slots[i];

		while (*link) {
			struct http_source *source = *link;

			if (source->connections || source->rate_at_us > now_us) {
				link = &source->next;
				continue;
			}
			*link = source->next;
			free(source);
			sources->count--;
		}
	}
}

void http_sources_free(struct http_sources *sources)
{
	for (size_t i = 0; i < sources->slot_count; i++) {
		for (struct http_source *source = sources->slots[i], *next; source; source = next) {
			next = source->next;
			free(source);
		}
	}
	free(sources->slots);
	*sources = (struct http_sources){0};
}
