/* A map from text to things. The keys are borrowed and live inside the things; nothing is ever taken out, because an
 * order id that was given once is known for ever. */
#ifndef MUSTER_PAPER_MAP_H
#define MUSTER_PAPER_MAP_H

#include <stddef.h>

struct paper_map;

struct paper_map *paper_map_new(void);
void paper_map_free(struct paper_map *map);

/* NULL where the key is not there. */
void *paper_map_get(const struct paper_map *map, const char *key);

/* The key must not be there yet. */
void paper_map_put(struct paper_map *map, const char *key, void *thing);

#endif
