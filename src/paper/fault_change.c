/* See fault_change.h. All of it works on the JSON that would have been sent, so that what the broker knows stays true.
 */
#include "paper/fault_change.h"

#include <stdio.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/decimal.h"

static const char garbage[] = "{\"id\":\"\x80\xff\xc3\x28 \x01\x02}}]\\u12";
static const char page[] =
    "<!DOCTYPE html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>";
static const char gateway_page[] = "<html><head><title>Bad Gateway</title></head><body>upstream</body></html>";

/* Puts a page in the place of the JSON. */
static void set_page(struct paper_reply *reply, int status, const char *text, const char *type)
{
	json_decref(reply->json);
	reply->json = NULL;
	reply->status = status;
	reply->page = text;
	reply->page_type = type;
}

bool paper_change_to_status(struct paper_reply *reply, const struct paper_fault *fault)
{
	if (fault->value != 500) { /* gateways have no JSON */
		set_page(reply, (int)fault->value, gateway_page, "text/html");
		return true;
	}
	struct paper_refusal refusal;
	(void)paper_refuse(&refusal, PAPER_REFUSE_INTERNAL, NULL);
	paper_reply_refuse(reply, &refusal);
	return true;
}

bool paper_change_to_garbage(struct paper_reply *reply, const struct paper_fault *fault)
{
	(void)fault;
	set_page(reply, 200, garbage, "application/json");
	return true;
}

bool paper_change_to_html(struct paper_reply *reply, const struct paper_fault *fault)
{
	(void)fault;
	set_page(reply, 200, page, "text/html");
	return true;
}

bool paper_change_to_duplicate(struct paper_reply *reply, const struct paper_fault *fault)
{
	struct paper_refusal refusal;
	(void)fault;
	if (reply->status != 200)
		return false;
	(void)paper_refuse(&refusal, PAPER_REFUSE_DUPLICATE, NULL);
	paper_reply_refuse(reply, &refusal);
	return true;
}

/* A text member; "" where it is none. */
static const char *text_of(const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));
	return text ? text : "";
}

/* Changes one row; false where there was nothing to change. */
typedef bool row_fn(json_t *row, int64_t value);

/* Changes the order of the reply, or those of its list that the fault is about. */
static bool change_rows(struct paper_reply *reply, const struct paper_fault *fault, row_fn *fn)
{
	bool is_changed = false;
	if (reply->status != 200)
		return false;
	if (!json_is_array(reply->json))
		return fn(reply->json, fault->value);
	for (size_t i = 0; i < json_array_size(reply->json); i++) {
		json_t *row = json_array_get(reply->json, i);
		if (!*fault->symbol || strcmp(fault->symbol, text_of(row, "symbol")) == 0)
			is_changed = fn(row, fault->value) || is_changed;
	}
	return is_changed;
}

static bool row_symbol(json_t *row, int64_t unused)
{
	(void)unused;
	bool is_other = strcmp(text_of(row, "symbol"), "WRONG") != 0;
	return json_object_set_new(row, "symbol", json_string(is_other ? "WRONG" : "OTHER")) == 0;
}

static bool row_side(json_t *row, int64_t unused)
{
	(void)unused;
	bool is_buy = strcmp(text_of(row, "side"), "buy") == 0;
	return json_object_set_new(row, "side", json_string(is_buy ? "sell" : "buy")) == 0;
}

/* One share more than there are. */
static bool row_quantity(json_t *row, int64_t unused)
{
	int64_t nano;
	(void)unused;
	return decimal_parse(text_of(row, "qty"), &nano, NULL) &&
	       json_object_set_new(row, "qty", paper_decimal_json(nano + NANO)) == 0;
}

static bool row_id(json_t *row, int64_t unused)
{
	char id[PAPER_CLIENT_ID_MAX + 8];
	(void)unused;
	snprintf(id, sizeof id, "%s-x", text_of(row, "client_order_id"));
	return json_object_set_new(row, "client_order_id", json_string(id)) == 0;
}

bool paper_change_symbol(struct paper_reply *reply, const struct paper_fault *fault)
{
	return change_rows(reply, fault, row_symbol);
}

bool paper_change_side(struct paper_reply *reply, const struct paper_fault *fault)
{
	return change_rows(reply, fault, row_side);
}

