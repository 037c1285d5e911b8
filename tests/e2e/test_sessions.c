/* Market sessions from end to end: Redis's clock is moved, and orders go where the calendar says. The hosts' clock,
 * that of this machine, is never where these sessions are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/check.h"
#include "tests/support/json_at.h"
#include "tests/support/source_folder.h"
#include "tests/support/stack.h"
#include "tests/support/wait_until.h"

#define QUEUE "/trade-queue/queue/order"
#define ROUTE "/trade-queue/queue/route"
#define BULK_OF_ONE                                                                                                    \
	"[{\"user_id\":\"Z\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"GOOG\",\"action\":\"buy\","       \
	"\"quantity\":3}]}]"

static char calendars[512]; /* "calendars.dir=..." */

/* New York for the paper broker, India for another one, which nothing is ever sent to. */
static struct stack *start_at(void **state, const char *at, int workers)
{
	struct stack *stack;

	*state = stack = stack_start(&(struct stack_options){
	    .workers = workers,
	    .at = at,
	    .settings = {calendars, "broker.paper.calendar=XNYS", "window.length_s=300", "window.max_ahead_s=604800",
			 "broker.nse.adapter=alpaca", "broker.nse.base_url=http://127.0.0.1:9",
			 "broker.nse.timeout_ms=500", "broker.nse.calendar=XNSE"}});
	return stack;
}

static const json_t *queue_aapl(struct stack *stack, const char *user, int quantity, const char *more)
{
	return stack_queue(stack,
			   "{\"user_id\":\"%s\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":\"AAPL\","
			   "\"action\":\"buy\",\"quantity\":%d}]%s}",
			   user, quantity, more);
}

/* Where an answer says that its first order goes. */
static void assert_goes(const json_t *answer, const char *lane, const char *at, const char *why)
{
	assert_json_text(answer, "/lane", lane);
	assert_json_text(answer, "/execution_window", at);
	assert_json_text(answer, "/orders/0/lane", lane);
	assert_json_text(answer, "/orders/0/execution_window", at);
	assert_non_null(strstr(json_text(answer, "/why"), why));
	assert_string_equal(json_text(answer, "/why"), json_text(answer, "/orders/0/why"));
}

static void assert_calendar(struct stack *stack, const char *state, const char *next_open, const char *next_close)
{
	const json_t *status = stack_get(stack, 200, "/trade-queue/queue/status");

	assert_json_text(status, "/calendars/0/calendar", "XNYS");
	assert_json_text(status, "/calendars/0/brokers/0", "paper");
	assert_json_text(status, "/calendars/0/state", state);
	assert_json_text(status, "/calendars/0/next_open", next_open);
	assert_json_text(status, "/calendars/0/next_close", next_close);
}

/* Friday evening, made due by hand on top of it: nothing leaves before Monday, and then everything does. */
static void test_friday_evenings_order_is_executed_on_monday(void **state)
{
	struct stack *stack = start_at(state, "2026-12-04T22:00:00Z", 1);
	const json_t *normal = queue_aapl(stack, "A", 100, ""), *high, *large, *bulk;

	assert_goes(normal, "window", "2026-12-07T14:35:00Z", "The market is closed");
	high = queue_aapl(stack, "B", 50, ",\"priority\":\"high\"");
	assert_goes(high, "window", "2026-12-07T14:35:00Z", "The market is closed");
	large = queue_aapl(stack, "C", 12000, "");
	assert_goes(large, "large", "2026-12-07T14:35:00Z", "The market is closed");
	assert_calendar(stack, "closed", "2026-12-07T14:30:00Z", "2026-12-07T21:00:00Z");
	(void)stack_delete(stack, 200, QUEUE "/%s", json_text(large, "/queue_id"));

	bulk = stack_post(stack, 200, "/smallcases/bulk/rebalance?wait=30", BULK_OF_ONE);
	assert_json_text(bulk, "/orders/0/status", "rejected");
	assert_non_null(
	    strstr(json_text(bulk, "/orders/0/reason"), "market_closed: the market of paper is closed now"));

	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	stack_set_clock(stack, "2026-12-07T14:30:30Z");
	assert_calendar(stack, "open", "2026-12-08T14:30:00Z", "2026-12-07T21:00:00Z");
	normal = stack_get(stack, 200, QUEUE "/%s", json_text(normal, "/queue_id"));
	assert_json_text(normal, "/orders/0/status", "queued");
	stack_set_clock(stack, "2026-12-07T14:31:00Z"); /* as early as the market allows: it was made due by hand */
	normal = stack_wait_final(stack, normal);
	high = stack_wait_final(stack, high);
	assert_json_text(normal, "/orders/0/filled_quantity", "100");
	assert_json_text(high, "/orders/0/filled_quantity", "50");
	assert_json_text(high, "/orders/0/block_id", json_text(normal, "/orders/0/block_id"));
	stack_finish(stack);
}

