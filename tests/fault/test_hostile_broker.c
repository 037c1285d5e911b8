/* Brokers that fail: for each mode of failure, orders are queued and processed while it holds. Each order must be at
 * the broker once, every fill allocated to the last unit, and all of it must end by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/faults.h"
#include "tests/support/wait_until.h"

/* What the broker refuses of what was sent to it. */
enum refusals { NONE_REFUSED, MAY_BE_REFUSED };

/* One row a test: what goes wrong, how the broker fills ("": at once), how often the fault must have struck, and
 * whether it is lifted then (otherwise all must end in spite of it). */
struct hostile_case {
	const char *name;
	const char *faults;
	const char *settings;
	int struck;
	bool is_lifted;
	enum refusals refusals;
};

#define IN_PARTS                                                                                                       \
	"{\"fill\":\"in_parts\",\"parts\":3,\"delay_ms\":60,\"price_step\":\"0.01\",\"commission_per_order\":\"1."     \
	"25\"}"

static const struct hostile_case cases[] = {
    /* submit: the order is taken, the reply is not what it should be. For ever: a look-up tells. Never sent twice. */
    {"accepts_and_never_answers", "{\"mode\":\"silent\"}", "", 3, false, NONE_REFUSED},
    {"accepts_and_answers_500", "{\"mode\":\"answer\",\"status\":500}", "", 3, false, NONE_REFUSED},
    {"accepts_and_answers_502", "{\"mode\":\"answer\",\"status\":502}", IN_PARTS, 3, false, NONE_REFUSED},
    {"accepts_and_answers_504", "{\"mode\":\"answer\",\"status\":504}", "", 3, false, NONE_REFUSED},
    {"accepts_and_closes_the_connection", "{\"mode\":\"close\"}", "", 3, false, NONE_REFUSED},
    {"accepts_and_answers_garbage", "{\"mode\":\"garbage\"}", IN_PARTS, 3, false, NONE_REFUSED},
    {"accepts_and_answers_html", "{\"mode\":\"html\"}", "", 3, false, NONE_REFUSED},
    {"accepts_and_echoes_another_symbol", "{\"mode\":\"wrong_symbol\"}", "", 3, false, NONE_REFUSED},
    {"accepts_and_echoes_another_side", "{\"mode\":\"wrong_side\"}", "", 3, false, NONE_REFUSED},
    {"accepts_and_echoes_another_quantity", "{\"mode\":\"wrong_quantity\"}", IN_PARTS, 3, false, NONE_REFUSED},
    {"accepts_and_echoes_another_id", "{\"mode\":\"wrong_id\"}", "", 3, false, NONE_REFUSED},
    {"accepts_and_answers_without_end", "{\"mode\":\"endless\"}", "", 3, false, NONE_REFUSED},
    {"accepts_and_drips_its_answer", "{\"mode\":\"drip\"}", "", 3, false, NONE_REFUSED},
    {"accepts_and_closes_in_mid_body", "{\"mode\":\"cut\"}", "", 3, false, NONE_REFUSED},
    {"accepts_and_says_duplicate", "{\"mode\":\"duplicate\"}", "", 3, false, NONE_REFUSED},
    {"accepts_and_answers_too_late", "{\"mode\":\"slow\",\"ms\":800}", "", 3, false, NONE_REFUSED},
    {"is_slow_everywhere", "{\"mode\":\"slow\",\"on\":\"all\",\"ms\":300}", IN_PARTS, 5, false, NONE_REFUSED},
    {"refuses_all_calls_for_a_long_time", "{\"mode\":\"rate_limit\",\"ms\":900}", "", 6, true, MAY_BE_REFUSED},
    {"fills_half_and_cancels", "{\"mode\":\"partial\"}", IN_PARTS, 3, false, NONE_REFUSED},
    {"cancels_without_a_fill", "{\"mode\":\"partial\",\"percent\":0}", "", 3, false, NONE_REFUSED},
    {"fills_more_than_was_ordered", "{\"mode\":\"overfill\"}", IN_PARTS, 3, false, NONE_REFUSED},
    {"fills_half_and_never_answers", "[{\"mode\":\"partial\"},{\"mode\":\"silent\"}]", "", 6, false, NONE_REFUSED},
    /* look up */
    {"look_up_is_as_bad_as_submit",
     "[{\"mode\":\"silent\"},{\"mode\":\"silent\",\"on\":\"look_up\",\"times\":2},"
     "{\"mode\":\"answer\",\"on\":\"look_up\",\"times\":1},{\"mode\":\"wrong_id\",\"on\":\"look_up\",\"times\":1},"
     "{\"mode\":\"garbage\",\"on\":\"look_up\",\"times\":1},{\"mode\":\"cut\",\"on\":\"look_up\",\"times\":1}]",
     "", 9, false, NONE_REFUSED},
};

