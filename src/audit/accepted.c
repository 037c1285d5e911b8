/* See accepted.h. */
#include "audit/accepted.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/ledger.h"
#include "shared/clock.h"

#define KEY_SIZE  700
#define TEXT_SIZE 400

/* What the lines so far have said about acceptances. */
struct acceptances {
	struct audit *audit;
	struct audit_map request_of_key, key_of_request; /* texts */
};

/* An order as Redis has it, in the words of the API. */
struct stored {
	const char *symbol, *side, *broker_type, *order_type, *limit_price, *lane;
	char signature[TEXT_SIZE]; /* of a rejected one: "SYMBOL SIDE BROKER LOT TYPE [LIMIT]" */
	const struct audit_window *window;
};

/* Takes a signature apart. */
static void read_signature(struct stored *stored, const char *signature)
{
	const char **words[] = {&stored->symbol,     &stored->side,	  &stored->broker_type, NULL,
				&stored->order_type, &stored->limit_price};
	char *rest = stored->signature;

	(void)snprintf(stored->signature, sizeof stored->signature, "%s", signature);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		const char *word = rest ? strsep(&rest, " ") : "";

		if (words[i])
			*words[i] = word;
	}
}

/* Puts beside an order what its block and window know; false where its block has expired. */
static bool find_stored(const struct audit *audit, const struct audit_order *order, struct stored *stored)
{
	const struct audit_block *block = audit_find_block(audit, order->block_id);
	const char *window_id = block ? block->window_id : order->window_id;

	*stored = (struct stored){.window = audit_map_find(&audit->window_of, window_id)};
	if (block) {
		stored->symbol = block->symbol;
		stored->side = block->side;
		stored->broker_type = block->broker_type;
		stored->order_type = block->order_type;
		stored->limit_price = block->limit_price;
	} else {
		read_signature(stored, order->group);
	}
	stored->lane = stored->window ? stored->window->lane : "";
	return block || order->group[0];
}

/* Whether a member says the same; one that was not written down is not compared. */
static bool is_same_text(const json_t *accepted, const char *name, const char *own)
{
	return !json_object_get(accepted, name) || strcmp(audit_json_text(accepted, name), own) == 0;
}

/* The same for decimals. */
static bool is_same_decimal(const json_t *accepted, const char *name, int128 own)
{
	int64_t nano;

	return !json_object_get(accepted, name) || (audit_json_decimal(accepted, name, &nano, NULL) && nano == own);
}

/* The same for the time that the order's window falls due. */
static bool is_same_time(const json_t *accepted, const struct stored *stored)
{
	int64_t at_ms;

	return !stored->window || !*audit_json_text(accepted, "execution_window") ||
	       (clock_parse(audit_json_text(accepted, "execution_window"), &at_ms, NULL) &&
		at_ms == stored->window->due_at_ms);
}

/* Says that an order is not what was accepted. */
static void blame_order(struct audit *audit, const struct audit_order *order, const json_t *accepted, const char *what,
			const char *own)
{
	char *told = json_dumps(json_object_get(accepted, what), JSON_ENCODE_ANY);

	audit_report_violation(audit->report, AUDIT_NO_LOSS, "order %s: accepted with %s %s, stored with \"%s\"",
			       order->id, what, told ? told : "nothing", own);
	free(told);
}

/* The content of an accepted order is what is stored. */
static void compare_order(struct audit *audit, const struct audit_order *order, const json_t *accepted)
{
	char quantity[DECIMAL_TEXT], due[CLOCK_TEXT] = "";
	struct stored stored;
	bool has_block = find_stored(audit, order, &stored);
	const struct {
		const char *name, *own;
		bool is_known;
	} rows[] = {{"user_id", order->user, true},
		    {"smallcase_id", order->smallcase, true},
		    {"symbol", stored.symbol, has_block},
		    {"side", stored.side, has_block},
		    {"broker_type", stored.broker_type, has_block},
		    {"order_type", stored.order_type, has_block},
		    {"limit_price", stored.limit_price, has_block},
		    {"lane", stored.lane, stored.window != NULL}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].is_known && !is_same_text(accepted, rows[i].name, rows[i].own))
			blame_order(audit, order, accepted, rows[i].name, rows[i].own);
	if (!is_same_decimal(accepted, "quantity", order->quantity_nano))
		blame_order(audit, order, accepted, "quantity", decimal_format_wide(order->quantity_nano, quantity));
	if (!is_same_time(accepted, &stored))
		blame_order(audit, order, accepted, "execution_window", clock_format(stored.window->due_at_ms, due));
}

/* One accepted order. */
static void check_order(struct audit *audit, const json_t *accepted)
{
	const char *id = audit_json_text(accepted, "order_id");
	const struct audit_order *order = audit_find_order(audit, id);
	int64_t created_ms;

	if (order)
		compare_order(audit, order, accepted);
	else if (!clock_parse(audit_json_text(accepted, "created_at"), &created_ms, NULL) ||
		 !audit_may_be_gone(audit, created_ms))
		audit_report_violation(audit->report, AUDIT_NO_LOSS, "order %s was accepted and is not stored", id);
}

