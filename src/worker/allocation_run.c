/* Pages of the statement in, chunks of shares out, several calls in flight each way: at a millisecond a call a block of a
 * hundred thousand orders is mostly round trips. Replies may overtake each other after a NOSCRIPT, so pages carry their
 * place as a tag, and a chunk that came too early is refused by the cursor and sent again. */
#include "worker/allocation_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/allocation.h"
#include "shared/clock.h"
#include "shared/fault.h"
#include "shared/ids.h"
#include "shared/log.h"
#include "worker/block_call.h"
#include "worker/block_step.h"
#include "worker/totals.h"
#include "worker/trade_scheduler.h"
#include "worker/worker.h"

#define PAGE_ORDERS 250
#define CHUNK_ORDERS 32
#define CALLS_IN_FLIGHT 4
#define MS_A_SECOND 1000

struct allocation_run {
	size_t count; /* orders of the statement */
	struct allocation_row *rows;
	char (*ids)[ORDER_ID_SIZE];
	size_t asked; /* rows asked for */
	size_t read;  /* rows that are here */
	struct allocation_house house;
	size_t sent;	/* shares sent */
	size_t posted;	/* shares that Redis has */
	bool is_refused; /* a chunk met another cursor: go on from there once nothing is out */
};

/* Zeroed memory; aborts where there is none. */
static void *take_memory(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory)
		abort();
	return memory;
}

void allocation_run_free(struct allocation_run *run)
{
	if (!run)
		return;
	free(run->rows);
	free(run->ids);
	free(run);
}

/* Something that cannot be, unless by our own mistake: the lease ends, and after some attempts a person looks. */
static void fail_run(struct block *block, const char *why)
{
	log_event(LOG_ERROR, "allocation_failed", "block_id", block->id, "reason", why, NULL);
	block_drop(block);
}

/* Asks for further pages. */
static void ask_pages(struct block *block)
{
	struct allocation_run *run = block->run;

	for (; run->asked < run->count && block->replies_due < CALLS_IN_FLIGHT; run->asked += PAGE_ORDERS) {
		struct script_args *args = block->worker->args;

		script_args_reset(args);
		script_args_add(args, block->id);
		script_args_add_int(args, (int64_t)run->asked);
		script_args_add_int(args, PAGE_ORDERS);
		script_args_add(args, "quantities");
		block_call_tagged(block, SCRIPT_STATEMENT, args, BLOCK_WAITS_FOR_STATEMENT, run->asked);
	}
}

void block_start_allocation(struct block *block)
{
	struct allocation_run *run = take_memory(1, sizeof *run);

	run->count = (size_t)block->orders;
	run->rows = take_memory(run->count, sizeof *run->rows);
	run->ids = take_memory(run->count, sizeof *run->ids);
	run->sent = run->posted = (size_t)block->allocated;
	allocation_run_free(block->run);
	block->run = run;
	ask_pages(block);
}

/* Takes a page of {order_id, quantity} into rows from `first` on. */
static bool read_page(struct allocation_run *run, const redisReply *page, size_t first)
{
	size_t count = run->count - first < PAGE_ORDERS ? run->count - first : PAGE_ORDERS;

	if (page->type != REDIS_REPLY_ARRAY || page->elements != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		const redisReply *order = reply_at(page, i);
		const char *id = reply_text(reply_at(order, 0));
		struct allocation_row *row = &run->rows[first + i];

		if ((size_t)snprintf(run->ids[first + i], ORDER_ID_SIZE, "%s", id) >= ORDER_ID_SIZE ||
		    !decimal_parse(reply_text(reply_at(order, 1)), &row->quantity_nano, NULL))
			return false;
		row->order_id = run->ids[first + i];
	}
	run->read += count;
	return true;
}

/* Whether the statement is what was sent to the broker (I4). */
static bool adds_up(const struct block *block)
{
	int128 sum = 0;

	for (size_t i = 0; i < block->run->count; i++)
		sum += block->run->rows[i].quantity_nano;
	return sum == block->quantity_nano;
}

/* Computes all shares. */
static bool compute(struct block *block, struct err *err)
{
	struct allocation_fills fills = {
	    .filled_nano = block->filled_nano,
	    .gross_nano = block->gross_nano,
	    .fee_nano = block->fee_nano,
	    .lot_nano = block->lot_nano,
	    .minor_unit_nano = block->minor_unit_nano,
	};

	return allocation_compute(block->run->rows, block->run->count, &fills, &block->run->house, err);
}

/* Adds one order's share as allocate.lua takes it. */
static void add_share(struct script_args *args, const struct block *block, const struct allocation_row *row)
{
	enum order_status status = totals_order_status(block->outcome, row->quantity_nano, row->share_nano);
	char text[DECIMAL_TEXT];

	worker_metrics_orders(block, status, 1);
	script_args_add(args, row->order_id);
	script_args_add(args, order_status_word(status));
	script_args_add(args, decimal_format(row->share_nano, text));
	script_args_add(args, decimal_format_wide(row->gross_nano, text));
	script_args_add(args, decimal_format_wide(row->fee_nano, text));
}

