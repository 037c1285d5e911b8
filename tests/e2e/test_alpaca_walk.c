/* Many orders from few requests: that no order is lost between pages, and none asked for more often than needed. The
 * broker here is a list of our own making, served with Alpaca's paging. */
#include "tests/support/broker_fixture.h"
#include "tests/support/hostile_broker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/http.h>

#include <cmocka.h>

#define START_MS INT64_C(1767225600000)
#define ROWS_MAX 6000

/* Orders "o-0", "o-1", ..., each with one fill "f-0", ...; `at_ms` rises. */
struct book {
	int count;
	int64_t at_ms[ROWS_MAX];
	int bad;	/* the row that cannot be read; -1: none */
	int overlap;	/* rows of the page before that come again in a page of fills */
	bool is_stuck;	/* pages of fills never move on */
	bool is_broken; /* lists are no lists */
	int page_count, single_count;
	struct hostile_broker *hostile;
};

static int set_up(void **state)
{
	struct broker_fixture *fixture = broker_fixture_new();
	struct book *book = calloc(1, sizeof *book);
	assert_non_null(book);
	book->bad = -1;
	book->hostile = hostile_broker_new(fixture->base);
	fixture->own = book;
	broker_fixture_connect(fixture, hostile_broker_port(book->hostile), NULL);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct broker_fixture *fixture = *state;
	struct book *book = fixture->own;
	broker_free(fixture->broker);
	http_client_free(fixture->client);
	fixture->broker = NULL;
	fixture->client = NULL;
	hostile_broker_free(book->hostile);
	free(book);
	broker_fixture_free(fixture);
	return 0;
}

/* A parameter of the request line, decoded; NULL where absent. */
static char *parameter(const char *request, const char *name)
{
	char key[64];
	snprintf(key, sizeof key, "%s=", name);
	const char *found = strstr(request, key);
	if (!found)
		return NULL;
	found += strlen(key);
	char *raw = strndup(found, strcspn(found, "& "));
	char *text = evhttp_uridecode(raw, 0, NULL);
	free(raw);
	return text;
}

static void write_order(const struct book *book, int i, FILE *out)
{
	char at[CLOCK_TEXT];
	fprintf(out,
		"{\"id\":\"o-%d\",\"client_order_id\":\"c-%d\",\"symbol\":\"AAPL\",\"side\":\"buy\",\"qty\":%s,"
		"\"filled_qty\":\"%d\",\"status\":\"filled\",\"submitted_at\":\"%s\"}",
		i, i, i == book->bad ? "[]" : "\"7000\"", i, clock_format(book->at_ms[i], at));
}

static void write_fill(const struct book *book, int i, FILE *out)
{
	char at[CLOCK_TEXT];
	fprintf(out, "{\"id\":\"f-%d\",\"order_id\":\"o-%d\",\"qty\":\"%d\",\"price\":%s,\"transaction_time\":\"%s\"}",
		i, i, i + 1, i == book->bad ? "\"free\"" : "\"1.5\"", clock_format(book->at_ms[i], at));
}

/* The first row of a page. */
static int page_begin(const struct book *book, const char *request)
{
	char *after = parameter(request, "after"), *token = parameter(request, "page_token");
	int64_t after_ms = -1;
	struct err err;
	int i = 0;
	assert_non_null(after);
	assert_true(clock_parse(after, &after_ms, &err));
	while (i < book->count && book->at_ms[i] <= after_ms)
		i++;
	if (token && !book->is_stuck)
		i = (int)strtol(token + 2, NULL, 10) + 1 - book->overlap;
	free(after);
	free(token);
	return i;
}

static char *answer(const char *request, void *arg)
{
	struct book *book = arg;
	char *body = NULL;
	size_t size;
	FILE *out = open_memstream(&body, &size);
	bool is_fills = strstr(request, "/activities/FILL?") != NULL;
	int single = -1;
	if (sscanf(request, "GET /v2/orders/o-%d ", &single) == 1) {
		book->single_count++;
		write_order(book, single, out);
	} else if (book->is_broken) {
		fputs("{\"orders\":[]}", out);
	} else {
		int from = page_begin(book, request), most = is_fills ? 100 : 500;
		book->page_count++;
		assert_non_null(strstr(request, "direction=asc"));
		assert_non_null(strstr(request, is_fills ? "page_size=100" : "status=all"));
		for (int i = from; i < book->count && i < from + most; i++) {
			fputs(i == from ? "[" : ",", out);
			is_fills ? write_fill(book, i, out) : write_order(book, i, out);
		}
		fputs(from < book->count ? "]" : "[]", out);
	}
	fclose(out);
	char *reply = hostile_reply(200, "", body);
	free(body);
	return reply;
}

