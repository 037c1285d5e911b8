/* See broker.h. */
#include "worker/broker.h"

#include <assert.h>

#include "worker/alpaca.h"

typedef struct broker *new_fn(struct event_base *base, struct http_client *client, const struct config_broker *config);

static new_fn *const adapters[] = {
    [ADAPTER_ALPACA] = alpaca_new,
};

struct broker *broker_new(struct event_base *base, struct http_client *client, const struct config_broker *config)
{
	/* The configuration lets no other through. */
	assert(config->adapter < sizeof adapters / sizeof *adapters && adapters[config->adapter]);
	return adapters[config->adapter](base, client, config);
}

void broker_free(struct broker *broker)
{
	if (broker)
		broker->ops->free(broker);
}
