/* What there is: the block as Redis holds it, the broker's own books, and what must hold between them.
 *
 * Numbers are small on purpose. A slice is for 2 units, a block for 2 slices (-DSLICES=1: one), a window has two orders, each
 * order is a chunk of its own in the allocation. */

#ifndef SLICES
#define SLICES 2
#endif
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef FAULTS
#define FAULTS 2 /* any mixture of faults, this many in one run */
#endif
#define ORDERS 2
#define LOOK_UPS 2     /* the code: BACKOFF_LOOK_UPS, 5 */
#define ATTEMPTS_MAX 3 /* the code: ATTEMPTS_MAX, 5 */

/* Block status. = src/shared/status.c block_status_of */
#define OPEN 0 /* no block yet: a group of an open window */
#define SEALING 1
#define READY 2
#define SUBMITTING 3
#define WORKING 4
#define CLOSING 5
#define ALLOCATED 6
#define CANCELED 7
#define NEEDS_REVIEW 8

/* Slice status, forward only; the last three are final. = src/shared/status.c slice_status_of */
#define SENDING 0 /* the code: submitting */
#define AMBIGUOUS 1
#define ACKED 2
#define PARTIAL 3
#define FILLED 4
#define ENDED 5 /* canceled or expired, filled or not */
#define REJECTED 6
/* = lua/lib/rank.lua RANK */
#define RANK(status) ((status) <= AMBIGUOUS -> 1 : ((status) <= PARTIAL -> (status) : 4))

typedef slice_in_redis {
	byte status;
	bool is_unsent; /* sent = "no" */
	bool is_created; /* planned, and never let go by the gate; a ghost where all leave at once */
	byte lookups;
	byte filled;
	byte stored /* fills of it in block:ID:fills */
};

typedef in_redis {
	byte block; /* status */
	byte fence;
	bool is_named;   /* a worker holds it */
	bool is_healthy; /* that worker lives and renews; a ghost in Redis, only time knows */
	byte attempts;
	byte review_from;
	/* sets of orders, a bit each */
	byte known; /* order:ID exists */
	byte group; /* block:ID:orders; the statement, once sealed */
	byte other; /* joined the window that came after */
	byte withdrawn;
	byte members; /* what the seal counted; a ghost: Redis has their number only */
	byte quantity; /* grown with each order that joins */
	/* allocation */
	byte filled;
	byte allocated;
	byte shared; /* units given to orders */
	byte posted[ORDERS];
	slice_in_redis slice[SLICES]
};

typedef at_broker {
	bool is_known; /* the client_order_id is taken, for ever */
	byte placed;   /* orders that it has under ids of this slice */
	byte status;
	byte executed;
	byte quantity; /* of the block that the submit was made for */
	byte late      /* submits that are still on their way, nobody waits for their reply */
};

in_redis now;
bool is_due;	/* the time of the last slice of a large order has come (-DLARGE) */
bool is_halted; /* a person has halted trading (-DHALTS). = lua/halt.lua */
#ifdef FAILOVER
in_redis replica;
bool is_failed_over;
#define HISTORY is_failed_over /* which master a connection leads to */
#else
#define HISTORY false
#endif
at_broker broker[SLICES];
byte faults;
byte acked; /* orders answered with 202 */
hidden byte k; /* loops; only ever inside a d_step, which stores no state on its way */

#define CAN_FAIL (faults < FAULTS)
#define SIZE(set) (((set) & 1) + ((set) >> 1))
/* The order at place `i` of a statement. */
#define MEMBER(set, i) ((set) == 3 -> (i) : ((set) >> 1))
#if SLICES == 2
#define ANY(P) (P(0) || P(1))
#define EXECUTED (broker[0].executed + broker[1].executed)
#else
#define ANY(P) (P(0))
#define EXECUTED (broker[0].executed)
#endif
#define IS_FINAL (now.block == ALLOCATED || now.block == CANCELED || now.block == NEEDS_REVIEW)
#define WAS_PLACED(i) (broker[i].placed > 0)
#define DENIES(i) (now.slice[i].status == REJECTED && broker[i].placed > 0)

/* I10: nothing is shown as failed while the broker holds it. */
inline check_not_denied()
{
	assert(!ANY(DENIES));
	assert(!(now.block == CANCELED && ANY(WAS_PLACED)))
}

/* What holds when a block has just become `allocated`. */
inline check_allocated()
{
	k = 0;
	do
	:: k < ORDERS -> /* I3, I8: exactly the members of the seal, each once */
		assert(now.posted[k] == ((now.members >> k) & 1));
		k++
	:: else -> break
	od;
	assert(now.group == now.members);
	assert(now.quantity == SIZE(now.members)); /* I4 */
	assert(now.shared == now.filled);	   /* I6 */
	assert(now.filled == EXECUTED);
	k = 0;
	do
	:: k < SLICES ->
		assert(now.slice[k].stored == broker[k].executed);
		assert(broker[k].placed == 0 || broker[k].quantity == now.quantity); /* I4 */
		k++
	:: else -> break
	od;
	k = 0
}

/* When nothing can move any more: I1 no loss, I11 alive. */
active proctype auditor()
{
endless:
	timeout ->
	assert(IS_FINAL);
	assert(now.group == now.members); /* I3 */
	assert(((now.group | now.other | now.withdrawn) & acked) == acked);
	assert((now.group & now.other) == 0 && (now.group & now.withdrawn) == 0);
	if
	:: now.block == ALLOCATED -> d_step { check_allocated() }
	:: else
	fi;
	check_not_denied()
}
