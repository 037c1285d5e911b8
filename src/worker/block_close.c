/* Close: every slice is final; now every fill must be there too. Only when the fills of each slice add up to what the
 * broker says it filled do the block's totals stand, exactly. */
#include <stdio.h>
#include <string.h>

#include "shared/fault.h"
#include "shared/log.h"
#include "worker/backoff.h"
#include "worker/block_call.h"
#include "worker/block_step.h"
#include "worker/order_aggregation.h"
#include "worker/totals.h"
#include "worker/worker.h"

#define FILLS_A_CALL 100
/* Looks at fills that do not add up, about a minute with their pauses; then a person must look. */
#define FILL_POLLS_MAX 18

/* Sums up all fills and fees. */
static bool sum_block(const struct block *block, struct totals *totals, int128 *fee_nano)
{
	*totals = (struct totals){0};
	*fee_nano = 0;
	for (size_t i = 0; i < block->slice_count; i++) {
		const struct slice *slice = &block->slices[i];

		*fee_nano += slice->fee_nano;
		for (size_t f = 0; f < slice->fill_count; f++)
			if (!totals_add_fill(totals, &slice->fills[f]))
				return false;
	}
	return true;
}

/* How many slices ended so. */
static size_t count_slices(const struct block *block, enum slice_status status)
{
	size_t count = 0;

	for (size_t i = 0; i < block->slice_count; i++)
		count += block->slices[i].status == status;
	return count;
}

static size_t count_fills(const struct block *block)
{
	size_t count = 0;

	for (size_t i = 0; i < block->slice_count; i++)
		count += block->slices[i].fill_count;
	return count;
}

/* The block's end in a word. */
static const char *name_outcome(const struct block *block, int64_t filled_nano)
{
	if (filled_nano >= block->quantity_nano)
		return "filled";
	if (filled_nano > 0)
		return "partially_filled";
	if (count_slices(block, SLICE_REJECTED) > 0)
		return "rejected";
	if (block_is_stopped(block) && count_slices(block, SLICE_CANCELED) == block->slice_count)
		return "canceled";
	return "unfilled";
}

/* Why the block was not filled whole, in the broker's words where there are any. */
static void explain_outcome(const struct block *block, const char *outcome, char *why, size_t size)
{
	why[0] = '\0';
	if (strcmp(outcome, "filled") == 0)
		return;
	if (strcmp(outcome, "canceled") == 0 || block->resolution == RESOLUTION_STOP) {
		(void)snprintf(why, size, "canceled by a person");
		return;
	}
	for (size_t i = 0; i < block->slice_count; i++) {
		const struct slice *slice = &block->slices[i];

		if (slice->status == SLICE_REJECTED) {
			(void)snprintf(why, size, "%s", slice->reason);
			return;
		}
		if (slice->status == SLICE_FILLED || slice->carried_nano > 0)
			continue;
		if (slice->broker_order_id[0])
			(void)snprintf(why, size, "ended at the broker: %s", slice_status_word(slice->status));
		else
			(void)snprintf(why, size, "%s", slice->reason);
	}
}

/* Stores the totals. */
static void send_close(struct block *block)
{
	struct script_args *args;
	struct totals totals;
	char why[SLICE_REASON_SIZE], text[DECIMAL_TEXT];

	if (!sum_block(block, &totals, &block->fee_nano)) {
		block_review(block, "the sum of the fills is out of range", NULL);
		return;
	}
	block->filled_nano = totals.filled_nano;
	block->gross_nano = totals_gross_nano(&totals);
	(void)snprintf(block->outcome, sizeof block->outcome, "%s", name_outcome(block, totals.filled_nano));
	explain_outcome(block, block->outcome, why, sizeof why);
	args = block_args(block);
	script_args_add_int(args, block->worker->config->worker.lease_ms);
	script_args_add(args, decimal_format(block->filled_nano, text));
	script_args_add(args, decimal_format(totals_average_nano(&totals), text));
	script_args_add(args, decimal_format_wide(block->gross_nano, text));
	script_args_add(args, decimal_format_wide(block->fee_nano, text));
	script_args_add(args, block->outcome);
	script_args_add(args, why);
	block->minor_unit_nano = block->broker->config->minor_unit_nano;
	script_args_add(args, decimal_format(block->minor_unit_nano, text));
	FAULT_POINT(CLOSE_READY, block->symbol);
	block_call(block, SCRIPT_CLOSE, args, BLOCK_WAITS_FOR_CLOSE);
}

/* Adds a fill as fills.lua takes it. */
static void add_fill(struct script_args *args, const struct slice *slice, const struct broker_fill *fill)
{
	char text[BROKER_ID_SIZE + 2 * DECIMAL_TEXT + 32], quantity[DECIMAL_TEXT], price[DECIMAL_TEXT];

	(void)snprintf(text, sizeof text, "%s %s %s %lld", slice->client_order_id,
		       decimal_format(fill->quantity_nano, quantity), decimal_format(fill->price_nano, price),
		       (long long)fill->at_ms);
	script_args_add(args, fill->fill_id);
	script_args_add(args, text);
}

