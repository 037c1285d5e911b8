/* See fault_mode.h. */
#include "paper/fault_mode.h"

#include <stdio.h>
#include <string.h>

#include "paper/fault_change.h"
#include "shared/clock.h"

#define HOUR_MS 3600000

#define ORDERS (PAPER_ON_SUBMIT | PAPER_ON_LOOK_UP | PAPER_ON_FOLLOW)

/* Says that the server failed, or whatever the status means. */
static void refuse_with_status(struct http_request *request, int64_t status, struct paper_refusal *refusal)
{
	(void)request;
	(void)paper_refuse(refusal, PAPER_REFUSE_INTERNAL, NULL);
	refusal->status = (int)status;
	refusal->code = (int)status * 100000 + 10000;
}

/* Says that too many calls came, and when to come again. */
static void refuse_for_a_while(struct http_request *request, int64_t wait_ms, struct paper_refusal *refusal)
{
	char reset[24];
	snprintf(reset, sizeof reset, "%lld", (long long)((clock_wall_ms() + wait_ms + 999) / 1000));
	http_set_header(request, "X-RateLimit-Limit", "200");
	http_set_header(request, "X-RateLimit-Remaining", "0");
	http_set_header(request, "X-RateLimit-Reset", reset);
	(void)paper_refuse(refusal, PAPER_REFUSE_RATE, NULL);
}

/* Says that the id is there already. */
static void refuse_as_duplicate(struct http_request *request, int64_t unused, struct paper_refusal *refusal)
{
	(void)request, (void)unused;
	(void)paper_refuse(refusal, PAPER_REFUSE_DUPLICATE, NULL);
}

/* So many percent of the order will be filled: of less the rest is canceled, more is filled beyond it. */
static void bend_fate(struct paper_order *order, int64_t percent)
{
	int64_t lot = order->quantity_nano % NANO == 0 ? NANO : 1;
	order->has_fate = true;
	order->fate_nano = decimal_floor_to_lot((int64_t)decimal_mul_div(order->quantity_nano, percent, 100), lot);
	if (percent > 100 && order->fate_nano == order->quantity_nano)
		order->fate_nano += lot;
}

/* The reply comes late. */
static bool change_delay(struct paper_reply *reply, const struct paper_fault *fault)
{
	reply->delay_ms += fault->value;
	return true;
}

