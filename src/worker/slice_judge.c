/* What the broker's answers mean for a slice. No calls, no clock: everything follows from the slice and the answer, so
 * that every case can be tested by itself.
 *
 *     created --the gate--> submitting --accepted--> acked ... final
 *                            |  \--rejected, first time--> rejected
 *                            |  \--not sent--> submitting, through the gate and sent again later
 *                            +--anything else--> ambiguous --found--> acked ... final
 *                                                  |  ^
 *     not found for 7.5 s: through the gate and sent again where the broker refuses duplicates for ever, else to a
 * person */
#include "worker/slice.h"

#include <stdio.h>

#include "worker/backoff.h"

/* An order that is known to be there and is not found, or only in older states, this often in a row: a person looks. */
#define TRIES_MAX 12

static struct slice_verdict known(void)
{
	return (struct slice_verdict){.next = SLICE_IS_KNOWN};
}

static struct slice_verdict at_once(void)
{
	return (struct slice_verdict){.next = SLICE_AT_ONCE};
}

static struct slice_verdict later(int64_t pause_ms)
{
	return (struct slice_verdict){.next = SLICE_LATER, .pause_ms = pause_ms};
}

static struct slice_verdict to_review(const char *why)
{
	return (struct slice_verdict){.next = SLICE_TO_REVIEW, .why = why};
}

bool slice_is_unknown(const struct slice *slice)
{
	return slice->status == SLICE_CREATED || slice->status == SLICE_SUBMITTING || slice->status == SLICE_AMBIGUOUS;
}

enum slice_need slice_need_unknown(const struct slice *slice)
{
	return !slice->maybe_sent || slice->is_resend_due ? SLICE_NEEDS_SUBMIT : SLICE_NEEDS_LOOK_UP;
}

void slice_note_submit(struct slice *slice)
{
	slice->is_first_submit = !slice->maybe_sent;
	slice->maybe_sent = true;
	slice->is_resend_due = false;
	slice->permit_ends_us = 0;
	slice->submits++;
	slice->is_changed = true;
}

/* Statuses in the order in which they can follow each other; equal ones exclude each other. */
static int status_rank(enum slice_status status)
{
	return slice_status_is_final(status) ? 3 : status == SLICE_PARTIALLY_FILLED ? 2 : status == SLICE_ACKED ? 1 : 0;
}

bool slice_adopt(struct slice *slice, const struct broker_order *order)
{
	if (status_rank(order->status) < status_rank(slice->status) || order->filled_nano < slice->filled_nano ||
	    (slice_status_is_final(slice->status) && order->status != slice->status))
		return false;
	slice->is_changed = slice->is_changed || order->status != slice->status ||
			    order->filled_nano != slice->filled_nano || order->fee_nano != slice->fee_nano ||
			    order->average_price_nano != slice->average_price_nano || slice->tries != 0 ||
			    slice_is_unknown(slice);
	slice->status = status_rank(order->status) == 0 ? SLICE_ACKED : order->status;
	slice->filled_nano = order->filled_nano;
	slice->average_price_nano = order->average_price_nano;
	slice->fee_nano = order->fee_nano;
	if (order->submitted_at_ms > 0)
		slice->submitted_at_ms = order->submitted_at_ms;
	(void)snprintf(slice->broker_order_id, sizeof slice->broker_order_id, "%s", order->broker_order_id);
	(void)snprintf(slice->broker_status, sizeof slice->broker_status, "%s", order->broker_status);
	if (slice->status == SLICE_REJECTED && !slice->reason[0])
		(void)snprintf(slice->reason, sizeof slice->reason, "the broker rejected it after taking it");
	slice->maybe_sent = true;
	slice->lookups = 0;
	slice->tries = 0;
	return true;
}

/* The call told nothing: the same again after a pause. */
static struct slice_verdict try_again(struct slice *slice)
{
	slice->tries++;
	slice->is_changed = true;
	return later(slice->result.retry_after_ms > 0 ? slice->result.retry_after_ms : backoff_retry_ms(slice->tries));
}

/* Final, without anything at the broker. */
static struct slice_verdict end_slice(struct slice *slice, enum slice_status status, const char *reason)
{
	slice->status = status;
	slice->tries = 0;
	slice->is_changed = true;
	if (reason != slice->reason)
		(void)snprintf(slice->reason, sizeof slice->reason, "%s", reason);
	return known();
}

/* What is there under our id is not what we sent. Only a person can say that it is ours all the same; where it is
 * another stock or side not even that, or its fills would be shared out as if they were of this one. */
static struct slice_verdict contradiction(struct slice *slice, enum block_resolution resolution)
{
	bool is_other_trade = slice->result.order.is_other_trade;

	if (is_other_trade && resolution == RESOLUTION_CANCEL)
		return end_slice(slice, SLICE_CANCELED, "canceled; the broker has another trade under its id");
	if (is_other_trade || (resolution != RESOLUTION_ADOPT && resolution != RESOLUTION_CANCEL))
		return to_review("what the broker holds under our client_order_id is not what was sent");
	return slice_adopt(slice, &slice->result.order) ? known() : try_again(slice);
}

void slice_cancel_unsent(struct slice *slice, const char *reason)
{
	(void)end_slice(slice, SLICE_CANCELED, reason);
}

