/* Memory of one pass: everything that is read lives until the pass ends and goes at once, so that nothing of it needs
 * an owner. Out of memory aborts. */
#ifndef MUSTER_AUDIT_ARENA_H
#define MUSTER_AUDIT_ARENA_H

#include <stddef.h>

struct audit_arena;

struct audit_arena *audit_arena_new(void);
void audit_arena_free(struct audit_arena *arena);

/* Zeroed, aligned for any type. */
void *audit_arena_take(struct audit_arena *arena, size_t size);

/* A copy. */
const char *audit_arena_text(struct audit_arena *arena, const char *text);

/* Pointers in the order in which they were added. Zeroed is empty. */
struct audit_list {
	void **items;
	size_t count, capacity;
};

void audit_list_add(struct audit_list *list, struct audit_arena *arena, void *item);

#endif
