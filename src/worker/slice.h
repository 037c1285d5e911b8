/* A slice: one broker order of a block, as Redis has it and as far as this worker has learnt more.
 *
 * What to ask the broker next, and what an answer means, is decided here from the slice alone, without any call: this
 * is where "at most once at the broker" and "unknown is not failed" live.
 *
 * What Redis says about a slice that is `created`, `submitting` or `ambiguous`:
 *     created, or sent "no"  nothing of it ever left: it may be sent, once the gate has it as `submitting`, sent
 * "maybe" sent otherwise         it may be at the broker: look it up; never send it first */
#ifndef MUSTER_SLICE_H
#define MUSTER_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/redis_link.h"
#include "worker/broker.h"

#define SLICE_REASON_SIZE sizeof(((struct err *)0)->message)

/* What a slice needs of the broker. */
enum slice_need {
	SLICE_NEEDS_NOTHING,
	SLICE_NEEDS_SUBMIT,
	SLICE_NEEDS_LOOK_UP,
	SLICE_NEEDS_FOLLOW,
	SLICE_NEEDS_CANCEL,
	SLICE_NEEDS_FILLS,
};

/* A person's word on the block, or none. */
enum block_resolution { RESOLUTION_NONE, RESOLUTION_RETRY, RESOLUTION_ADOPT, RESOLUTION_CANCEL, RESOLUTION_STOP };

struct block;

struct slice {
	struct block *block;
	/* In Redis. */
	char client_order_id[BROKER_ID_SIZE];
	char quantity[DECIMAL_TEXT];
	int64_t quantity_nano;
	int64_t due_ms;	      /* by Redis's clock: not before that */
	int64_t carried_nano; /* what it left unfilled and later slices have taken over */
	enum slice_status status;
	char broker_order_id[BROKER_ID_SIZE];
	char broker_status[32];
	int64_t filled_nano;
	int64_t average_price_nano;
	int128 fee_nano;
	int64_t submitted_at_ms;
	int64_t lookups; /* in vain since it was last sent */
	int64_t submits; /* calls that sent it, or tried to */
	int64_t tries;	 /* calls in a row that told nothing */
	bool maybe_sent; /* false: it is certain that nothing of it ever left */
	bool is_cancel_asked;
	char reason[SLICE_REASON_SIZE];

	/* Of this claim only. */
	int64_t permit_ends_us; /* passed by the gate, so that Redis has it as perhaps sent: it may leave until then */
	bool is_first_submit;	/* nothing of it had left before the call that is out */
	bool is_resend_due;	/* looked for long enough: send it again with the same id */
	bool is_refused_again;	/* rejected when sent again: one more look, then a person decides */
	bool is_changed;	/* differs from what Redis has */
	enum slice_need need;	/* of the present round */
	bool is_asked;
	int64_t asked_us;	     /* on the monotonic clock */
	struct broker_result result; /* the broker's last answer */
	struct broker_fill *fills;
	size_t fill_count;
};

/* What follows from an answer. */
enum slice_next {
	SLICE_IS_KNOWN, /* nothing more in this round */
	SLICE_AT_ONCE,	/* it needs the broker again, now */
	SLICE_LATER,	/* ask again after the pause */
	SLICE_TO_REVIEW /* a person must look; `why` says what is wrong */
};

struct slice_verdict {
	enum slice_next next;
	int64_t pause_ms;
	const char *why;
};

/* Reads {CLIENT_ORDER_ID, hash}; false where it makes no sense. */
bool slice_read(struct slice *slice, struct block *block, const redisReply *reply);

/* A new slice, as plan.lua named it: nothing of it may leave yet. */
void slice_init(struct slice *slice, struct block *block, const char *client_order_id, int64_t quantity_nano);

/* Frees what hangs on it. */
void slice_clear(struct slice *slice);

/* It may or may not be at the broker, or is still to be sent. */
bool slice_is_unknown(const struct slice *slice);

/* What an unknown slice needs: to be sent or to be looked for. */
enum slice_need slice_need_unknown(const struct slice *slice);

/* Must be called when it is handed to the broker: from here on it may be there. */
void slice_note_submit(struct slice *slice);

/* Takes the order of the last answer as this slice's state. False where it is older than what is known. */
bool slice_adopt(struct slice *slice, const struct broker_order *order);

/* What the answer to its need means. Changes the slice. */
struct slice_verdict slice_judge(struct slice *slice, enum broker_duplicates duplicates,
				 enum block_resolution resolution);

/* It is not to leave any more, and nothing of it ever has. */
void slice_cancel_unsent(struct slice *slice, const char *reason);

/* Appends what Redis is to hold of it, as record.lua takes it. */
void slice_add_record(const struct slice *slice, struct script_args *args);

#endif
