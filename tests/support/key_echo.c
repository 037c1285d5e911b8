/* See key_echo.h. */
#include "tests/support/key_echo.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "tests/support/hostile_broker.h"

#define LOOK_US	  10000
#define TEXT_SIZE 2048

struct key_echo {
	const struct key_echo_keys *keys;
	struct event_base *base;
	struct event *look; /* whether it is to end */
	struct hostile_broker *hostile;
	pthread_t thread;
	atomic_bool is_over;
	atomic_size_t right[KEY_ECHO_PATHS], wrong;
};

static const struct {
	const char *path, *headers;
	int status, code;
} ways[KEY_ECHO_PATHS] = {
    [KEY_ECHO_REJECTS] = {" /rejects/v2/", "", 422, 42210000},
    [KEY_ECHO_REFUSES] = {" /refuses/v2/", "", 401, 40110000},
    [KEY_ECHO_REDIRECTS] = {" /redirects/v2/", "Location: /elsewhere/v2/orders\r\n", 307, 0},
};

/* The value of a header of the request, as it could stand in JSON. */
static void header_of(const char *request, const char *name, char *text)
{
	const char *at = strstr(request, name);

	for (at = at ? at + strlen(name) : ""; *at && *at != '\r'; at++) {
		if (*at == '/')
			*text++ = '\\';
		*text++ = *at;
	}
	*text = '\0';
}

/* Whether the request has these keys, in these headers. */
static bool has_keys(const char *request, const struct key_echo_keys *keys)
{
	char lines[2][TEXT_SIZE / 2];

	(void)snprintf(lines[0], sizeof lines[0], "\r\nAPCA-API-KEY-ID: %s\r\n", keys->id);
	(void)snprintf(lines[1], sizeof lines[1], "\r\nAPCA-API-SECRET-KEY: %s\r\n", keys->secret);
	return strstr(request, lines[0]) && strstr(request, lines[1]);
}

/* Answers one request with its keys. */
static char *repeat_keys(const char *request, void *arg)
{
	struct key_echo *echo = arg;
	char id[TEXT_SIZE / 4], secret[TEXT_SIZE / 4], body[TEXT_SIZE];
	size_t way = 0;

	while (way < KEY_ECHO_PATHS && !strstr(request, ways[way].path))
		way++;
	if (way == KEY_ECHO_PATHS || !has_keys(request, &echo->keys[way])) {
		atomic_fetch_add(&echo->wrong, 1);
		return hostile_reply(500, "", "{\"message\":\"not for me\"}");
	}
	if (way != KEY_ECHO_REFUSES && strstr(request, "/v2/orders?"))
		return hostile_reply(200, "", "[]");
	atomic_fetch_add(&echo->right[way], 1);
	header_of(request, "\r\nAPCA-API-KEY-ID: ", id);
	header_of(request, "\r\nAPCA-API-SECRET-KEY: ", secret);
	(void)snprintf(body, sizeof body, "{\"code\":%d,\"message\":\"%s:%s may not\",\"reject_reason\":\"of %s\"}",
		       ways[way].code, id, secret, secret);
	return hostile_reply(ways[way].status, ways[way].headers, body);
}

static void look(evutil_socket_t fd, short what, void *arg)
{
	struct key_echo *echo = arg;

	(void)fd, (void)what;
	if (atomic_load(&echo->is_over))
		(void)event_base_loopbreak(echo->base);
}

static void *run(void *arg)
{
	struct key_echo *echo = arg;

	(void)event_base_dispatch(echo->base);
	return NULL;
}

struct key_echo *key_echo_start(const struct key_echo_keys *keys)
{
	struct key_echo *echo = calloc(1, sizeof *echo);

	if (!echo || !(echo->base = event_base_new()))
		abort();
	echo->keys = keys;
	echo->hostile = hostile_broker_new(echo->base);
	hostile_broker_ask(echo->hostile, repeat_keys, echo);
	echo->look = event_new(echo->base, -1, EV_PERSIST, look, echo);
	if (!echo->look || event_add(echo->look, &(struct timeval){.tv_usec = LOOK_US}) != 0 ||
	    pthread_create(&echo->thread, NULL, run, echo) != 0)
		abort();
	return echo;
}

void key_echo_stop(struct key_echo *echo)
{
	if (!echo)
		return;
	atomic_store(&echo->is_over, true);
	(void)pthread_join(echo->thread, NULL);
	hostile_broker_free(echo->hostile);
	event_free(echo->look);
	event_base_free(echo->base);
	free(echo);
}

int key_echo_port(const struct key_echo *echo)
{
	return hostile_broker_port(echo->hostile);
}

size_t key_echo_right(const struct key_echo *echo, enum key_echo_path path)
{
	return atomic_load(&echo->right[path]);
}

size_t key_echo_wrong(const struct key_echo *echo)
{
	return atomic_load(&echo->wrong);
}
