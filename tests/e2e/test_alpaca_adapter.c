/* The Alpaca adapter against the paper broker, a real program: the whole life of orders, one by one and a thousand at
 * once. */
#include "tests/support/broker_fixture.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/http_call.h"
#include "tests/support/process.h"
#include "tests/support/wait_until.h"

#define MANY 1000

/* The paper broker with its folder. */
struct paper {
	struct process *process;
	char folder[32];
	char log[64], ledger[64], stocks[64];
	int port;
};

static void write_stocks(const char *path)
{
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	fputs("symbol,name,price\nAAPL,Apple,190.25\nMSFT,Microsoft,410.5\n", out);
	assert_int_equal(fclose(out), 0);
}

/* The port that it says it listens on; 0: not yet. */
static int port_of(struct paper *paper)
{
	char *log = process_log(paper->process);
	const char *found = strstr(log, "address=127.0.0.1:");
	const char *end = found ? strpbrk(found, " \n") : NULL;
	paper->port = end ? atoi(found + strlen("address=127.0.0.1:")) : 0;
	free(log);
	return paper->port;
}

static int set_up(void **state)
{
	struct broker_fixture *fixture = broker_fixture_new();
	struct paper *paper = calloc(1, sizeof *paper);
	char build[512], program[600], ledger[96], stocks[96];
	assert_non_null(paper);
	snprintf(paper->folder, sizeof paper->folder, "/tmp/muster-adapter-XXXXXX");
	assert_non_null(mkdtemp(paper->folder));
	snprintf(paper->log, sizeof paper->log, "%s/log", paper->folder);
	snprintf(paper->ledger, sizeof paper->ledger, "%s/ledger.jsonl", paper->folder);
	snprintf(paper->stocks, sizeof paper->stocks, "%s/stocks.csv", paper->folder);
	write_stocks(paper->stocks);
	process_find_build(build, sizeof build);
	snprintf(program, sizeof program, "%s/muster-paper", build);
	snprintf(ledger, sizeof ledger, "paper.ledger_file=%s", paper->ledger);
	snprintf(stocks, sizeof stocks, "paper.stocks_file=%s", paper->stocks);
	const char *const argv[] = {program, "-o", "paper.listen=127.0.0.1:0", "-o", ledger, "-o",
				    stocks,  "-o", "paper.rate_per_min=0",     NULL};
	paper->process = process_start(argv, paper->log);
	WAIT_UNTIL(port_of(paper));
	fixture->own = paper;
	broker_fixture_connect(fixture, paper->port, NULL);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct broker_fixture *fixture = *state;
	struct paper *paper = fixture->own;
	broker_fixture_free(fixture);
	assert_int_equal(process_end(paper->process), 0);
	process_free(paper->process);
	unlink(paper->log);
	unlink(paper->ledger);
	unlink(paper->stocks);
	rmdir(paper->folder);
	free(paper);
	return 0;
}

/* PUT /paper/settings. */
static void set_paper(struct broker_fixture *fixture, const char *settings)
{
	char url[64];
	snprintf(url, sizeof url, "http://127.0.0.1:%d/paper/settings", ((struct paper *)fixture->own)->port);
	struct http_reply *reply = http_call(&(struct http_call){.method = "PUT", .url = url, .body = settings});
	assert_int_equal(reply->status, 200);
	http_reply_free(reply);
}

/* Follows until the order is final. */
static struct broker_order end_of(struct broker_fixture *fixture, const char *id, int64_t since_ms)
{
	for (int i = 0; i < 1000; i++) {
		const struct broker_result *result = say_follow(fixture, id, since_ms);
		assert_int_equal(result->outcome, BROKER_ACCEPTED);
		if (slice_status_is_final(result->order.status))
			return result->order;
	}
	fail_msg("order %s does not end", id);
	return (struct broker_order){0};
}

static void an_order_lives_from_submit_to_its_fills(void **state)
{
	struct broker_fixture *fixture = *state;
	const struct broker_submit order = {"muster-d-b-1", "AAPL", false, "225", NULL, 0};
	set_paper(fixture,
		  "{\"fill\":\"in_parts\",\"parts\":3,\"price_step\":\"0.01\",\"commission_per_order\":\"1.25\"}");
	struct broker_result taken = *say_submit(fixture, &order);
	assert_int_equal(taken.outcome, BROKER_ACCEPTED);
	assert_string_equal(taken.order.client_order_id, "muster-d-b-1");
	assert_true(taken.order.quantity_nano == 225 * NANO);
	assert_false(slice_status_is_final(taken.order.status));
	assert_true(taken.order.submitted_at_ms > INT64_C(1700000000000));
	struct broker_order end = end_of(fixture, taken.order.broker_order_id, taken.order.submitted_at_ms);
	assert_int_equal(end.status, SLICE_FILLED);
	assert_true(end.filled_nano == 225 * NANO);
	assert_true(end.fee_nano == 1250000000);
	struct broker_said *fills = say_fills(fixture, taken.order.broker_order_id, taken.order.submitted_at_ms);
	assert_int_equal(fills->fill_count, 3);
	int64_t sum_nano = 0;
	for (size_t i = 0; i < fills->fill_count; i++) {
		sum_nano += fills->fills[i].quantity_nano;
		assert_true(fills->fills[i].price_nano == 190250000000 + (int64_t)i * 10000000);
	}
	assert_true(sum_nano == 225 * NANO);
	broker_said_clear(fills);
	const struct broker_result *found = say_look_up(fixture, &order);
	assert_int_equal(found->outcome, BROKER_ACCEPTED);
	assert_int_equal(found->order.status, SLICE_FILLED);
	assert_string_equal(found->order.broker_order_id, taken.order.broker_order_id);
}

