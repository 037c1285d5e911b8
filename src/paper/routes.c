/* The routes of the paper broker: Alpaca's under /v2, its own under /paper. */
#include "paper/handlers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"

const struct http_route paper_routes[] = {
    {HTTP_POST, "/v2/orders", HTTP_BODY_JSON, paper_handle_submit, 0},
    {HTTP_GET, "/v2/orders", HTTP_BODY_NONE, paper_handle_orders, 0},
    {HTTP_GET, "/v2/orders/{id}", HTTP_BODY_NONE, paper_handle_order, 0},
    {HTTP_DELETE, "/v2/orders/{id}", HTTP_BODY_NONE, paper_handle_cancel, 0},
    {HTTP_GET, "/v2/orders:by_client_order_id", HTTP_BODY_NONE, paper_handle_order_by_client_id, 0},
    {HTTP_GET, "/v2/account/activities/FILL", HTTP_BODY_NONE, paper_handle_fills, 0},
    {HTTP_GET, "/v2/account", HTTP_BODY_NONE, paper_handle_account, 0},
    {HTTP_GET, "/v2/assets/{symbol}", HTTP_BODY_NONE, paper_handle_asset, 0},
    {HTTP_GET, "/v2/clock", HTTP_BODY_NONE, paper_handle_clock, 0},
    {HTTP_GET, "/v2/calendar", HTTP_BODY_NONE, paper_handle_calendar, 0},
    {HTTP_GET, "/paper/settings", HTTP_BODY_NONE, paper_handle_settings, 0},
    {HTTP_PUT, "/paper/settings", HTTP_BODY_JSON, paper_handle_settings_put, 0},
    {HTTP_GET, "/paper/faults", HTTP_BODY_NONE, paper_handle_faults, 0},
    {HTTP_PUT, "/paper/faults", HTTP_BODY_JSON, paper_handle_faults_put, 0},
    {HTTP_DELETE, "/paper/faults", HTTP_BODY_NONE, paper_handle_faults_delete, 0},
    {HTTP_PUT, "/paper/clock", HTTP_BODY_JSON, paper_handle_clock_put, 0},
    {HTTP_POST, "/paper/price", HTTP_BODY_JSON, paper_handle_price, 0},
    {HTTP_POST, "/paper/expire_all", HTTP_BODY_NONE, paper_handle_expire_all, 0},
    {HTTP_GET, "/healthz", HTTP_BODY_NONE, paper_handle_health, 0},
    {0},
};

/* Sets a header to a number. */
static void set_number(struct http_request *request, const char *name, int64_t value)
{
	char text[24];
	snprintf(text, sizeof text, "%lld", (long long)value);
	http_set_header(request, name, text);
}

/* Epoch seconds, as Alpaca says it; with a fraction only where minutes are shorter than they are. */
static void set_reset(struct http_request *request, int64_t reset_ms)
{
	char text[32];
	if (reset_ms % 1000 == 0)
		snprintf(text, sizeof text, "%lld", (long long)(reset_ms / 1000));
	else
		snprintf(text, sizeof text, "%lld.%03d", (long long)(reset_ms / 1000), (int)(reset_ms % 1000));
	http_set_header(request, "X-RateLimit-Reset", text);
}

/* Counts the call; false where the minute is used up. */
static bool admit_rate(struct paper *paper, struct http_request *request)
{
	const struct paper_rate_limit limit = {paper_settings_rate_per_min(paper->settings), paper->rate_period_ms};
	if (!limit.calls)
		return true;
	struct paper_rate_state state;
	bool is_within = paper_rate_take(&paper->rate, &limit, clock_wall_ms(), &state);
	set_number(request, "X-RateLimit-Limit", state.limit);
	set_number(request, "X-RateLimit-Remaining", state.remaining);
	set_reset(request, state.reset_ms);
	if (!is_within)
		paper_answer_refused(request, PAPER_REFUSE_RATE);
	return is_within;
}

/* Keys are looked at only where the broker was given one. */
static bool admit_keys(struct paper *paper, struct http_request *request)
{
	if (!paper->key_id)
		return true;
	const char *id = http_header(request, "APCA-API-KEY-ID"), *secret = http_header(request, "APCA-API-SECRET-KEY");
	if (!id || !secret) {
		paper_answer_refused(request, PAPER_REFUSE_UNAUTHORIZED);
		return false;
	}
	bool is_known = strcmp(id, paper->key_id) == 0 && strcmp(secret, paper->key_secret) == 0;
	if (!is_known)
		paper_answer_refused(request, PAPER_REFUSE_FORBIDDEN);
	return is_known;
}

bool paper_admit(struct http_request *request, void *arg)
{
	if (strncmp(http_path(request), "/v2/", 4) != 0)
		return true;
	return admit_rate(arg, request) && admit_keys(arg, request);
}

/* Answers that a parameter is not valid; always false. */
static bool refuse_parameter(struct http_request *request, const char *name)
{
	struct paper_refusal refusal;
	(void)paper_refuse(&refusal, PAPER_REFUSE_VALUE, "invalid %s", name);
	paper_refusal_answer(request, &refusal);
	return false;
}

bool paper_query_time(struct http_request *request, const char *name, int64_t *at_ms)
{
	struct err err;
	const char *text = http_query(request, name);
	return !text || !*text || clock_parse(text, at_ms, &err) || refuse_parameter(request, name);
}

bool paper_query_count(struct http_request *request, const char *name, size_t most, size_t *count)
{
	const char *text = http_query(request, name);
	if (!text || !*text)
		return true;
	char *end;
	unsigned long value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || !value || value > most)
		return refuse_parameter(request, name);
	*count = value;
	return true;
}

bool paper_query_word(struct http_request *request, const char *name, const char *const *words, int *place)
{
	const char *text = http_query(request, name);
	if (!text || !*text)
		return true;
	for (int i = 0; words[i]; i++) {
		if (strcmp(words[i], text) == 0) {
			*place = i;
			return true;
		}
	}
	return refuse_parameter(request, name);
}
