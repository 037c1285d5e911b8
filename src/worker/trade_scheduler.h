/* The trade scheduler: seals windows the moment they fall due and claims the blocks that need a worker, for ever.
 *
 * Any number of workers do the same at the same time; the scripts decide who gets what. Times come from Redis as "in so
 * many ms", so this host's clock has no say in when a window is due. */
#ifndef MUSTER_TRADE_SCHEDULER_H
#define MUSTER_TRADE_SCHEDULER_H

#include <stdbool.h>
#include <stdint.h>

struct worker;
struct trade_scheduler;

/* Does nothing until told to go. Never NULL. */
struct trade_scheduler *trade_scheduler_new(struct worker *worker);

/* NULL is fine. */
void trade_scheduler_free(struct trade_scheduler *scheduler);

/* Redis can be used: names the deployment where that has no name, then seals and claims. */
void trade_scheduler_go(struct trade_scheduler *scheduler);

/* Redis cannot be used, or the worker drains: nothing is sealed or claimed until told to go again. */
void trade_scheduler_pause(struct trade_scheduler *scheduler);

/* Something may be due before its time: looks at once. Many calls in one turn of the loop are one look. */
void trade_scheduler_wake(struct trade_scheduler *scheduler);

/* A block will be due in that time. */
void trade_scheduler_expect(struct trade_scheduler *scheduler, int64_t in_ms);

/* There is room in hand for another block. */
void trade_scheduler_has_room(struct trade_scheduler *scheduler);

/* No claim is out that could still bring blocks. */
bool trade_scheduler_is_quiet(const struct trade_scheduler *scheduler);

#endif
