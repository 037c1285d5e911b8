/* Caps at the entrance: an order over one is refused with 422, in a bulk call it comes back rejected, and the others go
 * on. Nothing of what was refused reaches Redis or the broker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/json_at.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

#define QUEUE "/trade-queue/queue/order"
#define ONE   "{\"user_id\":\"A\",\"smallcase_id\":\"sc1\",\"suggestions\":[%s]}"

/* One suggestion and what becomes of it. */
struct row {
	const char *suggestion;
	const char *code;    /* NULL: it is accepted */
	const char *pointer; /* of the problem */
};

/* Queues each by itself; then all of them in one bulk call. */
static void check_rows(struct stack *stack, const struct row *rows, size_t count)
{
	const char *all = "";
	const json_t *answer;

	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];

		answer = stack_post(stack, row->code ? 422 : 202, QUEUE, ONE, row->suggestion);
		if (row->code) {
			assert_json_text(answer, "/code", row->code);
			assert_json_text(answer, "/errors/0/code", row->code);
			assert_json_text(answer, "/errors/0/pointer", row->pointer);
		}
		all = stack_text(stack, "%s%s%s", all, i ? "," : "", row->suggestion);
	}
	answer = stack_post(stack, 200, "/smallcases/bulk/rebalance?wait=30",
			    "[{\"user_id\":\"B\",\"smallcase_id\":\"sc1\",\"suggestions\":[%s]}]", all);
	for (size_t i = 0; i < count; i++) {
		const json_t *order = json_at(answer, stack_text(stack, "/orders/%zu", i));

		assert_json_text(order, "/status", rows[i].code ? "rejected" : "filled");
		if (rows[i].code)
			assert_int_equal(strncmp(json_text(order, "/reason"), rows[i].code, strlen(rows[i].code)), 0);
	}
}

static void test_orders_over_a_cap_are_refused(void **state)
{
	static const struct row rows[] = {
	    {"{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":200}", NULL, NULL},
	    {"{\"symbol\":\"F\",\"action\":\"buy\",\"quantity\":1000}", NULL, NULL},
	    {"{\"symbol\":\"F\",\"action\":\"sell\",\"quantity\":1001}", "bad_quantity", "/suggestions/0/quantity"},
	    {"{\"symbol\":\"F\",\"action\":\"buy\",\"amount\":13000}", "bad_quantity", "/suggestions/0/amount"},
	    {"{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":211}", "over_cap", "/suggestions/0/quantity"},
	    {"{\"symbol\":\"AAPL\",\"action\":\"buy\",\"amount\":50000}", "over_cap", "/suggestions/0/amount"},
	    {"{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":1,\"order_type\":\"limit\",\"limit_price\":209.3}",
	     "price_collar", "/suggestions/0/limit_price"},
	    {"{\"symbol\":\"AAPL\",\"action\":\"sell\",\"quantity\":1,\"order_type\":\"limit\",\"limit_price\":171.2}",
	     "price_collar", "/suggestions/0/limit_price"},
	    {"{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":1,\"order_type\":\"limit\",\"limit_price\":209.27}",
	     NULL, NULL},
	};
	struct stack *stack = *state = stack_start(&(struct stack_options){
	    .workers = 1,
	    .settings = {"caps.max_order_quantity=1000", "caps.max_order_notional=40000", "caps.price_collar_pct=10"}});

	check_rows(stack, rows, sizeof rows / sizeof rows[0]);
	(void)stack_process(stack);
	assert_int_equal(stack_redis_int(stack, "HGET muster:{0}:counts rejected"), 6);
	stack_finish(stack);
}

/* One stock with a time of its price that a PUT would never give it. */
static void store_stock(struct stack *stack, const char *symbol, const char *text)
{
	redis_server_run(stack->redis, "HSET muster:{0}:stocks %s %s", symbol, text);
	redis_server_run(stack->redis, "PUBLISH muster:{0}:changes stocks");
}

/* Whether an order of the stock is refused for its price: once the API has loaded the stocks again. */
static bool queue_is_refused(struct stack *stack, const char *symbol)
{
	const struct http_reply *reply = stack_call(
	    stack, 0,
	    &(struct http_call){
		.method = "POST",
		.url = QUEUE,
		.body = stack_text(
		    stack, ONE, stack_text(stack, "{\"symbol\":\"%s\",\"action\":\"buy\",\"quantity\":1}", symbol))});

	return reply->status == 422 && strcmp(json_text(reply->json, "/code"), "stale_price") == 0;
}

static void test_orders_on_an_old_price_are_refused_until_it_is_new(void **state)
{
	static const struct row rows[] = {
	    {"{\"symbol\":\"MSFT\",\"action\":\"buy\",\"quantity\":1}", "stale_price", "/suggestions/0/symbol"},
	    {"{\"symbol\":\"GOOG\",\"action\":\"sell\",\"quantity\":1}", "stale_price", "/suggestions/0/symbol"},
	    {"{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":1}", NULL, NULL},
	};
	struct stack *stack = *state =
	    stack_start(&(struct stack_options){.workers = 1, .settings = {"caps.max_price_age_s=3600"}});

	assert_false(json_is_null(json_at(stack_get(stack, 200, "/stocks/AAPL"), "/priced_at")));
	store_stock(stack, "MSFT", "{\"price\":\"410.5\",\"priced_at\":1700000000000}");
	store_stock(stack, "GOOG", "{\"price\":\"141.8\"}"); /* without a time: nobody knows how old it is */
	assert_json_text(stack_get(stack, 200, "/stocks/MSFT"), "/priced_at", "2023-11-14T22:13:20Z");
	assert_true(json_is_null(json_at(stack_get(stack, 200, "/stocks/GOOG"), "/priced_at")));
	WAIT_UNTIL(queue_is_refused(stack, "MSFT") && queue_is_refused(stack, "GOOG"));
	check_rows(stack, rows, sizeof rows / sizeof rows[0]);
	(void)stack_put(stack, 200, "/stocks/MSFT", "{\"price\":\"411\"}");
	assert_false(queue_is_refused(stack, "MSFT"));
	assert_true(queue_is_refused(stack, "GOOG"));
	(void)stack_process(stack);
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_orders_over_a_cap_are_refused, stack_teardown),
	    cmocka_unit_test_teardown(test_orders_on_an_old_price_are_refused_until_it_is_new, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
