/* The auditor's second half: for every block, quantity = its statement = its slices, and what the broker filled = what
 * the orders and the house account got, for quantity, money and fees, to the last unit. */
#include "tests/support/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/status.h"
#include "tests/support/json_at.h"
#include "tests/support/ledger.h"
#include "tests/support/redis_read.h"

/* The three things that add up. */
struct sums {
	int128 quantity, gross, fee;
};

struct audit {
	struct stack *stack;
	struct ledger *ledger;
	json_t *posted;	    /* "BLOCK ORDER" -> index of its transaction */
	redisReply *stream; /* the transactions */
	size_t shares;	    /* orders that have something */
	size_t known;	    /* broker orders that belong to a slice */
};

/* One block under audit. */
struct subject {
	struct audit *audit;
	const char *id;
	redisReply *hash;
	bool is_allocated;
	int128 ordered, sliced;		  /* quantities */
	int128 gross_atto;		  /* of the fills, exact */
	struct sums orders, fills, house; /* what they got, what came, what was left */
};

/* Fails the test where two sums differ. */
static void assert_same(const struct subject *subject, const char *what, int128 one, int128 other)
{
	char a[DECIMAL_TEXT], b[DECIMAL_TEXT];

	if (one != other)
		fail_msg("block %s: %s: %s and %s", subject->id, what, decimal_format_wide(one, a),
			 decimal_format_wide(other, b));
}

/* Holds one order's share against its transaction. */
static void check_posting(const struct subject *subject, const char *order_id, const struct sums *share)
{
	struct audit *audit = subject->audit;
	const char *key = stack_text(audit->stack, "%s %s", subject->id, order_id);
	json_t *index = json_object_get(audit->posted, key);
	const redisReply *entry;

	if (share->quantity == 0) {
		if (index)
			fail_msg("order %s got nothing but has a transaction", order_id);
		return;
	}
	if (!index)
		fail_msg("order %s has a share but no transaction", order_id);
	entry = audit->stream->element[json_integer_value(index)]->element[1];
	assert_same(subject, "posted quantity", redis_field_nano(entry, "quantity"), share->quantity);
	assert_same(subject, "posted amount", redis_field_nano(entry, "gross_amount"), share->gross);
	assert_same(subject, "posted fee", redis_field_nano(entry, "fee"), share->fee);
	audit->shares++;
}

/* Adds up the statement. */
static void sum_orders(struct subject *subject)
{
	redisReply *ids =
	    redis_server_command(subject->audit->stack->redis, "ZRANGE muster:{0}:block:%s:orders 0 -1", subject->id);

	assert_same(subject, "number of orders", (int128)ids->elements, redis_field_int(subject->hash, "orders"));
	for (size_t i = 0; i < ids->elements; i++) {
		const char *id = ids->element[i]->str;
		redisReply *order = redis_hash(subject->audit->stack->redis,
					       stack_text(subject->audit->stack, "muster:{0}:order:%s", id));
		struct sums share = {redis_field_nano(order, "filled_quantity"),
				     redis_field_nano(order, "gross_amount"), redis_field_nano(order, "fee")};
		int128 quantity = redis_field_nano(order, "quantity");

		if (strcmp(redis_field(order, "block"), subject->id) != 0)
			fail_msg("order %s stands in block %s but names %s", id, subject->id,
				 redis_field(order, "block"));
		if (share.quantity < 0 || share.quantity > quantity)
			fail_msg("order %s got more than it asked for", id);
		subject->ordered += quantity;
		subject->orders.quantity += share.quantity;
		subject->orders.gross += share.gross;
		subject->orders.fee += share.fee;
		if (subject->is_allocated)
			check_posting(subject, id, &share);
		freeReplyObject(order);
	}
	freeReplyObject(ids);
}

/* Holds one slice against the ledger. */
static void check_slice(struct subject *subject, const char *id, const redisReply *slice)
{
	const struct ledger_order *order = ledger_find(subject->audit->ledger, id);
	bool is_rejected = strcmp(redis_field(slice, "status"), "rejected") == 0;
	bool never_left =
	    strcmp(redis_field(slice, "status"), "canceled") == 0 && !*redis_field(slice, "broker_order_id");
	int128 quantity = redis_field_nano(slice, "quantity");

	subject->sliced += quantity - redis_field_nano(slice, "carried");
	if (!order || order->accepted == 0) {
		if (subject->is_allocated && !is_rejected && !never_left)
			fail_msg("slice %s is %s but never arrived", id, redis_field(slice, "status"));
		return;
	}
	if (order->accepted != 1 || is_rejected)
		fail_msg("slice %s (%s) was accepted %d times", id, redis_field(slice, "status"), order->accepted);
	assert_same(subject, "quantity at the broker", order->quantity_nano, quantity);
	assert_string_equal(order->symbol, redis_field(subject->hash, "symbol"));
	assert_string_equal(order->side, redis_field(subject->hash, "side"));
	if (subject->is_allocated && !order->is_ended)
		fail_msg("slice %s is still open at the broker", id);
	if (subject->is_allocated)
		assert_same(subject, "filled by a slice", redis_field_nano(slice, "filled_quantity"),
			    order->filled_nano);
	subject->fills.quantity += order->filled_nano;
	subject->gross_atto += order->gross_atto;
	subject->fills.fee += order->fee_nano;
	subject->audit->known++;
}

