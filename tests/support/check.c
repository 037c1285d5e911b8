/* The auditor's first half: what clients were told, and what may be left behind. The blocks' sums are in check_books.c.
 */
#include "tests/support/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/status.h"
#include "tests/support/check_audit.h"
#include "tests/support/json_at.h"
#include "tests/support/redis_read.h"
#include "tests/support/wait_until.h"

/* What of an order never changes. */
static const char *const lasting[] = {"order_id", "queue_id", "user_id",     "smallcase_id",
				      "symbol",	  "side",     "broker_type", "order_type",
				      "quantity", "lane",     "created_at",  "limit_price"};

/* The word says what was got. */
static void check_share(const json_t *order, enum order_status status)
{
	int64_t quantity = json_nano(order, "/quantity"), share = json_nano(order, "/filled_quantity");
	bool is_right = status == ORDER_FILLED		   ? share == quantity
			: status == ORDER_PARTIALLY_FILLED ? share > 0 && share < quantity
							   : share == 0;

	if (!is_right)
		fail_msg("order %s is %s with %s of %s", json_text(order, "/order_id"), json_text(order, "/status"),
			 json_text(order, "/filled_quantity"), json_text(order, "/quantity"));
}

/* Holds one order against what was answered when it was accepted. */
static void check_order(const json_t *first, const json_t *now)
{
	enum order_status status = order_status_of(json_text(now, "/status"));

	for (size_t i = 0; i < sizeof lasting / sizeof lasting[0]; i++) {
		json_t *was = json_object_get(first, lasting[i]), *is = json_object_get(now, lasting[i]);

		if (!was || !is || !json_equal(was, is)) {
			print_error("%s of an order has changed\n%s\n%s\n", lasting[i], json_dumps(first, 0),
				    json_dumps(now, 0));
			fail();
		}
	}
	if (status == ORDER_STATUS_COUNT || !order_status_is_final(status))
		fail_msg("an order is %s: %s", json_text(now, "/status"), json_text(now, "/order_id"));
	check_share(now, status);
}

void check_all_final(struct stack *stack)
{
	const char *queue_id;
	json_t *orders;

	json_object_foreach (stack->accepted, queue_id, orders) {
		json_t *now = stack_get(stack, 200, "/trade-queue/queue/order/%s?wait=30", queue_id);

		assert_int_equal(json_array_size(json_at(now, "/orders")), json_array_size(orders));
		for (size_t i = 0; i < json_array_size(orders); i++)
			check_order(json_array_get(orders, i), json_array_get(json_at(now, "/orders"), i));
	}
}

static bool order_is_final(const char *word)
{
	return *word && order_status_is_final(order_status_of(word));
}

static bool block_is_final(const char *word)
{
	return *word && block_status_is_final(block_status_of(word));
}

static bool window_is_final(const char *word)
{
	return strcmp(word, "done") == 0;
}

/* Which keys have a life that ends, and the words that end it. */
static const struct {
	const char *head;
	bool (*is_final)(const char *status);
} lives[] = {{"order:", order_is_final}, {"block:", block_is_final}, {"window:", window_is_final}};

/* Whether the hash `key` (without the prefix) has ended, by its status; -1 where it is none of those. */
static int is_final(struct stack *stack, const char *key)
{
	for (size_t i = 0; i < sizeof lives / sizeof lives[0]; i++) {
		size_t length = strlen(lives[i].head);
		redisReply *hash;
		int result;

		if (strncmp(key, lives[i].head, length) != 0 || strchr(key + length, ':'))
			continue;
		hash = redis_hash(stack->redis, stack_text(stack, "muster:{0}:%s", key));
		result = lives[i].is_final(redis_field(hash, "status"));
		freeReplyObject(hash);
		return result;
	}
	return -1;
}

/* The first order of a request of several stands for the whole request: it has no TTL before all have ended. */
static void check_time_to_live(struct stack *stack, const char *key, int final)
{
	redisReply *ttl = redis_server_command(stack->redis, "PTTL muster:{0}:%s", key);

	if (final == 0 && ttl->integer != -1)
		fail_msg("%s is not final but has a TTL of %lld ms", key, ttl->integer);
	if (final == 1 && ttl->integer < 0)
		fail_msg("%s is final but has no TTL", key);
	freeReplyObject(ttl);
}

/* Orders under way are counted; when all is quiet there are none. */
static void check_counts(struct stack *stack)
{
	redisReply *counts = redis_hash(stack->redis, "muster:{0}:counts");

	for (enum order_status status = 0; status < ORDER_STATUS_COUNT; status++) {
		int64_t count = (int64_t)redis_field_int(counts, order_status_word(status));

		if (count < 0 || (count > 0 && !order_status_is_final(status)))
			fail_msg("%lld orders are counted as %s", (long long)count, order_status_word(status));
	}
	freeReplyObject(counts);
}

void check_nothing_left(struct stack *stack)
{
	static const char *const empty[] = {"EXISTS muster:{0}:blocks", "EXISTS muster:{0}:windows:working",
					    "EXISTS muster:{0}:blocks:needs_review",
					    "EXISTS muster:{0}:blocks:working"};
	redisReply *keys = redis_server_command(stack->redis, "KEYS muster:*");

	for (size_t i = 0; i < keys->elements; i++) {
		const char *key = keys->element[i]->str + strlen("muster:{0}:");

		check_time_to_live(stack, key, is_final(stack, key));
		if (strncmp(key, "sides:", 6) == 0)
			fail_msg("%s is left", key);
	}
	freeReplyObject(keys);
	for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++)
		if (stack_redis_int(stack, empty[i]) != 0)
			fail_msg("%s: there is something left", empty[i]);
	check_counts(stack);
}

/* Whether all windows have ended: the last block's end is told a moment before its window's. */
static bool is_quiet(struct stack *stack)
{
	return stack_redis_int(stack, "EXISTS muster:{0}:blocks muster:{0}:windows:working") == 0;
}

void check_all_exact(struct stack *stack)
{
	check_all_final(stack);
	WAIT_UNTIL(is_quiet(stack));
	check_books(stack);
	check_nothing_left(stack);
	check_audit(stack);
}