/* `count` orders, so many ms apart. */
static struct book *book_fill(void **state, int count, int64_t apart_ms)
{
	struct book *book = ((struct broker_fixture *)*state)->own;
	book->count = count;
	for (int i = 0; i < count; i++)
		book->at_ms[i] = START_MS + i * apart_ms;
	hostile_broker_ask(book->hostile, answer, book);
	return book;
}

static struct broker_said said[ROWS_MAX];

/* Follows (or asks the fills of) these orders at the same time, and waits for all. */
static void ask_range(struct broker_fixture *fixture, int from, int to, bool is_fills)
{
	memset(said, 0, sizeof said);
	for (int i = from; i < to; i++) {
		char id[32];
		snprintf(id, sizeof id, "o-%d", i);
		const struct book *book = fixture->own;
		if (is_fills)
			fixture->broker->ops->fills(
			    fixture->broker,
			    &(struct broker_fills_query){.broker_order_id = id, .since_ms = book->at_ms[i]},
			    broker_said_take_fills, &said[i]);
		else
			fixture->broker->ops->follow(fixture->broker, id, book->at_ms[i], broker_said_take, &said[i]);
		said[i].is_inside = false;
	}
	for (int i = from; i < to; i++)
		broker_fixture_await(fixture, &said[i].answers, 1);
}

static void assert_followed(int from, int to)
{
	for (int i = from; i < to; i++) {
		char id[32];
		snprintf(id, sizeof id, "o-%d", i);
		assert_int_equal(said[i].result.outcome, BROKER_ACCEPTED);
		assert_string_equal(said[i].result.order.broker_order_id, id);
		assert_true(said[i].result.order.filled_nano == i * NANO);
	}
}

static void a_single_order_is_one_request(void **state)
{
	struct book *book = book_fill(state, 3000, 1);
	ask_range(*state, 1500, 1501, false);
	assert_followed(1500, 1501);
	assert_int_equal(book->single_count, 1);
	assert_int_equal(book->page_count, 0);
}

static void many_orders_are_a_few_pages(void **state)
{
	struct book *book = book_fill(state, 3000, 1);
	ask_range(*state, 1000, 2200, false);
	assert_followed(1000, 2200);
	assert_int_equal(book->single_count, 0);
	assert_int_equal(book->page_count, 3); /* 1,200 orders, a few rows again in each page */
}

static void orders_far_apart_cost_no_more_than_twice_their_number(void **state)
{
	struct book *book = book_fill(state, 6000, 10);
	struct broker_said two[2] = {{0}};
	struct broker_fixture *fixture = *state;
	fixture->broker->ops->follow(fixture->broker, "o-5998", START_MS, broker_said_take, &two[0]);
	fixture->broker->ops->follow(fixture->broker, "o-5999", START_MS, broker_said_take, &two[1]);
	broker_fixture_await(fixture, &two[0].answers, 1);
	broker_fixture_await(fixture, &two[1].answers, 1);
	assert_true(two[1].result.order.filled_nano == 5999 * NANO);
	assert_int_equal(book->page_count, 2);
	assert_int_equal(book->single_count, 2);
}

/* `after` is exclusive: a page that ends in the middle of a millisecond must not lose the rest of it. */
static void orders_of_one_instant_are_not_lost_between_pages(void **state)
{
	struct book *book = book_fill(state, 1100, 0);
	for (int i = 700; i < 1100; i++)
		book->at_ms[i]++;
	ask_range(*state, 0, 1100, false);
	assert_followed(0, 1100);
	/* What no page can show, 200 of the 700 in one millisecond, is asked for alone. */
	assert_int_equal(book->single_count, 200);
}

static void orders_in_threes_cross_pages_without_single_calls(void **state)
{
	struct book *book = book_fill(state, 1700, 1);
	for (int i = 0; i < 1700; i++)
		book->at_ms[i] = START_MS + i / 3;
	ask_range(*state, 0, 1700, false);
	assert_followed(0, 1700);
	assert_int_equal(book->single_count, 0);
	assert_int_equal(book->page_count, 4);
}

