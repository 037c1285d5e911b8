/* The in-memory copy of a block that this worker has claimed. Redis holds the truth: a copy may be dropped at any time.
 *
 * Life: block_new (one reference, in the worker's list) ... block_drop (out of the list; the reference goes). Each call
 * that is out holds another reference, so that a late answer finds a block that says `is_dropped` and is left alone. */
#ifndef MUSTER_BLOCK_H
#define MUSTER_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "shared/redis_link.h"
#include "shared/status.h"
#include "worker/slice.h"
#include "worker/slicing.h"

#define BLOCK_ID_SIZE	  48
#define BLOCK_SYMBOL_SIZE 48
#define BLOCK_NUMBER_SIZE 24

/* What a block in hand waits for; order_aggregation.c names the function that goes on with each. */
enum block_waits_for {
	BLOCK_WAITS_FOR_NOTHING,      /* just claimed, or between two acts */
	BLOCK_WAITS_FOR_PLAN,	      /* plan.lua: slices are named and stored */
	BLOCK_WAITS_FOR_REPLAN,	      /* replan.lua: what slices have left is with later ones */
	BLOCK_WAITS_FOR_GATE,	      /* gate.lua: slices may leave and are stored as perhaps sent, or told to wait */
	BLOCK_WAITS_FOR_SUBMITS,      /* the broker: submits, and look-ups of what may be there */
	BLOCK_WAITS_FOR_FOLLOWS,      /* the broker: state (or cancellation) of slices that work */
	BLOCK_WAITS_FOR_FILLS,	      /* the broker: the fills of final slices */
	BLOCK_WAITS_FOR_RECORD,	      /* record.lua: what the broker told; then on, or out of hand until `next_ms` */
	BLOCK_WAITS_FOR_FILLS_STORED, /* fills.lua, one call for each hundred */
	BLOCK_WAITS_FOR_CLOSE,	      /* close.lua: totals stand */
	BLOCK_WAITS_FOR_STATEMENT,    /* statement.lua, a page each */
	BLOCK_WAITS_FOR_SHARES,	      /* allocate.lua, a chunk each */
	BLOCK_WAITS_FOR_FINISH,	      /* finish.lua */
	BLOCK_WAITS_FOR_REVIEW,	      /* review.lua: set aside for a person */
	BLOCK_WAITS_COUNT
};

struct worker;
struct allocation_run;

/* One round at the broker: each slice that needs something is asked once, a few at a time. */
struct block_round {
	size_t next; /* slice to look at next */
	size_t out;  /* calls that are out */
};

struct block {
	TAILQ_ENTRY(block) entry;
	struct worker *worker;
	enum block_waits_for waits_for;
	unsigned references;
	unsigned replies_due;  /* of script calls that are out */
	size_t reply_tag;      /* during a step: what the call was tagged with */
	int64_t next_ms;       /* of the record that is out: when Redis gives the block away; < 0: it stays in hand */
	int64_t gate_ms;       /* when to come to the gate again; < 0: nothing that wants to leave was held back */
	int64_t gate_asked_us; /* on the monotonic clock */
	bool is_dropped;
	int64_t lease_ends_us; /* on the monotonic clock, never later than in Redis */

	/* As claimed. */
	char id[BLOCK_ID_SIZE];
	char fence[BLOCK_NUMBER_SIZE];
	char window_id[64];
	char symbol[BLOCK_SYMBOL_SIZE];
	char broker_name[CONFIG_NAME_SIZE];
	char limit_price[DECIMAL_TEXT]; /* "" for a market order */
	bool is_sell;
	size_t lane; /* as metrics count it */
	enum block_status status;
	enum block_resolution resolution;
	int64_t quantity_nano;
	int64_t lot_nano;
	int64_t minor_unit_nano; /* from the close on */
	int64_t orders;
	int64_t allocated; /* orders that have their share */
	int64_t polls;
	int64_t sealed_at_ms;
	bool is_large;	       /* of that lane: its slices are spread over time */
	bool is_merged;	       /* its slices that are due cannot be made fewer */
	bool is_market_closed; /* what has not left stays */
	bool is_yielding;      /* what works at the broker is canceled: the opposite side has its turn */
	int64_t close_ms;      /* of its market; 0: it has no sessions */
	struct broker *broker;

	/* Totals: as close.lua stored them, or on their way there. */
	int64_t filled_nano;
	int128 gross_nano;
	int128 fee_nano;
	char outcome[24];

	struct slice *slices;
	size_t slice_count;
	struct block_round round;
	bool is_rechecked;	    /* final slices were asked once more after their fills did not add up */
	struct allocation_run *run; /* NULL before the block is closed */
};

TAILQ_HEAD(block_list, block);

/* Out of one block of claim.lua's reply: {ID, hash, slices}. Fails (ERR_INTERNAL) where that makes no sense; the id is
 * in the message. */
struct block *block_new(struct worker *worker, const redisReply *reply, struct err *err);

/* Gives the block the slices that plan.lua named: {planned, CLIENT_ORDER_ID, ...}. False where their number differs. */
bool block_set_slices(struct block *block, const redisReply *names, const struct slicing *slicing);

void block_hold(struct block *block);
void block_let_go(struct block *block);

/* Takes the block out of hand without a word to Redis: it is somebody else's, or its lease will end. */
void block_drop(struct block *block);

/* A person wants no more of it to be traded. */
bool block_is_stopped(const struct block *block);

/* The order as a slice sends it; texts are borrowed from block and slice. */
struct broker_submit block_order(const struct block *block, const struct slice *slice);

#endif
