/* A claimed block: out of claim.lua's reply, and its references. */
#include "worker/block.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/metrics.h"
#include "worker/allocation_run.h"
#include "worker/worker.h"

/* Zeroed memory; aborts where there is none. */
static void *take_memory(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory)
		abort();
	return memory;
}

/* Copies a text field; false where it is missing or does not fit. */
static bool read_text(const redisReply *fields, const char *field, char *text, size_t size)
{
	const char *value = reply_field(fields, field);

	return value && (size_t)snprintf(text, size, "%s", value) < size;
}

/* A field's whole number, or `otherwise`. */
static int64_t read_number(const redisReply *fields, const char *field, int64_t otherwise)
{
	const char *value = reply_field(fields, field);

	return value && *value ? strtoll(value, NULL, 10) : otherwise;
}

/* A person's word, as resolve.lua stored it. */
static enum block_resolution read_resolution(const redisReply *fields)
{
	static const char *const words[] = {[RESOLUTION_RETRY] = "retry",
					    [RESOLUTION_ADOPT] = "adopt",
					    [RESOLUTION_CANCEL] = "cancel",
					    [RESOLUTION_STOP] = "stop"};
	const char *value = reply_field(fields, "resolution");

	for (size_t i = RESOLUTION_RETRY; value && i <= RESOLUTION_STOP; i++)
		if (strcmp(value, words[i]) == 0)
			return (enum block_resolution)i;
	return RESOLUTION_NONE;
}

/* What the group said when the window was open. */
static bool read_group(struct block *block, const redisReply *fields)
{
	const char *side = reply_field(fields, "side");
	const char *lot = reply_field(fields, "lot");

	(void)read_text(fields, "window", block->window_id, sizeof block->window_id); /* for logs only */
	block->lane = metrics_lane_index(reply_field(fields, "lane") ? reply_field(fields, "lane") : "");
	block->is_sell = side && strcmp(side, "sell") == 0;
	block->quantity_nano = read_number(fields, "quantity_nano", 0);
	block->orders = read_number(fields, "orders", 0);
	return side && (block->is_sell || strcmp(side, "buy") == 0) && lot &&
	       decimal_parse(lot, &block->lot_nano, NULL) && block->quantity_nano > 0 && block->orders > 0 &&
	       read_text(fields, "symbol", block->symbol, sizeof block->symbol) &&
	       read_text(fields, "broker_type", block->broker_name, sizeof block->broker_name) &&
	       read_text(fields, "limit_price", block->limit_price, sizeof block->limit_price);
}

/* The totals of a block that is closed; nothing is required of others. */
static bool read_totals(struct block *block, const redisReply *fields)
{
	const char *filled = reply_field(fields, "filled_quantity");
	const char *gross = reply_field(fields, "gross_amount");
	const char *fee = reply_field(fields, "fee");
	const char *minor_unit = reply_field(fields, "minor_unit");

	if (block->status != BLOCK_CLOSING)
		return true;
	block->minor_unit_nano = NANO; /* nothing to share out, unless the block was closed after being at the broker */
	if (minor_unit && !decimal_parse(minor_unit, &block->minor_unit_nano, NULL))
		return false;
	return filled && gross && fee && decimal_parse(filled, &block->filled_nano, NULL) &&
	       decimal_parse_wide(gross, &block->gross_nano, NULL) && decimal_parse_wide(fee, &block->fee_nano, NULL) &&
	       read_text(fields, "outcome", block->outcome, sizeof block->outcome);
}