/* Stores the fills of all slices, a hundred a call. */
static void send_fills(struct block *block)
{
	struct script_args *args = block_args(block);
	size_t pending = 0;

	for (size_t i = 0; i < block->slice_count; i++) {
		const struct slice *slice = &block->slices[i];

		for (size_t f = 0; f < slice->fill_count; f++) {
			add_fill(args, slice, &slice->fills[f]);
			if (++pending == FILLS_A_CALL) {
				block_call(block, SCRIPT_FILLS, args, BLOCK_WAITS_FOR_FILLS_STORED);
				args = block_args(block);
				pending = 0;
			}
		}
	}
	if (pending > 0)
		block_call(block, SCRIPT_FILLS, args, BLOCK_WAITS_FOR_FILLS_STORED);
}

void block_on_fills_stored(struct block *block, const redisReply *reply)
{
	(void)reply;
	FAULT_POINT_OR(FILLS_STORED, block->symbol, block_drop(block); return);
	if (block->replies_due == 0)
		send_close(block);
}

void block_start_close(struct block *block)
{
	bool has_need = false;

	for (size_t i = 0; i < block->slice_count; i++) {
		struct slice *slice = &block->slices[i];

		slice->need = slice->filled_nano > 0 ? SLICE_NEEDS_FILLS : SLICE_NEEDS_NOTHING;
		has_need = has_need || slice->filled_nano > 0;
	}
	if (has_need)
		block_start_round(block, BLOCK_WAITS_FOR_FILLS);
	else
		send_close(block);
}

/* Whether a slice's fills are all there; says in its result what is wrong otherwise. */
static bool fills_add_up(struct slice *slice)
{
	struct totals totals = {0};
	char sum[DECIMAL_TEXT], filled[DECIMAL_TEXT];
	bool good = true;

	for (size_t f = 0; f < slice->fill_count; f++)
		good = good && totals_add_fill(&totals, &slice->fills[f]);
	if (good && totals.filled_nano == slice->filled_nano)
		return true;
	slice->result.outcome = BROKER_AMBIGUOUS;
	return err_set(&slice->result.why, ERR_BROKER, "its %zu fills add up to %s, the order says %s%s",
		       slice->fill_count, decimal_format(totals.filled_nano, sum),
		       decimal_format(slice->filled_nano, filled), good ? "" : "; one is out of range");
}

/* The broker could not tell, or not all of it: later again. */
static void ask_again(struct block *block, const struct slice *slice, int64_t pause_ms)
{
	struct log_limit *limit = &block->worker->fills_limit;

	if (log_limit_allows(limit))
		log_event(LOG_WARN, "fills_missing", "block_id", block->id, "client_order_id", slice->client_order_id,
			  "why", slice->result.why.message, "polls", log_int(block->polls), "suppressed",
			  log_int(log_limit_suppressed(limit)), NULL);
	block_record(block, pause_ms);
}

void block_on_fills(struct block *block, const redisReply *reply)
{
	struct slice *failed = NULL, *short_of = NULL;

	(void)reply;
	FAULT_POINT(FILLS_TOLD, block->symbol);
	for (size_t i = 0; i < block->slice_count; i++) {
		struct slice *slice = &block->slices[i];

		if (!slice->is_asked)
			continue;
		if (slice->result.outcome != BROKER_ACCEPTED) {
			slice->tries++;
			slice->is_changed = true;
			failed = !failed || slice->tries > failed->tries ? slice : failed;
		} else if (!fills_add_up(slice)) {
			short_of = slice;
		} else {
			slice->tries = 0;
		}
	}
	if (failed)
		ask_again(block, failed, backoff_retry_ms(failed->tries));
	else if (short_of && ++block->polls >= FILL_POLLS_MAX)
		block_review(block, "the fills do not add up to what the broker says it filled", short_of);
	else if (short_of)
		ask_again(block, short_of, backoff_follow_ms(block->polls));
	else
		send_fills(block);
}

void block_on_closed(struct block *block, const redisReply *reply)
{
	char quantity[DECIMAL_TEXT], filled[DECIMAL_TEXT];

	(void)reply;
	FAULT_POINT_OR(CLOSED, block->symbol, block_drop(block); return);
	block->status = BLOCK_CLOSING;
	log_event(LOG_INFO, "block_closed", "block_id", block->id, "outcome", block->outcome, "quantity",
		  decimal_format(block->quantity_nano, quantity), "filled", decimal_format(block->filled_nano, filled),
		  "slices", log_int((long long)block->slice_count), "fills", log_int((long long)count_fills(block)), NULL);
	order_aggregation_go_on(block);
}
