/* The streams: transactions with the users' indexes of them, the house, and who halted and resumed what. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/hash.h"
#include "audit/read.h"
#include "shared/redis_link.h"

/* What a walk over a stream fills. */
struct stream_walk {
	struct audit *audit;
	const char *name;
	struct audit_list *postings;
	struct audit_map *by_id; /* or NULL */
};

/* One entry. */
static struct audit_posting *read_posting(struct audit *audit, const char *id, const redisReply *fields)
{
	struct audit_hash hash = {audit, "entry", id, fields};
	struct audit_posting *posting = audit_arena_take(audit->arena, sizeof *posting);

	posting->id = audit_arena_text(audit->arena, id);
	posting->order_id = audit_hash_text(&hash, "order_id");
	posting->block_id = audit_hash_text(&hash, "block_id");
	posting->user = audit_hash_text(&hash, "user_id");
	posting->smallcase = audit_hash_text(&hash, "smallcase_id");
	posting->symbol = audit_hash_text(&hash, "symbol");
	posting->side = audit_hash_text(&hash, "side");
	posting->broker_type = audit_hash_text(&hash, "broker_type");
	posting->quantity_nano = audit_hash_nano(&hash, "quantity");
	posting->price_nano = audit_hash_nano(&hash, "price");
	posting->gross_nano = audit_hash_nano(&hash, "gross_amount");
	posting->fee_nano = audit_hash_nano(&hash, "fee");
	return posting;
}

/* A page of a stream. */
static void take_entries(const redisReply *page, void *arg)
{
	struct stream_walk *walk = arg;

	if (page->type != REDIS_REPLY_ARRAY) {
		audit_report_violation(walk->audit->report, AUDIT_CONSISTENT, "%s is of a wrong type", walk->name);
		return;
	}
	for (size_t i = 0; i < page->elements; i++) {
		const redisReply *entry = page->element[i];
		struct audit_posting *posting =
		    read_posting(walk->audit, reply_text(reply_at(entry, 0)), reply_at(entry, 1));

		audit_list_add(walk->postings, walk->audit->arena, posting);
		if (walk->by_id)
			audit_map_put(walk->by_id, walk->audit->arena, posting->id, posting);
	}
}

/* Walks over one stream. */
static bool read_stream(struct stream_walk *stream, struct audit_redis *redis, struct err *err)
{
	char key[AUDIT_KEY_SIZE];
	struct audit_walk walk = {AUDIT_WALK_STREAM, key, take_entries, stream};

	(void)snprintf(key, sizeof key, "%s%s", stream->audit->prefix, stream->name);
	return audit_redis_walk(redis, &walk, err);
}

/* A page of halts and resumes. */
static void take_halts(const redisReply *page, void *arg)
{
	struct audit *audit = arg;

	if (page->type != REDIS_REPLY_ARRAY) {
		audit_report_violation(audit->report, AUDIT_CONSISTENT, "halts:log is of a wrong type");
		return;
	}
	for (size_t i = 0; i < page->elements; i++) {
		const char *id = reply_text(reply_at(page->element[i], 0));
		struct audit_hash hash = {audit, "halt", id, reply_at(page->element[i], 1)};
		struct audit_halt *halt = audit_arena_take(audit->arena, sizeof *halt);

		halt->scope = audit_hash_text(&hash, "scope");
		halt->is_resume = strcmp(audit_hash_text(&hash, "event"), "resume") == 0;
		halt->at_ms = strtoll(id, NULL, 10);
		audit_list_add(&audit->halts, audit->arena, halt);
	}
}

/* Walks over halts:log. */
static bool read_halts(struct audit *audit, struct audit_redis *redis, struct err *err)
{
	char key[AUDIT_KEY_SIZE];
	struct audit_walk walk = {AUDIT_WALK_STREAM, key, take_halts, audit};

	(void)snprintf(key, sizeof key, "%shalts:log", audit->prefix);
	return audit_redis_walk(redis, &walk, err);
}

static void index_key(const struct audit *audit, const void *item, char *key)
{
	(void)snprintf(key, AUDIT_KEY_SIZE, "%suser:%s:transactions", audit->prefix, (const char *)item);
}

/* A page of a user's transactions: ids of the stream by time in microseconds. */
static void take_index(struct audit *audit, void *item, const redisReply *page)
{
	const char *user = item;

	if (page->type != REDIS_REPLY_ARRAY) {
		audit_report_violation(audit->report, AUDIT_CONSISTENT,
				       "user %s: its key :transactions is of a wrong type", user);
		return;
	}
	for (size_t i = 0; i + 1 < page->elements; i += 2) {
		struct audit_posting *posting = audit_map_find(&audit->posting_of, page->element[i]->str);

		if (posting && strcmp(posting->user, user) == 0)
			posting->is_indexed = true;
		else if (posting || !audit_may_be_gone(audit, strtoll(page->element[i + 1]->str, NULL, 10) / 1000))
			audit_report_violation(audit->report, AUDIT_POSTED_ONCE,
					       "user %s: the index of transactions names %s, which is %s", user,
					       page->element[i]->str, posting ? "another user's" : "not in the stream");
	}
}

bool audit_read_streams(struct audit *audit, struct audit_redis *redis, struct err *err)
{
	struct stream_walk transactions = {audit, "transactions", &audit->postings, &audit->posting_of};
	struct stream_walk house = {audit, "house", &audit->house, NULL};
	const struct audit_lists indexes = {&audit->users, AUDIT_WALK_SORTED, index_key, take_index};

	return read_stream(&transactions, redis, err) && read_stream(&house, redis, err) &&
	       read_halts(audit, redis, err) && audit_read_lists(audit, redis, &indexes, err);
}
