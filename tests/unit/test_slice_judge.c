/* What the broker's answers mean for a slice: sent at most once, and never failed while it may be there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "worker/backoff.h"
#include "worker/slice.h"

#define FOREVER DUPLICATES_REFUSED_FOREVER

/* A slice that plan.lua has just named and the gate has let through. */
static struct slice fresh_slice(void)
{
	struct slice slice;

	slice_init(&slice, NULL, "muster-abcdef-1-1", 225 * NANO);
	slice.status = SLICE_SUBMITTING;
	slice.permit_ends_us = INT64_MAX;
	return slice;
}

/* A slice that another worker had in hand: perhaps sent. */
static struct slice inherited_slice(void)
{
	struct slice slice = fresh_slice();

	slice.maybe_sent = true;
	return slice;
}

/* The order as the broker reports it. */
static struct broker_order order_of(enum slice_status status, int64_t filled_nano)
{
	struct broker_order order = {.broker_order_id = "b-1",
				     .status = status,
				     .quantity_nano = 225 * NANO,
				     .filled_nano = filled_nano,
				     .submitted_at_ms = 1000};

	return order;
}

/* Lets the broker answer a need with an outcome. */
static struct slice_verdict answer(struct slice *slice, enum slice_need need, enum broker_outcome outcome,
				   enum broker_duplicates duplicates, enum block_resolution resolution)
{
	slice->need = need;
	if (need == SLICE_NEEDS_SUBMIT)
		slice_note_submit(slice);
	slice->result.outcome = outcome;
	(void)err_set(&slice->result.why, ERR_BROKER, "the broker's words");
	return slice_judge(slice, duplicates, resolution);
}

static struct slice_verdict submit(struct slice *slice, enum broker_outcome outcome)
{
	return answer(slice, SLICE_NEEDS_SUBMIT, outcome, FOREVER, RESOLUTION_NONE);
}

static struct slice_verdict look_up(struct slice *slice, enum broker_outcome outcome)
{
	return answer(slice, SLICE_NEEDS_LOOK_UP, outcome, FOREVER, RESOLUTION_NONE);
}

static struct slice_verdict follow(struct slice *slice, struct broker_order order)
{
	slice->result.order = order;
	return answer(slice, SLICE_NEEDS_FOLLOW, BROKER_ACCEPTED, FOREVER, RESOLUTION_NONE);
}

static void new_slice_is_sent_and_inherited_one_is_looked_for(void **state)
{
	struct slice fresh = fresh_slice(), inherited = inherited_slice();

	(void)state;
	assert_int_equal(slice_need_unknown(&fresh), SLICE_NEEDS_SUBMIT);
	assert_int_equal(slice_need_unknown(&inherited), SLICE_NEEDS_LOOK_UP);
}

static void accepted_slice_is_known(void **state)
{
	struct slice slice = fresh_slice();

	(void)state;
	slice.result.order = order_of(SLICE_FILLED, 225 * NANO);
	assert_int_equal(submit(&slice, BROKER_ACCEPTED).next, SLICE_IS_KNOWN);
	assert_int_equal(slice.status, SLICE_FILLED);
	assert_string_equal(slice.broker_order_id, "b-1");
	assert_true(slice.is_changed);
	assert_int_equal(slice.submits, 1);
}

static void first_reject_is_final_with_the_brokers_words(void **state)
{
	struct slice slice = fresh_slice();

	(void)state;
	assert_int_equal(submit(&slice, BROKER_REJECTED).next, SLICE_IS_KNOWN);
	assert_int_equal(slice.status, SLICE_REJECTED);
	assert_string_equal(slice.reason, "the broker's words");
}

static void what_was_not_sent_may_be_sent_after_the_brokers_pause(void **state)
{
	struct slice slice = fresh_slice();
	struct slice_verdict verdict;

	(void)state;
	slice.result.retry_after_ms = 41000;
	verdict = submit(&slice, BROKER_NOT_SENT);
	assert_int_equal(verdict.next, SLICE_LATER);
	assert_int_equal(verdict.pause_ms, 41000);
	assert_int_equal(slice.status, SLICE_SUBMITTING);
	assert_false(slice.maybe_sent);
	assert_int_equal(slice.permit_ends_us, 0);
	assert_int_equal(slice_need_unknown(&slice), SLICE_NEEDS_SUBMIT);
	slice.result.retry_after_ms = 0;
	assert_int_equal(submit(&slice, BROKER_NOT_SENT).pause_ms, backoff_retry_ms(2));
}

