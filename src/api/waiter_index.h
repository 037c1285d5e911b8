/* Who waits for what: waiters under the words of the message that they wait for ("block ID", "window ID"). */
#ifndef MUSTER_API_WAITER_INDEX_H
#define MUSTER_API_WAITER_INDEX_H

#include <stddef.h>

#include <sys/queue.h>

/* One waiter under one key. */
struct watch {
	LIST_ENTRY(watch) in_bucket;
	LIST_ENTRY(watch) in_owner;
	void *owner;
	char key[];
};

LIST_HEAD(watch_list, watch);

struct waiter_index;

struct waiter_index *waiter_index_new(void);

/* Only once it is empty. NULL is fine. */
void waiter_index_free(struct waiter_index *index);

/* Lists `owner` under `key`, and the watch in the owner's own list. */
void waiter_index_add(struct waiter_index *index, const char *key, void *owner, struct watch_list *own);

/* Takes a watch out of both lists and frees it. */
void waiter_index_remove(struct waiter_index *index, struct watch *watch);

/* Calls `fn` for each watch under the key; from inside, that watch may be removed, and no other. */
typedef void waiter_index_fn(struct watch *watch, void *arg);
void waiter_index_tell(struct waiter_index *index, const char *key, waiter_index_fn *fn, void *arg);

#endif