/* It may or may not have arrived. */
static void become_ambiguous(struct slice *slice, int64_t lookups)
{
	slice->status = SLICE_AMBIGUOUS;
	slice->lookups = lookups;
	slice->is_changed = true;
}

/* The answer to a submit. */
static struct slice_verdict judge_submit(struct slice *slice, enum block_resolution resolution)
{
	const struct broker_result *result = &slice->result;
	int64_t pause_ms = 0;

	switch (result->outcome) {
	case BROKER_ACCEPTED:
		return slice_adopt(slice, &result->order) ? known() : try_again(slice);
	case BROKER_REJECTED:
		if (slice->is_first_submit)
			return end_slice(slice, SLICE_REJECTED, result->why.message);
		/* It says nothing about the one that was sent before. */
		slice->is_refused_again = true;
		slice->is_changed = true;
		(void)snprintf(slice->reason, sizeof slice->reason, "%s", result->why.message);
		return at_once();
	case BROKER_DUPLICATE:
		become_ambiguous(slice, 0);
		return at_once();
	case BROKER_NOT_SENT:
		if (slice->is_first_submit) {
			slice->maybe_sent = false;
			slice->permit_ends_us = 0;
		} else {
			slice->lookups = BACKOFF_LOOK_UPS - 1; /* one look, and it may be sent again */
		}
		return try_again(slice);
	case BROKER_CONTRADICTION:
		return contradiction(slice, resolution);
	case BROKER_NOT_FOUND:
	case BROKER_AMBIGUOUS:
		break;
	}
	become_ambiguous(slice, 1);
	(void)backoff_look_up_ms(1, &pause_ms);
	return later(pause_ms);
}

/* The broker does not know it (yet). */
static struct slice_verdict judge_absence(struct slice *slice, enum broker_duplicates duplicates,
					  enum block_resolution resolution)
{
	int64_t pause_ms;

	/* The refusal is of the repetition alone: what was sent first may still be on its way. */
	if (slice->is_refused_again && resolution == RESOLUTION_ADOPT)
		return end_slice(slice, SLICE_REJECTED, slice->reason);
	if (slice->is_refused_again && resolution != RESOLUTION_CANCEL)
		return to_review("it was refused when it was sent again, and what was sent before is not found");
	become_ambiguous(slice, slice->lookups + 1);
	slice->tries = 0;
	if (backoff_look_up_ms(slice->lookups, &pause_ms))
		return later(pause_ms);
	if (resolution == RESOLUTION_CANCEL)
		return end_slice(slice, SLICE_CANCELED, "canceled; the broker does not have it");
	if (resolution == RESOLUTION_STOP)
		return to_review("it may have been sent, is not found, and is not to be sent any more");
	if (duplicates != DUPLICATES_REFUSED_FOREVER)
		return to_review("it may have been sent, is not found, and the broker would take it twice");
	slice->is_resend_due = true;
	return at_once();
}

/* The answer to a look-up. */
static struct slice_verdict judge_look_up(struct slice *slice, enum broker_duplicates duplicates,
					  enum block_resolution resolution)
{
	switch (slice->result.outcome) {
	case BROKER_ACCEPTED:
		slice->is_refused_again = false;
		slice->reason[0] = '\0';
		return slice_adopt(slice, &slice->result.order) ? known() : try_again(slice);
	case BROKER_NOT_FOUND:
		return judge_absence(slice, duplicates, resolution);
	case BROKER_CONTRADICTION:
		return contradiction(slice, resolution);
	default:
		return try_again(slice);
	}
}

/* The answer to a follow. */
static struct slice_verdict judge_follow(struct slice *slice, enum block_resolution resolution)
{
	bool is_told_nothing = false;

	switch (slice->result.outcome) {
	case BROKER_ACCEPTED:
		if (slice_adopt(slice, &slice->result.order))
			return known();
		break;
	case BROKER_NOT_FOUND:
		break;
	case BROKER_CONTRADICTION:
		return contradiction(slice, resolution);
	default:
		is_told_nothing = true;
	}
	if (!is_told_nothing && slice->tries + 1 >= TRIES_MAX)
		return to_review("the broker has taken the order and now denies it, or tells an older state of it");
	return try_again(slice);
}

/* The answer to a cancel: taken, or too late; in both cases following it tells the rest. */
static struct slice_verdict judge_cancel(struct slice *slice)
{
	switch (slice->result.outcome) {
	case BROKER_ACCEPTED:
	case BROKER_REJECTED:
	case BROKER_NOT_FOUND:
		slice->is_cancel_asked = true;
		slice->is_changed = true;
		slice->tries = 0;
		return at_once();
	default:
		return try_again(slice);
	}
}

struct slice_verdict slice_judge(struct slice *slice, enum broker_duplicates duplicates,
				 enum block_resolution resolution)
{
	switch (slice->need) {
	case SLICE_NEEDS_SUBMIT:
		return judge_submit(slice, resolution);
	case SLICE_NEEDS_LOOK_UP:
		return judge_look_up(slice, duplicates, resolution);
	case SLICE_NEEDS_FOLLOW:
		return judge_follow(slice, resolution);
	case SLICE_NEEDS_CANCEL:
		return judge_cancel(slice);
	case SLICE_NEEDS_FILLS:
	case SLICE_NEEDS_NOTHING:
		break;
	}
	return known();
}
