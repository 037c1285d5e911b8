/* What can be looked at: orders, blocks, statements and transactions a page at a time, stocks, and the scripts that
 * people run by hand with redis-cli. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/decimal.h"
#include "shared/clock.h"
#include "tests/support/check.h"
#include "tests/support/json_at.h"
#include "tests/support/source_folder.h"

/* All items of a paged list, read `limit` at a time; each page but the last must be full. */
static json_t *read_pages(struct stack *stack, const char *path, size_t limit)
{
	json_t *items = json_array();
	const char *cursor = NULL;

	do {
		const char mark = strchr(path, '?') ? '&' : '?';
		const json_t *page = cursor
					 ? stack_get(stack, 200, "%s%climit=%zu&cursor=%s", path, mark, limit, cursor)
					 : stack_get(stack, 200, "%s%climit=%zu", path, mark, limit);
		size_t count = json_array_size(json_at(page, "/items"));

		json_array_extend(items, json_at(page, "/items"));
		cursor = json_string_value(json_at(page, "/next_cursor"));
		assert_true(cursor ? count == limit : count <= limit);
		assert_true(json_array_size(items) < 1000);
	} while (cursor);
	return items;
}

/* A time as a number: as text, a whole second would sort behind its own fractions. */
static int64_t time_of(const json_t *item, const char *time)
{
	int64_t at_ms = 0;

	assert_true(clock_parse(json_text(item, time), &at_ms, NULL));
	return at_ms;
}

/* Items come newest first, each once. */
static void assert_descending(const json_t *items, const char *time, const char *id)
{
	json_t *seen = json_object();

	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *item = json_array_get(items, i);

		assert_null(json_object_get(seen, json_text(item, id)));
		json_object_set_new(seen, json_text(item, id), json_true());
		if (i > 0)
			assert_true(time_of(json_array_get(items, i - 1), time) >= time_of(item, time));
	}
	json_decref(seen);
}

/* A user sees their own orders and transactions, and nobody else's. */
static void test_a_user_reads_their_orders_and_transactions_in_pages(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	json_t *items;

	for (int i = 0; i < 23; i++) {
		(void)stack_queue_one(stack, "A", i % 2 ? "buy" : "sell", stack_text(stack, "S%03d", i), "2");
		(void)stack_queue_one(stack, "B", i % 2 ? "buy" : "sell", stack_text(stack, "S%03d", i), "3");
	}
	(void)stack_process(stack);
	items = read_pages(stack, "/users/A/orders", 5);
	assert_int_equal(json_array_size(items), 23);
	assert_descending(items, "/created_at", "/order_id");
	for (size_t i = 0; i < 23; i++)
		assert_json_text(json_array_get(items, i), "/user_id", "A");
	assert_json_text(json_array_get(items, 0), "/symbol", "S022");
	json_decref(items);

	items = read_pages(stack, "/users/A/transactions", 4);
	assert_int_equal(json_array_size(items), 23);
	assert_descending(items, "/executed_at", "/order_id");
	for (size_t i = 0; i < 23; i++) {
		const json_t *item = json_array_get(items, i);

		assert_json_text(item, "/user_id", "A");
		assert_json_text(item, "/quantity", "2");
		assert_json_text(item, "/broker_type", "paper");
		assert_json_text(item, "/smallcase_id", "sc1");
		assert_json_text(item, "/fee", "0");
		assert_true(json_nano(item, "/gross_amount") == 2 * json_nano(item, "/price"));
	}
	json_decref(items);
	assert_int_equal(json_array_size(json_at(stack_get(stack, 200, "/users/nobody/orders"), "/items")), 0);
	(void)stack_get(stack, 400, "/users/A/orders?cursor=nonsense");
	stack_finish(stack);
}

/* The statement of a block: who is in it, frozen at the seal, with each share beside it after allocation. */
static void test_a_statement_lists_every_order_of_its_block(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *last = NULL, *order;
	int64_t sum = 0;
	json_t *items;

	for (int i = 0; i < 31; i++)
		last =
		    stack_queue_one(stack, stack_text(stack, "u%d", i), "buy", "AAPL", stack_text(stack, "%d", i + 1));
	(void)stack_process(stack);
	last = stack_wait_final(stack, last);
	items = read_pages(stack, stack_text(stack, "/blocks/%s/statement", json_text(last, "/orders/0/block_id")), 7);
	assert_int_equal(json_array_size(items), 31);
	for (size_t i = 0; i < 31; i++) {
		order = json_array_get(items, i);
		assert_json_text(order, "/user_id", stack_text(stack, "u%zu", i)); /* by arrival */
		assert_json_text(order, "/filled_quantity", json_text(order, "/quantity"));
		sum += json_nano(order, "/quantity");
	}
	assert_true(sum == INT64_C(496) * NANO);
	json_decref(items);
	items = read_pages(stack, "/blocks?status=allocated", 2);
	assert_int_equal(json_array_size(items), 1);
	json_decref(items);
	(void)stack_get(stack, 404, "/blocks/1-1");
	(void)stack_get(stack, 404, "/blocks/1-1/statement");
	(void)stack_get(stack, 404, "/orders/00000000000000000000-0");
	(void)stack_get(stack, 404, "/trade-queue/queue/order/00000000000000000000");
	stack_finish(stack);
}

