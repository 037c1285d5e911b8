/* See due.h. */
#include "paper/due.h"

#include <stdbool.h>
#include <stdlib.h>

/* Whether `a` comes before `b`. */
static bool is_sooner(const struct paper_order *a, const struct paper_order *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->due_number < b->due_number;
}

/* An order moves to a place of the heap. */
static void place(struct paper_due *due, struct paper_order *order, size_t at)
{
	due->heap[at] = order;
	order->due_place = at;
}

/* Lets an order find its place from `at`, upwards or downwards. */
static void settle(struct paper_due *due, struct paper_order *order, size_t at)
{
	while (at > 0 && is_sooner(order, due->heap[(at - 1) / 2])) {
		place(due, due->heap[(at - 1) / 2], at);
		at = (at - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= due->count)
			break;
		if (child + 1 < due->count && is_sooner(due->heap[child + 1], due->heap[child]))
			child++;
		if (!is_sooner(due->heap[child], order))
			break;
		place(due, due->heap[child], at);
		at = child;
	}
	place(due, order, at);
}

void paper_due_free(struct paper_due *due)
{
	free(due->heap);
}

void paper_due_put(struct paper_due *due, struct paper_order *order, int64_t due_ms)
{
	paper_due_remove(due, order);
	if (due->count == due->room) {
		due->room = due->room ? due->room * 2 : 256;
		due->heap = realloc(due->heap, due->room * sizeof *due->heap);
		if (!due->heap)
			abort();
	}
	order->due_ms = due_ms;
	order->due_number = ++due->number;
	due->heap[due->count++] = order;
	settle(due, order, due->count - 1);
}

void paper_due_remove(struct paper_due *due, struct paper_order *order)
{
	size_t at = order->due_place;
	if (at == PAPER_NOT_DUE)
		return;
	order->due_place = PAPER_NOT_DUE;
	struct paper_order *last = due->heap[--due->count];
	if (last != order)
		settle(due, last, at);
}

struct paper_order *paper_due_first(const struct paper_due *due)
{
	return due->count ? due->heap[0] : NULL;
}