/* Warms the connections up, so that the fault meets kept ones; then the scenario. */
static void test_case(void **state)
{
	const struct hostile_case *row = *state;
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 2});

	(void)stack_wait_final(
	    stack, stack_queue(stack, "{\"user_id\":\"W\",\"smallcase_id\":\"sc1\",\"priority\":\"high\","
				      "\"suggestions\":[{\"symbol\":\"S001\",\"action\":\"buy\",\"quantity\":1}]}"));
	if (*row->settings)
		stack_set_paper(stack, "%s", row->settings);
	faults_set(stack, row->faults);
	faults_queue_scenario(stack);
	if (row->is_lifted) {
		WAIT_UNTIL(faults_struck(stack) >= row->struck);
		faults_clear(stack);
		faults_wait_quiet(stack);
	} else {
		faults_wait_quiet(stack);
		assert_in_range(faults_struck(stack), row->struck, 1000);
	}
	if (row->refusals == NONE_REFUSED)
		assert_int_equal(faults_refused(stack), 0);
	faults_finish(stack);
}

/* Absence that lasts: what is not found four times in 7.5 s is sent again under the same id, and is there once all the
 * same. Each symbol has a fault of its own, so that their long look-ups run side by side; how often, not how long, so that
 * a slow machine sees the same. */
static void test_what_is_not_found_is_sent_again_and_is_there_once(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){
	    .workers = 2, .settings = {"worker.lease_ms=5000", "broker.paper.timeout_ms=2000"}});

	faults_set(stack, "[{\"mode\":\"silent\",\"symbol\":\"S000\",\"times\":1},"
			  "{\"mode\":\"hide\",\"symbol\":\"S000\",\"times\":3,\"ms\":3600000},"
			  "{\"mode\":\"silent\",\"symbol\":\"S001\",\"times\":1},"
			  "{\"mode\":\"hide\",\"symbol\":\"S001\",\"times\":6,\"ms\":3600000},"
			  "{\"mode\":\"refuse\",\"symbol\":\"S002\",\"times\":1},"
			  "{\"mode\":\"refuse\",\"symbol\":\"S003\",\"times\":1,\"status\":503},"
			  "{\"mode\":\"false_duplicate\",\"symbol\":\"S004\",\"times\":1},"
			  "{\"mode\":\"duplicate\",\"symbol\":\"S005\",\"times\":1},"
			  "{\"mode\":\"hide\",\"symbol\":\"S005\",\"times\":2,\"ms\":3600000}]");
	for (int i = 0; i < 6; i++) {
		const char *symbol = stack_text(stack, "S%03d", i);

		(void)stack_queue_one(stack, "A", i % 2 ? "buy" : "sell", symbol, "100");
		(void)stack_queue_one(stack, "B", i % 2 ? "buy" : "sell", symbol, "50");
		(void)stack_queue_one(stack, "C", i % 2 ? "buy" : "sell", symbol, "75");
	}
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	faults_wait_quiet(stack);
	assert_int_equal(faults_struck_by(stack, "silent"), 2);
	assert_int_equal(faults_struck_by(stack, "refuse"), 2);
	assert_int_equal(faults_struck_by(stack, "false_duplicate"), 1);
	assert_int_equal(faults_struck_by(stack, "duplicate"), 1);
	assert_int_equal(faults_struck_by(stack, "hide"), 3 + 6 + 2);
	assert_in_range(faults_refused(stack), 4, 10); /* three by faults, one at least that was there already */
	faults_finish(stack);
}