/* Stocks come in as JSON or CSV, one or many, and are listed by symbol. */
static void test_stocks_are_stored_and_listed(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){0});
	const struct http_call csv = {.method = "PUT",
				      .url = "/stocks",
				      .content_type = "text/csv; charset=utf-8",
				      .body = "symbol,name,price\r\nZ1,\"One, Inc.\",1.5\r\nZ2,Two,2\r\n"};
	const struct http_call bad = {.method = "PUT",
				      .url = "/stocks",
				      .content_type = "text/csv",
				      .body = "symbol,name,price\nZ3,Three,3\nZ4,Four,minus one\n"};
	json_t *items;

	assert_int_equal(stack_call(stack, 0, &csv)->status, 200);
	assert_json_text(stack_get(stack, 200, "/stocks/Z1"), "/price", "1.5");
	assert_json_text(stack_get(stack, 200, "/stocks/Z2"), "/broker_type", "paper");
	assert_int_equal(stack_call(stack, 0, &bad)->status, 422);
	(void)stack_get(stack, 404, "/stocks/Z3"); /* nothing of a file with an error is stored */
	(void)stack_put(stack, 200, "/stocks",
			"[{\"symbol\":\"Z1\",\"price\":\"1.75\",\"tradable\":false,\"average_daily_volume\":5},"
			"{\"symbol\":\"Z5\",\"price\":5}]");
	assert_json_text(stack_get(stack, 200, "/stocks/Z1"), "/price", "1.75");
	assert_true(json_is_false(json_at(stack_get(stack, 200, "/stocks/Z1"), "/tradable")));
	(void)stack_put(stack, 422, "/stocks/Z1", "{\"price\":\"-1\"}");
	(void)stack_put(stack, 400, "/stocks/Z1", "{\"price\":\"1\",\"colour\":\"red\"}");
	(void)stack_put(stack, 400, "/stocks/z1", "{\"price\":\"1\"}");
	items = read_pages(stack, "/stocks", 50);
	assert_int_equal(json_array_size(items), STACK_SPARE_SYMBOLS + 4 + 3);
	for (size_t i = 1; i < json_array_size(items); i++)
		assert_true(strcmp(json_text(json_array_get(items, i - 1), "/symbol"),
				   json_text(json_array_get(items, i), "/symbol")) < 0);
	json_decref(items);
	stack_finish(stack);
}

/* What a shell command prints; it must succeed. */
static char *output_of(const char *command)
{
	FILE *pipe = popen(command, "re");
	char *text = calloc(1, 65536);

	assert_true(pipe && text);
	(void)fread(text, 1, 65535, pipe);
	assert_int_equal(pclose(pipe), 0);
	return text;
}

/* The scripts that only read also run by hand, as their heads say. */
static void test_people_can_look_inside_with_redis_cli(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 1});
	const json_t *done = stack_queue_one(stack, "A", "buy", "AAPL", "7"), *open;
	char *source = source_folder();
	const struct {
		const char *script, *argument, *shows;
	} rows[] = {
	    {"status", "", "scheduler"},
	    {"preview", "", "GOOG"},
	    {"window", json_text(done, "/orders/0/window_id"), "due_at"},
	    {"block", "", "average_price"},
	    {"order", json_text(done, "/orders/0/order_id"), "filled"},
	    {"statement", "", "filled"},
	    {"request", json_text(done, "/queue_id"), "queue"},
	    {"transactions", "A", "AAPL"},
	};

	(void)stack_process(stack);
	done = stack_wait_final(stack, done);
	open = stack_queue_one(stack, "B", "sell", "GOOG", "9");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *argument = rows[i].argument, *shows = rows[i].shows;
		char *out;

		if (strcmp(rows[i].script, "block") == 0 || strcmp(rows[i].script, "statement") == 0)
			argument = json_text(done, "/orders/0/block_id");
		if (strcmp(rows[i].script, "status") == 0)
			shows = json_text(open, "/orders/0/window_id");
		out = output_of(stack_text(stack, "redis-cli -e -s %s --eval %s/lua/%s.lua 'muster:{0}' , %s 2>&1",
					   redis_server_socket(stack->redis), source, rows[i].script, argument));
		if (!strstr(out, shows))
			fail_msg("%s.lua does not show %s:\n%s", rows[i].script, shows, out);
		free(out);
	}
	free(source);
	(void)stack_process(stack);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_a_user_reads_their_orders_and_transactions_in_pages, stack_teardown),
	    cmocka_unit_test_teardown(test_a_statement_lists_every_order_of_its_block, stack_teardown),
	    cmocka_unit_test_teardown(test_stocks_are_stored_and_listed, stack_teardown),
	    cmocka_unit_test_teardown(test_people_can_look_inside_with_redis_cli, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