static void not_sent_again_does_not_undo_that_it_may_be_there(void **state)
{
	struct slice slice = inherited_slice();

	(void)state;
	slice.is_resend_due = true;
	assert_int_equal(submit(&slice, BROKER_NOT_SENT).next, SLICE_LATER);
	assert_true(slice.maybe_sent);
	assert_int_equal(slice_need_unknown(&slice), SLICE_NEEDS_LOOK_UP);
	/* One look, then it may leave at once. */
	assert_int_equal(look_up(&slice, BROKER_NOT_FOUND).next, SLICE_AT_ONCE);
	assert_int_equal(slice_need_unknown(&slice), SLICE_NEEDS_SUBMIT);
}

static void ambiguous_submit_is_looked_for_through_the_schedule_then_sent_again(void **state)
{
	static const int64_t pauses_ms[] = {1000, 2000, 4000};
	struct slice slice = fresh_slice();
	struct slice_verdict verdict = submit(&slice, BROKER_AMBIGUOUS);

	(void)state;
	assert_int_equal(verdict.next, SLICE_LATER);
	assert_int_equal(verdict.pause_ms, 500);
	assert_int_equal(slice.status, SLICE_AMBIGUOUS);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(slice_need_unknown(&slice), SLICE_NEEDS_LOOK_UP);
		verdict = look_up(&slice, BROKER_NOT_FOUND);
		assert_int_equal(verdict.next, SLICE_LATER);
		assert_int_equal(verdict.pause_ms, pauses_ms[i]);
	}
	assert_int_equal(look_up(&slice, BROKER_NOT_FOUND).next, SLICE_AT_ONCE);
	assert_int_equal(slice_need_unknown(&slice), SLICE_NEEDS_SUBMIT);
	assert_int_equal(slice.status, SLICE_AMBIGUOUS);
	slice.result.order = order_of(SLICE_ACKED, 0);
	assert_int_equal(submit(&slice, BROKER_ACCEPTED).next, SLICE_IS_KNOWN);
	assert_int_equal(slice.submits, 2);
}

static void broker_that_takes_an_id_twice_is_never_sent_it_twice(void **state)
{
	static const enum broker_duplicates classes[] = {DUPLICATES_REFUSED_TODAY, DUPLICATES_REFUSED_WHILE_OPEN,
							 DUPLICATES_ACCEPTED};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct slice slice = inherited_slice();
		struct slice_verdict verdict;

		slice.lookups = BACKOFF_LOOK_UPS - 1;
		verdict = answer(&slice, SLICE_NEEDS_LOOK_UP, BROKER_NOT_FOUND, classes[i], RESOLUTION_NONE);
		assert_int_equal(verdict.next, SLICE_TO_REVIEW);
		assert_non_null(verdict.why);
		assert_int_equal(slice_need_unknown(&slice), SLICE_NEEDS_LOOK_UP);
		assert_true(slice_is_unknown(&slice));
	}
}

static void duplicate_on_the_first_try_is_adopted(void **state)
{
	struct slice slice = fresh_slice();

	(void)state;
	assert_int_equal(submit(&slice, BROKER_DUPLICATE).next, SLICE_AT_ONCE);
	assert_int_equal(slice_need_unknown(&slice), SLICE_NEEDS_LOOK_UP);
	slice.result.order = order_of(SLICE_PARTIALLY_FILLED, NANO);
	assert_int_equal(look_up(&slice, BROKER_ACCEPTED).next, SLICE_IS_KNOWN);
	assert_int_equal(slice.status, SLICE_PARTIALLY_FILLED);
}

static void reject_of_a_second_try_is_looked_at_and_then_a_persons(void **state)
{
	struct slice there = inherited_slice(), absent = inherited_slice();

	(void)state;
	there.is_resend_due = absent.is_resend_due = true;
	assert_int_equal(submit(&there, BROKER_REJECTED).next, SLICE_AT_ONCE);
	assert_true(slice_is_unknown(&there));
	assert_int_equal(slice_need_unknown(&there), SLICE_NEEDS_LOOK_UP);
	there.result.order = order_of(SLICE_ACKED, 0);
	assert_int_equal(look_up(&there, BROKER_ACCEPTED).next, SLICE_IS_KNOWN);
	assert_int_equal(there.status, SLICE_ACKED);
	assert_string_equal(there.reason, "");

	assert_int_equal(submit(&absent, BROKER_REJECTED).next, SLICE_AT_ONCE);
	assert_int_equal(look_up(&absent, BROKER_AMBIGUOUS).next, SLICE_LATER);
	assert_true(slice_is_unknown(&absent));
	/* What was sent first may still be on its way: it is not shown as rejected. */
	assert_int_equal(look_up(&absent, BROKER_NOT_FOUND).next, SLICE_TO_REVIEW);
	assert_true(slice_is_unknown(&absent));
	assert_string_equal(absent.reason, "the broker's words");
	assert_int_equal(answer(&absent, SLICE_NEEDS_LOOK_UP, BROKER_NOT_FOUND, FOREVER, RESOLUTION_RETRY).next,
			 SLICE_TO_REVIEW);
	assert_int_equal(answer(&absent, SLICE_NEEDS_LOOK_UP, BROKER_NOT_FOUND, FOREVER, RESOLUTION_ADOPT).next,
			 SLICE_IS_KNOWN);
	assert_int_equal(absent.status, SLICE_REJECTED);
	assert_string_equal(absent.reason, "the broker's words");
}

