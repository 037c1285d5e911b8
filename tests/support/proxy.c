/* One thread, one poll loop. Sockets block for writing: both ends are on this machine and read what they get. */
#include "tests/support/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/clock.h"

#define PAIRS_MAX  256
#define RULES_MAX  8
#define PIECE	   65536
#define US_A_MS	   1000
#define PER_MILLE  1000
#define LATE_GROWS 2

/* A rule in force. */
struct rule {
	struct proxy_rule is;
	uint64_t random;
	int struck;
};

/* One connection: to the program and to Redis. */
struct pair {
	int client, server; /* -1: the pair is free */
	bool will_cut, swallows;
	int64_t delay_us; /* of what comes back */
	char *late;	  /* what is held back */
	size_t late_length, late_size;
	int64_t late_until_us;
};

struct proxy {
	int listener, wake, port;
	char upstream[108];
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	bool is_over, wants_cut;
	struct rule rules[RULES_MAX];
	size_t rule_count;
	int struck;
	struct pair pairs[PAIRS_MAX]; /* the thread's own */
};

/* Ends the test program: nothing that follows could mean anything. */
static void give_up(const char *what)
{
	(void)fprintf(stderr, "proxy: %s (%s)\n", what, strerror(errno));
	abort();
}

/* The next of a row of numbers that depends on the seed alone (splitmix64). */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void pair_close(struct pair *pair)
{
	if (pair->client >= 0)
		(void)close(pair->client);
	if (pair->server >= 0)
		(void)close(pair->server);
	free(pair->late);
	*pair = (struct pair){.client = -1, .server = -1};
}

/* Passes all of it on; false where the other side is gone. */
static bool send_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		bytes += sent;
		length -= (size_t)sent;
	}
	return true;
}

/* Whether the rule wants this call. */
static bool rule_strikes(struct rule *rule, const char *bytes, size_t length)
{
	const char *on = rule->is.on;

	if (rule->is.times > 0 && rule->struck >= rule->is.times)
		return false;
	if (on && !memmem(bytes, length, on, strlen(on)))
		return false;
	return rule->is.per_mille == 0 || draw(&rule->random) % PER_MILLE < rule->is.per_mille;
}

/* The rule that strikes this call, counted; `found` is false where none does. */
static struct proxy_rule choose(struct proxy *proxy, const char *bytes, size_t length, bool *found)
{
	struct proxy_rule chosen = {0};

	*found = false;
	(void)pthread_mutex_lock(&proxy->lock);
	for (size_t i = 0; i < proxy->rule_count && !*found; i++) {
		if (!rule_strikes(&proxy->rules[i], bytes, length))
			continue;
		*found = true;
		proxy->rules[i].struck++;
		proxy->struck++;
		chosen = proxy->rules[i].is;
	}
	(void)pthread_mutex_unlock(&proxy->lock);
	return chosen;
}

/* The program has sent something. */
static void take_call(struct proxy *proxy, struct pair *pair)
{
	char piece[PIECE];
	ssize_t length = recv(pair->client, piece, sizeof piece, 0);
	struct proxy_rule rule;
	bool found;

	if (length <= 0) {
		pair_close(pair);
		return;
	}
	rule = choose(proxy, piece, (size_t)length, &found);
	if (found && rule.fault == PROXY_LOSE_CALL) {
		pair_close(pair);
		return;
	}
	if (found) {
		pair->will_cut = pair->will_cut || rule.fault == PROXY_CUT_REPLY;
		pair->swallows = pair->swallows || rule.fault == PROXY_SWALLOW_REPLY;
		pair->delay_us = rule.fault == PROXY_DELAY_REPLY ? rule.ms * US_A_MS : pair->delay_us;
	}
	if (!send_all(pair->server, piece, (size_t)length))
		pair_close(pair);
}

/* Puts what came from Redis aside. */
static void hold_back(struct pair *pair, const char *piece, size_t length)
{
	if (pair->late_length == 0)
		pair->late_until_us = clock_monotonic_us() + pair->delay_us;
	if (pair->late_length + length > pair->late_size) {
		pair->late_size = LATE_GROWS * (pair->late_length + length);
		pair->late = realloc(pair->late, pair->late_size);
		if (!pair->late)
			abort();
	}
	memcpy(pair->late + pair->late_length, piece, length);
	pair->late_length += length;
}

/* Redis has sent something. */
static void take_reply(struct pair *pair)
{
	char piece[PIECE];
	ssize_t length = recv(pair->server, piece, sizeof piece, 0);

	if (length <= 0 || pair->will_cut)
		pair_close(pair);
	else if (pair->swallows)
		return;
	else if (pair->delay_us > 0 || pair->late_length > 0)
		hold_back(pair, piece, (size_t)length);
	else if (!send_all(pair->client, piece, (size_t)length))
		pair_close(pair);
}

/* Delivers what was held back long enough. */
static void deliver_late(struct pair *pair, int64_t now_us)
{
	size_t length = pair->late_length;

	if (length == 0 || now_us < pair->late_until_us)
		return;
	pair->late_length = 0;
	pair->delay_us = 0;
	if (!send_all(pair->client, pair->late, length))
		pair_close(pair);
}

/* A connection to Redis, or -1. */
static int connect_upstream(const struct proxy *proxy)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, proxy->upstream, sizeof proxy->upstream);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

/* A program connects. Without Redis behind us it is turned away, as Redis's own port would. */
static void take_connection(struct proxy *proxy)
{
	int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);
	int server = client < 0 ? -1 : connect_upstream(proxy);

	for (size_t i = 0; server >= 0 && i < PAIRS_MAX; i++) {
		if (proxy->pairs[i].client >= 0)
			continue;
		proxy->pairs[i] = (struct pair){.client = client, .server = server};
		return;
	}
	if (server >= 0)
		(void)close(server);
	if (client >= 0)
		(void)close(client);
}

