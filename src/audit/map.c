/* See map.h: open addressing; a table that is two thirds full doubles. */
#include "audit/map.h"

#include <string.h>

struct audit_map_slot {
	const char *key; /* NULL: free */
	void *value;
	uint64_t hash;
};

/* FNV-1a, 64 bits. */
static uint64_t hash_of(const char *key)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * UINT64_C(1099511628211);
	return hash;
}

/* The slot of a key, or the free one where it would go. The table is never full. */
static struct audit_map_slot *slot_of(const struct audit_map *map, const char *key, uint64_t hash)
{
	size_t at = (size_t)hash & (map->capacity - 1);

	while (map->slots[at].key && (map->slots[at].hash != hash || strcmp(map->slots[at].key, key) != 0))
		at = (at + 1) & (map->capacity - 1);
	return &map->slots[at];
}

void *audit_map_find(const struct audit_map *map, const char *key)
{
	return map->capacity ? slot_of(map, key, hash_of(key))->value : NULL;
}

/* Doubles the table. */
static void grow(struct audit_map *map, struct audit_arena *arena)
{
	struct audit_map old = *map;

	map->capacity = old.capacity ? old.capacity * 2 : 64;
	map->slots = audit_arena_take(arena, map->capacity * sizeof *map->slots);
	for (size_t i = 0; i < old.capacity; i++)
		if (old.slots[i].key)
			*slot_of(map, old.slots[i].key, old.slots[i].hash) = old.slots[i];
}

void audit_map_put(struct audit_map *map, struct audit_arena *arena, const char *key, void *value)
{
	uint64_t hash = hash_of(key);
	struct audit_map_slot *slot;

	if (map->count * 3 >= map->capacity * 2)
		grow(map, arena);
	slot = slot_of(map, key, hash);
	map->count += slot->key == NULL;
	*slot = (struct audit_map_slot){.key = key, .value = value, .hash = hash};
}