static void failing_look_ups_never_end_in_a_verdict(void **state)
{
	struct slice slice = inherited_slice();

	(void)state;
	for (int i = 1; i < 1000; i++) {
		struct slice_verdict verdict = look_up(&slice, i % 2 ? BROKER_AMBIGUOUS : BROKER_NOT_SENT);

		assert_int_equal(verdict.next, SLICE_LATER);
		assert_int_equal(verdict.pause_ms, backoff_retry_ms(i));
		assert_true(slice_is_unknown(&slice));
		assert_int_equal(slice.lookups, 0);
	}
}

static void contradiction_is_for_a_person_and_adopted_on_their_word(void **state)
{
	struct slice slice = inherited_slice();

	(void)state;
	slice.result.order = order_of(SLICE_ACKED, 0);
	assert_int_equal(look_up(&slice, BROKER_CONTRADICTION).next, SLICE_TO_REVIEW);
	assert_int_equal(slice.status, SLICE_SUBMITTING);
	assert_int_equal(answer(&slice, SLICE_NEEDS_LOOK_UP, BROKER_CONTRADICTION, FOREVER, RESOLUTION_RETRY).next,
			 SLICE_TO_REVIEW);
	assert_int_equal(answer(&slice, SLICE_NEEDS_LOOK_UP, BROKER_CONTRADICTION, FOREVER, RESOLUTION_ADOPT).next,
			 SLICE_IS_KNOWN);
	assert_int_equal(slice.status, SLICE_ACKED);
}

static void another_trade_under_our_id_is_never_adopted(void **state)
{
	struct slice slice = inherited_slice();

	(void)state;
	slice.result.order = order_of(SLICE_FILLED, 10);
	slice.result.order.is_other_trade = true;
	assert_int_equal(answer(&slice, SLICE_NEEDS_LOOK_UP, BROKER_CONTRADICTION, FOREVER, RESOLUTION_ADOPT).next,
			 SLICE_TO_REVIEW);
	assert_true(slice_is_unknown(&slice));
	assert_int_equal(answer(&slice, SLICE_NEEDS_LOOK_UP, BROKER_CONTRADICTION, FOREVER, RESOLUTION_CANCEL).next,
			 SLICE_IS_KNOWN);
	assert_int_equal(slice.status, SLICE_CANCELED);
	assert_int_equal(slice.filled_nano, 0);
}

static void canceling_looks_first_and_ends_what_is_not_there(void **state)
{
	struct slice slice = inherited_slice();

	(void)state;
	slice.lookups = BACKOFF_LOOK_UPS - 1;
	assert_int_equal(answer(&slice, SLICE_NEEDS_LOOK_UP, BROKER_NOT_FOUND, FOREVER, RESOLUTION_CANCEL).next,
			 SLICE_IS_KNOWN);
	assert_int_equal(slice.status, SLICE_CANCELED);
}

/* Nobody has looked at it: what is not found goes to a person, whatever the broker does with an id that comes again. */
static void stopping_looks_first_and_sends_nothing_again(void **state)
{
	struct slice slice = inherited_slice();
	struct slice_verdict verdict = {0};

	(void)state;
	for (int i = 0; i < BACKOFF_LOOK_UPS; i++) {
		assert_int_equal(slice_need_unknown(&slice), SLICE_NEEDS_LOOK_UP);
		verdict = answer(&slice, SLICE_NEEDS_LOOK_UP, BROKER_NOT_FOUND, FOREVER, RESOLUTION_STOP);
	}
	assert_int_equal(verdict.next, SLICE_TO_REVIEW);
	assert_true(slice_is_unknown(&slice));
	assert_false(slice.is_resend_due);
	slice.result.order = order_of(SLICE_ACKED, 0);
	assert_int_equal(answer(&slice, SLICE_NEEDS_LOOK_UP, BROKER_CONTRADICTION, FOREVER, RESOLUTION_STOP).next,
			 SLICE_TO_REVIEW);
}