/* The short Friday after Thanksgiving: half an hour before one o'clock, then the rush, then too late. */
static void test_before_the_close_windows_are_short_and_then_there_is_none(void **state)
{
	struct stack *stack = start_at(state, "2026-11-27T17:31:00Z", 1);
	const json_t *orders[5], *urgent, *bulk;

	urgent = queue_aapl(stack, "A", 1, ",\"priority\":\"high\"");
	assert_json_text(urgent, "/lane", "immediate");
	assert_json_text(stack_wait_final(stack, urgent), "/orders/0/status", "filled");
	bulk = stack_post(stack, 200, "/smallcases/bulk/rebalance?wait=30", BULK_OF_ONE);
	assert_json_text(bulk, "/orders/0/status", "filled");
	assert_json_text(bulk, "/lane", "bulk");
	orders[0] = queue_aapl(stack, "A", 10, "");
	assert_goes(orders[0], "window", "2026-11-27T17:35:00Z", "timed window");
	stack_set_clock(stack,
			"2026-11-27T17:44:30Z"); /* the one of 17:45 is the last before the rush, and its first */
	orders[1] = queue_aapl(stack, "B", 20, "");
	assert_goes(orders[1], "window", "2026-11-27T17:45:00Z", "timed window");
	stack_set_clock(stack, "2026-11-27T17:46:05Z");
	orders[2] = queue_aapl(stack, "C", 30, "");
	assert_goes(orders[2], "rush", "2026-11-27T17:46:30Z", "closes soon");
	stack_set_clock(stack, "2026-11-27T17:57:40Z");
	orders[3] = queue_aapl(stack, "D", 40, ",\"priority\":\"high\"");
	assert_goes(orders[3], "rush", "2026-11-27T17:58:00Z", "closes soon");
	for (int i = 0; i < 3; i++)
		assert_json_text(stack_wait_final(stack, orders[i]), "/orders/0/status", "filled");
	stack_set_clock(stack, "2026-11-27T17:58:00Z");
	orders[4] = queue_aapl(stack, "E", 50, "");
	assert_goes(orders[4], "window", "2026-11-30T14:35:00Z", "too soon for a new order");
	assert_json_text(stack_wait_final(stack, orders[3]), "/orders/0/status", "filled");
	assert_calendar(stack, "open", "2026-11-30T14:30:00Z", "2026-11-27T18:00:00Z");
	stack_set_clock(stack, "2026-11-30T14:35:00Z");
	assert_json_text(stack_wait_final(stack, orders[4]), "/orders/0/filled_quantity", "50");
	stack_finish(stack);
}

