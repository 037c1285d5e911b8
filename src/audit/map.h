/* Texts to what they name. */
#ifndef MUSTER_AUDIT_MAP_H
#define MUSTER_AUDIT_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "audit/arena.h"

struct audit_map_slot;

/* Zeroed is empty. */
struct audit_map {
	struct audit_map_slot *slots;
	size_t count, capacity;
};

/* NULL where the key is not there. */
void *audit_map_find(const struct audit_map *map, const char *key);

/* The key is borrowed for as long as the map lives; what stood under it is replaced. `value` is not NULL. */
void audit_map_put(struct audit_map *map, struct audit_arena *arena, const char *key, void *value);

#endif
