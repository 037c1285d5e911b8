/* The life of one block, from its first order to its last share, with everything around it failing: clients, workers, broker,
 * network, and with -DFAILOVER Redis itself. Why: tests show that the protocol held in the runs they made; this looks at
 * every order of events there is, within the bounds that tests/model/run states.
 *
 * Each comment `= FILE NAME ...` says what of the code a piece stands for; tests/model/run checks that it still exists. */
#include "state.pml"
#include "broker.pml"
#include "queue.pml"
#include "worker.pml"

#ifdef RESOLVES
/* A person says once to go on as before. = lua/resolve.lua */
active proctype person()
{
end:
	d_step { now.block == NEEDS_REVIEW ->
		now.block = now.review_from;
		now.fence = 0; now.attempts = 0 }
}
#endif

#ifdef LARGE
/* Time passes. = src/worker/block_plan.c block_on_planned */
active proctype time_of_the_last_slice()
{
	is_due = true
}
#endif

#ifdef HALTS
/* A person halts trading at any moment, and lets it go on at any later one. = lua/halt.lua, = lua/resume.lua */
active proctype operator()
{
	is_halted = true;
	is_halted = false
}
#endif

init
{
	atomic {
#ifdef QUEUE
#ifdef ONE_CLIENT /* the other order is in already */
		now.known = 1; now.group = 1; now.quantity = 1; acked = 1;
#ifdef FAILOVER
		d_step { copy(replica, now) };
#endif
#else
		run client(1);
#endif
		run client(2);
#else
		/* Both orders are in, and the window is sealed. */
		now.known = 3; now.group = 3; now.members = 3; now.quantity = 2; acked = 3;
		now.block = READY;
#endif
		run broker_side(0);
#if SLICES == 2
		run broker_side(1);
#endif
		run worker(1);
		run worker(2)
#if WORKERS == 3
		;run worker(3)
#endif
	}
}
