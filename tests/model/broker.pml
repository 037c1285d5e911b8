/* The broker and the network to it: takes, fills, ends; late, silent, and for a while denying what it has. */

/* What a submit or a look-up came to. = src/worker/broker.h broker_outcome */
#define TOLD_ACCEPTED 0
#define TOLD_REJECTED 1
#define TOLD_DUPLICATE 2
#define TOLD_NOT_SENT 3
#define TOLD_NOTHING 4
#define TOLD_NOT_FOUND 5
#define TOLD_CONTRADICTION 6

/* The broker refuses a repeated id, unless its class is `none` (or the id is another at each attempt). */
#if defined(CLASS_NONE) || defined(MUT_ATTEMPT_IN_ID)
#define IS_REPEAT(i) false
#else
#define IS_REPEAT(i) broker[i].is_known
#endif

/* A submit arrives. A refusal for a reason of business can come before the look at the id: the first order may have used
 * up the very money that the second one lacks. = src/worker/alpaca_errors.c alpaca_judge */
inline arrive(i, units)
{
	if
	:: IS_REPEAT(i) -> told = TOLD_DUPLICATE
	:: !IS_REPEAT(i) ->
		broker[i].placed++;
		assert(broker[i].placed <= 1); /* I5 */
		broker[i].is_known = true;
		broker[i].status = ACKED;
		broker[i].quantity = units;
		check_not_denied();
		told = TOLD_ACCEPTED
#ifdef REFUSALS
	:: CAN_FAIL -> faults++; told = TOLD_REJECTED
#endif
	fi
}

inline execute(i, units, becomes)
{
	broker[i].executed = broker[i].executed + units;
	broker[i].status = becomes;
	assert(now.block != ALLOCATED) /* I6: nothing is filled behind the allocation */
}

#define IS_OPEN(i) (broker[i].is_known && broker[i].status < FILLED)

proctype broker_side(byte i)
{
	byte told;
end:
	do
	:: atomic { broker[i].late > 0 ->
		broker[i].late--;
		if
		:: arrive(i, now.quantity)
		:: true /* lost on its way */
		fi;
		told = 0 }
#ifndef WHOLE_FILLS
	:: d_step { IS_OPEN(i) && broker[i].status == ACKED -> execute(i, 1, PARTIAL) }
#endif
	:: d_step { IS_OPEN(i) -> execute(i, 2 - broker[i].executed, FILLED) }
	:: d_step { IS_OPEN(i) -> execute(i, 0, ENDED) }
	od
}
