/* A worker: claim, one act, one script that records it, again. Each step below is one atomic act of the code; between any
 * two of them the worker may be stopped for any time, die, or give the block back. The slices of a round are asked one
 * after the other: that they are really asked at once shows only in the order of things, which late submits have too. */

#include "hand.pml"
#include "slice.pml"
#include "allocation.pml"

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
		:: now.is_named && now.is_healthy && CAN_FAIL -> faults++
		:: else
		fi;
		claim() }
	:: d_step { waits_for == BEGIN -> begin() }
	:: d_step { waits_for == INTENT -> record(false) }
	:: atomic { waits_for == ASK ->
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
		:: !ANY(IS_SHORT) -> waits_for = STORE
		:: ANY(IS_SHORT) -> /* they do not add up: asked once more, = src/worker/block_follow.c wants_recheck */
			follow_final(0);
#if SLICES == 2
			follow_final(1);
#endif
			is_paused = true; waits_for = RECORD
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