static const struct paper_fault_mode modes[] = {
    /* What was asked for is done; the reply does not arrive as it should. */
    {.name = "silent", .points = PAPER_ON_ALL, .usual = PAPER_ON_SUBMIT, .way = PAPER_WIRE_SILENT},
    {.name = "close", .points = PAPER_ON_ALL, .usual = PAPER_ON_SUBMIT, .way = PAPER_WIRE_CLOSE},
    {.name = "cut", .points = PAPER_ON_ALL, .usual = PAPER_ON_SUBMIT, .way = PAPER_WIRE_CUT},
    {.name = "endless", .points = PAPER_ON_ALL, .usual = PAPER_ON_SUBMIT, .way = PAPER_WIRE_ENDLESS},
    {.name = "drip", .points = PAPER_ON_ALL, .usual = PAPER_ON_SUBMIT, .parameter = "ms", .least = 1,
     .most = HOUR_MS, .otherwise = 20, .way = PAPER_WIRE_DRIP},
    {.name = "slow", .points = PAPER_ON_ALL, .usual = PAPER_ON_SUBMIT, .parameter = "ms", .least = 1,
     .most = HOUR_MS, .otherwise = 1000, .change = change_delay},
    /* It is done, and the reply says something else. */
    {.name = "answer", .points = PAPER_ON_ALL, .usual = PAPER_ON_SUBMIT, .parameter = "status", .least = 500,
     .most = 599, .otherwise = 500, .change = paper_change_to_status},
    {.name = "garbage", .points = PAPER_ON_ALL, .usual = PAPER_ON_SUBMIT, .change = paper_change_to_garbage},
    {.name = "html", .points = PAPER_ON_ALL, .usual = PAPER_ON_SUBMIT, .change = paper_change_to_html},
    {.name = "duplicate", .points = PAPER_ON_SUBMIT, .usual = PAPER_ON_SUBMIT, .change = paper_change_to_duplicate},
    {.name = "wrong_symbol", .points = ORDERS, .usual = PAPER_ON_SUBMIT, .is_by_row = true,
     .change = paper_change_symbol},
    {.name = "wrong_side", .points = ORDERS, .usual = PAPER_ON_SUBMIT, .is_by_row = true, .change = paper_change_side},
    {.name = "wrong_quantity", .points = ORDERS, .usual = PAPER_ON_SUBMIT, .is_by_row = true,
     .change = paper_change_quantity},
    {.name = "wrong_id", .points = ORDERS, .usual = PAPER_ON_SUBMIT, .is_by_row = true, .change = paper_change_id},
    /* Orders that are there are not shown before they are `ms` old. */
    {.name = "hide", .points = PAPER_ON_LOOK_UP | PAPER_ON_FOLLOW, .usual = PAPER_ON_LOOK_UP, .parameter = "ms",
     .least = 1, .most = HOUR_MS, .otherwise = 5000, .is_by_row = true, .change = paper_change_hide},
    /* The last of what was filled is told `ms` after the end was. */
    {.name = "fills_after_end", .points = PAPER_ON_LOOK_UP | PAPER_ON_FOLLOW, .usual = PAPER_ON_FOLLOW,
     .parameter = "ms", .least = 1, .most = HOUR_MS, .otherwise = 1000, .is_by_row = true,
     .change = paper_change_understate},
    {.name = "fills_twice", .points = PAPER_ON_FILLS, .usual = PAPER_ON_FILLS, .is_by_row = true,
     .change = paper_change_fills_twice},
    {.name = "fills_unordered", .points = PAPER_ON_FILLS, .usual = PAPER_ON_FILLS,
     .change = paper_change_fills_unordered},
    /* One that never was. */
    {.name = "fills_beyond", .points = PAPER_ON_FILLS, .usual = PAPER_ON_FILLS, .is_by_row = true,
     .change = paper_change_fills_beyond},
    {.name = "fills_late", .points = PAPER_ON_FILLS, .usual = PAPER_ON_FILLS, .parameter = "ms", .least = 1,
     .most = HOUR_MS, .otherwise = 1000, .is_by_row = true, .change = paper_change_fills_late},
    /* Nothing is done. */
    {.name = "refuse", .points = PAPER_ON_ALL, .usual = PAPER_ON_SUBMIT, .parameter = "status", .least = 500,
     .most = 599, .otherwise = 500, .refuse = refuse_with_status},
    {.name = "rate_limit", .points = PAPER_ON_ALL, .usual = PAPER_ON_ALL, .parameter = "ms", .least = 0,
     .most = HOUR_MS, .otherwise = 1000, .refuse = refuse_for_a_while},
    {.name = "false_duplicate", .points = PAPER_ON_SUBMIT, .usual = PAPER_ON_SUBMIT, .refuse = refuse_as_duplicate},
    /* What becomes of the order. */
    {.name = "partial", .points = PAPER_ON_SUBMIT, .usual = PAPER_ON_SUBMIT, .parameter = "percent", .least = 0,
     .most = 99, .otherwise = 50, .bend = bend_fate},
    {.name = "overfill", .points = PAPER_ON_SUBMIT, .usual = PAPER_ON_SUBMIT, .parameter = "percent", .least = 101,
     .most = 200, .otherwise = 120, .bend = bend_fate},
};

#define MODES (sizeof modes / sizeof *modes)

const struct paper_fault_mode *paper_fault_mode_find(const char *name)
{
	for (size_t i = 0; i < MODES; i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	return NULL;
}

void paper_fault_mode_list(char *text, size_t size)
{
	size_t length = 0;
	*text = '\0';
	for (size_t i = 0; i < MODES && length < size; i++)
		length += (size_t)snprintf(text + length, size - length, "%s%s", i ? ", " : "", modes[i].name);
}
