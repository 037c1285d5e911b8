/* What one pass has read, as plain data: what Redis holds, and what the brokers' ledgers show. Everything is of the
 * pass's arena. Texts are "" and numbers 0 where Redis has none. */
#ifndef MUSTER_AUDIT_STATE_H
#define MUSTER_AUDIT_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "audit/arena.h"
#include "audit/map.h"
#include "audit/report.h"
#include "shared/config.h"
#include "shared/decimal.h"
#include "shared/status.h"

#define AUDIT_NO_TTL	  (-1)
#define AUDIT_NO_KEY	  (-2)
#define AUDIT_LEDGERS_MAX (CONFIG_BROKERS_MAX + 1)

struct audit_block;
struct audit_slice;

struct audit_order {
	const char *id, *user, *smallcase, *block_id, *window_id, *group;
	bool exists;		  /* its hash was there */
	bool is_head;		  /* the first one of a request: it stands for all of it */
	bool has_digest;	  /* of a body: it was queued, with an Idempotency-Key */
	enum order_status status; /* ORDER_STATUS_COUNT: none of its own */
	int128 quantity_nano, filled_nano, gross_nano, fee_nano;
	int64_t orders,
	    open; /* of a request's first order: how many there are, how many are not final; 0 where not said */
	int64_t created_at_ms, updated_at_ms, arrival_us, ttl_ms;
	struct audit_block *listed_in; /* in whose statement it stands */
	size_t listed;		       /* in how many */
	size_t postings;	       /* transactions that name it */
	bool is_indexed;	       /* stands in its user's index */
};

struct audit_fill {
	const char *id, *client_order_id;
	int64_t quantity_nano, price_nano;
	bool is_known; /* the other side has it too */
};

struct audit_slice {
	const char *id, *block_id, *broker_order_id;
	bool exists, is_listed;
	enum slice_status status;
	int128 quantity_nano, filled_nano, fee_nano, carried_nano; /* carried: to later slices */
	int64_t ttl_ms;
	struct audit_broker_order *at_broker; /* NULL: its ledger does not have it, or there is no ledger */
};

struct audit_block {
	const char *id, *window_id, *lane, *symbol, *side, *broker_type, *lot, *order_type, *limit_price, *outcome,
	    *resolution;
	bool is_sealed, is_moving; /* moving: it changed while it was read */
	enum block_status status;  /* BLOCK_STATUS_COUNT: its window is open */
	int128 quantity_nano;
	int64_t minor_unit_nano; /* 0: not closed yet */
	int128 filled_nano, gross_nano, fee_nano, average_nano, house_quantity_nano, house_gross_nano, house_fee_nano;
	int64_t orders, allocated, sealed_at_ms, submitted_at_ms, closed_at_ms, allocated_at_ms, ttl_ms;
	int64_t close_at_ms;			  /* of its market */
	const char *version;			  /* changes with whatever may change beside what hangs on it */
	const char *group_sum;			  /* while its window is open: the sum that the window keeps */
	struct audit_list members, slices, fills; /* of struct audit_order, audit_slice, audit_fill */
	bool has_gaps;				  /* orders of it have expired already */
	size_t windows;				  /* that list it */
	enum block_status index;		  /* the blocks:STATUS that lists it; BLOCK_STATUS_COUNT: none */
	size_t indexes;				  /* how many do */
	bool is_scheduled;			  /* stands in `blocks` */
	size_t house_postings;
	unsigned blamed; /* bits by invariant: what follows from one violation is not told as another */
};

struct audit_window {
	const char *id, *lane, *status, *queue_id;
	bool is_abandoned;
	int64_t due_at_ms, orders, blocks_open, total, received, created_at_ms, sealed_at_ms, ttl_ms;
	int64_t earliest_at_ms, close_at_ms; /* where its market has sessions */
	struct audit_list blocks;	   /* of struct audit_block */
	bool is_open, is_working, is_done; /* in windows, windows:working, windows:done */
};

/* One transaction, or one entry of the house. */
struct audit_posting {
	const char *id, *order_id, *block_id, *user, *smallcase, *symbol, *side, *broker_type;
	int128 quantity_nano, price_nano, gross_nano, fee_nano;
	bool is_indexed;
};

/* One entry of halts:log. */
struct audit_halt {
	const char *scope; /* "all", or a broker */
	bool is_resume;
	int64_t at_ms;
};

struct audit_broker_order {
	const char *client_order_id, *broker_order_id, *symbol, *side, *type, *limit_price;
	int128 quantity_nano, filled_nano, fee_nano;
	size_t accepted; /* how many times; 0: only refused */
	bool is_ended, is_rejected;
	int64_t last_at_ms;
	struct audit_list fills; /* of struct audit_fill */
	struct audit_slice *slice;
};

/* What one broker has, or all of them where `broker_type` is "". */
struct audit_ledger {
	const char *broker_type;
	struct audit_list orders; /* of struct audit_broker_order */
	struct audit_map by_client_id, by_broker_id, fill_of;
};

/* A member of one of the keys sides:BROKER:SYMBOL:WHICH. */
struct audit_side {
	const char *name, *block_id;
};

struct audit_counts {
	bool is_there;
	int64_t of[ORDER_STATUS_COUNT];
};

struct audit {
	const struct config *config;
	const char *prefix; /* "muster:{0}:" */
	struct audit_arena *arena;
	struct audit_report *report;
	int64_t now_ms, retention_ms;
	const char *deployment; /* "": Redis has none */
	int64_t deployed_at_ms;
	struct audit_list orders, blocks, slices, windows, postings, house;
	struct audit_list users, side_keys; /* texts */
	struct audit_list sides;	    /* of struct audit_side */
	struct audit_list halts;	    /* of struct audit_halt, by age */
	struct audit_map order_of, block_of, slice_of, window_of, posting_of, user_of;
	struct audit_counts counts, counts_after;
	struct audit_ledger *ledgers[AUDIT_LEDGERS_MAX];
	size_t ledger_count;
	size_t fills, accepted, in_review;
};

/* Finds what has that id, or makes it, with nothing read yet. */
struct audit_order *audit_order_of(struct audit *audit, const char *id);
struct audit_block *audit_block_of(struct audit *audit, const char *id);
struct audit_slice *audit_slice_of(struct audit *audit, const char *id);
struct audit_window *audit_window_of(struct audit *audit, const char *id);

/* NULL where Redis has none. */
struct audit_order *audit_find_order(const struct audit *audit, const char *id);
struct audit_block *audit_find_block(const struct audit *audit, const char *id);

/* The ledger that shows this broker's orders; NULL where none was given. */
struct audit_ledger *audit_ledger_of(const struct audit *audit, const char *broker_type);

/* Whether what ended at this time, or later, may have expired by now. */
bool audit_may_be_gone(const struct audit *audit, int64_t ended_at_ms);

/* When the order came in; 0 where that is not known. */
int64_t audit_order_arrived_ms(const struct audit_order *order);

/* The order's own status, or what its block's stage says; ORDER_STATUS_COUNT where neither says it. */
enum order_status audit_order_stage(const struct audit *audit, const struct audit_order *order);

/* Whether it will not change any more. */
bool audit_block_is_final(const struct audit_block *block);

/* A violation of a block: noted in it, and reported. */
void audit_blame_block(struct audit *audit, struct audit_block *block, enum audit_invariant invariant,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Whether a block was blamed for any of these: bits 1 << invariant. */
bool audit_is_blamed(const struct audit_block *block, unsigned invariants);

#endif
