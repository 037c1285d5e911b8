/* A hash table that grows with the number of watches, so that a message costs only those whom it concerns. */
#include "api/waiter_index.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_AT_FIRST 256 /* a power of two, like every later size */

struct waiter_index {
	struct watch_list *buckets;
	size_t bucket_count;
	size_t count;
};

/* FNV-1a. */
static uint64_t hash_of(const char *key)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * UINT64_C(1099511628211);
	return hash;
}

static struct watch_list *bucket_of(const struct waiter_index *index, const char *key)
{
	return &index->buckets[hash_of(key) & (index->bucket_count - 1)];
}

/* Empty buckets. */
static struct watch_list *buckets_new(size_t count)
{
	struct watch_list *buckets = calloc(count, sizeof *buckets);

	if (!buckets)
		abort();
	return buckets;
}

struct waiter_index *waiter_index_new(void)
{
	struct waiter_index *index = calloc(1, sizeof *index);

	if (!index)
		abort();
	index->bucket_count = BUCKETS_AT_FIRST;
	index->buckets = buckets_new(index->bucket_count);
	return index;
}

void waiter_index_free(struct waiter_index *index)
{
	if (!index)
		return;
	assert(index->count == 0);
	free(index->buckets);
	free(index);
}

/* Twice the buckets. */
static void index_grow(struct waiter_index *index)
{
	struct watch_list *old = index->buckets;
	size_t old_count = index->bucket_count;
	struct watch *watch;

	index->bucket_count *= 2;
	index->buckets = buckets_new(index->bucket_count);
	for (size_t i = 0; i < old_count; i++) {
		while ((watch = LIST_FIRST(&old[i]))) {
			LIST_REMOVE(watch, in_bucket);
			LIST_INSERT_HEAD(bucket_of(index, watch->key), watch, in_bucket);
		}
	}
	free(old);
}

void waiter_index_add(struct waiter_index *index, const char *key, void *owner, struct watch_list *own)
{
	size_t size = strlen(key) + 1;
	struct watch *watch = malloc(sizeof *watch + size);

	if (!watch)
		abort();
	memcpy(watch->key, key, size);
	watch->owner = owner;
	if (index->count++ >= index->bucket_count)
		index_grow(index);
	LIST_INSERT_HEAD(bucket_of(index, key), watch, in_bucket);
	LIST_INSERT_HEAD(own, watch, in_owner);
}

void waiter_index_remove(struct waiter_index *index, struct watch *watch)
{
	LIST_REMOVE(watch, in_bucket);
	LIST_REMOVE(watch, in_owner);
	index->count--;
	free(watch);
}

void waiter_index_tell(struct waiter_index *index, const char *key, waiter_index_fn *fn, void *arg)
{
	struct watch *watch, *next;

	for (watch = LIST_FIRST(bucket_of(index, key)); watch; watch = next) {
		next = LIST_NEXT(watch, in_bucket);
		if (strcmp(watch->key, key) == 0)
			fn(watch, arg);
	}
}
