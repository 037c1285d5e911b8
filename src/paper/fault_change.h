/* Honest replies made wrong: what the rows of the table of modes do to them. Each is a `change` of fault_mode.h. */
#ifndef MUSTER_PAPER_FAULT_CHANGE_H
#define MUSTER_PAPER_FAULT_CHANGE_H

#include "paper/fault.h"
#include "paper/reply.h"

typedef bool paper_fault_change(struct paper_reply *reply, const struct paper_fault *fault);

/* in place of the reply */
paper_fault_change paper_change_to_status, paper_change_to_garbage, paper_change_to_html, paper_change_to_duplicate;

/* orders */
paper_fault_change paper_change_symbol, paper_change_side, paper_change_quantity, paper_change_id;
paper_fault_change paper_change_hide, paper_change_understate;

/* fills */
paper_fault_change paper_change_fills_twice, paper_change_fills_unordered, paper_change_fills_beyond,
    paper_change_fills_late;

#endif
