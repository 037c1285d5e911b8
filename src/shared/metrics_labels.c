/* The values of labels that every program knows. */
#include "shared/metrics_private.h"

#include <stdlib.h>
#include <string.h>

#include "shared/program.h"
#include "shared/script.h"
#include "shared/status.h"

/* The last one stands for all others. */
static const char *const codes[] = {"200", "202", "204", "304", "400", "401", "403", "404",
				    "405", "408", "409", "411", "413", "414", "415", "417",
				    "422", "429", "431", "500", "501", "502", "503", "other"};
static const char *const lanes[] = {"window", "immediate", "large", "rush", "bulk", "other"};
static const char *const calls[] = {
    [CALL_SUBMIT] = "submit", [CALL_LOOK_UP] = "look_up", [CALL_FOLLOW] = "follow",
    [CALL_CANCEL] = "cancel", [CALL_FILLS] = "fills",
};
static const char *const versions[] = {MUSTER_VERSION};
#define WORD_OF(constant, word, final) [constant] = word,
static const char *const order_statuses[] = {ORDER_STATUSES(WORD_OF)};
static const char *const block_statuses[] = {BLOCK_STATUSES(WORD_OF)};
#undef WORD_OF
#define NAME_OF(constant, name) [SCRIPT_##constant] = name,
static const char *const scripts[] = {SCRIPT_LIST(NAME_OF)};
#undef NAME_OF
/* As enum broker_outcome, which the worker holds against this list. */
static const char *const outcomes[] = {"accepted",  "rejected",	 "duplicate",	 "not_sent",
				       "not_found", "ambiguous", "contradiction"};

#define ROW(table)                                                                                                     \
	{                                                                                                              \
		table, sizeof(table) / sizeof(table)[0]                                                                \
	}
static const struct metrics_values built_in[LABEL_COUNT] = {
    [LABEL_CODE] = ROW(codes),
    [LABEL_LANE] = ROW(lanes),
    [LABEL_ORDER_STATUS] = ROW(order_statuses),
    [LABEL_BLOCK_STATUS] = ROW(block_statuses),
    [LABEL_SCRIPT] = ROW(scripts),
    [LABEL_CALL] = ROW(calls),
    [LABEL_OUTCOME] = ROW(outcomes),
    [LABEL_VERSION] = ROW(versions),
};

struct metrics_values metrics_built_in(enum metric_label label)
{
	return built_in[label];
}

size_t metrics_code_index(int status)
{
	const size_t count = sizeof codes / sizeof codes[0];

	for (size_t i = 0; i < count - 1; i++)
		if (atoi(codes[i]) == status)
			return i;
	return count - 1;
}

size_t metrics_lane_index(const char *lane)
{
	const size_t count = sizeof lanes / sizeof lanes[0];

	for (size_t i = 0; i < count - 1; i++)
		if (strcmp(lanes[i], lane) == 0)
			return i;
	return count - 1;
}