/* A time that was asked for must lie in a session; where it does not, the answer says which times would. */
static void test_a_time_outside_of_sessions_is_refused_with_the_nearest(void **state)
{
	static const char body[] =
	    "{\"user_id\":\"A\",\"smallcase_id\":\"sc1\",\"execution_window\":\"%s\",\"suggestions\":[{"
	    "\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":1}]}";
	struct stack *stack = start_at(state, "2026-12-03T20:00:00Z", 0);
	const json_t *refused = stack_post(stack, 422, QUEUE, body, "2026-12-05T12:00:00Z"), *order;
	int64_t keys = stack_redis_int(stack, "DBSIZE");

	assert_json_text(refused, "/code", "bad_window");
	assert_json_text(refused, "/errors/0/pointer", "/execution_window");
	assert_json_text(
	    refused, "/errors/0/detail",
	    "the market is closed then; the nearest windows are at 2026-12-04T20:58:00Z and 2026-12-07T14:35:00Z");
	refused = stack_post(stack, 422, QUEUE, body, "2026-12-03T20:59:00Z");
	assert_json_text(
	    refused, "/errors/0/detail",
	    "the market is closed then; the nearest windows are at 2026-12-03T20:58:00Z and 2026-12-04T14:35:00Z");
	assert_int_equal(stack_redis_int(stack, "DBSIZE"), keys);
	order = stack_queue(stack, body, "2026-12-04T15:01:00Z");
	assert_goes(order, "window", "2026-12-04T15:05:00Z", "names its time");
	(void)stack_delete(stack, 200, QUEUE "/%s", json_text(order, "/queue_id"));
	order = stack_queue(stack, body, "2026-12-04T20:46:10Z");
	assert_goes(order, "rush", "2026-12-04T20:46:30Z", "names its time");
	(void)stack_delete(stack, 200, QUEUE "/%s", json_text(order, "/queue_id"));
	order = stack_queue(stack, body, "2026-12-04T14:30:00Z"); /* the first minute: its first window */
	assert_goes(order, "window", "2026-12-04T14:35:00Z", "names its time");
	(void)stack_delete(stack, 200, QUEUE "/%s", json_text(order, "/queue_id"));
	stack_finish(stack);
}

/* One request with orders of two markets: each order has its own window, the request the first of them. */
static void test_india_and_new_york_in_one_request(void **state)
{
	static const char body[] = "{\"user_id\":\"A\",\"smallcase_id\":\"sc1\",\"suggestions\":["
				   "{\"symbol\":\"AAPL\",\"action\":\"buy\",\"quantity\":1},"
				   "{\"symbol\":\"MSFT\",\"action\":\"buy\",\"quantity\":2,\"broker_type\":\"nse\"},"
				   "{\"symbol\":\"GOOG\",\"action\":\"buy\",\"quantity\":3}]}";
	struct stack *stack = start_at(state, "2026-12-07T05:01:00Z", 0);
	const json_t *order = stack_queue(stack, "%s", body), *status, *again;

	assert_json_text(order, "/execution_window", "2026-12-07T05:05:00Z");
	assert_json_text(order, "/orders/0/execution_window", "2026-12-07T14:35:00Z");
	assert_json_text(order, "/orders/1/execution_window", "2026-12-07T05:05:00Z");
	assert_json_text(order, "/orders/2/execution_window", "2026-12-07T14:35:00Z");
	assert_string_equal(json_text(order, "/orders/0/window_id"), json_text(order, "/orders/2/window_id"));
	assert_string_not_equal(json_text(order, "/orders/0/window_id"), json_text(order, "/orders/1/window_id"));
	again = stack_get(stack, 200, QUEUE "/%s", json_text(order, "/queue_id"));
	assert_json_text(again, "/execution_window", "2026-12-07T05:05:00Z");
	assert_json_text(again, "/orders/0/why", json_text(order, "/orders/0/why"));
	assert_json_text(again, "/orders/1/why", json_text(order, "/orders/1/why"));
	status = stack_get(stack, 200, "/trade-queue/queue/status");
	assert_int_equal(json_array_size(json_at(status, "/calendars")), 2);
	assert_json_text(status, "/calendars/0/state", "closed");
	assert_json_text(status, "/calendars/1/calendar", "XNSE");
	assert_json_text(status, "/calendars/1/state", "open");
	assert_json_text(status, "/calendars/1/next_close", "2026-12-07T09:45:00Z");
	assert_non_null(strstr(json_text(status, "/calendars/1/warning"), "XNSE ends at 2026-12-31T18:30:00Z"));
	(void)stack_delete(stack, 200, QUEUE "/%s", json_text(order, "/queue_id"));
	stack_finish(stack);
}