static void an_id_is_taken_once_for_ever(void **state)
{
	struct broker_fixture *fixture = *state;
	struct broker_submit order = {"muster-d-b-2", "AAPL", false, "5", NULL, 0};
	assert_int_equal(say_look_up(fixture, &order)->outcome, BROKER_NOT_FOUND);
	struct broker_result taken = *say_submit(fixture, &order);
	assert_int_equal(taken.outcome, BROKER_ACCEPTED);
	assert_int_equal(say_submit(fixture, &order)->outcome, BROKER_DUPLICATE);
	(void)end_of(fixture, taken.order.broker_order_id, taken.order.submitted_at_ms);
	assert_int_equal(say_submit(fixture, &order)->outcome, BROKER_DUPLICATE);
	order.quantity = "6";
	const struct broker_result *found = say_look_up(fixture, &order);
	assert_int_equal(found->outcome, BROKER_CONTRADICTION);
	assert_true(found->order.quantity_nano == 5 * NANO);
	assert_non_null(strstr(found->why.message, "buy 5 AAPL"));
}

static void what_the_broker_refuses_is_rejected_with_its_words(void **state)
{
	struct broker_fixture *fixture = *state;
	const struct broker_submit unknown = {"muster-d-b-3", "NOSUCH", false, "5", NULL, 0};
	const struct broker_submit refused = {"muster-d-b-4", "MSFT", false, "5", NULL, 0};
	const struct broker_submit tick = {"muster-d-b-5", "AAPL", false, "5", "190.251", 0};
	const struct broker_result *result = say_submit(fixture, &unknown);
	assert_int_equal(result->outcome, BROKER_REJECTED);
	assert_non_null(strstr(result->why.message, "NOSUCH"));
	set_paper(fixture, "{\"reject_symbols\":[\"MSFT\"]}");
	result = say_submit(fixture, &refused);
	assert_int_equal(result->outcome, BROKER_REJECTED);
	assert_non_null(strstr(result->why.message, "HTTP 403, code 40310000"));
	assert_int_equal(say_submit(fixture, &tick)->outcome, BROKER_REJECTED);
	assert_int_equal(say_look_up(fixture, &refused)->outcome, BROKER_NOT_FOUND);
}

static void an_order_is_canceled_once(void **state)
{
	struct broker_fixture *fixture = *state;
	const struct broker_submit order = {"muster-d-b-6", "AAPL", true, "8", "500", 0};
	set_paper(fixture, "{\"fill\":\"none\"}");
	struct broker_result taken = *say_submit(fixture, &order);
	const char *id = taken.order.broker_order_id;
	assert_int_equal(taken.outcome, BROKER_ACCEPTED);
	assert_int_equal(say_follow(fixture, id, taken.order.submitted_at_ms)->order.status, SLICE_ACKED);
	assert_int_equal(say_cancel(fixture, id)->outcome, BROKER_ACCEPTED);
	assert_int_equal(end_of(fixture, id, taken.order.submitted_at_ms).status, SLICE_CANCELED);
	assert_int_equal(say_cancel(fixture, id)->outcome, BROKER_REJECTED);
	assert_int_equal(say_cancel(fixture, "61e69015-8549-4bfd-b9c3-01e75843f47d")->outcome, BROKER_NOT_FOUND);
	assert_int_equal(say_follow(fixture, "61e69015-8549-4bfd-b9c3-01e75843f47d", 0)->outcome, BROKER_NOT_FOUND);
	struct broker_said *fills = say_fills(fixture, id, taken.order.submitted_at_ms);
	assert_int_equal(fills->result.outcome, BROKER_ACCEPTED);
	assert_int_equal(fills->fill_count, 0);
	broker_said_clear(fills);
}

