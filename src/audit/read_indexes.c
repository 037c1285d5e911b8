/* Windows, and the sorted sets and hashes that say where windows and blocks stand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/hash.h"
#include "audit/read.h"
#include "shared/redis_link.h"

#define BLOCK_ID_SIZE 64

/* The two questions for a window. */
static void ask_window(struct audit_redis *redis, const void *item, void *arg)
{
	const struct audit *audit = arg;
	const struct audit_window *window = item;

	audit_redis_ask(redis, "HGETALL %swindow:%s", audit->prefix, window->id);
	audit_redis_ask(redis, "PTTL %swindow:%s", audit->prefix, window->id);
}

/* The window's hash. */
static void read_window(struct audit_window *window, const struct audit_hash *hash)
{
	window->lane = audit_hash_text(hash, "lane");
	window->status = audit_hash_text(hash, "status");
	window->queue_id = audit_hash_text(hash, "queue_id");
	window->is_abandoned = *audit_hash_text(hash, "abandoned") != '\0';
	window->due_at_ms = audit_hash_int(hash, "due_at");
	window->orders = audit_hash_int(hash, "orders");
	window->blocks_open = audit_hash_int(hash, "blocks_open");
	window->total = audit_hash_int(hash, "total");
	window->received = audit_hash_int(hash, "received");
	window->created_at_ms = audit_hash_int(hash, "created_at");
	window->sealed_at_ms = audit_hash_int(hash, "sealed_at");
	window->earliest_at_ms = audit_hash_int(hash, "earliest_at");
	window->close_at_ms = audit_hash_int(hash, "close_at");
}

/* Their replies. */
static void take_window(void *item, size_t which, const redisReply *reply, void *arg)
{
	struct audit_window *window = item;
	struct audit_hash hash = {arg, "window", window->id, reply};

	if (which == 1)
		window->ttl_ms = audit_ttl(reply);
	else if (audit_hash_is_there(&hash))
		read_window(window, &hash);
}

static void blocks_key(const struct audit *audit, const void *item, char *key)
{
	(void)snprintf(key, AUDIT_KEY_SIZE, "%swindow:%s:blocks", audit->prefix,
		       ((const struct audit_window *)item)->id);
}

/* A page of the window's blocks. */
static void take_blocks(struct audit *audit, void *item, const redisReply *page)
{
	struct audit_window *window = item;

	if (page->type != REDIS_REPLY_ARRAY) {
		audit_report_violation(audit->report, AUDIT_CONSISTENT, "window %s: its key :blocks is of a wrong type",
				       window->id);
		return;
	}
	for (size_t i = 0; i + 1 < page->elements; i += 2) {
		struct audit_block *block = audit_block_of(audit, page->element[i]->str);

		block->windows++;
		audit_list_add(&window->blocks, audit->arena, block);
	}
}

static void groups_key(const struct audit *audit, const void *item, char *key)
{
	(void)snprintf(key, AUDIT_KEY_SIZE, "%swindow:%s:groups", audit->prefix,
		       ((const struct audit_window *)item)->id);
}

/* Takes a page of a window's groups, each `BLOCK QUANTITY`, and gives the sum of each to `take`. */
static void each_sum(struct audit *audit, const struct audit_window *window, const redisReply *page,
		     void (*take)(struct audit *audit, struct audit_block *block, const char *sum))
{
	if (page->type != REDIS_REPLY_ARRAY) {
		audit_report_violation(audit->report, AUDIT_CONSISTENT, "window %s: its key :groups is of a wrong type",
				       window->id);
		return;
	}
	for (size_t i = 0; i + 1 < page->elements; i += 2) {
		const char *kept = page->element[i + 1]->str, *space = strchr(kept, ' ');
		char id[BLOCK_ID_SIZE];

		if (!space || space - kept >= BLOCK_ID_SIZE)
			continue; /* then the sum is missing, which is told of the block */
		(void)snprintf(id, sizeof id, "%.*s", (int)(space - kept), kept);
		take(audit, audit_block_of(audit, id), space + 1);
	}
}

static void take_sum(struct audit *audit, struct audit_block *block, const char *sum)
{
	block->group_sum = audit_arena_text(audit->arena, sum);
}

static void take_groups(struct audit *audit, void *item, const redisReply *page)
{
	each_sum(audit, item, page, take_sum);
}

/* An order has come or gone since. */
static void compare_sum(struct audit *audit, struct audit_block *block, const char *sum)
{
	(void)audit;
	block->is_moving = block->is_moving || !block->group_sum || strcmp(block->group_sum, sum) != 0;
}

static void compare_groups(struct audit *audit, void *item, const redisReply *page)
{
	each_sum(audit, item, page, compare_sum);
}

bool audit_read_sums_again(struct audit *audit, struct audit_redis *redis, struct err *err)
{
	const struct audit_lists groups = {&audit->windows, AUDIT_WALK_HASH, groups_key, compare_groups};

	return audit_read_lists(audit, redis, &groups, err);
}

bool audit_read_windows(struct audit *audit, struct audit_redis *redis, struct err *err)
{
	const struct audit_questions windows = {
	    .items = &audit->windows, .replies = 2, .ask = ask_window, .take = take_window, .arg = audit};
	const struct audit_lists blocks = {&audit->windows, AUDIT_WALK_SORTED, blocks_key, take_blocks};
	const struct audit_lists groups = {&audit->windows, AUDIT_WALK_HASH, groups_key, take_groups};

	return audit_redis_each(redis, &windows, err) && audit_read_lists(audit, redis, &blocks, err) &&
	       audit_read_lists(audit, redis, &groups, err);
}