/* Everything fails now and then, in every way, at every call, while many orders are under way. */
static void test_everything_fails_now_and_then(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 3});

	stack_set_paper(stack, "{\"fill\":\"in_parts\",\"parts\":3,\"delay_ms\":60,\"price_step\":\"0.01\"}");
	faults_set(stack, "[{\"mode\":\"silent\",\"on\":\"all\",\"probability\":0.04,\"seed\":7},"
			  "{\"mode\":\"close\",\"on\":\"all\",\"probability\":0.04,\"seed\":8},"
			  "{\"mode\":\"answer\",\"on\":\"all\",\"probability\":0.04,\"seed\":9,\"status\":503},"
			  "{\"mode\":\"garbage\",\"on\":\"all\",\"probability\":0.04,\"seed\":10},"
			  "{\"mode\":\"refuse\",\"on\":\"all\",\"probability\":0.04,\"seed\":11},"
			  "{\"mode\":\"cut\",\"on\":\"all\",\"probability\":0.04,\"seed\":12},"
			  "{\"mode\":\"wrong_id\",\"on\":\"all\",\"probability\":0.04,\"seed\":13},"
			  "{\"mode\":\"fills_twice\",\"probability\":0.3,\"seed\":14},"
			  "{\"mode\":\"fills_beyond\",\"probability\":0.3,\"seed\":15},"
			  "{\"mode\":\"overfill\",\"probability\":0.2,\"seed\":16},"
			  "{\"mode\":\"partial\",\"probability\":0.2,\"seed\":17}]");
	for (int i = 0; i < 80; i++)
		(void)stack_queue_one(stack, i % 3 ? "A" : "B", i % 2 ? "buy" : "sell",
				      stack_text(stack, "S%03d", i % 40), i % 5 ? "11" : "300");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	faults_wait_quiet(stack);
	assert_in_range(faults_struck(stack), 20, 10000);
	assert_in_range(faults_refused(stack), 0, 100);
	faults_finish(stack);
}

/* No byte can leave: the name is unknown, or the other side speaks no TLS. A worker that begins cannot even ask whether
 * the broker has orders that Redis does not know. All wait, and are sent once as soon as the broker is reached. */
static void test_a_broker_that_cannot_be_reached_is_waited_for(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){
	    .settings = {"worker.lease_ms=20000", "broker.paper.timeout_ms=15000"}});
	const char *const urls[] = {"http://no-such-host.invalid:9",
				    stack_text(stack, "https://127.0.0.1:%d", stack->paper_port)};

	for (int i = 0; i < 2; i++) {
		stack->options.settings[2] = stack_text(stack, "broker.paper.base_url=%s", urls[i]);
		stack_start_worker(stack, 0);
		faults_queue_scenario(stack);
		WAIT_UNTIL(process_log_has(stack->workers[0], "event=broker_not_asked"));
		assert_false(process_log_has(stack->workers[0], "event=slice_ambiguous"));
		stack_end_program(&stack->workers[0]);
		stack->options.settings[2] = NULL;
		stack_start_worker(stack, 0);
		faults_wait_quiet(stack);
		assert_false(process_log_has(stack->workers[0], "event=slice_ambiguous"));
		stack_end_program(&stack->workers[0]);
	}
	assert_int_equal(faults_refused(stack), 0);
	faults_finish(stack);
}

#define CASES (sizeof cases / sizeof *cases)

int main(void)
{
	struct CMUnitTest tests[CASES + 3];

	for (size_t i = 0; i < CASES; i++)
		tests[i] =
		    (struct CMUnitTest){cases[i].name, test_case, NULL, stack_teardown, (void *)(uintptr_t)&cases[i]};
	tests[CASES] = (struct CMUnitTest)cmocka_unit_test_teardown(
	    test_what_is_not_found_is_sent_again_and_is_there_once, stack_teardown);
	tests[CASES + 1] =
	    (struct CMUnitTest)cmocka_unit_test_teardown(test_everything_fails_now_and_then, stack_teardown);
	tests[CASES + 2] = (struct CMUnitTest)cmocka_unit_test_teardown(
	    test_a_broker_that_cannot_be_reached_is_waited_for, stack_teardown);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