/* Everything is posted: the house gets the rest, the block ends. */
static void send_finish(struct block *block)
{
	const struct allocation_house *house = &block->run->house;
	struct script_args *args = block_args(block);
	char text[DECIMAL_TEXT];

	script_args_add_int(args, block->worker->config->orders.retention_s * MS_A_SECOND);
	script_args_add(args, decimal_format_wide((int128)house->excess_nano + house->dust_nano, text));
	script_args_add(args, decimal_format_wide(house->gross_nano, text));
	script_args_add(args, decimal_format_wide(house->fee_nano, text));
	FAULT_POINT(FINISH_READY, block->symbol);
	block_call(block, SCRIPT_FINISH, args, BLOCK_WAITS_FOR_FINISH);
}

/* Says whose orders get what, before the call leaves: so that whatever dies, each order's line is there. Who goes on says it
 * again. A line holds a chunk, and so it is bounded however many orders a block has. */
static void log_shares(const struct block *block, size_t first, size_t end)
{
	char shares[CHUNK_ORDERS * (ORDER_ID_SIZE + DECIMAL_TEXT)] = "", quantity[DECIMAL_TEXT], *at = shares;

	for (size_t i = first; i < end; i++) {
		const struct allocation_row *row = &block->run->rows[i];

		at += sprintf(at, "%s%s:%s", i > first ? "," : "", row->order_id, decimal_format(row->share_nano, quantity));
	}
	log_event(LOG_INFO, "shares", "block_id", block->id, "from", log_int((long long)first), "orders",
		  log_int((long long)(end - first)), "shares", shares, NULL);
}

/* Posts further chunks, or ends the block. */
static void post_chunks(struct block *block)
{
	struct allocation_run *run = block->run;

	while (run->sent < run->count && block->replies_due < CALLS_IN_FLIGHT) {
		size_t end = run->count - run->sent < CHUNK_ORDERS ? run->count : run->sent + CHUNK_ORDERS;
		struct script_args *args = block_args(block);

		script_args_add_int(args, block->worker->config->worker.lease_ms);
		script_args_add_int(args, (int64_t)run->sent);
		script_args_add_int(args, block->worker->config->orders.retention_s * MS_A_SECOND);
		if (block->worker->config->worker.log_shares == SWITCH_ON)
			log_shares(block, run->sent, end);
		for (; run->sent < end; run->sent++)
			add_share(args, block, &run->rows[run->sent]);
		FAULT_POINT(ALLOCATE_READY, block->symbol);
		block_call(block, SCRIPT_ALLOCATE, args, BLOCK_WAITS_FOR_SHARES);
	}
	if (run->posted == run->count && block->replies_due == 0)
		send_finish(block);
}

void block_on_statement(struct block *block, const redisReply *reply)
{
	struct allocation_run *run = block->run;
	struct err err;

	FAULT_POINT(STATEMENT_READ, block->symbol);
	if (!read_page(run, reply, block->reply_tag)) {
		fail_run(block, "the statement does not have the orders that the block counts");
		return;
	}
	if (run->read < run->count)
		ask_pages(block);
	else if (!adds_up(block))
		block_review(block, "the statement does not add up to the block", NULL);
	else if (!compute(block, &err))
		fail_run(block, err.message);
	else
		post_chunks(block);
}

void block_on_shares(struct block *block, const redisReply *reply)
{
	struct allocation_run *run = block->run;
	int64_t cursor = reply_int(reply_at(reply, 1), -1);

	FAULT_POINT_OR(ALLOCATED, block->symbol, block_drop(block); return);
	if (cursor < 0 || (size_t)cursor > run->count) {
		fail_run(block, "the cursor of the allocation is out of range");
		return;
	}
	run->posted = (size_t)cursor > run->posted ? (size_t)cursor : run->posted;
	run->is_refused = run->is_refused || strcmp(reply_text(reply_at(reply, 0)), "allocated") != 0;
	if (run->is_refused && block->replies_due > 0)
		return;
	if (run->is_refused)
		run->sent = run->posted;
	run->is_refused = false;
	post_chunks(block);
}

void block_on_finished(struct block *block, const redisReply *reply)
{
	char quantity[DECIMAL_TEXT], filled[DECIMAL_TEXT];

	FAULT_POINT_OR(FINISHED, block->symbol, block_drop(block); return);
	if (strcmp(reply_text(reply_at(reply, 0)), "cursor") == 0) {
		block->run->sent = block->run->posted = 0;
		block->waits_for = BLOCK_WAITS_FOR_SHARES;
		block_on_shares(block, reply);
		return;
	}
	worker_metrics_finished(block, reply);
	/* The host's clock against that of Redis: good enough for a log line. */
	log_event(LOG_INFO, "block_allocated", "block_id", block->id, "symbol", block->symbol, "side",
		  block->is_sell ? "sell" : "buy", "orders", log_int(block->orders), "quantity",
		  decimal_format(block->quantity_nano, quantity), "filled", decimal_format(block->filled_nano, filled),
		  "outcome", block->outcome, "ms_since_sealed", log_int(clock_wall_ms() - block->sealed_at_ms), NULL);
	block_drop(block);
}
