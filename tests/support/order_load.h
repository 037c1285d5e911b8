/* A load of orders for tests in which Redis or the API misbehaves: each order has its own Idempotency-Key, so that it
 * can be sent until it is accepted. */
#ifndef MUSTER_TEST_ORDER_LOAD_H
#define MUSTER_TEST_ORDER_LOAD_H

#include "tests/support/stack.h"

/* Sends order `i` to API `i` modulo the number of APIs. */
const struct http_reply *order_load_send(struct stack *stack, int i);

/* The code of a reply that must be a 503 as it should be: redis_unavailable or outcome_unknown. */
const char *order_load_refusal(const struct http_reply *reply);

/* Sends it again under its key until it is accepted; only 503 may come before. */
void order_load_accept(struct stack *stack, int i);

/* Whether sending it now gives outcome_unknown (else redis_unavailable). */
bool order_load_is_unknown(struct stack *stack, int i);

/* How many orders are stored, whatever became of them. */
int64_t order_load_stored(struct stack *stack);

#endif
