/* A link under test with its own Redis and event loop, and what the test wants to know about it. */
#ifndef MUSTER_TEST_LINK_FIXTURE_H
#define MUSTER_TEST_LINK_FIXTURE_H

#include <stdbool.h>

#include <event2/event.h>

#include "shared/clock.h"
#include "shared/config.h"
#include "shared/redis_link.h"
#include "tests/support/redis_server.h"

#define LINK_FIXTURE_PATIENCE_US INT64_C(30000000)

struct link_fixture {
	struct event_base *base;
	struct event *tick; /* so that a wait looks at its condition again */
	struct config config;
	struct redis_server *server;
	struct redis_server *replica; /* NULL where the test starts none */
	struct redis_link *link;
	int ups, downs, messages;
	char why[480]; /* of the last `down` */
	char channel[64], text[64];
	bool passed; /* set at the end of a test; otherwise the server's log is printed */
};

/* What became of one call. */
struct outcome {
	int answers;
	enum err_code code;
	char message[480];
	int type;
	int64_t integer;
	char text[64];
};

/* Starts Redis with these options (see redis_server_start) on socket and port; strict, 5 s patience, no link yet. */
struct link_fixture *link_fixture_new(const char *const *options);
void link_fixture_free(struct link_fixture *fixture);

/* Makes the link; `channel` may be NULL. */
void link_fixture_connect(struct link_fixture *fixture, const char *channel);

/* One turn of the loop, at most a few milliseconds. */
void link_fixture_turn(struct link_fixture *fixture);

/* The reply function of an outcome. */
void outcome_take(const redisReply *reply, const struct err *err, void *arg);

/* Calls `command` (words separated by blanks). */
void link_fixture_command(struct link_fixture *fixture, struct outcome *outcome, const char *command);

/* Turns the loop until the condition is true; fails the test where it never becomes so. */
#define WAIT_FOR(fixture, condition)                                                                                   \
	do {                                                                                                           \
		int64_t end_us = clock_monotonic_us() + LINK_FIXTURE_PATIENCE_US;                                      \
		while (!(condition)) {                                                                                 \
			if (clock_monotonic_us() > end_us)                                                             \
				fail_msg("never came true: %s (last reason: %s)", #condition, (fixture)->why);         \
			link_fixture_turn(fixture);                                                                    \
		}                                                                                                      \
	} while (0)

#endif
