/* A host's clock may be an hour off, and Redis's may be moved: so the one is never asked, and the other again and
 * again. */
#include "api/redis_time.h"

#include <stdbool.h>
#include <stdlib.h>

#include "shared/clock.h"

#define US_A_MS	    1000
#define MS_A_SECOND 1000

struct redis_time {
	struct redis_link *read;
	struct event *tick;
	bool is_out;
	int64_t sent_us;
	int64_t ahead_ms; /* Redis's clock less the monotonic one */
	bool is_known;
};

/* The reply of TIME: seconds and microseconds. It was true somewhere between the call and now. */
static void on_time(const redisReply *reply, const struct err *err, void *arg)
{
	struct redis_time *redis_time = arg;
	int64_t middle_us = (redis_time->sent_us + clock_monotonic_us()) / 2;

	redis_time->is_out = false;
	if (err)
		return;
	redis_time->ahead_ms = reply_int(reply_at(reply, 0), 0) * MS_A_SECOND +
			       reply_int(reply_at(reply, 1), 0) / US_A_MS - middle_us / US_A_MS;
	redis_time->is_known = true;
}

void redis_time_ask(struct redis_time *redis_time)
{
	const char *argv[] = {"TIME"};

	if (redis_time->is_out || !redis_link_is_up(redis_time->read))
		return;
	redis_time->is_out = true;
	redis_time->sent_us = clock_monotonic_us();
	redis_link_command(redis_time->read, 1, argv, on_time, redis_time);
}

/* The timer. */
static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	redis_time_ask(arg);
}

struct redis_time *redis_time_new(struct event_base *base, struct redis_link *read)
{
	static const struct timeval second = {1, 0};
	struct redis_time *redis_time = calloc(1, sizeof *redis_time);

	if (!redis_time)
		abort();
	redis_time->read = read;
	redis_time->tick = event_new(base, -1, EV_PERSIST, on_tick, redis_time);
	if (!redis_time->tick || event_add(redis_time->tick, &second) != 0)
		abort();
	return redis_time;
}

void redis_time_free(struct redis_time *redis_time)
{
	if (!redis_time)
		return;
	event_free(redis_time->tick);
	free(redis_time);
}

int64_t redis_time_now_ms(const struct redis_time *redis_time)
{
	return redis_time->is_known ? clock_monotonic_us() / US_A_MS + redis_time->ahead_ms : 0;
}
