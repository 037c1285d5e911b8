/* See fault_mode.h. */
#include "paper/fault_mode.h"

#include <stdio.h>
#include <string.h>

#include "paper/fault_change.h"
#include "shared/clock.h"

#define HOUR_MS 3600000

#define SUBMIT	PAPER_ON_SUBMIT
#define LOOK_UP PAPER_ON_LOOK_UP
#define FOLLOW	PAPER_ON_FOLLOW
#define FILLS	PAPER_ON_FILLS
#define VIEWS	(LOOK_UP | FOLLOW)
#define ORDERS	(SUBMIT | VIEWS)
#define ALL	PAPER_ON_ALL

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

/* Says that the keys are none that it knows. */
static void refuse_credentials(struct http_request *request, int64_t unused, struct paper_refusal *refusal)
{
	(void)request, (void)unused;
	(void)paper_refuse(refusal, PAPER_REFUSE_UNAUTHORIZED, NULL);
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
	int128 fate_nano = decimal_mul_div(order->quantity_nano, percent, 100);
	order->has_fate = true;
	order->fate_nano = decimal_floor_to_lot(fate_nano < INT64_MAX ? (int64_t)fate_nano : INT64_MAX, lot);
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
    {"silent", ALL, SUBMIT, {0}, .way = PAPER_WIRE_SILENT},
    {"close", ALL, SUBMIT, {0}, .way = PAPER_WIRE_CLOSE},
    {"cut", ALL, SUBMIT, {0}, .way = PAPER_WIRE_CUT},
    {"endless", ALL, SUBMIT, {0}, .way = PAPER_WIRE_ENDLESS},
    {"drip", ALL, SUBMIT, {"ms", 1, HOUR_MS, 20}, .way = PAPER_WIRE_DRIP},
    {"slow", ALL, SUBMIT, {"ms", 1, HOUR_MS, 1000}, .change = change_delay},
    /* It is done, and the reply says something else. */
    {"answer", ALL, SUBMIT, {"status", 500, 599, 500}, .change = paper_change_to_status},
    {"garbage", ALL, SUBMIT, {0}, .change = paper_change_to_garbage},
    {"html", ALL, SUBMIT, {0}, .change = paper_change_to_html},
    {"duplicate", SUBMIT, SUBMIT, {0}, .change = paper_change_to_duplicate},
    {"wrong_symbol", ORDERS, SUBMIT, {0}, .is_by_row = true, .change = paper_change_symbol},
    {"wrong_side", ORDERS, SUBMIT, {0}, .is_by_row = true, .change = paper_change_side},
    {"wrong_quantity", ORDERS, SUBMIT, {0}, .is_by_row = true, .change = paper_change_quantity},
    {"wrong_id", ORDERS, SUBMIT, {0}, .is_by_row = true, .change = paper_change_id},
    /* Orders that are there are not shown before they are `ms` old. */
    {"hide", VIEWS, LOOK_UP, {"ms", 1, HOUR_MS, 5000}, .is_by_row = true, .change = paper_change_hide},
    /* Half of what was filled is told only `ms` after the order's end. */
    {"fills_after_end", VIEWS, FOLLOW, {"ms", 1, HOUR_MS, 1000}, .is_by_row = true, .change = paper_change_understate},
    {"fills_twice", FILLS, FILLS, {0}, .is_by_row = true, .change = paper_change_fills_twice},
    {"fills_unordered", FILLS, FILLS, {0}, .change = paper_change_fills_unordered},
    /* One fill that never was. */
    {"fills_beyond", FILLS, FILLS, {0}, .is_by_row = true, .change = paper_change_fills_beyond},
    {"fills_late", FILLS, FILLS, {"ms", 1, HOUR_MS, 1000}, .is_by_row = true, .change = paper_change_fills_late},
    /* Nothing is done. */
    {"refuse", ALL, SUBMIT, {"status", 500, 599, 500}, .refuse = refuse_with_status},
    {"rate_limit", ALL, ALL, {"ms", 0, HOUR_MS, 1000}, .refuse = refuse_for_a_while},
    {"unauthorized", ALL, SUBMIT, {0}, .refuse = refuse_credentials},
    {"false_duplicate", SUBMIT, SUBMIT, {0}, .refuse = refuse_as_duplicate},
    /* What becomes of the order: so many percent of it are filled. */
    {"partial", SUBMIT, SUBMIT, {"percent", 0, 99, 50}, .bend = bend_fate},
    {"overfill", SUBMIT, SUBMIT, {"percent", 101, 200, 120}, .bend = bend_fate},
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
