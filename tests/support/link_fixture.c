/* The plumbing that every test of the link needs. */
#include "tests/support/link_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_US	  2000
#define WORDS_MAX 16

/* Hook: the link came up. */
static void on_up(struct redis_link *link, void *arg)
{
	struct link_fixture *fixture = arg;

	(void)link;
	fixture->ups++;
}

/* Hook: the link went down, or has another reason to be. */
static void on_down(struct redis_link *link, const struct err *why, void *arg)
{
	struct link_fixture *fixture = arg;

	(void)link;
	fixture->downs++;
	(void)snprintf(fixture->why, sizeof fixture->why, "%s", why->message);
}

/* Hook: a message. */
static void on_message(struct redis_link *link, const char *channel, const char *text, void *arg)
{
	struct link_fixture *fixture = arg;

	(void)link;
	fixture->messages++;
	(void)snprintf(fixture->channel, sizeof fixture->channel, "%s", channel);
	(void)snprintf(fixture->text, sizeof fixture->text, "%s", text);
}

static const struct redis_link_hooks hooks = {.up = on_up, .down = on_down, .message = on_message};

/* Nothing but a reason for the loop to return. */
static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
}

struct link_fixture *link_fixture_new(const char *const *options)
{
	struct link_fixture *fixture = calloc(1, sizeof *fixture);
	struct timeval tick = {0, TICK_US};

	if (!fixture)
		abort();
	(void)signal(SIGPIPE, SIG_IGN);
	fixture->server = redis_server_start_tcp(options);
	config_init(&fixture->config);
	(void)snprintf(fixture->config.redis.url, sizeof fixture->config.redis.url, "%s",
		       redis_server_url(fixture->server));
	fixture->config.redis.timeout_ms = 5000;
	fixture->base = event_base_new();
	fixture->tick = event_new(fixture->base, -1, EV_PERSIST, on_tick, NULL);
	(void)event_add(fixture->tick, &tick);
	return fixture;
}

void link_fixture_free(struct link_fixture *fixture)
{
	if (!fixture->passed)
		redis_server_print_log(fixture->server);
	redis_server_stop(fixture->replica);
	redis_server_stop(fixture->server);
	if (!fixture->passed)
		return; /* calls may be out, and what they would be answered to stood on the test's stack */
	redis_link_free(fixture->link);
	event_free(fixture->tick);
	event_base_free(fixture->base);
	free(fixture);
}

void link_fixture_connect(struct link_fixture *fixture, const char *channel)
{
	fixture->link = redis_link_new(fixture->base, &fixture->config, "test", channel, &hooks, fixture);
}

void link_fixture_turn(struct link_fixture *fixture)
{
	(void)event_base_loop(fixture->base, EVLOOP_ONCE);
}

void outcome_take(const redisReply *reply, const struct err *err, void *arg)
{
	struct outcome *outcome = arg;

	outcome->answers++;
	if ((reply == NULL) == (err == NULL))
		abort();
	if (err) {
		outcome->code = err->code;
		(void)snprintf(outcome->message, sizeof outcome->message, "%s", err->message);
		return;
	}
	outcome->code = ERR_NONE;
	outcome->type = reply->type;
	outcome->integer = reply_int(reply, -1);
	(void)snprintf(outcome->text, sizeof outcome->text, "%s", reply_text(reply));
}

void link_fixture_command(struct link_fixture *fixture, struct outcome *outcome, const char *command)
{
	char words[256];
	const char *argv[WORDS_MAX];
	int argc = 0;
	char *rest = NULL;

	(void)snprintf(words, sizeof words, "%s", command);
	for (char *word = strtok_r(words, " ", &rest); word && argc < WORDS_MAX; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	redis_link_command(fixture->link, argc, argv, outcome_take, outcome);
}
