/* From the last fill to the last share. */

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