/* What all wait for; returns how long at most, in milliseconds. */
static int list_sockets(struct proxy *proxy, struct pollfd *fds)
{
	int64_t now_us = clock_monotonic_us(), wait_us = -1;

	fds[0] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = proxy->wake, .events = POLLIN};
	for (size_t i = 0; i < PAIRS_MAX; i++) {
		struct pair *pair = &proxy->pairs[i];
		int64_t left_us = pair->late_until_us > now_us ? pair->late_until_us - now_us : 0;

		fds[2 + 2 * i] = (struct pollfd){.fd = pair->client, .events = POLLIN};
		fds[3 + 2 * i] = (struct pollfd){.fd = pair->server, .events = POLLIN};
		if (pair->late_length > 0 && (wait_us < 0 || left_us < wait_us))
			wait_us = left_us;
	}
	return wait_us < 0 ? -1 : (int)(wait_us / US_A_MS) + 1;
}

/* Looks after one pair: first what comes back, so that a call does not share the fate of one before it. */
static void serve_pair(struct proxy *proxy, struct pair *pair, const struct pollfd *fds)
{
	deliver_late(pair, clock_monotonic_us());
	if (pair->server >= 0 && fds[1].fd == pair->server && fds[1].revents)
		take_reply(pair);
	if (pair->client >= 0 && fds[0].fd == pair->client && fds[0].revents)
		take_call(proxy, pair);
}

/* What the test wants of the thread; false: to end. */
static bool heed_wishes(struct proxy *proxy)
{
	uint64_t count;
	bool is_over, wants_cut;

	if (read(proxy->wake, &count, sizeof count) < 0 && errno != EAGAIN)
		give_up("cannot read an eventfd");
	(void)pthread_mutex_lock(&proxy->lock);
	is_over = proxy->is_over;
	wants_cut = proxy->wants_cut;
	proxy->wants_cut = false;
	(void)pthread_mutex_unlock(&proxy->lock);
	for (size_t i = 0; wants_cut && i < PAIRS_MAX; i++)
		pair_close(&proxy->pairs[i]);
	return !is_over;
}

/* The thread. */
static void *run(void *arg)
{
	struct proxy *proxy = arg;
	struct pollfd fds[2 + 2 * PAIRS_MAX];

	while (heed_wishes(proxy)) {
		if (poll(fds, sizeof fds / sizeof fds[0], list_sockets(proxy, fds)) < 0 && errno != EINTR)
			give_up("cannot poll");
		for (size_t i = 0; i < PAIRS_MAX; i++)
			serve_pair(proxy, &proxy->pairs[i], &fds[2 + 2 * i]);
		if (fds[0].revents)
			take_connection(proxy);
	}
	return NULL;
}

static void wake(struct proxy *proxy)
{
	const uint64_t one = 1;

	if (write(proxy->wake, &one, sizeof one) != sizeof one)
		give_up("cannot write an eventfd");
}

/* Opens the port. */
static void listen_on_free_port(struct proxy *proxy)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;

	proxy->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (proxy->listener < 0 || bind(proxy->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(proxy->listener, SOMAXCONN) != 0 ||
	    getsockname(proxy->listener, (struct sockaddr *)&address, &length) != 0)
		give_up("cannot listen");
	proxy->port = ntohs(address.sin_port);
}

struct proxy *proxy_start(const char *upstream)
{
	struct proxy *proxy = calloc(1, sizeof *proxy);

	if (!proxy || strlen(upstream) >= sizeof proxy->upstream)
		abort();
	(void)snprintf(proxy->upstream, sizeof proxy->upstream, "%s", upstream);
	for (size_t i = 0; i < PAIRS_MAX; i++)
		proxy->pairs[i].client = proxy->pairs[i].server = -1;
	proxy->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	listen_on_free_port(proxy);
	if (proxy->wake < 0 || pthread_mutex_init(&proxy->lock, NULL) != 0 ||
	    pthread_create(&proxy->thread, NULL, run, proxy) != 0)
		give_up("cannot start");
	return proxy;
}

void proxy_stop(struct proxy *proxy)
{
	if (!proxy)
		return;
	(void)pthread_mutex_lock(&proxy->lock);
	proxy->is_over = true;
	(void)pthread_mutex_unlock(&proxy->lock);
	wake(proxy);
	(void)pthread_join(proxy->thread, NULL);
	for (size_t i = 0; i < PAIRS_MAX; i++)
		pair_close(&proxy->pairs[i]);
	(void)close(proxy->listener);
	(void)close(proxy->wake);
	(void)pthread_mutex_destroy(&proxy->lock);
	free(proxy);
}

int proxy_port(const struct proxy *proxy)
{
	return proxy->port;
}

void proxy_set(struct proxy *proxy, const struct proxy_rule *rules, size_t count)
{
	if (count > RULES_MAX)
		abort();
	(void)pthread_mutex_lock(&proxy->lock);
	for (size_t i = 0; i < count; i++)
		proxy->rules[i] = (struct rule){.is = rules[i], .random = rules[i].seed};
	proxy->rule_count = count;
	proxy->struck = 0;
	(void)pthread_mutex_unlock(&proxy->lock);
}

int proxy_struck(struct proxy *proxy)
{
	int struck;

	(void)pthread_mutex_lock(&proxy->lock);
	struck = proxy->struck;
	(void)pthread_mutex_unlock(&proxy->lock);
	return struck;
}

void proxy_cut_all(struct proxy *proxy)
{
	(void)pthread_mutex_lock(&proxy->lock);
	proxy->wants_cut = true;
	(void)pthread_mutex_unlock(&proxy->lock);
	wake(proxy);
}
