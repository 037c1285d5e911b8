/* See broker_fixture.h. */
#include "tests/support/broker_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PATIENCE_US INT64_C(30000000)
#define TICK_US	    5000

/* The last answer that a say_ function waited for. */
static struct broker_said last;

static void ticked(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
}

struct broker_fixture *broker_fixture_new(void)
{
	struct broker_fixture *fixture = calloc(1, sizeof *fixture);
	assert_non_null(fixture);
	fixture->base = event_base_new();
	fixture->tick = event_new(fixture->base, -1, EV_PERSIST, ticked, NULL);
	event_add(fixture->tick, &(struct timeval){.tv_usec = TICK_US});
	snprintf(fixture->config.name, sizeof fixture->config.name, "paper");
	fixture->config.adapter = ADAPTER_ALPACA;
	fixture->config.timeout_ms = 20000;
	return fixture;
}

void broker_fixture_connect(struct broker_fixture *fixture, int port, const char *base_url)
{
	if (base_url)
		snprintf(fixture->config.base_url, sizeof fixture->config.base_url, "%s", base_url);
	else
		snprintf(fixture->config.base_url, sizeof fixture->config.base_url, "http://127.0.0.1:%d", port);
	fixture->client = http_client_new(fixture->base);
	fixture->broker = broker_new(fixture->base, fixture->client, &fixture->config);
}

void broker_fixture_free(struct broker_fixture *fixture)
{
	broker_free(fixture->broker);
	http_client_free(fixture->client);
	event_free(fixture->tick);
	event_base_free(fixture->base);
	free(fixture);
}

void broker_fixture_await(struct broker_fixture *fixture, const int *answers, int count)
{
	int64_t end_us = clock_monotonic_us() + PATIENCE_US;
	while (*answers < count) {
		if (clock_monotonic_us() > end_us)
			fail_msg("%d of %d answers came", *answers, count);
		event_base_loop(fixture->base, EVLOOP_ONCE);
	}
	assert_int_equal(*answers, count);
}

void broker_fixture_turn(struct broker_fixture *fixture, int64_t duration_ms)
{
	int64_t end_us = clock_monotonic_us() + duration_ms * 1000;
	while (clock_monotonic_us() < end_us)
		event_base_loop(fixture->base, EVLOOP_ONCE);
}

void broker_said_take(const struct broker_result *result, void *arg)
{
	struct broker_said *said = arg;
	assert_false(said->is_inside);
	said->answers++;
	said->result = *result;
}

void broker_said_take_fills(const struct broker_fill *fills, size_t count, const struct err *err, void *arg)
{
	struct broker_said *said = arg;
	assert_false(said->is_inside);
	said->answers++;
	said->result.outcome = err ? BROKER_AMBIGUOUS : BROKER_ACCEPTED;
	if (err)
		said->result.why = *err;
	said->fills = calloc(count + 1, sizeof *fills);
	assert_non_null(said->fills);
	if (count)
		memcpy(said->fills, fills, count * sizeof *fills);
	said->fill_count = count;
}

void broker_said_clear(struct broker_said *said)
{
	free(said->fills);
	*said = (struct broker_said){0};
}

static const struct broker_result *last_answer(struct broker_fixture *fixture)
{
	last.is_inside = false;
	broker_fixture_await(fixture, &last.answers, 1);
	return &last.result;
}

const struct broker_result *say_submit(struct broker_fixture *fixture, const struct broker_submit *order)
{
	last = (struct broker_said){.is_inside = true};
	fixture->broker->ops->submit(fixture->broker, order, broker_said_take, &last);
	return last_answer(fixture);
}

const struct broker_result *say_look_up(struct broker_fixture *fixture, const struct broker_submit *order)
{
	last = (struct broker_said){.is_inside = true};
	fixture->broker->ops->look_up(fixture->broker, order, broker_said_take, &last);
	return last_answer(fixture);
}

const struct broker_result *say_follow(struct broker_fixture *fixture, const char *id, int64_t since_ms)
{
	last = (struct broker_said){.is_inside = true};
	fixture->broker->ops->follow(fixture->broker, id, since_ms, broker_said_take, &last);
	return last_answer(fixture);
}

const struct broker_result *say_cancel(struct broker_fixture *fixture, const char *id)
{
	last = (struct broker_said){.is_inside = true};
	fixture->broker->ops->cancel(fixture->broker, id, broker_said_take, &last);
	return last_answer(fixture);
}

struct broker_said *say_fills(struct broker_fixture *fixture, const char *id, int64_t since_ms)
{
	last = (struct broker_said){.is_inside = true};
	fixture->broker->ops->fills(fixture->broker,
				    &(struct broker_fills_query){.broker_order_id = id, .since_ms = since_ms},
				    broker_said_take_fills, &last);
	(void)last_answer(fixture);
	return &last;
}
