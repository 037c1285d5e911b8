/* Lanes: why an order is in the window it is in. */
#ifndef MUSTER_API_LANE_H
#define MUSTER_API_LANE_H

#include "api/order_request.h"

/* The lane of a request of the trade queue: "immediate" or "window". (A bulk call has its own, see lua/bulk.lua.) */
const char *lane_choose(const struct order_request *request);

#endif