static void cancel_that_comes_too_late_is_followed_like_one_that_was_taken(void **state)
{
	static const enum broker_outcome outcomes[] = {BROKER_ACCEPTED, BROKER_REJECTED, BROKER_NOT_FOUND};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct slice slice = inherited_slice();

		slice.status = SLICE_ACKED;
		assert_int_equal(answer(&slice, SLICE_NEEDS_CANCEL, outcomes[i], FOREVER, RESOLUTION_CANCEL).next,
				 SLICE_AT_ONCE);
		assert_true(slice.is_cancel_asked);
		assert_int_equal(slice.status, SLICE_ACKED);
		slice.is_cancel_asked = false;
		assert_int_equal(answer(&slice, SLICE_NEEDS_CANCEL, BROKER_AMBIGUOUS, FOREVER, RESOLUTION_CANCEL).next,
				 SLICE_LATER);
		assert_false(slice.is_cancel_asked);
	}
}

static void reports_that_are_late_change_nothing(void **state)
{
	struct slice slice = inherited_slice();

	(void)state;
	assert_int_equal(follow(&slice, order_of(SLICE_PARTIALLY_FILLED, 100 * NANO)).next, SLICE_IS_KNOWN);
	slice.is_changed = false;
	assert_int_equal(follow(&slice, order_of(SLICE_PARTIALLY_FILLED, 100 * NANO)).next, SLICE_IS_KNOWN);
	assert_false(slice.is_changed);
	assert_int_equal(follow(&slice, order_of(SLICE_ACKED, 0)).next, SLICE_LATER);
	assert_int_equal(slice.status, SLICE_PARTIALLY_FILLED);
	assert_int_equal(follow(&slice, order_of(SLICE_CANCELED, 50 * NANO)).next, SLICE_LATER);
	assert_int_equal(slice.filled_nano, 100 * NANO);
	assert_int_equal(follow(&slice, order_of(SLICE_CANCELED, 120 * NANO)).next, SLICE_IS_KNOWN);
	assert_int_equal(slice.status, SLICE_CANCELED);
	assert_int_equal(slice.tries, 0);
	/* Final statuses exclude each other; more may be filled after the end was told. */
	assert_int_equal(follow(&slice, order_of(SLICE_FILLED, 225 * NANO)).next, SLICE_LATER);
	assert_int_equal(follow(&slice, order_of(SLICE_CANCELED, 130 * NANO)).next, SLICE_IS_KNOWN);
	assert_int_equal(slice.filled_nano, 130 * NANO);
}

static void order_that_vanishes_goes_to_a_person_and_an_outage_does_not(void **state)
{
	struct slice vanished = inherited_slice(), outage = inherited_slice();
	struct slice_verdict verdict = {.next = SLICE_LATER};
	int asked = 0;

	(void)state;
	vanished.status = outage.status = SLICE_ACKED;
	for (; verdict.next == SLICE_LATER && asked < 100; asked++)
		verdict = answer(&vanished, SLICE_NEEDS_FOLLOW, BROKER_NOT_FOUND, FOREVER, RESOLUTION_NONE);
	assert_int_equal(verdict.next, SLICE_TO_REVIEW);
	assert_in_range(asked, 5, 30);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(answer(&outage, SLICE_NEEDS_FOLLOW, BROKER_AMBIGUOUS, FOREVER, RESOLUTION_NONE).next,
				 SLICE_LATER);
	assert_int_equal(outage.status, SLICE_ACKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(new_slice_is_sent_and_inherited_one_is_looked_for),
	    cmocka_unit_test(accepted_slice_is_known),
	    cmocka_unit_test(first_reject_is_final_with_the_brokers_words),
	    cmocka_unit_test(what_was_not_sent_may_be_sent_after_the_brokers_pause),
	    cmocka_unit_test(not_sent_again_does_not_undo_that_it_may_be_there),
	    cmocka_unit_test(ambiguous_submit_is_looked_for_through_the_schedule_then_sent_again),
	    cmocka_unit_test(broker_that_takes_an_id_twice_is_never_sent_it_twice),
	    cmocka_unit_test(duplicate_on_the_first_try_is_adopted),
	    cmocka_unit_test(reject_of_a_second_try_is_looked_at_and_then_a_persons),
	    cmocka_unit_test(failing_look_ups_never_end_in_a_verdict),
	    cmocka_unit_test(contradiction_is_for_a_person_and_adopted_on_their_word),
	    cmocka_unit_test(another_trade_under_our_id_is_never_adopted),
	    cmocka_unit_test(canceling_looks_first_and_ends_what_is_not_there),
	    cmocka_unit_test(stopping_looks_first_and_sends_nothing_again),
	    cmocka_unit_test(cancel_that_comes_too_late_is_followed_like_one_that_was_taken),
	    cmocka_unit_test(reports_that_are_late_change_nothing),
	    cmocka_unit_test(order_that_vanishes_goes_to_a_person_and_an_outage_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