/* One walk over an index. */
struct index_walk {
	struct audit *audit;
	const char *name; /* "blocks", "blocks:ready", "windows:done" */
	enum block_status status;
	void (*take)(struct index_walk *walk, const char *member, int64_t score_ms);
};

/* What an index names does not exist. */
static void blame_index(struct index_walk *walk, const char *member)
{
	audit_report_violation(walk->audit->report, AUDIT_CONSISTENT, "%s lists %s, which does not exist", walk->name,
			       member);
}

/* A member of `blocks`. */
static void take_scheduled(struct index_walk *walk, const char *member, int64_t score_ms)
{
	struct audit_block *block = audit_find_block(walk->audit, member);

	(void)score_ms;
	if (block)
		block->is_scheduled = true;
	else
		blame_index(walk, member);
}

/* A member of blocks:STATUS; final ones may have expired. */
static void take_status(struct index_walk *walk, const char *member, int64_t score_ms)
{
	struct audit_block *block = audit_find_block(walk->audit, member);
	bool is_final = walk->status == BLOCK_ALLOCATED || walk->status == BLOCK_CANCELED;

	if (block) {
		block->index = walk->status;
		block->indexes++;
	} else if (!is_final || !audit_may_be_gone(walk->audit, score_ms)) {
		blame_index(walk, member);
	}
}

/* A member of windows, windows:working or windows:done. */
static void take_listed_window(struct index_walk *walk, const char *member, int64_t score_ms)
{
	struct audit_window *window = audit_map_find(&walk->audit->window_of, member);
	const char *kind = strchr(walk->name, ':');

	if (!window || !window->status[0]) {
		if (!kind || strcmp(kind, ":done") != 0 || !audit_may_be_gone(walk->audit, score_ms))
			blame_index(walk, member);
		return;
	}
	window->is_open = window->is_open || !kind;
	window->is_working = window->is_working || (kind && strcmp(kind, ":working") == 0);
	window->is_done = window->is_done || (kind && strcmp(kind, ":done") == 0);
}

/* A page of an index. */
static void take_index(const redisReply *page, void *arg)
{
	struct index_walk *walk = arg;

	if (page->type != REDIS_REPLY_ARRAY) {
		audit_report_violation(walk->audit->report, AUDIT_CONSISTENT, "%s is of a wrong type", walk->name);
		return;
	}
	for (size_t i = 0; i + 1 < page->elements; i += 2)
		walk->take(walk, page->element[i]->str, strtoll(page->element[i + 1]->str, NULL, 10));
}

/* Walks over one index. */
static bool read_index(struct index_walk *index, struct audit_redis *redis, struct err *err)
{
	char key[AUDIT_KEY_SIZE];
	struct audit_walk walk = {AUDIT_WALK_SORTED, key, take_index, index};

	(void)snprintf(key, sizeof key, "%s%s", index->audit->prefix, index->name);
	return audit_redis_walk(redis, &walk, err);
}

/* What a walk over one of the keys of sides fills. */
struct side_walk {
	struct audit *audit;
	const char *name;
};

/* A page of such a key. */
static void take_side(const redisReply *page, void *arg)
{
	struct side_walk *walk = arg;

	if (page->type != REDIS_REPLY_ARRAY) {
		audit_report_violation(walk->audit->report, AUDIT_CONSISTENT, "%s is of a wrong type", walk->name);
		return;
	}
	for (size_t i = 0; i < page->elements; i += 2) { /* scores between the members */
		struct audit_side *side = audit_arena_take(walk->audit->arena, sizeof *side);

		side->name = walk->name;
		side->block_id = audit_arena_text(walk->audit->arena, page->element[i]->str);
		audit_list_add(&walk->audit->sides, walk->audit->arena, side);
	}
}

/* Which blocks are at the broker (selling, buying) and which wait for a turn (sells, buys). */
static bool read_sides(struct audit *audit, struct audit_redis *redis, struct err *err)
{
	for (size_t i = 0; i < audit->side_keys.count; i++) {
		char key[AUDIT_KEY_SIZE];
		const char *name = audit->side_keys.items[i];
		struct side_walk side = {audit, name};
		struct audit_walk walk = {AUDIT_WALK_SORTED, key, take_side, &side};

		(void)snprintf(key, sizeof key, "%s%s", audit->prefix, side.name);
		if (!audit_redis_walk(redis, &walk, err))
			return false;
	}
	return true;
}

bool audit_read_indexes(struct audit *audit, struct audit_redis *redis, struct err *err)
{
	static const char *const windows[] = {"windows", "windows:working", "windows:done"};
	struct index_walk scheduled = {audit, "blocks", BLOCK_STATUS_COUNT, take_scheduled};

	for (enum block_status status = 0; status < BLOCK_STATUS_COUNT; status++) {
		char name[64];
		struct index_walk walk = {audit, name, status, take_status};

		(void)snprintf(name, sizeof name, "blocks:%s", block_status_word(status));
		if (!read_index(&walk, redis, err))
			return false;
	}
	for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
		struct index_walk walk = {audit, windows[i], BLOCK_STATUS_COUNT, take_listed_window};

		if (!read_index(&walk, redis, err))
			return false;
	}
	return read_index(&scheduled, redis, err) && read_sides(audit, redis, err);
}
