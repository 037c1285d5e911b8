/* The order of reading is what makes a live system readable: what refers comes before what is referred to, and at the
 * end everything that can move is looked at again. */
#include "audit/read.h"

#include <stdio.h>
#include <string.h>

#include "audit/hash.h"
#include "shared/redis_link.h"

#define US_A_MS 1000

bool audit_read_deployment(struct audit *audit, struct audit_redis *redis, struct err *err)
{
	struct audit_hash hash = {.audit = audit, .kind = "deployment", .id = audit->prefix};
	redisReply *time = audit_redis_command(redis, err, "TIME"), *reply;

	if (!time)
		return false;
	audit->now_ms = reply_int(reply_at(time, 0), 0) * 1000 + reply_int(reply_at(time, 1), 0) / US_A_MS;
	freeReplyObject(time);
	reply = audit_redis_command(redis, err, "HGETALL %sdeployment", audit->prefix);
	if (!reply)
		return false;
	hash.reply = reply;
	(void)audit_hash_is_there(&hash);
	audit->deployment = audit_hash_text(&hash, "id");
	audit->deployed_at_ms = audit_hash_int(&hash, "created_at");
	freeReplyObject(reply);
	return true;
}

/* The id in "order:ID"; "" where more words follow. */
static const char *id_of(const char *rest)
{
	return strchr(rest, ':') ? "" : rest;
}

/* Notes one key by its first words. */
static void note_key(struct audit *audit, const char *key)
{
	char id[AUDIT_KEY_SIZE];
	const char *rest = strchr(key, ':');
	size_t length;

	if (!rest)
		return;
	rest++;
	length = strcspn(rest, ":");
	(void)snprintf(id, sizeof id, "%.*s", (int)length, rest);
	if (strncmp(key, "order:", 6) == 0 && *id_of(rest))
		(void)audit_order_of(audit, rest);
	else if (strncmp(key, "block:", 6) == 0)
		(void)audit_block_of(audit, id);
	else if (strncmp(key, "slice:", 6) == 0 && *id_of(rest))
		(void)audit_slice_of(audit, rest);
	else if (strncmp(key, "window:", 7) == 0)
		(void)audit_window_of(audit, id);
	else if (strncmp(key, "sides:", 6) == 0)
		audit_list_add(&audit->side_keys, audit->arena, (void *)(uintptr_t)audit_arena_text(audit->arena, key));
	else if (strncmp(key, "user:", 5) == 0 && !audit_map_find(&audit->user_of, id)) {
		void *user = (void *)(uintptr_t)audit_arena_text(audit->arena, id);

		audit_list_add(&audit->users, audit->arena, user);
		audit_map_put(&audit->user_of, audit->arena, user, user);
	}
}

/* A page of SCAN. */
static void take_keys(const redisReply *page, void *arg)
{
	struct audit *audit = arg;

	for (size_t i = 0; i < page->elements; i++)
		note_key(audit, page->element[i]->str + strlen(audit->prefix));
}

/* Finds out what there is. The braces of the prefix are plain characters of a pattern. */
static bool read_keys(struct audit *audit, struct audit_redis *redis, struct err *err)
{
	char pattern[AUDIT_KEY_SIZE];
	struct audit_walk walk = {AUDIT_WALK_KEYS, pattern, take_keys, audit};

	(void)snprintf(pattern, sizeof pattern, "%s*", audit->prefix);
	return audit_redis_walk(redis, &walk, err);
}

/* The counts of orders by status. */
static bool read_counts(struct audit *audit, struct audit_redis *redis, struct audit_counts *counts, struct err *err)
{
	struct audit_hash hash = {.audit = audit, .kind = "counts", .id = audit->prefix};
	redisReply *reply = audit_redis_command(redis, err, "HGETALL %scounts", audit->prefix);

	if (!reply)
		return false;
	hash.reply = reply;
	counts->is_there = audit_hash_is_there(&hash);
	for (enum order_status status = 0; status < ORDER_STATUS_COUNT; status++)
		counts->of[status] = audit_hash_int(&hash, order_status_word(status));
	freeReplyObject(reply);
	return true;
}

bool audit_read_redis(struct audit *audit, struct audit_redis *redis, struct err *err)
{
	return read_counts(audit, redis, &audit->counts, err) && read_keys(audit, redis, err) &&
	       audit_read_windows(audit, redis, err) && audit_read_blocks(audit, redis, err) &&
	       audit_read_orders(audit, redis, err) && audit_read_indexes(audit, redis, err) &&
	       audit_read_streams(audit, redis, err) && audit_read_movements(audit, redis, err) &&
	       read_counts(audit, redis, &audit->counts_after, err);
}

/* What the questions for lists share. */
struct list_reading {
	struct audit *audit;
	const struct audit_lists *lists;
	struct audit_list longer; /* items whose lists do not fit on a page */
	void *item;		  /* whose list is walked */
};

/* Asks for an item's first page. */
static void ask_list(struct audit_redis *redis, const void *item, void *arg)
{
	const struct list_reading *reading = arg;
	char key[AUDIT_KEY_SIZE];

	reading->lists->key(reading->audit, item, key);
	if (reading->lists->kind == AUDIT_WALK_SORTED)
		audit_redis_ask(redis, "ZRANGE %s 0 %d WITHSCORES", key, AUDIT_PAGE - 1);
	else
		audit_redis_ask(redis, "HSCAN %s 0 COUNT %d", key, AUDIT_PAGE);
}

/* Takes it, unless it is not all. */
static void take_list(void *item, size_t which, const redisReply *reply, void *arg)
{
	struct list_reading *reading = arg;
	bool is_scan = reading->lists->kind == AUDIT_WALK_HASH && reply->type == REDIS_REPLY_ARRAY;
	bool is_whole = is_scan ? strcmp(reply_text(reply_at(reply, 0)), "0") == 0
				: reply->type != REDIS_REPLY_ARRAY || reply->elements < (size_t)AUDIT_PAGE * 2;

	(void)which;
	if (is_whole)
		reading->lists->take(reading->audit, item, is_scan ? reply_at(reply, 1) : reply);
	else
		audit_list_add(&reading->longer, reading->audit->arena, item);
}

/* A page of a longer one. */
static void take_walked(const redisReply *page, void *arg)
{
	struct list_reading *reading = arg;

	reading->lists->take(reading->audit, reading->item, page);
}

bool audit_read_lists(struct audit *audit, struct audit_redis *redis, const struct audit_lists *lists, struct err *err)
{
	struct list_reading reading = {.audit = audit, .lists = lists};
	struct audit_questions questions = {
	    .items = lists->items, .replies = 1, .ask = ask_list, .take = take_list, .arg = &reading};
	char key[AUDIT_KEY_SIZE];
	struct audit_walk walk = {lists->kind, key, take_walked, &reading};

	if (!audit_redis_each(redis, &questions, err))
		return false;
	for (size_t i = 0; i < reading.longer.count; i++) {
		reading.item = reading.longer.items[i];
		lists->key(audit, reading.item, key);
		if (!audit_redis_walk(redis, &walk, err))
			return false;
	}
	return true;
}