/* As many orders as were accepted, and a bulk call that is whole. */
static void check_request(struct audit *audit, const char *queue_id, size_t accepted)
{
	char text[TEXT_SIZE];
	const struct audit_window *bulk;
	const struct audit_order *head;
	int64_t stored = -1;

	(void)snprintf(text, sizeof text, "bulk-%.256s", queue_id);
	bulk = audit_map_find(&audit->window_of, text);
	(void)snprintf(text, sizeof text, "%.256s-0", queue_id);
	head = audit_find_order(audit, text);
	if (bulk && bulk->status[0])
		stored = bulk->total;
	else if (head && head->is_head)
		stored = head->orders ? head->orders : 1;
	if (stored >= 0 && stored != (int64_t)accepted)
		audit_report_violation(audit->report, AUDIT_NO_LOSS,
				       "request %s: accepted with %zu orders, stored with %lld", queue_id, accepted,
				       (long long)stored);
	if (bulk && (bulk->is_abandoned || strcmp(bulk->status, "filling") == 0))
		audit_report_violation(audit->report, AUDIT_NO_LOSS,
				       "request %s was accepted and then abandoned halfway", queue_id);
}

/* Remembers that one text belongs to another; says so where it belongs to a different one. */
static void note_pair(struct acceptances *acceptances, struct audit_map *map, const char *one, const char *other)
{
	struct audit_arena *arena = acceptances->audit->arena;
	const char *known = audit_map_find(map, one);

	if (!known)
		audit_map_put(map, arena, audit_arena_text(arena, one),
			      (void *)(uintptr_t)audit_arena_text(arena, other));
	else if (strcmp(known, other) != 0)
		audit_report_violation(acceptances->audit->report, AUDIT_ONE_ACCEPTANCE,
				       "%s was accepted as %s and as %s", one, known, other);
}

/* One key of one client names one request for ever. The two calls that carry orders keep their keys apart. */
static void check_key(struct acceptances *acceptances, const json_t *line, const char *queue_id)
{
	const char *key = audit_json_text(line, "idempotency_key");
	const json_t *first = json_array_get(json_object_get(line, "orders"), 0);
	bool is_bulk = strcmp(audit_json_text(first, "lane"), "bulk") == 0;
	const char *who = audit_json_text(line, "who");
	char name[KEY_SIZE], request[TEXT_SIZE];

	if (!*key)
		return;
	if (!*who)
		who = is_bulk ? "service" : audit_json_text(first, "user_id");
	(void)snprintf(name, sizeof name, "idempotency key %.300s of %.100s (%s)", key, who,
		       is_bulk ? "bulk" : "queue");
	(void)snprintf(request, sizeof request, "request %.256s", queue_id);
	note_pair(acceptances, &acceptances->request_of_key, name, request);
	note_pair(acceptances, &acceptances->key_of_request, request, name);
}

/* One line. */
static bool check_line(struct acceptances *acceptances, const char *text, size_t length, struct err *err)
{
	json_t *line = json_loadb(text, length, 0, NULL);
	const json_t *orders = json_object_get(line, "orders"), *order;
	const char *queue_id = audit_json_text(line, "queue_id");
	bool good = *queue_id && json_is_array(orders);
	size_t i;

	if (good) {
		acceptances->audit->accepted++;
		check_request(acceptances->audit, queue_id, json_array_size(orders));
		json_array_foreach (orders, i, order)
			check_order(acceptances->audit, order);
		check_key(acceptances, line, queue_id);
	}
	json_decref(line);
	return good || err_set(err, ERR_BAD_JSON, "it is no accepted request: \"queue_id\" and \"orders\" are needed");
}

bool audit_accepted_size(const char *path, int64_t *bytes, struct err *err)
{
	struct stat status;

	if (stat(path, &status))
		return err_set(err, ERR_NOT_FOUND, "%s cannot be read: %s", path, strerror(errno));
	*bytes = status.st_size;
	return true;
}

bool audit_accepted_check(struct audit *audit, const char *path, int64_t bytes, struct err *err)
{
	struct acceptances acceptances = {.audit = audit};
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	bool good = true;

	if (!file)
		return err_set(err, ERR_NOT_FOUND, "%s cannot be read: %s", path, strerror(errno));
	for (long long number = 1; good && bytes > 0 && (length = getline(&line, &size, file)) > 0; number++) {
		bytes -= length;
		if (bytes < 0 || line[length - 1] != '\n')
			break; /* it is being written */
		if (strspn(line, " \t\r\n") < (size_t)length)
			good = check_line(&acceptances, line, (size_t)length, err) ||
			       err_context(err, "%s, line %lld", path, number);
	}
	free(line);
	(void)fclose(file);
	return good;
}
