/* See ledger.h. */
#include "paper/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "paper/ledger_read.h"
#include "shared/clock.h"
#include "shared/log.h"

struct paper_ledger {
	int fd;
};

/* Reads what is there and cuts off a last line that never became whole. */
static bool ledger_restore(struct paper_ledger *ledger, struct paper_book *book, struct paper_stocks *stocks,
			   struct err *err)
{
	int copy = dup(ledger->fd);
	FILE *file = copy < 0 ? NULL : fdopen(copy, "r");
	if (!file)
		return err_set(err, ERR_INTERNAL, "%s", strerror(errno));
	int64_t whole = 0;
	bool ok = paper_ledger_read(file, book, stocks, &whole, err);
	off_t size = lseek(ledger->fd, 0, SEEK_END);
	fclose(file);
	if (!ok || size == whole)
		return ok;
	log_event(LOG_WARN, "ledger_cut", "dropped_bytes", log_int((long long)(size - whole)), NULL);
	if (ftruncate(ledger->fd, whole))
		return err_set(err, ERR_INTERNAL, "its last line is cut and cannot be dropped: %s", strerror(errno));
	return true;
}

struct paper_ledger *paper_ledger_open(const char *path, struct paper_book *book, struct paper_stocks *stocks,
				       struct err *err)
{
	struct paper_ledger *ledger = calloc(1, sizeof *ledger);
	if (!ledger)
		abort();
	ledger->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	bool ok = ledger->fd >= 0 || err_set(err, ERR_CONFIG, "%s", strerror(errno));
	if (ok && flock(ledger->fd, LOCK_EX | LOCK_NB))
		ok = err_set(err, ERR_CONFIG, "another paper broker uses it");
	if (!ok || !ledger_restore(ledger, book, stocks, err)) {
		err_context(err, "paper.ledger_file %s", path);
		paper_ledger_close(ledger);
		return NULL;
	}
	return ledger;
}

void paper_ledger_close(struct paper_ledger *ledger)
{
	if (!ledger)
		return;
	if (ledger->fd >= 0)
		close(ledger->fd);
	free(ledger);
}

/* Appends one line. */
static bool ledger_write(struct paper_ledger *ledger, json_t *take_event, struct err *err)
{
	char *line = json_dumps(take_event, JSON_COMPACT);
	json_decref(take_event);
	if (!line)
		abort();
	size_t length = strlen(line);
	line[length] = '\n'; /* in place of the NUL */
	ssize_t written;
	do {
		written = write(ledger->fd, line, length + 1);
	} while (written < 0 && errno == EINTR);
	free(line);
	if (written == (ssize_t)length + 1)
		return true;
	return err_set(err, ERR_INTERNAL, "the ledger cannot be written: %s",
		       written < 0 ? strerror(errno) : "a line was cut short");
}

/* What all events begin with. */
static json_t *event_make(const char *event, int64_t at_ms)
{
	json_t *json = json_object();
	json_object_set_new(json, "event", json_string(event));
	json_object_set_new(json, "at", paper_time_json(at_ms));
	return json;
}

/* Which order a fill or an end is of. */
static void add_order(json_t *event, const struct paper_order *order)
{
	json_object_set_new(event, "order_id", json_string(order->id));
	json_object_set_new(event, "client_order_id", json_string(order->client_order_id));
	json_object_set_new(event, "symbol", json_string(order->stock->symbol));
	json_object_set_new(event, "side", json_string(paper_side_words[order->side]));
}

/* A decimal, or null for 0. */
static json_t *decimal_or_null(int64_t nano)
{
	return nano ? paper_decimal_json(nano) : json_null();
}

bool paper_ledger_accepted(struct paper_ledger *ledger, const struct paper_order *order, struct err *err)
{
	json_t *event = event_make("order", order->submitted_ms);
	json_object_set_new(event, "outcome", json_string("accepted"));
	json_object_set_new(event, "status_code", json_integer(200));
	json_object_set_new(event, "message", json_null());
	json_object_set_new(event, "id", json_string(order->id));
	json_object_set_new(event, "client_order_id", json_string(order->client_order_id));
	json_object_set_new(event, "symbol", json_string(order->stock->symbol));
	json_object_set_new(event, "side", json_string(paper_side_words[order->side]));
	json_object_set_new(event, "qty", paper_decimal_json(order->quantity_nano));
	json_object_set_new(event, "notional", decimal_or_null(order->notional_nano));
	json_object_set_new(event, "type", json_string(paper_type_words[order->type]));
	json_object_set_new(event, "time_in_force", json_string(paper_tif_words[order->tif]));
	json_object_set_new(event, "limit_price", decimal_or_null(order->limit_nano));
	json_object_set_new(event, "commission", decimal_or_null(order->commission_nano));
	return ledger_write(ledger, event, err);
}

bool paper_ledger_refused(struct paper_ledger *ledger, const json_t *body, int status_code, const char *message,
			  struct err *err)
{
	static const char *const shown[] = {"client_order_id", "symbol", "side",	  "qty",
					    "notional",	       "type",	 "time_in_force", "limit_price"};
	json_t *event = event_make("order", clock_wall_ms());
	json_object_set_new(event, "outcome", json_string("refused"));
	json_object_set_new(event, "status_code", json_integer(status_code));
	json_object_set_new(event, "message", json_string(message));
	json_object_set_new(event, "id", json_null());
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		json_t *value = json_object_get(body, shown[i]);
		bool plain = json_is_string(value) || json_is_number(value);
		json_object_set_new(event, shown[i], plain ? json_incref(value) : json_null());
	}
	return ledger_write(ledger, event, err);
}

bool paper_ledger_filled(struct paper_ledger *ledger, const struct paper_fill *fill, struct err *err)
{
	json_t *event = event_make("fill", fill->at_ms);
	json_object_set_new(event, "id", json_string(fill->id));
	add_order(event, fill->order);
	json_object_set_new(event, "qty", paper_decimal_json(fill->quantity_nano));
	json_object_set_new(event, "price", paper_decimal_json(fill->price_nano));
	return ledger_write(ledger, event, err);
}

bool paper_ledger_ended(struct paper_ledger *ledger, const struct paper_order *order, enum paper_state state,
			int64_t at_ms, struct err *err)
{
	json_t *event = event_make(state == PAPER_EXPIRED ? "expired" : "canceled", at_ms);
	add_order(event, order);
	json_object_set_new(event, "filled_qty", paper_decimal_json(order->filled_nano));
	return ledger_write(ledger, event, err);
}
