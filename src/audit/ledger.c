/* See ledger.h. */
#include "audit/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/json_decimal.h"

struct audit_ledger *audit_ledger_add(struct audit *audit, const char *broker_type)
{
	struct audit_ledger *ledger = audit_arena_take(audit->arena, sizeof *ledger);

	ledger->broker_type = audit_arena_text(audit->arena, broker_type);
	audit->ledgers[audit->ledger_count++] = ledger;
	return ledger;
}

struct audit_broker_order *audit_ledger_order(struct audit *audit, struct audit_ledger *ledger,
					      const char *client_order_id)
{
	struct audit_broker_order *order = audit_map_find(&ledger->by_client_id, client_order_id);

	if (order)
		return order;
	order = audit_arena_take(audit->arena, sizeof *order);
	order->client_order_id = audit_arena_text(audit->arena, client_order_id);
	order->broker_order_id = order->symbol = order->side = order->type = order->limit_price = "";
	audit_map_put(&ledger->by_client_id, audit->arena, order->client_order_id, order);
	audit_list_add(&ledger->orders, audit->arena, order);
	return order;
}

void audit_ledger_add_fill(struct audit *audit, struct audit_ledger *ledger, struct audit_broker_order *order,
			   const struct audit_fill *fill)
{
	struct audit_fill *copy;

	if (audit_map_find(&ledger->fill_of, fill->id))
		return;
	copy = audit_arena_take(audit->arena, sizeof *copy);
	*copy = *fill;
	copy->client_order_id = order->client_order_id;
	audit_list_add(&order->fills, audit->arena, copy);
	order->filled_nano += fill->quantity_nano;
	audit_map_put(&ledger->fill_of, audit->arena, copy->id, copy);
}

const char *audit_json_text(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text ? text : "";
}

bool audit_json_decimal(const json_t *json, const char *key, int64_t *nano, struct err *err)
{
	const json_t *value = json_object_get(json, key);

	*nano = 0;
	return !value || json_is_null(value) || json_decimal(value, nano, err) || err_context(err, "\"%s\"", key);
}

/* An order that came in. */
static bool take_order(struct audit *audit, struct audit_broker_order *order, const json_t *event, struct err *err)
{
	int64_t quantity_nano, fee_nano;

	if (strcmp(audit_json_text(event, "outcome"), "accepted") != 0)
		return true;
	if (!audit_json_decimal(event, "qty", &quantity_nano, err) ||
	    !audit_json_decimal(event, "commission", &fee_nano, err))
		return false;
	order->accepted++;
	order->is_ended = false;
	order->quantity_nano = quantity_nano;
	order->fee_nano = fee_nano;
	order->broker_order_id = audit_arena_text(audit->arena, audit_json_text(event, "id"));
	order->symbol = audit_arena_text(audit->arena, audit_json_text(event, "symbol"));
	order->side = audit_arena_text(audit->arena, audit_json_text(event, "side"));
	order->type = audit_arena_text(audit->arena, audit_json_text(event, "type"));
	order->limit_price = audit_arena_text(audit->arena, audit_json_text(event, "limit_price"));
	return true;
}

/* A fill; the last one ends its order. */
static bool take_fill(struct audit *audit, struct audit_broker_order *order, const json_t *event, struct err *err)
{
	struct audit_fill fill = {.id = audit_arena_text(audit->arena, audit_json_text(event, "id"))};

	if (!audit_json_decimal(event, "qty", &fill.quantity_nano, err) ||
	    !audit_json_decimal(event, "price", &fill.price_nano, err))
		return false;
	audit_ledger_add_fill(audit, audit->ledgers[audit->ledger_count - 1], order, &fill);
	order->is_ended = order->filled_nano >= order->quantity_nano;
	return true;
}

/* One line of the file. Events that are not known change nothing. */
static bool take_line(struct audit *audit, const char *line, size_t length, struct err *err)
{
	json_t *event = json_loadb(line, length, 0, NULL);
	const char *name = audit_json_text(event, "event"), *id = audit_json_text(event, "client_order_id");
	struct audit_broker_order *order = NULL;
	int64_t at_ms;
	bool good = true;

	if (*id)
		order = audit_ledger_order(audit, audit->ledgers[audit->ledger_count - 1], id);
	if (!event || !*name)
		good = err_set(err, ERR_BROKER, "it is no event");
	else if (order && strcmp(name, "order") == 0)
		good = take_order(audit, order, event, err);
	else if (order && strcmp(name, "fill") == 0)
		good = take_fill(audit, order, event, err);
	else if (order && (strcmp(name, "canceled") == 0 || strcmp(name, "expired") == 0))
		order->is_ended = true;
	if (good && order && clock_parse(audit_json_text(event, "at"), &at_ms, NULL))
		order->last_at_ms = at_ms;
	json_decref(event);
	return good;
}

bool audit_ledger_read_file(struct audit *audit, const char *path, struct err *err)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	bool good = true;

	if (!file)
		return err_set(err, ERR_BROKER, "the ledger %s cannot be read: %s", path, strerror(errno));
	(void)audit_ledger_add(audit, "");
	for (long long number = 1; good && (length = getline(&line, &size, file)) > 0; number++) {
		if (line[length - 1] != '\n')
			break;
		good = take_line(audit, line, (size_t)length, err) ||
		       err_context(err, "the ledger %s, line %lld", path, number);
	}
	if (good && ferror(file))
		good = err_set(err, ERR_BROKER, "the ledger %s cannot be read: %s", path, strerror(errno));
	free(line);
	(void)fclose(file);
	return good;
}
