/* What the broker is asked for a slice, and what its answers mean. */

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
	:: hand[i].is_refused_again -> is_doubtful = true
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
	:: broker[i].is_known && CAN_FAIL -> faults++; told = TOLD_NOT_FOUND
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
	:: !CAN_ASK(i)
#ifdef STALLS /* stopped between the look at the lease and the first byte */
	:: CAN_ASK(i) && NEEDS_SUBMIT(i) -> submit(i)
#else
	:: CAN_ASK(i) && NEEDS_SUBMIT(i) && IS_HOLDER -> submit(i)
	:: CAN_ASK(i) && NEEDS_SUBMIT(i) && !IS_HOLDER -> is_lost = true
#endif
	:: CAN_ASK(i) && !NEEDS_SUBMIT(i) -> look_up(i)
	fi;
	told = 0
}

/* The round is over. = src/worker/block_submit.c block_on_submits record_learnt */
inline judge_round()
{
	at = 0;
	if
	:: is_doubtful -> waits_for = REVIEW
	:: !is_doubtful && is_at_once && !is_paused && ANY(CAN_ASK) -> start_submit()
	:: else -> waits_for = RECORD
	fi;
	is_at_once = false; is_paused = false; is_doubtful = false
}

/* = src/worker/block_follow.c block_on_follows, = src/worker/slice_judge.c judge_follow */
inline follow(i)
{
	if
	:: IS_OUT(i) ->
		if
		:: d_step { adopt(i, broker[i].status, broker[i].executed) }
		:: d_step { CAN_FAIL -> faults++ } /* told nothing */
		:: d_step { CAN_FAIL -> faults++; adopt(i, ACKED, 0) } /* told what was before */
		fi
	:: else
	fi
}

/* = src/worker/block_follow.c need_of */
inline follow_final(i)
{
	if
	:: IS_SHORT(i) -> adopt(i, broker[i].status, broker[i].executed)
	:: else
	fi
}
