/* The adapter for the Alpaca Trading API v2, which muster-paper speaks too.
 *
 * A client_order_id that Alpaca has seen once is refused for ever, so a submit may be repeated with the same id, and
 * submits may use kept connections. */
#ifndef MUSTER_ALPACA_H
#define MUSTER_ALPACA_H

#include "worker/broker.h"

/* Never NULL. `client` and `config` are borrowed for its life. */
struct broker *alpaca_new(struct event_base *base, struct http_client *client, const struct config_broker *config);

#endif
