/* Orders at the brokers that Redis does not know. Every worker asks the brokers when it begins with a Redis, and again
 * when that one was restarted or is another one: an empty Redis looks like a new one, but the broker remembers. What is
 * found halts all trading (lua/strangers.lua). */
#ifndef MUSTER_STRANGERS_H
#define MUSTER_STRANGERS_H

#include <stdbool.h>

struct broker;
struct strangers;
struct worker;

/* Never NULL. `worker` is borrowed. */
struct strangers *strangers_new(struct worker *worker);
void strangers_free(struct strangers *strangers); /* NULL is fine */

/* Redis can be used: calls worker_begin once every broker has answered or failed to, at once where this Redis was
 * looked at before. Brokers that failed to answer are asked again and again. */
void strangers_look(struct strangers *strangers);

/* Redis is gone. */
void strangers_pause(struct strangers *strangers);

/* Whether the broker has answered; before that no block is worked there. */
bool strangers_have_been_sought(const struct strangers *strangers, const struct broker *broker);

#endif
