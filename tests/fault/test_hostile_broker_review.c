/* What the broker holds under our id is not what was sent: a person decides. Until then nothing is shown as failed, the
 * evidence is there to be read, and every word of that person ends the block. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/faults.h"
#include "tests/support/json_at.h"
#include "tests/support/ledger.h"
#include "tests/support/wait_until.h"

/* Whether a block waits for a person. */
static bool has_review(struct stack *stack)
{
	return json_array_size(json_at(stack_get(stack, 200, "/blocks?status=needs_review"), "/items")) > 0;
}

/* A, B and C buy 100, 50 and 75 of AAPL; the broker does not answer, and its look-up tells of something else. Returns
 * the id of the block in review. */
static const char *contradict(struct stack *stack, const char *mode, const json_t **orders)
{
	const json_t *block;

	faults_set(stack,
		   stack_text(stack, "[{\"mode\":\"silent\",\"times\":1},{\"mode\":\"%s\",\"on\":\"look_up\"}]", mode));
	orders[0] = stack_queue_one(stack, "A", "buy", "AAPL", "100");
	orders[1] = stack_queue_one(stack, "B", "buy", "AAPL", "50");
	orders[2] = stack_queue_one(stack, "C", "buy", "AAPL", "75");
	(void)stack_post(stack, 202, "/trade-queue/queue/process", NULL);
	WAIT_UNTIL(has_review(stack));
	block = json_at(stack_get(stack, 200, "/blocks?status=needs_review"), "/items/0");
	assert_json_text(block, "/reason", "what the broker holds under our client_order_id is not what was sent");
	for (int i = 0; i < 3; i++) {
		const json_t *now = stack_get(stack, 200, "/orders/%s", json_text(orders[i], "/orders/0/order_id"));

		assert_json_text(now, "/status", "working");
		assert_json_text(now, "/filled_quantity", "0");
	}
	return json_text(block, "/block_id");
}

/* The evidence of a block names both sides. */
static void assert_evidence(struct stack *stack, const char *block_id, const char *sent, const char *held)
{
	const char *evidence = json_text(stack_get(stack, 200, "/blocks/%s", block_id), "/evidence");

	if (!strstr(evidence, sent) || !strstr(evidence, held))
		fail_msg("the evidence lacks \"%s\" or \"%s\": %s", sent, held, evidence);
}

static void resolve(struct stack *stack, const char *block_id, const char *action)
{
	(void)stack_post(stack, 200, stack_text(stack, "/blocks/%s/resolve", block_id),
			 "{\"action\":\"%s\",\"note\":\"looked at it\"}", action);
}

/* Each of the three got so much, and ended so. */
static void assert_shares(struct stack *stack, const json_t *const *orders, const char *status,
			  const char *const *quantities)
{
	for (int i = 0; i < 3; i++) {
		const json_t *view = stack_wait_final(stack, orders[i]);

		assert_json_text(view, "/orders/0/status", status);
		assert_json_text(view, "/orders/0/filled_quantity", quantities[i]);
	}
}

static const char *const all[] = {"100", "50", "75"}, *const none[] = {"0", "0", "0"};

/* Retry while it still contradicts: back to the person, with the evidence of the new look. Retry when it does not:
 * completed. */
static void test_retry_looks_again(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 2});
	const json_t *orders[3];
	const char *block_id = contradict(stack, "wrong_quantity", orders);

	assert_evidence(stack, block_id, "for 225;", "is for 226,");
	resolve(stack, block_id, "retry");
	WAIT_UNTIL(faults_struck_by(stack, "wrong_quantity") >= 2 && has_review(stack));
	faults_clear(stack);
	resolve(stack, block_id, "retry");
	assert_shares(stack, orders, "filled", all);
	assert_int_equal(faults_refused(stack), 0);
	faults_finish(stack);
}

/* Adopt: what is there is taken as ours although the broker still says that it is for more. */
static void test_adopt_takes_it_as_it_is(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 2});
	const json_t *orders[3];
	const char *block_id = contradict(stack, "wrong_quantity", orders);

	resolve(stack, block_id, "adopt");
	assert_shares(stack, orders, "filled", all);
	assert_int_equal(faults_refused(stack), 0);
	faults_finish(stack);
}

/* Cancel: what is open at the broker is canceled, what was filled is shared. The broker fails at first here, too. */
static void test_cancel_shares_what_was_filled(void **state)
{
	static const char *const shares[] = {"40", "20", "30"};
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 2});
	const json_t *orders[3];
	const char *block_id;
	struct ledger *ledger;

	stack_set_paper(stack, "{\"fill_quantity\":\"90\"}");
	block_id = contradict(stack, "wrong_quantity", orders);
	faults_set(stack, "[{\"mode\":\"wrong_quantity\",\"on\":\"look_up\"},"
			  "{\"mode\":\"refuse\",\"on\":\"cancel\",\"times\":1},"
			  "{\"mode\":\"silent\",\"on\":\"cancel\",\"times\":1},"
			  "{\"mode\":\"garbage\",\"on\":\"follow\",\"times\":1}]");
	resolve(stack, block_id, "cancel");
	assert_shares(stack, orders, "partially_filled", shares);
	assert_int_equal(faults_struck_by(stack, "refuse"), 1);
	ledger = ledger_read(stack->ledger_path);
	assert_int_equal(ledger->count, 1);
	assert_true(ledger->orders[0].is_ended);
	ledger_free(ledger);
	faults_finish(stack);
}

/* Another stock cannot be adopted: its fills would be shared out as if they were of the one that was ordered. */
static void test_another_stock_is_not_adopted(void **state)
{
	static const char *const modes[] = {"wrong_symbol", "wrong_side"};

	for (size_t i = 0; i < 2; i++) {
		struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 2});
		const json_t *orders[3];
		const char *block_id = contradict(stack, modes[i], orders);

		assert_evidence(stack, block_id, "buy AAPL for 225", i ? "sell 225 AAPL" : "buy 225 WRONG");
		resolve(stack, block_id, "adopt");
		WAIT_UNTIL(faults_struck_by(stack, modes[i]) >= 2 && has_review(stack));
		assert_json_text(stack_get(stack, 200, "/orders/%s", json_text(orders[0], "/orders/0/order_id")),
				 "/status", "working");
		faults_clear(stack);
		resolve(stack, block_id, "adopt");
		assert_shares(stack, orders, "filled", all);
		faults_finish(stack);
		stack_stop(stack);
		*state = NULL;
	}
}

/* Nor does canceling take it for ours: the block ends without a share for anybody, and the evidence stays. */
static void test_cancel_ends_a_block_whose_id_another_stock_has(void **state)
{
	struct stack *stack = *state = stack_start(&(struct stack_options){.workers = 2});
	const json_t *orders[3];
	const char *block_id = contradict(stack, "wrong_symbol", orders);

	resolve(stack, block_id, "cancel");
	assert_shares(stack, orders, "canceled", none);
	assert_evidence(stack, block_id, "buy AAPL for 225", "buy 225 WRONG");
	stack_finish_unchecked(stack); /* only the look-up lied: the auditor would find AAPL at the broker */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_retry_looks_again, stack_teardown),
	    cmocka_unit_test_teardown(test_adopt_takes_it_as_it_is, stack_teardown),
	    cmocka_unit_test_teardown(test_cancel_shares_what_was_filled, stack_teardown),
	    cmocka_unit_test_teardown(test_another_stock_is_not_adopted, stack_teardown),
	    cmocka_unit_test_teardown(test_cancel_ends_a_block_whose_id_another_stock_has, stack_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
