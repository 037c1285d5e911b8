/* Blocks with their statements, slices and fills. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/hash.h"
#include "audit/read.h"
#include "shared/redis_link.h"

/* Whatever of these changes, the block or what hangs on it has changed. */
static const char *const versioned[] = {"status", "fence",	"allocated", "quantity_nano",
					"orders", "updated_at", "sealed_at"};
#define VERSIONED    (sizeof versioned / sizeof versioned[0])
#define VERSION_SIZE 256

/* Joins the values of `versioned` to a text. */
static const char *join_version(char *version, const char *const *values)
{
	size_t length = 0;

	version[0] = '\0';
	for (size_t i = 0; i < VERSIONED; i++)
		length +=
		    (size_t)snprintf(version + length, VERSION_SIZE - length, "%.30s ", values[i] ? values[i] : "");
	return version;
}

/* How the block ended, or how far it is. */
static void read_totals(struct audit_block *block, const struct audit_hash *hash)
{
	block->filled_nano = audit_hash_nano(hash, "filled_quantity");
	block->gross_nano = audit_hash_nano(hash, "gross_amount");
	block->fee_nano = audit_hash_nano(hash, "fee");
	block->average_nano = audit_hash_nano(hash, "average_price");
	block->minor_unit_nano = (int64_t)audit_hash_nano(hash, "minor_unit");
	block->house_quantity_nano = audit_hash_nano(hash, "house_quantity");
	block->house_gross_nano = audit_hash_nano(hash, "house_gross_amount");
	block->house_fee_nano = audit_hash_nano(hash, "house_fee");
	block->orders = audit_hash_int(hash, "orders");
	block->allocated = audit_hash_int(hash, "allocated");
	block->sealed_at_ms = audit_hash_int(hash, "sealed_at");
	block->submitted_at_ms = audit_hash_int(hash, "submitted_at");
	block->close_at_ms = audit_hash_int(hash, "close_at");
	block->closed_at_ms = audit_hash_int(hash, "closed_at");
	block->allocated_at_ms = audit_hash_int(hash, "allocated_at");
}

/* The block's own hash. */
static void read_block(struct audit_block *block, const struct audit_hash *hash)
{
	const char *values[VERSIONED], *status = audit_hash_text(hash, "status");
	char version[VERSION_SIZE];

	for (size_t i = 0; i < VERSIONED; i++)
		values[i] = reply_field(hash->reply, versioned[i]);
	block->version = audit_arena_text(hash->audit->arena, join_version(version, values));
	block->window_id = audit_hash_text(hash, "window");
	block->lane = audit_hash_text(hash, "lane");
	block->symbol = audit_hash_text(hash, "symbol");
	block->side = audit_hash_text(hash, "side");
	block->broker_type = audit_hash_text(hash, "broker_type");
	block->lot = audit_hash_text(hash, "lot");
	block->order_type = audit_hash_text(hash, "order_type");
	block->limit_price = audit_hash_text(hash, "limit_price");
	block->outcome = audit_hash_text(hash, "outcome");
	block->resolution = audit_hash_text(hash, "resolution");
	block->quantity_nano = audit_hash_integer(hash, "quantity_nano");
	if (block->group_sum && !reply_field(hash->reply, "quantity_nano") &&
	    !decimal_parse_wide(block->group_sum, &block->quantity_nano, NULL))
		audit_blame_block(hash->audit, block, AUDIT_CONSISTENT,
				  "its window's sum of it, \"%.40s\", is no number", block->group_sum);
	block->status = block_status_of(status);
	block->is_sealed = *status != '\0';
	if (*status && block->status == BLOCK_STATUS_COUNT)
		audit_blame_block(hash->audit, block, AUDIT_CONSISTENT, "its status \"%.40s\" is none", status);
	read_totals(block, hash);
}

