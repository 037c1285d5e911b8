/* I1 and I2 within Redis: a request is there with all its orders, and is one kind of request only. What clients were
 * told is held against it in accepted.c. */
#include <stdio.h>
#include <string.h>

#include "audit/check.h"

#define ORDER_ID_ROOM 320

/* Each order from the first to the last must be there, unless it may have expired. */
static void check_orders(struct audit *audit, const char *queue_id, int64_t count, int64_t arrived_ms)
{
	for (int64_t i = 0; i < count; i++) {
		char id[ORDER_ID_ROOM];

		(void)snprintf(id, sizeof id, "%.256s-%lld", queue_id, (long long)i);
		if (audit_find_order(audit, id) || audit_may_be_gone(audit, arrived_ms))
			continue;
		audit_report_violation(audit->report, AUDIT_NO_LOSS,
				       "request %s: its order %s, one of %lld, is not stored", queue_id, id,
				       (long long)count);
	}
}

/* A request is named by its first order. */
static void check_head(struct audit *audit, const struct audit_order *head)
{
	char queue_id[ORDER_ID_ROOM], window[ORDER_ID_ROOM + 8];

	(void)snprintf(queue_id, sizeof queue_id, "%.*s", (int)strlen(head->id) - 2, head->id);
	(void)snprintf(window, sizeof window, "bulk-%s", queue_id);
	if (head->has_digest && audit_map_find(&audit->window_of, window))
		audit_report_violation(audit->report, AUDIT_ONE_ACCEPTANCE,
				       "request %s is stored twice: as queued, and as the bulk call %s", queue_id,
				       window);
	if (head->orders > 1)
		check_orders(audit, queue_id, head->orders, audit_order_arrived_ms(head));
}

/* A user finds an order by the index. */
static void check_index(struct audit *audit, const struct audit_order *order)
{
	if (!order->is_indexed && !(order->listed_in && order->listed_in->is_moving))
		audit_report_violation(audit->report, AUDIT_NO_LOSS,
				       "order %s is not in the index of its user %s (user:%s:orders)", order->id,
				       order->user, order->user);
}

void audit_check_requests(struct audit *audit)
{
	for (size_t i = 0; i < audit->orders.count; i++) {
		const struct audit_order *order = audit->orders.items[i];

		if (order->exists && order->is_head)
			check_head(audit, order);
		if (order->exists)
			check_index(audit, order);
	}
	for (size_t i = 0; i < audit->windows.count; i++) {
		const struct audit_window *window = audit->windows.items[i];

		if (window->queue_id[0])
			check_orders(audit, window->queue_id, window->received, window->created_at_ms);
		if (window->queue_id[0] && strcmp(window->status, "filling") != 0 && !window->is_abandoned &&
		    window->received != window->total)
			audit_report_violation(audit->report, AUDIT_NO_LOSS,
					       "request %s: %lld of its %lld orders are stored", window->queue_id,
					       (long long)window->received, (long long)window->total);
	}
}
