/* What is asked of Redis before a link is up, and every few seconds while it is: log in, choose the database, and make
 * sure that this is a Redis that keeps what it is given. A table of steps, taken one at a time. */
#include "shared/redis_link_private.h"

#include <stdio.h>
#include <string.h>

#include "shared/log.h"
#include "shared/redis_check.h"

#define CHECK_MS 5000

/* One step on the way to up. `send` returns false where the step is not needed; `take` judges the reply. */
struct step {
	bool (*send)(struct redis_link *link);
	bool (*take)(struct redis_link *link, const redisReply *reply, const struct err *refusal, struct err *err);
};

static void on_step(const redisReply *reply, const struct err *err, void *arg);

/* Says something that an operator should know although the link can work. */
static void warn(const struct redis_link *link, const char *what)
{
	log_event(LOG_WARN, "redis_warning", "link", link->name, "redis", link->place, "what", what, NULL);
}

/* AUTH, where the URL has a login. */
static bool send_auth(struct redis_link *link)
{
	const char *with_user[] = {"AUTH", link->url.user, link->url.password};
	const char *without_user[] = {"AUTH", link->url.password};

	if (!link->url.has_login)
		return false;
	if (link->url.user[0])
		redis_call_internal(link, 3, with_user, on_step);
	else
		redis_call_internal(link, 2, without_user, on_step);
	return true;
}

/* SELECT, where it is not database 0. */
static bool send_select(struct redis_link *link)
{
	char number[16];
	const char *argv[] = {"SELECT", number};

	if (!link->url.database)
		return false;
	(void)snprintf(number, sizeof number, "%u", link->url.database);
	redis_call_internal(link, 2, argv, on_step);
	return true;
}

/* A reply that must not be an error. */
static bool take_ok(struct redis_link *link, const redisReply *reply, const struct err *refusal, struct err *err)
{
	(void)link;
	return reply || err_set(err, ERR_REDIS_UNAVAILABLE, "%s", refusal->message);
}

/* The reply to AUTH. */
static bool take_auth(struct redis_link *link, const redisReply *reply, const struct err *refusal, struct err *err)
{
	if (take_ok(link, reply, refusal, err))
		return true;
	redis_url_clean(&link->url, err->message);
	return false;
}

/* The name is for people who look at CLIENT LIST. */
static bool send_name(struct redis_link *link)
{
	char name[96];
	const char *argv[] = {"CLIENT", "SETNAME", name};

	(void)snprintf(name, sizeof name, "%s-%s", link->config->redis.prefix, link->name);
	redis_call_internal(link, 3, argv, on_step);
	return true;
}

/* A reply that changes nothing. */
static bool take_anything(struct redis_link *link, const redisReply *reply, const struct err *refusal, struct err *err)
{
	(void)link, (void)reply, (void)refusal, (void)err;
	return true;
}

/* INFO: role, persistence, memory, version. */
static bool send_info(struct redis_link *link)
{
	const char *argv[] = {"INFO"};

	redis_call_internal(link, 1, argv, on_step);
	return true;
}

/* Refuses, or with `relaxed` warns about, a Redis that could forget orders. */
static bool take_info(struct redis_link *link, const redisReply *reply, const struct err *refusal, struct err *err)
{
	const char *info = reply_text(reply);
	char role[16];
	struct err unsafe = {.code = ERR_NONE};

	if (!take_ok(link, reply, refusal, err) || !redis_check_usable(info, err))
		return false;
	link->is_master = strcmp(redis_check_field(info, "role", role, sizeof role), "master") == 0;
	(void)redis_check_field(info, "master_replid", link->replid, sizeof link->replid);
	link->is_unfit = !redis_check_durable(info, &unsafe);
	if (link->is_unfit) {
		if (link->config->redis.durability == DURABILITY_STRICT)
			return err_set(err, unsafe.code, "%s", unsafe.message);
		if (strcmp(unsafe.message, link->durable_warned.message) != 0)
			warn(link, unsafe.message);
	}
	link->durable_warned = unsafe;
	return true;
}

/* CONFIG GET appendfsync: INFO does not tell it. */
static bool send_fsync(struct redis_link *link)
{
	const char *argv[] = {"CONFIG", "GET", "appendfsync"};

	if (link->fsync_is_secret)
		return false;
	redis_call_internal(link, 3, argv, on_step);
	return true;
}

