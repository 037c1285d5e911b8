/* The choice of the lane. It is a table because routing is a list of rules of which the first that matches wins, and
 * because what each rule looks at is then in one place, however many there are. */
#include "api/lane.h"

#include <stddef.h>

/* Urgent orders of many users meet within lanes.coalesce_ms. */
static bool is_urgent(const struct order_request *request)
{
	return request->is_high;
}

/* Everything else waits for the next timed window, or the one asked for. */
static bool is_any(const struct order_request *request)
{
	(void)request;
	return true;
}

static const struct {
	bool (*matches)(const struct order_request *request);
	const char *lane;
} rules[] = {
    {is_urgent, "immediate"},
    {is_any, "window"},
};

const char *lane_choose(const struct order_request *request)
{
	size_t i = 0;
	while (!rules[i].matches(request))
		i++;
	return rules[i].lane;
}