/* Everything of the block's hash. */
static bool read_fields(struct block *block, const redisReply *fields)
{
	const char *status = reply_field(fields, "status");
	const char *lane = reply_field(fields, "lane");

	block->status = block_status_of(status ? status : "");
	block->resolution = read_resolution(fields);
	block->allocated = read_number(fields, "allocated", 0);
	block->polls = read_number(fields, "polls", 0);
	block->sealed_at_ms = read_number(fields, "sealed_at", 0);
	block->close_ms = read_number(fields, "close_at", 0);
	block->is_yielding = reply_field(fields, "yields") != NULL;
	block->is_large = lane && strcmp(lane, "large") == 0;
	return block->status != BLOCK_STATUS_COUNT && !block_status_is_final(block->status) &&
	       block->status != BLOCK_NEEDS_REVIEW && read_text(fields, "fence", block->fence, sizeof block->fence) &&
	       read_group(block, fields) && read_totals(block, fields);
}

/* The slices as they were when it was claimed. */
static bool read_slices(struct block *block, const redisReply *slices)
{
	size_t count = slices && slices->type == REDIS_REPLY_ARRAY ? slices->elements : 0;

	block->slices = take_memory(count, sizeof *block->slices);
	for (; block->slice_count < count; block->slice_count++)
		if (!slice_read(&block->slices[block->slice_count], block, reply_at(slices, block->slice_count)))
			return false;
	return true;
}

/* Frees it; nothing that is out knows it any more. */
static void block_free(struct block *block)
{
	for (size_t i = 0; i < block->slice_count; i++)
		slice_clear(&block->slices[i]);
	free(block->slices);
	allocation_run_free(block->run);
	free(block);
}

struct block *block_new(struct worker *worker, const redisReply *reply, struct err *err)
{
	struct block *block = take_memory(1, sizeof *block);

	block->worker = worker;
	block->references = 1;
	block->gate_ms = -1;
	(void)snprintf(block->id, sizeof block->id, "%s", reply_text(reply_at(reply, 0)));
	if (!read_fields(block, reply_at(reply, 1)) || !read_slices(block, reply_at(reply, 2))) {
		(void)err_set(err, ERR_INTERNAL, "block %s cannot be understood %s", block->id,
			      reply_text(reply_at(reply, 1)));
		block_free(block);
		return NULL;
	}
	block->broker = worker_broker(worker, block->broker_name);
	worker_add_block(worker, block);
	return block;
}

bool block_set_slices(struct block *block, const redisReply *names, const struct slicing *slicing)
{
	if (names->elements != slicing->count + 1)
		return false;
	free(block->slices);
	block->slices = take_memory(slicing->count, sizeof *block->slices);
	block->slice_count = slicing->count;
	for (size_t i = 0; i < slicing->count; i++) {
		slice_init(&block->slices[i], block, reply_text(reply_at(names, i + 1)),
			   slicing->slices[i].quantity_nano);
		block->slices[i].due_ms = slicing->slices[i].due_ms;
	}
	return true;
}

void block_hold(struct block *block)
{
	block->references++;
}

void block_let_go(struct block *block)
{
	assert(block->references > 0);
	if (--block->references == 0)
		block_free(block);
}

void block_drop(struct block *block)
{
	if (block->is_dropped)
		return;
	block->is_dropped = true;
	worker_remove_block(block->worker, block);
	block_let_go(block);
}

bool block_is_stopped(const struct block *block)
{
	return block->resolution == RESOLUTION_CANCEL || block->resolution == RESOLUTION_STOP;
}

/* For how long an order may still wait for its connection after its permission to be handed over is at an end. */
#define SEND_MOST_US INT64_C(400000)

/* Neither the gate's word nor the lease may be over when the first byte leaves. */
static int64_t send_by_us(const struct block *block, const struct slice *slice)
{
	int64_t permit_ends_us = slice->permit_ends_us + SEND_MOST_US;

	return permit_ends_us < block->lease_ends_us ? permit_ends_us : block->lease_ends_us;
}

struct broker_submit block_order(const struct block *block, const struct slice *slice)
{
	return (struct broker_submit){
	    .client_order_id = slice->client_order_id,
	    .symbol = block->symbol,
	    .is_sell = block->is_sell,
	    .quantity = slice->quantity,
	    .limit_price = block->limit_price[0] ? block->limit_price : NULL,
	    .send_by_us = send_by_us(block, slice),
	};
}
