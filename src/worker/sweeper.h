/* Takes what has expired out of the indexes, a little each second, whichever worker it is. */
#ifndef MUSTER_SWEEPER_H
#define MUSTER_SWEEPER_H

struct sweeper;
struct worker;

/* Idle until sweeper_go. Never NULL. `worker` is borrowed. */
struct sweeper *sweeper_new(struct worker *worker);
void sweeper_free(struct sweeper *sweeper);

/* Redis is there: sweep from now on. */
void sweeper_go(struct sweeper *sweeper);

/* Redis is gone, or the worker drains. */
void sweeper_pause(struct sweeper *sweeper);

#endif
