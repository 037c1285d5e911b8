/* See redis_generation.h. */
#include "shared/redis_generation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/log.h"
#include "shared/redis_link.h"

#define NUMBER_SIZE 24
#define US_A_MS	    1000

struct redis_generation {
	char by[320];
	int64_t retention_ms;
	bool is_lost;
	char why[480];
	int64_t now_ms;
	/* As lua/generation.lua wants them. */
	char id[32], number[NUMBER_SIZE], blocks[NUMBER_SIZE], windows[NUMBER_SIZE];
	char key[160], field[32], least[NUMBER_SIZE];
	int64_t noted_us; /* when the write was acknowledged; monotonic */
};

struct redis_generation *redis_generation_new(const char *by, int64_t retention_ms)
{
	struct redis_generation *generation = calloc(1, sizeof *generation);

	if (!generation)
		abort();
	(void)snprintf(generation->by, sizeof generation->by, "%s", by);
	generation->retention_ms = retention_ms;
	(void)snprintf(generation->number, sizeof generation->number, "0");
	(void)snprintf(generation->blocks, sizeof generation->blocks, "0");
	(void)snprintf(generation->windows, sizeof generation->windows, "0");
	return generation;
}

void redis_generation_free(struct redis_generation *generation)
{
	free(generation);
}

bool redis_generation_is_lost(const struct redis_generation *generation, const char **why)
{
	if (why)
		*why = generation->why;
	return generation->is_lost;
}

const char *redis_generation_by(const struct redis_generation *generation)
{
	return generation->by;
}

int64_t redis_generation_now_ms(const struct redis_generation *generation)
{
	return generation->now_ms;
}

void redis_generation_note_write(struct redis_generation *generation, const char *key, const char *field, int64_t least)
{
	if (strlen(key) >= sizeof generation->key || strlen(field) >= sizeof generation->field)
		return;
	(void)snprintf(generation->key, sizeof generation->key, "%s", key);
	(void)snprintf(generation->field, sizeof generation->field, "%s", field);
	generation->least[0] = '\0';
	if (least >= 0)
		(void)snprintf(generation->least, sizeof generation->least, "%lld", (long long)least);
	generation->noted_us = clock_monotonic_us();
}

void redis_generation_args(struct redis_generation *generation, const char *args[GENERATION_ARGS])
{
	const char *const all[GENERATION_ARGS] = {generation->by,     generation->id,	   generation->number,
						  generation->blocks, generation->windows, generation->key,
						  generation->field,  generation->least};

	if (clock_monotonic_us() - generation->noted_us > generation->retention_ms * US_A_MS / 2)
		generation->key[0] = '\0';
	memcpy(args, all, sizeof all);
}

/* Says what has changed. */
static void tell(const struct redis_generation *generation)
{
	if (generation->is_lost)
		log_event(LOG_ERROR, "history_lost", "reason", generation->why, "until", "a person confirms", NULL);
	else
		log_event(LOG_WARN, "history_confirmed", "deployment", generation->id, "generation", generation->number,
			  NULL);
}

void redis_generation_lose(struct redis_generation *generation, const char *why)
{
	if (generation->is_lost)
		return;
	generation->is_lost = true;
	(void)snprintf(generation->why, sizeof generation->why, "%s", why);
	tell(generation);
}

bool redis_generation_take(struct redis_generation *generation, const redisReply *reply)
{
	bool was_lost = generation->is_lost;
	int64_t before = strtoll(generation->number, NULL, 10);

	generation->is_lost = strcmp(reply_text(reply_at(reply, 0)), "lost") == 0;
	(void)snprintf(generation->id, sizeof generation->id, "%s", reply_text(reply_at(reply, 1)));
	(void)snprintf(generation->number, sizeof generation->number, "%s", reply_text(reply_at(reply, 2)));
	(void)snprintf(generation->blocks, sizeof generation->blocks, "%s", reply_text(reply_at(reply, 3)));
	(void)snprintf(generation->windows, sizeof generation->windows, "%s", reply_text(reply_at(reply, 4)));
	generation->now_ms = reply_int(reply_at(reply, 5), 0);
	(void)snprintf(generation->why, sizeof generation->why, "%s", reply_text(reply_at(reply, 6)));
	if (generation->is_lost || reply_int(reply_at(reply, 2), 0) > before)
		generation->key[0] = '\0'; /* it may be in the history that was lost */
	if (generation->is_lost != was_lost)
		tell(generation);
	return generation->is_lost != was_lost;
}
