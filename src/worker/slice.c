/* A slice's own data: out of a reply, into a record. */
#include "worker/slice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copies a field's text, "" where there is none, cut to `size`. */
static void read_text(const redisReply *fields, const char *field, char *text, size_t size)
{
	const char *value = reply_field(fields, field);

	(void)snprintf(text, size, "%s", value ? value : "");
}

/* A field's whole number, 0 where there is none. */
static int64_t read_number(const redisReply *fields, const char *field)
{
	const char *value = reply_field(fields, field);

	return value ? strtoll(value, NULL, 10) : 0;
}

/* A field's decimal in nano, 0 where there is none. */
static bool read_decimal(const redisReply *fields, const char *field, int128 *nano)
{
	const char *value = reply_field(fields, field);

	*nano = 0;
	return !value || !*value || decimal_parse_wide(value, nano, NULL);
}

/* The same for what fits in 64 bits. */
static bool read_narrow(const redisReply *fields, const char *field, int64_t *nano)
{
	int128 wide;

	if (!read_decimal(fields, field, &wide) || wide > INT64_MAX || wide < 0)
		return false;
	*nano = (int64_t)wide;
	return true;
}

bool slice_read(struct slice *slice, struct block *block, const redisReply *reply)
{
	const redisReply *fields = reply_at(reply, 1);
	const char *status = reply_field(fields, "status");
	const char *sent = reply_field(fields, "sent");

	*slice = (struct slice){.block = block};
	(void)snprintf(slice->client_order_id, sizeof slice->client_order_id, "%s", reply_text(reply_at(reply, 0)));
	slice->status = slice_status_of(status ? status : "");
	read_text(fields, "quantity", slice->quantity, sizeof slice->quantity);
	read_text(fields, "broker_order_id", slice->broker_order_id, sizeof slice->broker_order_id);
	read_text(fields, "broker_status", slice->broker_status, sizeof slice->broker_status);
	read_text(fields, "reason", slice->reason, sizeof slice->reason);
	slice->due_ms = read_number(fields, "due_at");
	slice->submitted_at_ms = read_number(fields, "submitted_at");
	slice->lookups = read_number(fields, "lookups");
	slice->submits = read_number(fields, "submits");
	slice->tries = read_number(fields, "tries");
	slice->maybe_sent = slice->status != SLICE_CREATED && (!sent || strcmp(sent, "no") != 0);
	slice->is_cancel_asked = reply_field(fields, "cancel_asked") != NULL;
	return slice->client_order_id[0] && slice->status != SLICE_STATUS_COUNT &&
	       read_narrow(fields, "quantity", &slice->quantity_nano) &&
	       read_narrow(fields, "carried", &slice->carried_nano) &&
	       read_narrow(fields, "filled_quantity", &slice->filled_nano) &&
	       read_narrow(fields, "average_price", &slice->average_price_nano) &&
	       read_decimal(fields, "fee", &slice->fee_nano);
}

void slice_init(struct slice *slice, struct block *block, const char *client_order_id, int64_t quantity_nano)
{
	*slice = (struct slice){
	    .block = block,
	    .quantity_nano = quantity_nano,
	    .status = SLICE_CREATED,
	};
	(void)snprintf(slice->client_order_id, sizeof slice->client_order_id, "%s", client_order_id);
	(void)decimal_format(quantity_nano, slice->quantity);
}

void slice_clear(struct slice *slice)
{
	free(slice->fills);
	slice->fills = NULL;
	slice->fill_count = 0;
}

/* Collects field and value pairs; record.lua wants their number first. */
struct pairs {
	struct {
		const char *field;
		char value[SLICE_REASON_SIZE];
	} rows[16];
	int64_t count;
};

/* Adds a pair of text. */
static void pair_text(struct pairs *pairs, const char *field, const char *value)
{
	pairs->rows[pairs->count].field = field;
	(void)snprintf(pairs->rows[pairs->count].value, SLICE_REASON_SIZE, "%s", value);
	pairs->count++;
}

/* Adds a pair of a whole number. */
static void pair_number(struct pairs *pairs, const char *field, int64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%lld", (long long)value);
	pair_text(pairs, field, text);
}

void slice_add_record(const struct slice *slice, struct script_args *args)
{
	struct pairs pairs = {.count = 0};
	char text[DECIMAL_TEXT];

	pair_text(&pairs, "status", slice_status_word(slice->status));
	if (slice->broker_order_id[0]) {
		pair_text(&pairs, "broker_order_id", slice->broker_order_id);
		pair_text(&pairs, "broker_status", slice->broker_status);
		pair_text(&pairs, "filled_quantity", decimal_format(slice->filled_nano, text));
		pair_text(&pairs, "average_price", decimal_format(slice->average_price_nano, text));
		pair_text(&pairs, "fee", decimal_format_wide(slice->fee_nano, text));
		pair_number(&pairs, "submitted_at", slice->submitted_at_ms);
	}
	if (slice->is_cancel_asked)
		pair_text(&pairs, "cancel_asked", "yes");
	if (slice->reason[0])
		pair_text(&pairs, "reason", slice->reason);
	pair_text(&pairs, "sent", slice->maybe_sent ? "maybe" : "no");
	pair_number(&pairs, "lookups", slice->lookups);
	pair_number(&pairs, "submits", slice->submits);
	pair_number(&pairs, "tries", slice->tries);
	script_args_add(args, slice->client_order_id);
	script_args_add_int(args, pairs.count);
	for (int64_t i = 0; i < pairs.count; i++) {
		script_args_add(args, pairs.rows[i].field);
		script_args_add(args, pairs.rows[i].value);
	}
}