/* The reply is late, the order is there: what a submit could not prove, the look-up does. */
static void a_late_reply_is_ambiguous_and_then_found(void **state)
{
	struct broker_fixture *fixture = *state;
	const struct broker_submit order = {"muster-d-b-7", "AAPL", false, "9", NULL, 0};
	set_paper(fixture, "{\"reply_delay_ms\":20000}");
	fixture->config.timeout_ms = 700;
	const struct broker_result *result = say_submit(fixture, &order);
	assert_int_equal(result->outcome, BROKER_AMBIGUOUS);
	assert_non_null(strstr(result->why.message, "no usable reply"));
	fixture->config.timeout_ms = 20000;
	assert_int_equal(say_look_up(fixture, &order)->outcome, BROKER_ACCEPTED);
	set_paper(fixture, "{\"reply_delay_ms\":0}");
}

static struct broker_said said[MANY];

/* Submits a thousand orders at once and notes their ids. */
static void submit_many(struct broker_fixture *fixture)
{
	for (int i = 0; i < MANY; i++) {
		char id[32];
		snprintf(id, sizeof id, "muster-d-m-%d", i);
		const struct broker_submit order = {id, i % 2 ? "AAPL" : "MSFT", false, "3", NULL, 0};
		said[i] = (struct broker_said){.is_inside = true};
		fixture->broker->ops->submit(fixture->broker, &order, broker_said_take, &said[i]);
		said[i].is_inside = false;
	}
	for (int i = 0; i < MANY; i++) {
		broker_fixture_await(fixture, &said[i].answers, 1);
		assert_int_equal(said[i].result.outcome, BROKER_ACCEPTED);
	}
}

/* The limit counts only the calls made while it holds: 1,000 orders and their fills must fit into it. */
static void a_thousand_orders_are_followed_in_a_few_calls(void **state)
{
	struct broker_fixture *fixture = *state;
	const struct broker_ops *ops = fixture->broker->ops;
	static struct broker_said states[MANY], fills[MANY];
	submit_many(fixture);
	set_paper(fixture, "{\"rate_per_min\":40}");
	memset(states, 0, sizeof states);
	memset(fills, 0, sizeof fills);
	for (int i = 0; i < MANY; i++) {
		const struct broker_order *order = &said[i].result.order;
		ops->follow(fixture->broker, order->broker_order_id, order->submitted_at_ms, broker_said_take,
			    &states[i]);
		ops->fills(fixture->broker,
			   &(struct broker_fills_query){.broker_order_id = order->broker_order_id,
							.since_ms = order->submitted_at_ms},
			   broker_said_take_fills, &fills[i]);
	}
	for (int i = 0; i < MANY; i++) {
		broker_fixture_await(fixture, &states[i].answers, 1);
		broker_fixture_await(fixture, &fills[i].answers, 1);
		assert_int_equal(states[i].result.outcome, BROKER_ACCEPTED);
		assert_int_equal(states[i].result.order.status, SLICE_FILLED);
		assert_string_equal(states[i].result.order.client_order_id, said[i].result.order.client_order_id);
		assert_int_equal(fills[i].fill_count, 1);
		assert_true(fills[i].fills[0].quantity_nano == 3 * NANO);
		broker_said_clear(&fills[i]);
	}
	set_paper(fixture, "{\"rate_per_min\":0}");
}

static void a_used_up_minute_is_waited_for(void **state)
{
	struct broker_fixture *fixture = *state;
	const struct broker_submit order = {"muster-d-b-8", "AAPL", false, "1", NULL, 0};
	const struct broker_result *result = NULL;
	set_paper(fixture, "{\"rate_per_min\":1}");
	for (int i = 0; i < 3 && (!result || result->outcome != BROKER_NOT_SENT); i++) /* the minute may just end */
		result = say_submit(fixture, &order);
	assert_int_equal(result->outcome, BROKER_NOT_SENT);
	assert_in_range(result->retry_after_ms, 1, 60000);
}

static void a_broker_that_is_gone_was_sent_nothing(void **state)
{
	struct broker_fixture *fixture = *state;
	struct paper *paper = fixture->own;
	const struct broker_submit order = {"muster-d-b-9", "AAPL", false, "1", NULL, 0};
	assert_int_equal(say_submit(fixture, &order)->outcome, BROKER_ACCEPTED);
	process_signal(paper->process, SIGTERM);
	assert_int_equal(process_wait(paper->process), 0);
	broker_fixture_turn(fixture, 50);
	assert_int_equal(say_submit(fixture, &order)->outcome, BROKER_NOT_SENT);
	assert_int_equal(say_look_up(fixture, &order)->outcome, BROKER_NOT_SENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(an_order_lives_from_submit_to_its_fills, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_id_is_taken_once_for_ever, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_the_broker_refuses_is_rejected_with_its_words, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_order_is_canceled_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_late_reply_is_ambiguous_and_then_found, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_thousand_orders_are_followed_in_a_few_calls, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_used_up_minute_is_waited_for, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_broker_that_is_gone_was_sent_nothing, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
