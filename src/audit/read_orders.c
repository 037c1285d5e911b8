/* Orders, and the users' indexes of them. */
#include <stdio.h>
#include <string.h>

#include "audit/hash.h"
#include "audit/read.h"
#include "shared/ids.h"
#include "shared/redis_link.h"

/* The two questions for an order. */
static void ask_order(struct audit_redis *redis, const void *item, void *arg)
{
	const struct audit *audit = arg;
	const struct audit_order *order = item;

	audit_redis_ask(redis, "HGETALL %sorder:%s", audit->prefix, order->id);
	audit_redis_ask(redis, "PTTL %sorder:%s", audit->prefix, order->id);
}

/* The order's hash. */
static void read_order(struct audit_order *order, const struct audit_hash *hash)
{
	const char *status = audit_hash_text(hash, "status");

	size_t length = strlen(order->id);

	order->exists = true;
	order->is_head = length > 2 && strcmp(order->id + length - 2, "-0") == 0;
	order->user = audit_hash_text(hash, "user");
	order->smallcase = audit_hash_text(hash, "smallcase");
	order->block_id = audit_hash_text(hash, "block");
	order->window_id = audit_hash_text(hash, "window");
	order->group = audit_hash_text(hash, "group");
	order->has_digest = reply_field(hash->reply, "digest") != NULL;
	order->quantity_nano = audit_hash_nano(hash, "quantity");
	order->filled_nano = audit_hash_nano(hash, "filled_quantity");
	order->gross_nano = audit_hash_nano(hash, "gross_amount");
	order->fee_nano = audit_hash_nano(hash, "fee");
	order->orders = audit_hash_int(hash, "orders");
	order->open = audit_hash_int(hash, "open");
	order->created_at_ms = audit_hash_int(hash, "created_at");
	order->updated_at_ms = audit_hash_int(hash, "updated_at");
	order->status = order_status_of(status);
	if (*status && order->status == ORDER_STATUS_COUNT)
		audit_report_violation(hash->audit->report, AUDIT_CONSISTENT, "order %s: its status \"%.40s\" is none",
				       order->id, status);
}

/* Their replies. */
static void take_order(void *item, size_t which, const redisReply *reply, void *arg)
{
	struct audit_order *order = item;
	struct audit_hash hash = {arg, "order", order->id, reply};

	if (which == 1)
		order->ttl_ms = audit_ttl(reply);
	else if (audit_hash_is_there(&hash))
		read_order(order, &hash);
}

static void index_key(const struct audit *audit, const void *item, char *key)
{
	(void)snprintf(key, AUDIT_KEY_SIZE, "%suser:%s:orders", audit->prefix, (const char *)item);
}

/* A page of a user's orders. What is no more is left to the sweep. */
static void take_index(struct audit *audit, void *item, const redisReply *page)
{
	const char *user = item;

	if (page->type != REDIS_REPLY_ARRAY) {
		audit_report_violation(audit->report, AUDIT_CONSISTENT, "user %s: its key :orders is of a wrong type",
				       user);
		return;
	}
	for (size_t i = 0; i + 1 < page->elements; i += 2) {
		struct audit_order *order = audit_find_order(audit, page->element[i]->str);

		if (order && strcmp(order->user, user) == 0)
			order->is_indexed = true;
	}
}

/* Whose the orders of a request are stands in its first one. */
static void spread_user(const struct audit *audit, struct audit_order *order)
{
	char head_id[ORDER_ID_SIZE];
	const char *dash = strrchr(order->id, '-');
	const struct audit_order *head;

	if (!order->exists || *order->user || !dash || (size_t)(dash - order->id) + 3 > sizeof head_id)
		return;
	(void)snprintf(head_id, sizeof head_id, "%.*s-0", (int)(dash - order->id), order->id);
	head = audit_find_order(audit, head_id);
	if (head && head->exists) {
		order->user = head->user;
		order->smallcase = head->smallcase;
	}
}

bool audit_read_orders(struct audit *audit, struct audit_redis *redis, struct err *err)
{
	const struct audit_questions orders = {
	    .items = &audit->orders, .replies = 2, .ask = ask_order, .take = take_order, .arg = audit};
	const struct audit_lists indexes = {&audit->users, AUDIT_WALK_SORTED, index_key, take_index};

	if (!audit_redis_each(redis, &orders, err))
		return false;
	for (size_t i = 0; i < audit->orders.count; i++)
		spread_user(audit, audit->orders.items[i]);
	return audit_read_lists(audit, redis, &indexes, err);
}