/* The two questions for a block. */
static void ask_block(struct audit_redis *redis, const void *item, void *arg)
{
	const struct audit *audit = arg;
	const struct audit_block *block = item;

	audit_redis_ask(redis, "HGETALL %sblock:%s", audit->prefix, block->id);
	audit_redis_ask(redis, "PTTL %sblock:%s", audit->prefix, block->id);
}

/* Their replies. */
static void take_block(void *item, size_t which, const redisReply *reply, void *arg)
{
	struct audit_block *block = item;
	struct audit_hash hash = {arg, "block", block->id, reply};

	if (which == 1)
		block->ttl_ms = audit_ttl(reply);
	else if (audit_hash_is_there(&hash))
		read_block(block, &hash);
}

static void orders_key(const struct audit *audit, const void *item, char *key)
{
	(void)snprintf(key, AUDIT_KEY_SIZE, "%sblock:%s:orders", audit->prefix, ((const struct audit_block *)item)->id);
}

static void slices_key(const struct audit *audit, const void *item, char *key)
{
	(void)snprintf(key, AUDIT_KEY_SIZE, "%sblock:%s:slices", audit->prefix, ((const struct audit_block *)item)->id);
}

static void fills_key(const struct audit *audit, const void *item, char *key)
{
	(void)snprintf(key, AUDIT_KEY_SIZE, "%sblock:%s:fills", audit->prefix, ((const struct audit_block *)item)->id);
}

/* A list of a wrong type is told once. */
static bool page_is_good(struct audit *audit, struct audit_block *block, const redisReply *page, const char *what)
{
	if (page && page->type == REDIS_REPLY_ARRAY)
		return true;
	audit_blame_block(audit, block, AUDIT_CONSISTENT, "its key :%s is of a wrong type", what);
	return false;
}

/* A page of the statement. */
static void take_orders(struct audit *audit, void *item, const redisReply *page)
{
	struct audit_block *block = item;

	for (size_t i = 0; page_is_good(audit, block, page, "orders") && i + 1 < page->elements; i += 2) {
		struct audit_order *order = audit_order_of(audit, page->element[i]->str);

		order->listed++;
		order->listed_in = block;
		order->arrival_us = strtoll(page->element[i + 1]->str, NULL, 10);
		audit_list_add(&block->members, audit->arena, order);
	}
}

/* A page of the block's client_order_ids. */
static void take_slices(struct audit *audit, void *item, const redisReply *page)
{
	struct audit_block *block = item;

	for (size_t i = 0; page_is_good(audit, block, page, "slices") && i + 1 < page->elements; i += 2) {
		struct audit_slice *slice = audit_slice_of(audit, page->element[i]->str);

		slice->is_listed = true;
		audit_list_add(&block->slices, audit->arena, slice);
	}
}

/* One fill: "CLIENT_ORDER_ID QUANTITY PRICE AT". */
static bool read_fill(struct audit *audit, const char *text, struct audit_fill *fill)
{
	char slice[256], quantity[DECIMAL_TEXT], price[DECIMAL_TEXT];

	if (sscanf(text, "%255s %47s %47s", slice, quantity, price) != 3 ||
	    !decimal_parse(quantity, &fill->quantity_nano, NULL) || !decimal_parse(price, &fill->price_nano, NULL))
		return false;
	fill->client_order_id = audit_arena_text(audit->arena, slice);
	return true;
}

/* A page of the block's fills. */
static void take_fills(struct audit *audit, void *item, const redisReply *page)
{
	struct audit_block *block = item;

	for (size_t i = 0; page_is_good(audit, block, page, "fills") && i + 1 < page->elements; i += 2) {
		struct audit_fill *fill = audit_arena_take(audit->arena, sizeof *fill);

		fill->id = audit_arena_text(audit->arena, page->element[i]->str);
		if (read_fill(audit, page->element[i + 1]->str, fill))
			audit_list_add(&block->fills, audit->arena, fill);
		else
			audit_blame_block(audit, block, AUDIT_EXACT, "its fill %s \"%.80s\" cannot be read", fill->id,
					  page->element[i + 1]->str);
	}
}