bool paper_change_quantity(struct paper_reply *reply, const struct paper_fault *fault)
{
	return change_rows(reply, fault, row_quantity);
}

bool paper_change_id(struct paper_reply *reply, const struct paper_fault *fault)
{
	return change_rows(reply, fault, row_id);
}

/* Whether the time of a member is less than `age_ms` ago. */
static bool is_younger(const json_t *row, const char *name, int64_t age_ms)
{
	int64_t at_ms;
	return clock_parse(text_of(row, name), &at_ms, NULL) && clock_wall_ms() - at_ms < age_ms;
}

/* Takes rows away that are younger than the fault's value; false where none was. */
static bool drop_young(struct paper_reply *reply, const struct paper_fault *fault, const char *time)
{
	size_t before = json_array_size(reply->json);
	for (size_t i = before; i-- > 0;) {
		const json_t *row = json_array_get(reply->json, i);
		bool is_meant = !*fault->symbol || strcmp(fault->symbol, text_of(row, "symbol")) == 0;
		if (is_meant && is_younger(row, time, fault->value))
			json_array_remove(reply->json, i);
	}
	return json_array_size(reply->json) < before;
}

bool paper_change_hide(struct paper_reply *reply, const struct paper_fault *fault)
{
	if (reply->status != 200)
		return false;
	if (json_is_array(reply->json))
		return drop_young(reply, fault, "submitted_at");
	if (!is_younger(reply->json, "submitted_at", fault->value))
		return false;
	struct paper_refusal refusal;
	(void)paper_refuse(&refusal, PAPER_REFUSE_NO_ORDER, NULL);
	paper_reply_refuse(reply, &refusal);
	return true;
}

/* A final order says half of what was filled for a while after its end. */
static bool row_understate(json_t *row, int64_t value)
{
	static const char *const finals[] = {"filled", "canceled", "expired"};
	int64_t nano;
	bool is_final = false;
	for (size_t i = 0; i < sizeof finals / sizeof *finals; i++)
		is_final = is_final || strcmp(text_of(row, "status"), finals[i]) == 0;
	return is_final && is_younger(row, "updated_at", value) &&
	       decimal_parse(text_of(row, "filled_qty"), &nano, NULL) && nano > 0 &&
	       json_object_set_new(row, "filled_qty", paper_decimal_json(nano / 2)) == 0;
}

bool paper_change_understate(struct paper_reply *reply, const struct paper_fault *fault)
{
	return change_rows(reply, fault, row_understate);
}

bool paper_change_fills_twice(struct paper_reply *reply, const struct paper_fault *fault)
{
	size_t before = json_array_size(reply->json);
	for (size_t i = before; i-- > 0;) {
		json_t *row = json_array_get(reply->json, i);
		if (!*fault->symbol || strcmp(fault->symbol, text_of(row, "symbol")) == 0)
			json_array_insert(reply->json, i, row);
	}
	return json_array_size(reply->json) > before;
}

bool paper_change_fills_unordered(struct paper_reply *reply, const struct paper_fault *fault)
{
	(void)fault;
	size_t count = json_array_size(reply->json);
	for (size_t i = 1; i < count; i++) { /* the i-th goes to the front */
		json_t *row = json_incref(json_array_get(reply->json, i));
		json_array_remove(reply->json, i);
		json_array_insert_new(reply->json, 0, row);
	}
	return count > 1;
}

bool paper_change_fills_beyond(struct paper_reply *reply, const struct paper_fault *fault)
{
	for (size_t i = json_array_size(reply->json); i-- > 0;) {
		char id[PAPER_FILL_ID_SIZE + 8];
		json_t *row = json_array_get(reply->json, i);
		if (*fault->symbol && strcmp(fault->symbol, text_of(row, "symbol")) != 0)
			continue;
		json_t *copy = json_deep_copy(row);
		snprintf(id, sizeof id, "%s-again", text_of(row, "id"));
		json_object_set_new(copy, "id", json_string(id));
		json_array_insert_new(reply->json, i + 1, copy);
		return true;
	}
	return false;
}

bool paper_change_fills_late(struct paper_reply *reply, const struct paper_fault *fault)
{
	return drop_young(reply, fault, "transaction_time");
}
