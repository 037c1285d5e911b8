/* An adapter under test with its event loop, and what became of its calls. */
#ifndef MUSTER_TEST_BROKER_FIXTURE_H
#define MUSTER_TEST_BROKER_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/clock.h"
#include "shared/config.h"
#include "worker/broker.h"
#include "worker/http_client.h"

struct broker_fixture {
	struct event_base *base;
	struct event *tick; /* so that a wait looks at its condition again */
	struct config_broker config;
	struct http_client *client;
	struct broker *broker;
	void *own; /* the test's */
};

/* What became of one call. */
struct broker_said {
	struct broker_fixture *fixture;
	int answers;
	bool is_inside; /* set around the call: an answer then is one from inside */
	struct broker_result result;
	struct broker_fill *fills;
	size_t fill_count;
};

/* Nothing is called yet; `timeout_ms` is 2000. */
struct broker_fixture *broker_fixture_new(void);
void broker_fixture_free(struct broker_fixture *fixture);

/* Makes the client and the adapter for "http://127.0.0.1:port", or for `base_url` where that is not NULL. */
void broker_fixture_connect(struct broker_fixture *fixture, int port, const char *base_url);

/* Turns the loop until `*answers` is `count`; fails the test after 30 s. */
void broker_fixture_await(struct broker_fixture *fixture, const int *answers, int count);

/* Turns the loop for a while. */
void broker_fixture_turn(struct broker_fixture *fixture, int64_t duration_ms);

/* The functions that take answers; `arg` is a struct broker_said. */
broker_fn broker_said_take;
broker_fills_fn broker_said_take_fills;
void broker_said_clear(struct broker_said *said);

/* Each calls and waits for the answer. */
const struct broker_result *say_submit(struct broker_fixture *fixture, const struct broker_submit *order);
const struct broker_result *say_look_up(struct broker_fixture *fixture, const struct broker_submit *order);
const struct broker_result *say_follow(struct broker_fixture *fixture, const char *id, int64_t since_ms);
const struct broker_result *say_cancel(struct broker_fixture *fixture, const char *id);
/* The caller clears it. */
struct broker_said *say_fills(struct broker_fixture *fixture, const char *id, int64_t since_ms);

#endif
