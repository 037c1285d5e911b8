/* The turns of the two sides of a symbol at one broker: SELLS sells and BUYS buys are sealed at any time, claimed, brought to
 * the gate, sent and closed in any order; AWAKE of a queue are woken at once. Nobody looks again by himself here: where a wake
 * were lost, spin would find a state in which nothing can go on any more.
 *
 * Each step is one script, and so atomic. */
#ifndef SELLS
#define SELLS 2
#endif
#ifndef BUYS
#define BUYS 2
#endif
#ifndef AWAKE
#define AWAKE 1
#endif
#ifndef CLOCK_END
#define CLOCK_END 3
#endif
#ifndef YIELDS
#define YIELDS 1
#endif
#ifndef FAULTS
#define FAULTS 1
#endif
#define BLOCKS	   (SELLS + BUYS)
#define IS_SELL(b) ((b) < SELLS)
#define MINE	   IS_SELL(b)
#define THEIRS	   (1 - MINE)
#define NONE	   255

/* Where a block is: not sealed yet; due in `blocks`; in a worker's hand; asleep until it is woken; at the broker; ended. */
mtype = { ENDED, BROKER, ASLEEP, HAND, DUE, OPEN };

mtype at[BLOCKS] = OPEN;
bool is_queued[BLOCKS]; /* in sides:…:sells or :buys */
byte since[BLOCKS];
byte at_broker[2];	/* how many buys, how many sells */
byte began[2];		/* when the turn of the side began */
byte clock = 1, faults, ended, yields;
byte k, j, rank, first[2]; /* of one step */
bool is_any;

/* Since when the first of each side's queue waits. = lua/lib/queue.lua lowest */
inline look_at_queues()
{
	first[0] = NONE; first[1] = NONE;
	for (k : 0 .. BLOCKS - 1) {
		if
		:: is_queued[k] && since[k] < first[IS_SELL(k)] -> first[IS_SELL(k)] = since[k]
		:: else
		fi
	}
}

/* = lua/lib/wake_block.lua wake_block */
inline wake_block(block)
{
	if
	:: at[block] == ASLEEP -> at[block] = DUE; is_any = true
	:: else
	fi
}

/* = lua/lib/queue.lua wake_queue */
inline wake_queue(is_sell, from, to)
{
	for (j : 0 .. BLOCKS - 1) {
		if
		:: is_queued[j] && IS_SELL(j) == is_sell ->
			rank = 0;
			for (k : 0 .. BLOCKS - 1) {
				if
				:: is_queued[k] && IS_SELL(k) == is_sell &&
				   (since[k] < since[j] || (since[k] == since[j] && k < j)) -> rank++
				:: else
				fi
			}
			if
			:: rank >= (from) && rank <= (to) -> wake_block(j)
			:: else
			fi
		:: else
		fi
	}
}

/* = lua/lib/pass_turn.lua pass_turn */
inline pass_turn()
{
	look_at_queues();
#ifdef MUT_TURNS_ALTERNATE
	if
	:: MINE -> first[1] = NONE
	:: else -> first[0] = NONE
	fi;
#endif
	if
	:: at_broker[0] + at_broker[1] == 0 && first[1] != NONE && first[1] <= first[0] -> wake_queue(true, 0, AWAKE - 1)
	:: at_broker[0] + at_broker[1] == 0 && first[0] < first[1] -> wake_queue(false, 0, AWAKE - 1)
	:: else
	fi
}

/* = lua/lib/has_turn.lua has_turn */
#define OURS (since[b] < first[MINE] -> since[b] : first[MINE])
#define HAS_TURN                                                                                                       \
	(at_broker[THEIRS] == 0 &&                                                                                     \
	 (first[THEIRS] == NONE || (at_broker[MINE] > 0 && since[b] <= began[MINE]) ||                                 \
	  (at_broker[MINE] == 0 && (OURS < first[THEIRS] || (OURS == first[THEIRS] && MINE)))))

/* = lua/lib/has_turn.lua join_turn */
inline join_turn()
{
	if
	:: at_broker[MINE] == 0 -> began[MINE] = clock
	:: else
	fi;
	at_broker[MINE]++;
	at[b] = BROKER;
	assert(at_broker[0] == 0 || at_broker[1] == 0); /* SIDES */
	if
	:: is_queued[b] ->
		is_queued[b] = false;
		is_any = false;
		wake_queue(MINE, AWAKE - 1, AWAKE - 1);
		if
		:: is_any -> wake_queue(MINE, AWAKE, 2 * AWAKE - 2)
		:: else
		fi
	:: else
	fi
}

/* Nothing of the block is at the broker (any more), and it wants no turn. = lua/lib/leave_side.lua leave_side */
inline leave(is_passed_on)
{
	is_queued[b] = false;
	at[b] = ENDED;
	ended++;
	if
	:: is_passed_on -> pass_turn()
	:: else
	fi
}

#define DONE k = 0; j = 0; rank = 0; first[0] = 0; first[1] = 0; is_any = false

#ifdef MUT_SIDES_MEET
#define MAY_GO true
#else
#define MAY_GO HAS_TURN
#endif
#ifdef MUT_REVIEW_KEEPS_THE_TURN
#define PASSES_ON false
#else
#define PASSES_ON true
#endif

active [BLOCKS] proctype block()
{
	byte b = _pid;

	do
	:: d_step { at[b] == OPEN -> since[b] = clock; is_queued[b] = IS_SELL(b); at[b] = DUE } /* = lua/seal.lua seal_block */
	:: d_step { at[b] == DUE -> at[b] = HAND } /* = lua/claim.lua */
	:: d_step { at[b] == HAND -> /* = lua/gate.lua, = lua/lib/refusal.lua refusal stay */
		look_at_queues();
		if
		:: MAY_GO -> join_turn()
		:: else -> is_queued[b] = true; at[b] = ASLEEP
		fi;
		DONE }
	:: d_step { at[b] == HAND && faults < FAULTS -> faults++; at[b] = DUE } /* its worker died */
	:: d_step { at[b] == HAND && faults < FAULTS -> faults++; leave(PASSES_ON); DONE } /* = lua/lib/review.lua review */
	:: d_step { at[b] == BROKER -> at_broker[MINE]--; leave(true); DONE } /* = lua/close.lua */
	:: d_step { at[b] == BROKER && yields < YIELDS && clock > began[MINE] -> /* = lua/lib/is_turn_over.lua is_turn_over */
		look_at_queues();
		if
		:: first[THEIRS] != NONE -> /* = lua/replan.lua */
			yields++;
			at_broker[MINE]--;
			pass_turn();
			since[b] = clock;
			is_queued[b] = true;
			at[b] = DUE
		:: else
		fi;
		DONE }
	:: at[b] == ENDED -> break
	od
}

/* Time goes on. */
active proctype time()
{
	do
	:: d_step { clock < CLOCK_END -> clock++ }
	:: ended == BLOCKS -> break
	od
}

active proctype auditor()
{
	ended == BLOCKS;
	for (k : 0 .. BLOCKS - 1) { assert(at[k] == ENDED && !is_queued[k]) }
}
