/* Settings of the paper broker that tests and people change while it runs (GET and PUT /paper/settings).
 *
 * A rule says how orders are filled; a symbol can have its own, which overrides field by field. The settings are kept
 * as the JSON that was put, and compiled from it: what GET shows is what holds. */
#ifndef MUSTER_PAPER_SETTINGS_H
#define MUSTER_PAPER_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "shared/err.h"

enum paper_fill_mode { PAPER_FILL_AT_ONCE, PAPER_FILL_AFTER_DELAY, PAPER_FILL_IN_PARTS, PAPER_FILL_NONE };
enum paper_outside { PAPER_OUTSIDE_QUEUE, PAPER_OUTSIDE_REJECT, PAPER_OUTSIDE_FILL };
enum paper_then { PAPER_THEN_OPEN, PAPER_THEN_CANCELED, PAPER_THEN_EXPIRED };

/* The fields of a rule, in the order of the table in settings.c. */
enum paper_rule_field {
	PAPER_RULE_FILL,	   /* enum paper_fill_mode */
	PAPER_RULE_DELAY_MS,	   /* before a fill, and between parts */
	PAPER_RULE_PARTS,	   /* how many fills an order gets */
	PAPER_RULE_FILL_QUANTITY,  /* nano; PAPER_NO_LIMIT: the whole order */
	PAPER_RULE_THEN,	   /* enum paper_then: what becomes of what is not filled */
	PAPER_RULE_PRICE_STEP,	   /* nano; added to the price with each part */
	PAPER_RULE_COMMISSION,	   /* nano; for each order that gets a fill */
	PAPER_RULE_REPLY_DELAY_MS, /* before POST /v2/orders answers */
	PAPER_RULE_OUTSIDE_HOURS,  /* enum paper_outside: of an order while the market is closed */
	PAPER_RULE_FIELDS
};

#define PAPER_NO_LIMIT INT64_MAX

struct paper_rule {
	int64_t value[PAPER_RULE_FIELDS];
};

struct paper_settings;

struct paper_settings *paper_settings_new(int64_t rate_per_min);
void paper_settings_free(struct paper_settings *settings);

/* Merges `change` into the settings; null takes a field back to its default, or a symbol's own rule or field away. On
 * failure (ERR_UNKNOWN_FIELD, ERR_BAD_TYPE, ERR_BAD_NUMBER, ERR_BAD_SYMBOL) nothing has changed. */
bool paper_settings_merge(struct paper_settings *settings, const json_t *change, struct err *err) MUST_USE;

/* New reference. */
json_t *paper_settings_json(const struct paper_settings *settings);

/* The rule that holds for a symbol; good until the next change. */
const struct paper_rule *paper_settings_rule(const struct paper_settings *settings, const char *symbol);
bool paper_settings_rejects(const struct paper_settings *settings, const char *symbol);
int64_t paper_settings_rate_per_min(const struct paper_settings *settings);

#endif
