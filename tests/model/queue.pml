/* The trade queue: clients that repeat what was not answered, the seal that closes the group, and, with -DFAILOVER, a replica
 * that takes over with what it has. */

/* Orders join a group, are withdrawn, are sealed. */
inline copy(to, from)
{
	to.block = from.block; to.fence = from.fence; to.is_named = from.is_named; to.is_healthy = from.is_healthy;
	to.attempts = from.attempts; to.review_from = from.review_from;
	to.known = from.known; to.group = from.group; to.other = from.other; to.withdrawn = from.withdrawn;
	to.members = from.members; to.quantity = from.quantity;
	to.filled = from.filled; to.allocated = from.allocated; to.shared = from.shared;
	to.posted[0] = from.posted[0]; to.posted[1] = from.posted[1];
	k = 0;
	do
	:: k < SLICES ->
		to.slice[k].status = from.slice[k].status; to.slice[k].is_unsent = from.slice[k].is_unsent;
		to.slice[k].is_created = from.slice[k].is_created;
		to.slice[k].lookups = from.slice[k].lookups; to.slice[k].filled = from.slice[k].filled;
		to.slice[k].stored = from.slice[k].stored;
		k++
	:: else -> break
	od;
	k = 0
}

#ifdef QUEUE
/* New orders join as long as windows:open names the window. */
#ifdef MUT_JOIN_WHILE_SEALING
#define TAKES_ORDERS (now.block <= READY)
#else
#define TAKES_ORDERS (now.block == OPEN)
#endif
#ifdef MUT_CANCEL_AFTER_SEAL
#define IS_WINDOW_OPEN (now.block <= READY)
#else
#define IS_WINDOW_OPEN (now.block == OPEN)
#endif
#ifdef MUT_SAME_KEY_JOINS_TWICE
#define IS_STORED(order) false
#else
#define IS_STORED(order) (now.known & (order))
#endif
/* One client with one order, through any of the API processes. */
proctype client(byte order)
{
	bool is_waited, history;
repeat:
	/* = lua/enqueue.lua, = src/api/commit.c batch_send */
	atomic {
		history = HISTORY; is_waited = true;
		if
		:: IS_STORED(order) ->
			/* `replayed`. A WAIT behind it covers what was written before it, by whomever: Redis counts from the
			 * connection's last command, not from its last write. */
#ifdef MUT_REPLAY_WITHOUT_WAIT
			is_waited = false
#endif
		:: !IS_STORED(order) && TAKES_ORDERS -> /* = lua/lib/group.lua join_group */
			now.known = now.known | order;
			now.group = now.group | order; now.quantity++
		:: !IS_STORED(order) && !TAKES_ORDERS -> /* the window's successor, = lua/lib/open_window.lua open_window */
			now.known = now.known | order;
			now.other = now.other | order
		fi
	}
	/* The reply is lost, or the API process dies: the client sends the same key again. */
	if
	:: atomic { CAN_FAIL -> faults++; goto repeat }
	:: true
	fi;
#ifdef FAILOVER
	/* Only the connection, and so the history, that carried the write.
	 * = src/api/commit.c batch_replicated, = src/shared/redis_call.c redis_link_wait_replicas */
	atomic {
		if
#ifndef MUT_WAIT_ON_ANY_CONNECTION
		:: is_waited && history != HISTORY -> goto repeat
#endif
		:: else ->
#ifndef MUT_NO_WAIT
			if
			:: is_waited && !is_failed_over -> d_step { copy(replica, now) }
			:: else
			fi;
#endif
			acked = acked | order
		fi
	}
#else
	acked = acked | order;
#endif
	d_step { is_waited = false; history = false }
#ifdef CANCELS
	if
	:: atomic { /* = lua/cancel.lua */
		IS_WINDOW_OPEN && (now.group & order) ->
		now.group = now.group & ~order; now.quantity--;
		now.withdrawn = now.withdrawn | order }
	:: true
	fi
#endif
}

/* Any worker seals what is due. = lua/seal.lua seal_block, = src/worker/trade_scheduler.c send_seal */
inline seal()
{
	if
	:: now.block == OPEN -> now.block = SEALING /* first chunk; this block is of a later one */
	:: now.block == SEALING ->
		now.members = now.group;
		now.fence = 0;
		if
		:: now.members == 0 -> now.block = CANCELED
		:: else -> now.block = READY
		fi
	fi
}
#define CAN_SEAL ((now.block == OPEN && (now.known & ~now.other)) || now.block == SEALING)
#endif

#ifdef FAILOVER
/* The replica follows a while behind; at any moment it can become the master. */
active proctype replication()
{
end:
	do
	:: d_step { !is_failed_over -> copy(replica, now) }
	:: d_step { !is_failed_over ->
		is_failed_over = true;
		copy(now, replica);
		now.is_healthy = false; /* who was named there need not know it */
		assert(((now.group | now.other | now.withdrawn) & acked) == acked); /* I1 */
		replica.fence = 0 }
	od
}
#endif