/* Both ways to ask without ordering: they agree, and nothing is stored. */
static void test_a_dry_run_tells_the_way_and_stores_nothing(void **state)
{
	struct stack *stack = start_at(state, "2026-12-07T15:01:00Z", 0);
	int64_t keys = stack_redis_int(stack, "DBSIZE");
	const json_t *answer = stack_get(stack, 200, ROUTE "?symbol=AAPL&action=buy&quantity=5");

	assert_json_text(answer, "/lane", "window");
	assert_json_text(answer, "/execution_window", "2026-12-07T15:05:00Z");
	assert_json_text(answer, "/orders/0/rule", "next");
	assert_json_text(answer, "/orders/0/calendar", "XNYS");
	assert_json_text(answer, "/orders/0/quantity", "5");
	answer = stack_get(stack, 200, ROUTE "?symbol=AAPL&action=sell&quantity=12000&priority=high");
	assert_json_text(answer, "/lane", "large");
	assert_json_text(answer, "/orders/0/rule", "large_quantity");
	assert_json_text(answer, "/orders/0/side", "sell");
	answer = stack_get(stack, 200, ROUTE "?symbol=MSFT&action=buy&amount=250000");
	assert_json_text(answer, "/orders/0/rule", "large_notional");
	answer = stack_get(stack, 200, ROUTE "?symbol=AAPL&action=buy&quantity=1&priority=high");
	assert_json_text(answer, "/lane", "immediate");
	answer = stack_get(stack, 422, ROUTE "?symbol=NOSUCH&action=buy&quantity=1");
	assert_json_text(answer, "/errors/0/code", "unknown_symbol");
	(void)stack_get(stack, 400, ROUTE "?symbol=AAPL&action=buy&quantity=1&priority=urgent");
	(void)stack_get(stack, 400, ROUTE);
	answer =
	    stack_post(stack, 200, QUEUE,
		       "{\"user_id\":\"A\",\"smallcase_id\":\"sc1\",\"dry_run\":true,\"suggestions\":[{\"symbol\":"
		       "\"AAPL\",\"action\":\"buy\",\"quantity\":1},{\"symbol\":\"MSFT\",\"action\":\"sell\","
		       "\"quantity\":2,\"order_type\":\"limit\",\"limit_price\":\"400\",\"broker_type\":\"nse\"}]}");
	assert_json_text(answer, "/orders/1/execution_window", "2026-12-08T03:50:00Z");
	assert_json_text(answer, "/orders/1/rule", "closed");
	assert_json_text(answer, "/orders/1/limit_price", "400");
	assert_int_equal(stack_redis_int(stack, "DBSIZE"), keys);
	stack_finish(stack);
}

/* Past the end of its calendar a market never counts as open. */
static void test_past_the_end_of_the_calendar_nothing_is_taken(void **state)
{
	struct stack *stack = start_at(state, "2028-01-04T15:00:00Z", 0);
	const json_t *refused = stack_post(stack, 422, QUEUE,
					   "{\"user_id\":\"A\",\"smallcase_id\":\"sc1\",\"suggestions\":[{\"symbol\":"
					   "\"AAPL\",\"action\":\"buy\",\"quantity\":1}]}");

	assert_json_text(refused, "/code", "bad_window");
	assert_json_text(refused, "/errors/0/detail", "its calendar knows no session after now");
	assert_calendar(stack, "ended", "null", "null");
	assert_non_null(strstr(json_text(stack_get(stack, 200, "/trade-queue/queue/status"), "/calendars/0/warning"),
			       "XNYS has ended"));
	WAIT_UNTIL(process_log_has(stack->apis[0], "event=calendar_ends"));
	stack_finish(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_friday_evenings_order_is_executed_on_monday, stack_teardown),
	    cmocka_unit_test_teardown(test_before_the_close_windows_are_short_and_then_there_is_none, stack_teardown),
	    cmocka_unit_test_teardown(test_a_time_outside_of_sessions_is_refused_with_the_nearest, stack_teardown),
	    cmocka_unit_test_teardown(test_india_and_new_york_in_one_request, stack_teardown),
	    cmocka_unit_test_teardown(test_a_dry_run_tells_the_way_and_stores_nothing, stack_teardown),
	    cmocka_unit_test_teardown(test_past_the_end_of_the_calendar_nothing_is_taken, stack_teardown),
	};
	char *folder = source_folder();

	(void)snprintf(calendars, sizeof calendars, "calendars.dir=%s/conf/calendars", folder);
	free(folder);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
