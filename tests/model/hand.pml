/* A block in a worker's hand: what the worker knows of it, and the scripts that take it, begin it and record it. */

/* What the block in hand waits for. = src/worker/block.h block_waits_for */
#define CLAIM 0
#define BEGIN 1
#define INTENT 2
#define ASK 3
#define FOLLOW 4
#define RECORD 5
#define FILLS 6
#define STORE 7
#define CLOSE 8
#define SHARES 9
#define FINISH 10
#define REVIEW 11

/* = src/worker/slice.h slice */
typedef slice_in_hand {
	byte status;
	byte lookups;
	byte filled;
	bool maybe_sent;
	bool is_intent_stored;
	bool is_created;
	bool is_resend_due;
	bool is_refused_again;
	bool is_changed
};

/* The fence is only ever compared, so the claimant's own number serves as well as a count, and keeps the state space small. */
#define NEXT_FENCE (me)
/* A failover breaks the connection, and with it everything in hand is dropped: no call that was begun with one master goes
 * on with the next. (The fence alone would not do: the new master may count up to the same number again.)
 * = src/worker/worker.c on_down worker_drop_blocks, = src/shared/redis_link.c redis_link_condemn */
#if defined(FAILOVER) && !defined(MUT_IN_HAND_SURVIVES_FAILOVER)
#define IS_HOLDER (now.fence == fence && history == HISTORY)
#else
#define IS_HOLDER (now.fence == fence)
#endif
/* = lua/lib/held.lua held */
#ifdef MUT_NO_FENCE
#define HELD true
#else
#define HELD IS_HOLDER
#endif
#define AT_BROKER (now.block == SUBMITTING || now.block == WORKING)

#define NEEDS_SUBMIT(i) (!hand[i].maybe_sent || hand[i].is_resend_due) /* = src/worker/slice_judge.c slice_need_unknown */
/* What the gate lets pass: no halt, and the slice's time has come. = lua/lib/refusal.lua refusal, = lua/lib/leaving.lua leaving */
#ifdef MUT_NO_HALT
#define MAY_LEAVE(i) (!hand[i].is_created || is_due)
#else
#define MAY_LEAVE(i) (!is_halted && (!hand[i].is_created || is_due))
#endif
#define IS_HELD_BACK(i) (NEEDS_SUBMIT(i) && !hand[i].is_intent_stored && !hand[i].is_resend_due && !MAY_LEAVE(i))
#define CAN_ASK(i) (IS_UNKNOWN(i) && !IS_HELD_BACK(i))
/* Known, and at work at the broker. */
#define IS_OUT(i) (!IS_UNKNOWN(i) && IS_WORKING(i))
#define IS_UNKNOWN(i) (hand[i].status <= AMBIGUOUS)			/* = src/worker/slice_judge.c slice_is_unknown */
#define IS_WORKING(i) (hand[i].status < FILLED)				/* = src/worker/block_follow.c has_working */
#define WANTS_INTENT(i) (IS_UNKNOWN(i) && NEEDS_SUBMIT(i) && !hand[i].is_intent_stored && MAY_LEAVE(i)) /* = src/worker/block_submit.c plan_round */
#define IS_NEWS(i) (IS_OUT(i) && hand[i].status != broker[i].status)
#define IS_SHORT(i) (!IS_WORKING(i) && hand[i].filled != broker[i].executed) /* = src/worker/block_close.c fills_add_up */
#define IS_UNPLACED(i) (RANK(now.slice[i].status) < 2 && !now.slice[i].is_created)
/* Nobody has anything to do before the time has come, or the halt is over: that is when the block is due again. */
#define IS_KEPT(i) (now.slice[i].status <= AMBIGUOUS && now.slice[i].is_unsent && (is_halted || (now.slice[i].is_created && !is_due)))
#define IS_AT_REST(i) (RANK(now.slice[i].status) == 4 || IS_KEPT(i))
#define IS_AWAKE(i) (!IS_AT_REST(i))
#define SLEEPS ((now.block == READY && is_halted) || (AT_BROKER && ANY(IS_KEPT) && !ANY(IS_AWAKE)))

