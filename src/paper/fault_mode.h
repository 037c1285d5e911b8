/* Modes of faults: one table, one row each. A row says where its mode may strike and what it does: refuses instead of
 * acting, bends what becomes of the order, changes the honest reply, or sends it wrongly. */
#ifndef MUSTER_PAPER_FAULT_MODE_H
#define MUSTER_PAPER_FAULT_MODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "paper/order.h"
#include "paper/refusal.h"
#include "paper/wire.h"

/* Calls that faults can strike. */
enum paper_point {
	PAPER_ON_SUBMIT = 1,  /* POST /v2/orders */
	PAPER_ON_LOOK_UP = 2, /* GET /v2/orders:by_client_order_id */
	PAPER_ON_FOLLOW = 4,  /* GET /v2/orders, GET /v2/orders/{id} */
	PAPER_ON_FILLS = 8,   /* GET /v2/account/activities/FILL */
	PAPER_ON_CANCEL = 16, /* DELETE /v2/orders/{id} */
	PAPER_ON_ALL = 31
};

struct paper_fault;
struct paper_reply;

/* A whole number that a fault may have beside what all have. */
struct paper_fault_parameter {
	const char *name; /* NULL: none */
	int64_t least, most, otherwise;
};

struct paper_fault_mode {
	const char *name;
	unsigned points; /* where it may strike */
	unsigned usual;	 /* where it does unless "on" says otherwise */
	struct paper_fault_parameter parameter;
	bool is_by_row; /* in lists it strikes row by row */
	/* At most one of these; and the way on the wire. */
	void (*refuse)(struct http_request *request, int64_t value, struct paper_refusal *refusal);
	void (*bend)(struct paper_order *order, int64_t value);
	/* False where there was nothing to change. */
	bool (*change)(struct paper_reply *reply, const struct paper_fault *fault);
	enum paper_wire_way way;
};

/* NULL where there is none of that name. */
const struct paper_fault_mode *paper_fault_mode_find(const char *name);

/* The names of all, for messages. */
void paper_fault_mode_list(char *text, size_t size);

#endif