static void a_row_that_cannot_be_read_is_only_its_orders_problem(void **state)
{
	struct book *book = book_fill(state, 20, 1);
	book->bad = 7;
	ask_range(*state, 0, 20, false);
	assert_followed(0, 7);
	assert_followed(8, 20);
	assert_int_equal(said[7].result.outcome, BROKER_AMBIGUOUS);
	ask_range(*state, 0, 20, true);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(said[i].result.outcome, i == 7 ? BROKER_AMBIGUOUS : BROKER_ACCEPTED);
		assert_int_equal(said[i].fill_count, i == 7 ? 0 : 1);
		broker_said_clear(&said[i]);
	}
}

static void a_list_that_is_none_tells_nothing(void **state)
{
	struct book *book = book_fill(state, 20, 1);
	book->is_broken = true;
	for (int is_fills = 0; is_fills < 2; is_fills++) {
		ask_range(*state, 0, 20, is_fills);
		for (int i = 0; i < 20; i++) {
			assert_int_equal(said[i].result.outcome, BROKER_AMBIGUOUS);
			broker_said_clear(&said[i]);
		}
	}
}

/* Each answer asks again from inside, as a block does that works on: those meet again in the next walk. */
struct follower {
	struct broker_fixture *fixture;
	char id[32];
	int *answers;
	int left;
};

static void follow_again(const struct broker_result *result, void *arg)
{
	struct follower *follower = arg;
	assert_int_equal(result->outcome, BROKER_ACCEPTED);
	assert_string_equal(result->order.broker_order_id, follower->id);
	++*follower->answers;
	if (follower->left-- > 0)
		follower->fixture->broker->ops->follow(follower->fixture->broker, follower->id, START_MS, follow_again,
						       follower);
}

static void answers_that_ask_again_meet_in_the_next_walk(void **state)
{
	struct book *book = book_fill(state, 300, 1);
	struct broker_fixture *fixture = *state;
	static struct follower followers[600];
	int answers = 0;
	for (int i = 0; i < 600; i++) { /* each order twice */
		followers[i] = (struct follower){.fixture = fixture, .answers = &answers, .left = 4};
		snprintf(followers[i].id, sizeof followers[i].id, "o-%d", i / 2);
		fixture->broker->ops->follow(fixture->broker, followers[i].id, START_MS, follow_again, &followers[i]);
	}
	broker_fixture_await(fixture, &answers, 3000);
	assert_int_equal(book->page_count, 5);
	assert_int_equal(book->single_count, 0);
}

static void every_fill_is_told_once(void **state)
{
	struct book *book = book_fill(state, 1050, 1);
	for (int overlap = 0; overlap <= 3; overlap += 3) {
		book->overlap = overlap;
		book->page_count = 0;
		ask_range(*state, 0, 1050, true);
		assert_in_range(book->page_count, 11, 12);
		for (int i = 0; i < 1050; i++) {
			assert_int_equal(said[i].fill_count, 1);
			assert_true(said[i].fills[0].quantity_nano == (i + 1) * NANO);
			assert_true(said[i].fills[0].at_ms == book->at_ms[i]);
			broker_said_clear(&said[i]);
		}
	}
	assert_int_equal(book->single_count, 0);
}

static void an_order_without_fills_has_none(void **state)
{
	(void)book_fill(state, 5, 1);
	struct broker_said *none = say_fills(*state, "o-77", START_MS);
	assert_int_equal(none->result.outcome, BROKER_ACCEPTED);
	assert_int_equal(none->fill_count, 0);
	broker_said_clear(none);
}

static void pages_that_do_not_move_on_end_in_an_error(void **state)
{
	struct book *book = book_fill(state, 400, 1);
	book->is_stuck = true;
	struct broker_said *stuck = say_fills(*state, "o-3", START_MS);
	assert_int_equal(stuck->result.outcome, BROKER_AMBIGUOUS);
	assert_in_range(book->page_count, 2, 3);
	broker_said_clear(stuck);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_single_order_is_one_request, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(many_orders_are_a_few_pages, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(orders_far_apart_cost_no_more_than_twice_their_number, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(orders_of_one_instant_are_not_lost_between_pages, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(orders_in_threes_cross_pages_without_single_calls, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_row_that_cannot_be_read_is_only_its_orders_problem, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_list_that_is_none_tells_nothing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(answers_that_ask_again_meet_in_the_next_walk, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(every_fill_is_told_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_order_without_fills_has_none, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(pages_that_do_not_move_on_end_in_an_error, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