/* Out of hand. = src/worker/block.c block_drop */
inline forget()
{
	waits_for = CLAIM; history = false; fence = 0; mine = 0; at = 0; units = 0; posted = 0; pending = 0; told = 0;
	is_at_once = false; is_paused = false; is_doubtful = false; is_refused = false;
	k = 0;
	do
	:: k < SLICES ->
		hand[k].status = 0; hand[k].lookups = 0; hand[k].filled = 0; hand[k].maybe_sent = false;
		hand[k].is_intent_stored = false; hand[k].is_created = false; hand[k].is_resend_due = false; hand[k].is_refused_again = false;
		hand[k].is_changed = false;
		k++
	:: else -> break
	od;
	k = 0
}

/* Without a word to Redis: the lease ends by itself. = src/worker/block_call.c forget_block */
inline die()
{
	if
	:: IS_HOLDER -> now.is_healthy = false
	:: else
	fi;
	forget()
}

/* = lua/lib/review.lua review */
inline set_aside()
{
	now.review_from = now.block; now.is_named = false;
	now.block = NEEDS_REVIEW
}

/* Chunks from the cursor on are sent, all at once. = src/worker/allocation_run.c post_chunks */
inline post_chunks()
{
	pending = ((1 << SIZE(now.group)) - 1) & ~((1 << posted) - 1);
	is_refused = false;
	waits_for = (pending -> SHARES : FINISH)
}

/* Reads the statement. = lua/statement.lua, = src/worker/allocation_run.c block_start_allocation adds_up */
inline start_allocation()
{
	if
	:: SIZE(now.group) != SIZE(now.members) -> die()
	:: SIZE(now.group) == SIZE(now.members) && now.quantity != SIZE(now.group) -> waits_for = REVIEW
	:: else -> post_chunks()
	fi
}

/* = src/worker/block_submit.c block_start_submit */
inline start_submit()
{
	at = 0;
	if
	:: ANY(WANTS_INTENT) -> waits_for = INTENT
	:: else -> waits_for = ASK
	fi
}

/* = src/worker/order_aggregation.c start_stage */
inline go_on()
{
	at = 0;
	if
	:: mine == READY -> waits_for = BEGIN
	:: mine == CLOSING -> start_allocation()
	:: mine == SUBMITTING || mine == WORKING ->
		if
		:: ANY(CAN_ASK) -> start_submit()
#ifndef MUT_CLOSE_BEFORE_FINAL
		:: !ANY(CAN_ASK) && ANY(IS_OUT) -> waits_for = FOLLOW
		:: !ANY(CAN_ASK) && !ANY(IS_OUT) && ANY(IS_UNKNOWN) -> is_paused = true; waits_for = RECORD /* held back: released */
		:: !ANY(IS_WORKING) -> waits_for = FILLS
#else
		:: !ANY(IS_UNKNOWN) -> waits_for = FILLS
#endif
		fi
	fi
}

/* = lua/claim.lua, = src/worker/block.c block_new, = src/worker/slice.c slice_read, = src/worker/trade_scheduler.c take_blocks */
inline claim()
{
	if
	:: now.is_named -> now.attempts++
	:: else
	fi;
	if
	:: now.attempts >= ATTEMPTS_MAX -> set_aside()
	:: else ->
		now.fence = NEXT_FENCE; fence = now.fence; history = HISTORY;
		now.is_named = true; now.is_healthy = true;
		mine = now.block; units = now.quantity; posted = now.allocated;
		k = 0;
		do
		:: k < SLICES && mine >= SUBMITTING ->
			hand[k].status = now.slice[k].status; hand[k].lookups = now.slice[k].lookups;
			hand[k].filled = now.slice[k].filled;
			hand[k].is_created = now.slice[k].is_created;
			hand[k].maybe_sent = !now.slice[k].is_unsent;
#ifdef MUT_NO_INTENT
			hand[k].is_intent_stored = true;
#else
			hand[k].is_intent_stored = hand[k].maybe_sent;
#endif
			k++
		:: else -> break
		od;
		go_on()
	fi
}
/* Free, or its worker is dead; or that one is only slower than its lease, which is a fault. */
#ifdef MUT_NO_FENCE /* who renews is not known then; every lease may end */
#define IS_LEASE_OVER true
#else
#define IS_LEASE_OVER (!now.is_named || !now.is_healthy || CAN_FAIL)
#endif
#define CAN_CLAIM (now.block >= READY && !IS_FINAL && IS_LEASE_OVER && !SLEEPS)

