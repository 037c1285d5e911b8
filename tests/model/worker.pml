/* A worker: claim, one act, one script that records it, again. Each step below is one atomic act of the code; between any
 * two of them the worker may be stopped for any time, die, or give the block back. The slices of a round are asked one
 * after the other: that they are really asked at once shows only in the order of things, which late submits have too. */

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
#define IS_UNKNOWN(i) (hand[i].status <= AMBIGUOUS)			/* = src/worker/slice_judge.c slice_is_unknown */
#define IS_WORKING(i) (hand[i].status < FILLED)				/* = src/worker/block_follow.c has_working */
#define WANTS_INTENT(i) (IS_UNKNOWN(i) && NEEDS_SUBMIT(i) && !hand[i].is_intent_stored) /* = src/worker/block_submit.c plan_round */
#define IS_NEWS(i) (IS_WORKING(i) && hand[i].status != broker[i].status)
#define IS_UNPLACED(i) (RANK(now.slice[i].status) < 2)

/* One look is believed: the one after a repeated submit was refused. It comes when the whole schedule has passed, so here the
 * broker shows what it has, and nothing of this id is on its way any more. All others may be lied to. See README.md. */
#ifdef REFUSALS
#define MAY_LIE(i) (CAN_FAIL && !hand[i].is_refused_again)
#define IS_HELD_UP(i) (hand[i].is_refused_again && broker[i].late > 0)
#else
#define MAY_LIE(i) CAN_FAIL
#define IS_HELD_UP(i) false
#endif