/* Warns once of a setting that can lose something. Managed services refuse CONFIG: that is no reason to stop. */
static bool take_fsync(struct redis_link *link, const redisReply *reply, const struct err *refusal, struct err *err)
{
	const char *setting = reply_text(reply_at(reply, 1));
	const char *risk = redis_check_fsync_risk(setting);

	(void)refusal, (void)err;
	link->fsync_is_secret = reply == NULL;
	if (risk && strcmp(setting, link->fsync_warned) != 0)
		warn(link, risk);
	(void)snprintf(link->fsync_warned, sizeof link->fsync_warned, "%s", setting);
	return true;
}

/* EVAL of generation.lua: no EVALSHA, so that a flushed script cannot hold up the way to up. */
static bool send_generation(struct redis_link *link)
{
	const char *argv[4 + GENERATION_ARGS] = {"EVAL", script_get(SCRIPT_GENERATION)->text, "1", link->tag};

	if (!link->generation_kept)
		return false;
	redis_generation_args(link->generation_kept, argv + 4);
	redis_call_internal(link, 4 + GENERATION_ARGS, argv, on_step);
	return true;
}

/* Where history cannot be told it is not to be built upon. A replica that `relaxed` lets pass takes no writes anyway.
 */
static bool take_generation(struct redis_link *link, const redisReply *reply, const struct err *refusal,
			    struct err *err)
{
	if (!reply && !link->is_master)
		return true;
	if (!reply)
		return err_set(err, ERR_REDIS_UNAVAILABLE, "whether it has lost its history cannot be told: %s",
			       refusal->message);
	if (redis_generation_take(link->generation_kept, reply) && link->state == LINK_UP && link->hooks->history)
		link->hooks->history(link, link->arg);
	return true;
}

/* What comes on a link that listens: that the subscription stands, and messages. */
static void on_message(redisAsyncContext *context, void *answer, void *privdata)
{
	struct redis_link *link = context->data;
	const char *kind = reply_text(reply_at(answer, 0));

	(void)privdata;
	if (!link || !answer)
		return;
	if (strcmp(kind, "subscribe") == 0)
		redis_link_come_up(link);
	else if (strcmp(kind, "message") == 0 && link->hooks->message)
		link->hooks->message(link, reply_text(reply_at(answer, 1)), reply_text(reply_at(answer, 2)), link->arg);
}

/* SUBSCRIBE, on a link that listens. It is no call: hiredis keeps its callback for the life of the connection. */
static bool send_subscribe(struct redis_link *link)
{
	if (!link->channel)
		return false;
	redis_link_set_timer(link->patience, link->config->redis.timeout_ms);
	(void)redisAsyncCommand(link->context, on_message, NULL, "SUBSCRIBE %s", link->channel);
	return true;
}

static const struct step steps[] = {
    {send_auth, take_auth}, {send_select, take_ok},   {send_name, take_anything},
    {send_info, take_info}, {send_fsync, take_fsync}, {send_generation, take_generation},
    {send_subscribe, NULL},
};

#define STEP_COUNT	 (sizeof steps / sizeof steps[0])
#define STEP_FIRST_CHECK 3 /* send_info */

void redis_steps_plan_check(struct redis_link *link)
{
	redis_link_set_timer(link->check, link->wants_check ? 0 : CHECK_MS);
}

/* Sends the next step that is needed; after the last one the link is up, or its standing check is over. */
static void advance(struct redis_link *link)
{
	while (link->step < STEP_COUNT && !steps[link->step].send(link))
		link->step++;
	if (link->step < STEP_COUNT)
		return;
	link->is_checking = false;
	if (link->state == LINK_CHECKING)
		redis_link_come_up(link);
	else
		redis_steps_plan_check(link);
}

/* The reply to a step. */
static void on_step(const redisReply *reply, const struct err *refusal, void *arg)
{
	struct redis_link *link = arg;
	struct err err;

	if (refusal && refusal->code == ERR_OUTCOME_UNKNOWN)
		return; /* the connection is gone; that is looked after where it was noticed */
	if (!steps[link->step].take(link, reply, refusal, &err)) {
		link->is_checking = false;
		if (link->state == LINK_CHECKING)
			redis_link_drop(link, err.message);
		else if (link->state == LINK_UP)
			redis_link_condemn(link, err.message);
		return;
	}
	link->step++;
	if (link->state != LINK_DRAINING)
		advance(link);
}

void redis_steps_on_check(evutil_socket_t fd, short what, void *arg)
{
	struct redis_link *link = arg;

	(void)fd;
	(void)what;
	if (link->state != LINK_UP || link->is_checking)
		return;
	link->is_checking = true;
	link->wants_check = false;
	link->step = STEP_FIRST_CHECK;
	advance(link);
}

void redis_steps_begin(struct redis_link *link)
{
	link->step = 0;
	advance(link);
}
