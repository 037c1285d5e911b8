/* Open addressing with linear steps, at most half full. Hashes are seeded, so that client order ids, which come from
 * outside, cannot be chosen to collide. */
#include "paper/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct slot {
	uint64_t hash;
	const char *key; /* NULL: free */
	void *thing;
};

struct paper_map {
	struct slot *slots;
	size_t size; /* a power of two */
	size_t count;
	uint64_t seed;
};

/* Seeded hash of a key. */
static uint64_t key_hash(const struct paper_map *map, const char *key)
{
	uint64_t hash = map->seed;
	for (const unsigned char *p = (const unsigned char *)key; *p; p++) {
		hash = (hash ^ *p) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash;
}

/* The slot of the key, or the free one where it would go. */
static struct slot *slot_find(const struct paper_map *map, const char *key, uint64_t hash)
{
	size_t i = (size_t)hash & (map->size - 1);
	while (map->slots[i].key && (map->slots[i].hash != hash || strcmp(map->slots[i].key, key) != 0))
		i = (i + 1) & (map->size - 1);
	return &map->slots[i];
}

/* Makes empty slots. */
static void slots_make(struct paper_map *map, size_t size)
{
	map->slots = calloc(size, sizeof *map->slots);
	if (!map->slots)
		abort();
	map->size = size;
}

/* Doubles the slots. */
static void map_grow(struct paper_map *map)
{
	struct slot *old = map->slots;
	size_t size = map->size;
	slots_make(map, size * 2);
	for (size_t i = 0; i < size; i++)
		if (old[i].key)
			*slot_find(map, old[i].key, old[i].hash) = old[i];
	free(old);
}

struct paper_map *paper_map_new(void)
{
	struct paper_map *map = calloc(1, sizeof *map);
	if (!map || getrandom(&map->seed, sizeof map->seed, 0) != sizeof map->seed)
		abort();
	slots_make(map, 64);
	return map;
}

void paper_map_free(struct paper_map *map)
{
	if (!map)
		return;
	free(map->slots);
	free(map);
}

void *paper_map_get(const struct paper_map *map, const char *key)
{
	return slot_find(map, key, key_hash(map, key))->thing;
}

void paper_map_put(struct paper_map *map, const char *key, void *thing)
{
	if (map->count * 2 >= map->size)
		map_grow(map);
	uint64_t hash = key_hash(map, key);
	*slot_find(map, key, hash) = (struct slot){.hash = hash, .key = key, .thing = thing};
	map->count++;
}