/* Out of hand. = src/worker/block.c block_drop */
inline forget()
{
	waits_for = CLAIM; history = false; fence = 0; mine = 0; at = 0; units = 0; posted = 0; pending = 0; told = 0;
	is_at_once = false; is_paused = false; is_doubtful = false; is_refused = false;
	k = 0;
	do
	:: k < SLICES ->
		hand[k].status = 0; hand[k].lookups = 0; hand[k].filled = 0; hand[k].maybe_sent = false;
		hand[k].is_intent_stored = false; hand[k].is_resend_due = false; hand[k].is_refused_again = false;
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
		:: ANY(IS_UNKNOWN) -> start_submit()
#ifndef MUT_CLOSE_BEFORE_FINAL
		:: !ANY(IS_UNKNOWN) && ANY(IS_WORKING) -> waits_for = FOLLOW
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
#define CAN_CLAIM (now.block >= READY && !IS_FINAL && (!now.is_named || !now.is_healthy || CAN_FAIL))

/* = lua/begin.lua, = src/worker/block_begin.c block_on_begun, = src/worker/slice.c slice_init */
inline begin()
{
	if
	:: !HELD || now.block != READY -> forget()
	:: else ->
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
			k++
		:: else -> break
		od;
		mine = SUBMITTING;
		go_on()
	fi
}

/* What of one slice goes into the record, and the intent with it. = src/worker/slice.c slice_add_record,
 * = src/worker/block_submit.c store_intent block_on_intent */
inline record_slice(i)
{
	if
	:: waits_for == INTENT && WANTS_INTENT(i) ->
		hand[i].is_intent_stored = true;
		now.slice[i].is_unsent = false
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

/* = src/worker/slice_judge.c slice_adopt; false where the answer is older than what is known. */
inline adopt(i, is_status, is_filled)
{
	if
#ifndef MUT_BACKWARD
	:: is_status < hand[i].status || is_filled < hand[i].filled
#endif
	:: else ->
		hand[i].status = is_status; hand[i].filled = is_filled;
		hand[i].lookups = 0; hand[i].maybe_sent = true;
		hand[i].is_changed = true
	fi
}

/* The broker's answer to a submit. = src/worker/slice_judge.c judge_submit */
inline judge_submit(i, is_first)
{
	if
	:: told == TOLD_ACCEPTED -> adopt(i, ACKED, 0)
#ifdef MUT_REFUSED_AGAIN_IS_FINAL
	:: told == TOLD_REJECTED -> hand[i].status = REJECTED
#else
	:: told == TOLD_REJECTED && is_first -> hand[i].status = REJECTED
	:: told == TOLD_REJECTED && !is_first -> hand[i].is_refused_again = true; is_at_once = true
#endif
	:: told == TOLD_DUPLICATE -> hand[i].status = AMBIGUOUS; hand[i].lookups = 0; is_at_once = true
	:: told == TOLD_NOT_SENT && is_first ->
		hand[i].maybe_sent = false; hand[i].is_intent_stored = false; is_paused = true
	:: told == TOLD_NOT_SENT && !is_first -> hand[i].lookups = LOOK_UPS - 1; is_paused = true
	:: told == TOLD_NOTHING -> hand[i].status = AMBIGUOUS; hand[i].lookups = 1; is_paused = true
	fi;
	hand[i].is_changed = true
}

/* = src/worker/block_call.c ask_broker, = src/worker/slice_judge.c slice_note_submit, = src/worker/alpaca.c alpaca_submit */
inline submit(i)
{
	hand[i].is_resend_due = false;
	is_first = !hand[i].maybe_sent;
	hand[i].maybe_sent = true;
	if
	:: arrive(i, units)
	:: CAN_FAIL -> faults++; arrive(i, units); told = TOLD_NOTHING
	:: CAN_FAIL -> faults++; broker[i].late++; told = TOLD_NOTHING
	:: CAN_FAIL -> faults++; told = TOLD_NOT_SENT
	fi;
	d_step { judge_submit(i, is_first); is_first = false }
}

/* = src/worker/slice_judge.c judge_absence */
inline judge_absence(i)
{
	if
	:: hand[i].is_refused_again -> hand[i].status = REJECTED
	:: else ->
		hand[i].status = AMBIGUOUS; hand[i].lookups++;
		if
#ifdef MUT_RESUBMIT_WITHOUT_LOOKUP
		:: true -> hand[i].is_resend_due = true; is_at_once = true
#else
		:: hand[i].lookups < LOOK_UPS -> is_paused = true
#ifdef CLASS_NONE
		:: else -> is_doubtful = true
#else
		:: else -> hand[i].is_resend_due = true; is_at_once = true
#endif
#endif
		fi
	fi;
	hand[i].is_changed = true
}

/* = src/worker/slice_judge.c judge_look_up, = src/worker/alpaca.c alpaca_look_up read_order */
inline look_up(i)
{
	if
	:: broker[i].is_known ->
		told = TOLD_ACCEPTED;
#ifndef MUT_ECHO_NOT_COMPARED
		if
		:: broker[i].quantity != units -> told = TOLD_CONTRADICTION
		:: else
		fi
#endif
	:: !broker[i].is_known -> told = TOLD_NOT_FOUND
	:: broker[i].is_known && MAY_LIE(i) -> faults++; told = TOLD_NOT_FOUND
	:: CAN_FAIL -> faults++; told = TOLD_NOTHING
	fi;
	d_step {
		if
		:: told == TOLD_ACCEPTED ->
			hand[i].is_refused_again = false;
			adopt(i, broker[i].status, broker[i].executed)
		:: told == TOLD_NOT_FOUND -> judge_absence(i)
		:: told == TOLD_CONTRADICTION -> is_doubtful = true
		:: told == TOLD_NOTHING -> is_paused = true
		fi
	}
}

/* One slice of a round. = src/worker/block_call.c ask_more lease_holds */
inline ask(i)
{
	if
	:: !IS_UNKNOWN(i)
#ifdef STALLS /* stopped between the look at the lease and the first byte */
	:: IS_UNKNOWN(i) && NEEDS_SUBMIT(i) -> submit(i)
#else
	:: IS_UNKNOWN(i) && NEEDS_SUBMIT(i) && IS_HOLDER -> submit(i)
	:: IS_UNKNOWN(i) && NEEDS_SUBMIT(i) && !IS_HOLDER -> is_lost = true
#endif
	:: IS_UNKNOWN(i) && !NEEDS_SUBMIT(i) -> look_up(i)
	fi;
	told = 0
}

/* The round is over. = src/worker/block_submit.c block_on_submits record_learnt */
inline judge_round()
{
	at = 0;
	if
	:: is_doubtful -> waits_for = REVIEW
	:: !is_doubtful && is_at_once && !is_paused && ANY(IS_UNKNOWN) -> start_submit()
	:: else -> waits_for = RECORD
	fi;
	is_at_once = false; is_paused = false; is_doubtful = false
}

/* = src/worker/block_follow.c block_on_follows, = src/worker/slice_judge.c judge_follow */
inline follow(i)
{
	if
	:: IS_WORKING(i) ->
		if
		:: d_step { adopt(i, broker[i].status, broker[i].executed) }
		:: d_step { CAN_FAIL -> faults++ } /* told nothing */
		:: d_step { CAN_FAIL -> faults++; adopt(i, ACKED, 0) } /* told what was before */
		fi
	:: else
	fi
}

/* = lua/fills.lua, = src/worker/block_close.c send_fills */
inline store_fills()
{
	if
	:: !HELD || !AT_BROKER -> forget()
	:: else ->
		k = 0;
		do
		:: k < SLICES -> /* HSETNX by the broker's id: what is there stays */
#ifdef MUT_FILLS_WITHOUT_ID
			now.slice[k].stored = now.slice[k].stored + hand[k].filled;
#else
			now.slice[k].stored = hand[k].filled;
#endif
			k++
		:: else -> break
		od;
		waits_for = CLOSE
	fi
}

/* = lua/close.lua, = src/worker/block_close.c send_close block_on_closed */
inline close()
{
	if
	:: !HELD || !AT_BROKER -> forget()
	:: else ->
		now.filled = 0;
		k = 0;
		do
		:: k < SLICES -> now.filled = now.filled + hand[k].filled; k++
		:: else -> break
		od;
		now.block = CLOSING; now.attempts = 0;
		mine = CLOSING;
		go_on()
	fi
}

#ifdef MUT_CURSOR_NOT_CHECKED
#define IS_AT_CURSOR(i) true
#else
#define IS_AT_CURSOR(i) (now.allocated == (i))
#endif
/* An order's share: the whole, or the larger and the smaller half. = src/shared/allocation.c allocation_compute */
#define SHARE(i) (SIZE(now.group) == 1 -> now.filled : ((i) == 0 -> now.filled - now.filled / 2 : now.filled / 2))

/* = lua/allocate.lua, = src/worker/allocation_run.c block_on_shares */
inline allocate(i)
{
	pending = pending & ~(1 << (i));
	if
	:: !HELD || now.block != CLOSING -> forget()
	:: else ->
		if
		:: IS_AT_CURSOR(i) ->
			now.posted[MEMBER(now.group, i)]++;
			assert(now.posted[MEMBER(now.group, i)] <= 1); /* I8 */
			now.shared = now.shared + SHARE(i);
			now.allocated++; now.attempts = 0
		:: else -> is_refused = true
		fi;
		posted = now.allocated;
		if
		:: pending
		:: !pending && is_refused -> post_chunks()
		:: else -> waits_for = FINISH
		fi
	fi
}

/* = lua/finish.lua, = src/worker/allocation_run.c send_finish block_on_finished */
inline finish()
{
	if
	:: !HELD || now.block != CLOSING -> forget()
	:: HELD && now.block == CLOSING && now.allocated != SIZE(now.members) -> posted = now.allocated; post_chunks()
	:: else ->
		now.block = ALLOCATED; now.is_named = false;
		check_allocated();
		forget()
	fi
}

proctype worker(byte me)
{
	byte waits_for, fence, mine, at, units, posted, pending, told;
	bool is_at_once, is_paused, is_doubtful, is_refused, is_first, is_lost, history;
	slice_in_hand hand[SLICES];
end:
	do
#ifdef QUEUE
	:: d_step { waits_for == CLAIM && CAN_SEAL -> seal() }
#endif
	:: d_step { waits_for == CLAIM && CAN_CLAIM ->
		if
		:: now.is_named && now.is_healthy -> faults++
		:: else
		fi;
		claim() }
	:: d_step { waits_for == BEGIN -> begin() }
	:: d_step { waits_for == INTENT -> record(false) }
	:: atomic { waits_for == ASK && !(IS_UNKNOWN(at) && !NEEDS_SUBMIT(at) && IS_HELD_UP(at)) ->
		ask(at);
		at++;
		if
		:: is_lost -> d_step { is_lost = false; forget() }
		:: !is_lost && at == SLICES -> d_step { judge_round() }
		:: else
		fi }
	:: atomic { waits_for == FOLLOW && ANY(IS_NEWS) -> /* polls that bring nothing new are left out */
		follow(0);
#if SLICES == 2
		follow(1);
#endif
		waits_for = RECORD }
	:: d_step { waits_for == RECORD -> record(is_paused || ANY(IS_WORKING)) }
	:: atomic { waits_for == FILLS -> /* = src/worker/block_close.c block_start_close block_on_fills */
		if
		:: waits_for = STORE
		:: CAN_FAIL -> faults++; is_paused = true; waits_for = RECORD /* not all of them: later again */
		fi }
	:: d_step { waits_for == STORE -> store_fills() }
	:: d_step { waits_for == CLOSE -> close() }
	:: d_step { waits_for == SHARES && (pending & 1) -> allocate(0) }
	:: d_step { waits_for == SHARES && (pending & 2) && !(pending & 1) -> allocate(1) }
	/* One that met NOSCRIPT is overtaken. = src/shared/redis_call.c script_repeat */
	:: d_step { waits_for == SHARES && (pending & 3) == 3 && CAN_FAIL -> faults++; allocate(1) }
	:: d_step { waits_for == FINISH -> finish() }
	:: d_step { waits_for == REVIEW -> /* = lua/review.lua, = src/worker/block_call.c block_review */
		if
		:: HELD && now.block >= READY && !IS_FINAL -> set_aside()
		:: else
		fi;
		forget() }
	/* Killed; or the reply of Redis never came. */
	:: d_step { waits_for != CLAIM && CAN_FAIL -> faults++; die() }
	/* Drained. = lua/release.lua, = src/worker/lease.c lease_release_all */
	:: d_step { waits_for != CLAIM && CAN_FAIL ->
		faults++;
		if
		:: HELD && now.is_named -> now.is_named = false
		:: else
		fi;
		forget() }
	od
}