/* The plan and the gate behind it, in one. = lua/plan.lua, = lua/gate.lua, = src/worker/block_plan.c block_on_planned,
 * = src/worker/block_submit.c block_on_gate */
inline begin()
{
	if
	:: !HELD || now.block != READY -> forget()
#ifndef MUT_NO_HALT
	:: HELD && now.block == READY && is_halted -> now.is_named = false; forget() /* planned or not, it waits */
#endif
	:: else ->
		assert(!is_halted); /* I12 */
		now.block = SUBMITTING; now.attempts = 0;
		k = 0;
		do
		:: k < SLICES ->
			now.slice[k].status = SENDING; now.slice[k].lookups = 0; now.slice[k].filled = 0;
#ifdef MUT_NO_INTENT
			now.slice[k].is_unsent = true;
#else
			now.slice[k].is_unsent = false;
#endif
			hand[k].status = SENDING; hand[k].is_intent_stored = true;
#ifdef LARGE /* the first leaves at once, the last one at its time, with whoever has the block then */
			if
			:: k == SLICES - 1 && !is_due ->
				now.slice[k].is_unsent = true; now.slice[k].is_created = true;
				hand[k].is_intent_stored = false; hand[k].is_created = true
			:: else
			fi;
#endif
			k++
		:: else -> break
		od;
		mine = SUBMITTING;
		go_on()
	fi
}

/* What of one slice goes into the record, and the intent with it. = src/worker/slice.c slice_add_record,
 * = src/worker/block_submit.c ask_gate take_permits */
inline record_slice(i)
{
	if
	:: waits_for == INTENT && WANTS_INTENT(i) ->
		assert(!is_halted); /* I12: no slice is let go */
		hand[i].is_intent_stored = true; hand[i].is_created = false;
		now.slice[i].is_unsent = false; now.slice[i].is_created = false
	:: else -> now.slice[i].is_unsent = !hand[i].maybe_sent
	fi;
	if
#ifndef MUT_BACKWARD
	:: RANK(now.slice[i].status) == 4 || RANK(hand[i].status) < RANK(now.slice[i].status)
#endif
	:: else ->
		assert(RANK(hand[i].status) >= RANK(now.slice[i].status)); /* I9 */
		now.slice[i].status = hand[i].status
	fi;
	now.slice[i].lookups = hand[i].lookups; now.slice[i].filled = hand[i].filled;
	hand[i].is_changed = false
}

/* = lua/record.lua, = src/worker/block_call.c block_record_as, = src/worker/order_aggregation.c on_recorded */
inline record(is_released)
{
	if
	:: !HELD || !AT_BROKER -> forget()
	:: else ->
		k = 0;
		do
		:: k < SLICES ->
			if
			:: hand[k].is_changed || (waits_for == INTENT && WANTS_INTENT(k)) -> record_slice(k)
			:: else
			fi;
			k++
		:: else -> break
		od;
		check_not_denied();
		if
		:: ANY(IS_UNPLACED)
		:: else -> now.block = WORKING
		fi;
		now.attempts = 0; now.is_named = !(is_released); mine = now.block;
		if
		:: is_released -> forget()
		:: !(is_released) && waits_for == INTENT -> waits_for = ASK; at = 0
		:: else -> go_on()
		fi
	fi
}