/* The two questions for a slice. */
static void ask_slice(struct audit_redis *redis, const void *item, void *arg)
{
	const struct audit *audit = arg;
	const struct audit_slice *slice = item;

	audit_redis_ask(redis, "HGETALL %sslice:%s", audit->prefix, slice->id);
	audit_redis_ask(redis, "PTTL %sslice:%s", audit->prefix, slice->id);
}

/* Their replies. */
static void take_slice(void *item, size_t which, const redisReply *reply, void *arg)
{
	struct audit *audit = arg;
	struct audit_slice *slice = item;
	struct audit_hash hash = {audit, "slice", slice->id, reply};
	const char *status;

	if (which == 1)
		slice->ttl_ms = audit_ttl(reply);
	if (which == 1 || !audit_hash_is_there(&hash))
		return;
	slice->exists = true;
	slice->block_id = audit_hash_text(&hash, "block");
	slice->broker_order_id = audit_hash_text(&hash, "broker_order_id");
	slice->quantity_nano = audit_hash_nano(&hash, "quantity");
	slice->filled_nano = audit_hash_nano(&hash, "filled_quantity");
	slice->fee_nano = audit_hash_nano(&hash, "fee");
	slice->carried_nano = audit_hash_nano(&hash, "carried");
	status = audit_hash_text(&hash, "status");
	slice->status = slice_status_of(status);
	if (slice->status == SLICE_STATUS_COUNT)
		audit_report_violation(audit->report, AUDIT_CONSISTENT, "slice %s: its status \"%.40s\" is none",
				       slice->id, status);
}

bool audit_read_blocks(struct audit *audit, struct audit_redis *redis, struct err *err)
{
	const struct audit_questions blocks = {
	    .items = &audit->blocks, .replies = 2, .ask = ask_block, .take = take_block, .arg = audit};
	const struct audit_questions slices = {
	    .items = &audit->slices, .replies = 2, .ask = ask_slice, .take = take_slice, .arg = audit};
	const struct audit_lists lists[] = {
	    {&audit->blocks, AUDIT_WALK_SORTED, orders_key, take_orders},
	    {&audit->blocks, AUDIT_WALK_SORTED, slices_key, take_slices},
	    {&audit->blocks, AUDIT_WALK_HASH, fills_key, take_fills},
	};

	if (!audit_redis_each(redis, &blocks, err))
		return false;
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if (!audit_read_lists(audit, redis, &lists[i], err))
			return false;
	return audit_redis_each(redis, &slices, err);
}

/* Asks what a block is now. */
static void ask_version(struct audit_redis *redis, const void *item, void *arg)
{
	const struct audit *audit = arg;

	audit_redis_ask(redis, "HMGET %sblock:%s %s %s %s %s %s %s %s", audit->prefix,
			((const struct audit_block *)item)->id, versioned[0], versioned[1], versioned[2], versioned[3],
			versioned[4], versioned[5], versioned[6]);
}

/* Compares. */
static void take_version(void *item, size_t which, const redisReply *reply, void *arg)
{
	struct audit_block *block = item;
	const char *values[VERSIONED];
	char version[VERSION_SIZE];

	(void)which, (void)arg;
	for (size_t i = 0; i < VERSIONED; i++)
		values[i] = reply_text(reply_at(reply, i));
	block->is_moving = !block->version || strcmp(join_version(version, values), block->version) != 0;
}

bool audit_read_movements(struct audit *audit, struct audit_redis *redis, struct err *err)
{
	struct audit_list movable = {0};
	const struct audit_questions questions = {
	    .items = &movable, .replies = 1, .ask = ask_version, .take = take_version, .arg = audit};

	for (size_t i = 0; i < audit->blocks.count; i++) {
		struct audit_block *block = audit->blocks.items[i];

		if (block->version && !audit_block_is_final(block))
			audit_list_add(&movable, audit->arena, block);
	}
	return audit_redis_each(redis, &questions, err) && audit_read_sums_again(audit, redis, err);
}
