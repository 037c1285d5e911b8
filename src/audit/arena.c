/* See arena.h. Chunks are never moved, so that pointers into them stay good. */
#include "audit/arena.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE ((size_t)256 * 1024)
#define ALIGNMENT  16

struct chunk {
	struct chunk *next;
	size_t used, size;
};

/* Where a chunk's memory begins: its head takes whole units of the alignment. */
#define CHUNK_HEAD ((sizeof(struct chunk) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)

struct audit_arena {
	struct chunk *chunks; /* the newest first */
};

/* Adds a chunk with room for at least `size` bytes. */
static void add_chunk(struct audit_arena *arena, size_t size)
{
	size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
	struct chunk *chunk = calloc(1, CHUNK_HEAD + room);

	if (!chunk)
		abort();
	chunk->size = room;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
}

struct audit_arena *audit_arena_new(void)
{
	struct audit_arena *arena = calloc(1, sizeof *arena);

	if (!arena)
		abort();
	return arena;
}

void audit_arena_free(struct audit_arena *arena)
{
	if (!arena)
		return;
	while (arena->chunks) {
		struct chunk *next = arena->chunks->next;

		free(arena->chunks);
		arena->chunks = next;
	}
	free(arena);
}

void *audit_arena_take(struct audit_arena *arena, size_t size)
{
	size_t whole = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	char *memory;

	if (!arena->chunks || arena->chunks->size - arena->chunks->used < whole)
		add_chunk(arena, whole);
	memory = (char *)arena->chunks + CHUNK_HEAD + arena->chunks->used;
	arena->chunks->used += whole;
	return memory;
}

const char *audit_arena_text(struct audit_arena *arena, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy;

	if (size == 1)
		return "";
	copy = audit_arena_take(arena, size);
	memcpy(copy, text, size);
	return copy;
}

void audit_list_add(struct audit_list *list, struct audit_arena *arena, void *item)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 4;
		void **items = audit_arena_take(arena, capacity * sizeof *items);

		if (list->count)
			memcpy(items, list->items, list->count * sizeof *items);
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = item;
}