/* Adds up the slices. */
static void sum_slices(struct subject *subject)
{
	struct stack *stack = subject->audit->stack;
	redisReply *ids = redis_server_command(stack->redis, "ZRANGE muster:{0}:block:%s:slices 0 -1", subject->id);

	for (size_t i = 0; i < ids->elements; i++) {
		redisReply *slice =
		    redis_hash(stack->redis, stack_text(stack, "muster:{0}:slice:%s", ids->element[i]->str));

		assert_string_equal(redis_field(slice, "block"), subject->id);
		check_slice(subject, ids->element[i]->str, slice);
		freeReplyObject(slice);
	}
	if (ids->elements > 0)
		assert_same(subject, "quantity and its slices", redis_field_int(subject->hash, "quantity_nano"),
			    subject->sliced);
	/* Money is rounded once, over all fills of the block. */
	subject->fills.gross = (subject->gross_atto + NANO / 2) / NANO;
	freeReplyObject(ids);
}

/* Holds the API's words against the block's. */
static void check_view(const struct subject *subject)
{
	json_t *view = stack_get(subject->audit->stack, 200, "/blocks/%s", subject->id);

	assert_same(subject, "the API's quantity", redis_nano(json_text(view, "/quantity")), subject->ordered);
	assert_json_text(view, "/status", redis_field(subject->hash, "status"));
	if (!subject->is_allocated)
		return;
	assert_same(subject, "the API's filled quantity", redis_nano(json_text(view, "/filled_quantity")),
		    subject->fills.quantity);
	assert_same(subject, "the API's amount", redis_nano(json_text(view, "/gross_amount")), subject->fills.gross);
	assert_same(subject, "the API's fee", redis_nano(json_text(view, "/fee")), subject->fills.fee);
	assert_same(subject, "the API's house", redis_nano(json_text(view, "/house/quantity")),
		    subject->house.quantity);
}

/* Everything about one sealed block. */
static void check_block(struct subject *subject)
{
	subject->house = (struct sums){redis_field_nano(subject->hash, "house_quantity"),
				       redis_field_nano(subject->hash, "house_gross_amount"),
				       redis_field_nano(subject->hash, "house_fee")};
	sum_orders(subject);
	sum_slices(subject);
	assert_same(subject, "quantity and its statement", redis_field_int(subject->hash, "quantity_nano"),
		    subject->ordered);
	check_view(subject);
	if (!subject->is_allocated)
		return;
	assert_same(subject, "filled", redis_field_nano(subject->hash, "filled_quantity"), subject->fills.quantity);
	assert_same(subject, "amount", redis_field_nano(subject->hash, "gross_amount"), subject->fills.gross);
	assert_same(subject, "fee", redis_field_nano(subject->hash, "fee"), subject->fills.fee);
	assert_same(subject, "filled and its shares", subject->fills.quantity,
		    subject->orders.quantity + subject->house.quantity);
	assert_same(subject, "amount and its shares", subject->fills.gross,
		    subject->orders.gross + subject->house.gross);
	assert_same(subject, "fee and its shares", subject->fills.fee, subject->orders.fee + subject->house.fee);
}

/* Reads the stream; each (block, order) must be in it once. */
static void read_postings(struct audit *audit)
{
	audit->posted = json_object();
	audit->stream = redis_server_command(audit->stack->redis, "XRANGE muster:{0}:transactions - +");
	for (size_t i = 0; i < audit->stream->elements; i++) {
		const redisReply *entry = audit->stream->element[i]->element[1];
		const char *key =
		    stack_text(audit->stack, "%s %s", redis_field(entry, "block_id"), redis_field(entry, "order_id"));

		if (json_object_get(audit->posted, key))
			fail_msg("posted twice: %s", key);
		json_object_set_new(audit->posted, key, json_integer((json_int_t)i));
	}
}

/* Opposite sides of a symbol must never have been at the broker together, and every order of ours belongs to a slice.
 */
static void check_ledger(const struct audit *audit)
{
	size_t ours = 0;

	for (size_t i = 0; i < audit->ledger->count; i++) {
		const struct ledger_order *one = &audit->ledger->orders[i];

		if (strncmp(one->client_order_id, "muster-", 7) == 0 && one->accepted > 0)
			ours++;
		if (strstr(one->message, "wash trade"))
			fail_msg("the broker refused a wash trade: %s", one->client_order_id);
		for (size_t j = 0; j < i; j++) {
			const struct ledger_order *other = &audit->ledger->orders[j];

			if (one->accepted && other->accepted && strcmp(one->symbol, other->symbol) == 0 &&
			    strcmp(one->side, other->side) != 0 && one->first_line < other->last_line &&
			    other->first_line < one->last_line)
				fail_msg("opposite sides of %s were at the broker together", one->symbol);
		}
	}
	assert_int_equal(ours, audit->known);
}

void check_books(struct stack *stack)
{
	struct audit audit = {.stack = stack, .ledger = ledger_read(stack->ledger_path)};
	redisReply *keys = redis_server_command(stack->redis, "KEYS muster:{0}:block:*");

	read_postings(&audit);
	for (size_t i = 0; i < keys->elements; i++) {
		struct subject subject = {.audit = &audit, .id = keys->element[i]->str + strlen("muster:{0}:block:")};
		const char *status;

		if (strchr(subject.id, ':'))
			continue;
		subject.hash = redis_hash(stack->redis, keys->element[i]->str);
		status = redis_field(subject.hash, "status");
		subject.is_allocated = strcmp(status, "allocated") == 0;
		if (*status)
			check_block(&subject);
		freeReplyObject(subject.hash);
	}
	freeReplyObject(keys);
	check_ledger(&audit);
	assert_int_equal(json_object_size(audit.posted), audit.shares);
	freeReplyObject(audit.stream);
	json_decref(audit.posted);
	ledger_free(audit.ledger);
}
