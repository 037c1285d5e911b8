/* See settings.h. */
#include "paper/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/decimal.h"
#include "shared/ids.h"
#include "shared/json_decimal.h"

#define DELAY_MAX_MS 3600000
#define RATE_MAX     1000000

enum kind { KIND_WORD, KIND_COUNT, KIND_DECIMAL, KIND_DECIMAL_OR_NULL };

static const char *const fill_words[] = {"at_once", "after_delay", "in_parts", "none", NULL};
static const char *const outside_words[] = {"queue", "reject", "fill", NULL};
static const char *const then_words[] = {"open", "canceled", "expired", NULL};

/* One row a field of a rule: name, kind, bounds, default as JSON, words. */
static const struct field {
	const char *name;
	enum kind kind;
	int64_t least, most;
	const char *otherwise;
	const char *const *words;
} fields[PAPER_RULE_FIELDS] = {
    [PAPER_RULE_FILL] = {"fill", KIND_WORD, 0, 0, "\"at_once\"", fill_words},
    [PAPER_RULE_DELAY_MS] = {"delay_ms", KIND_COUNT, 0, DELAY_MAX_MS, "0", NULL},
    [PAPER_RULE_PARTS] = {"parts", KIND_COUNT, 1, 10000, "2", NULL},
    [PAPER_RULE_FILL_QUANTITY] = {"fill_quantity", KIND_DECIMAL_OR_NULL, 0, INT64_MAX, "null", NULL},
    [PAPER_RULE_THEN] = {"then", KIND_WORD, 0, 0, "\"open\"", then_words},
    [PAPER_RULE_PRICE_STEP] = {"price_step", KIND_DECIMAL, -1000 * NANO, 1000 * NANO, "\"0\"", NULL},
    [PAPER_RULE_COMMISSION] = {"commission_per_order", KIND_DECIMAL, 0, 1000000 * NANO, "\"0\"", NULL},
    [PAPER_RULE_REPLY_DELAY_MS] = {"reply_delay_ms", KIND_COUNT, 0, DELAY_MAX_MS, "0", NULL},
    [PAPER_RULE_OUTSIDE_HOURS] = {"outside_hours", KIND_WORD, 0, 0, "\"queue\"", outside_words},
};

/* The rule of one symbol: all fields, its own and the common ones. */
struct own_rule {
	const char *symbol; /* a key of the JSON */
	struct paper_rule rule;
};

/* What the JSON comes to. */
struct compiled {
	struct paper_rule rule;
	struct own_rule *own;
	size_t own_count;
	int64_t rate_per_min;
};

struct paper_settings {
	json_t *json; /* complete: every field stands in it */
	struct compiled compiled;
	int64_t default_rate;
};

/* The row of a field; NULL where there is none of that name. */
static const struct field *field_find(const char *name)
{
	for (size_t i = 0; i < PAPER_RULE_FIELDS; i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

/* Reads a word of the field's list. */
static bool word_read(const struct field *field, const json_t *json, int64_t *value, struct err *err)
{
	char known[128] = "";
	const char *text = json_is_string(json) ? json_string_value(json) : "";
	for (int64_t i = 0; field->words[i]; i++) {
		if (strcmp(field->words[i], text) == 0) {
			*value = i;
			return true;
		}
		size_t length = strlen(known);
		snprintf(known + length, sizeof known - length, "%s%s", i ? ", " : "", field->words[i]);
	}
	return err_set(err, ERR_BAD_TYPE, "\"%s\" must be one of: %s", field->name, known);
}

/* Reads a whole number within bounds. */
static bool count_read(const char *name, const json_t *json, int64_t least, int64_t most, int64_t *value,
		       struct err *err)
{
	*value = json_integer_value(json);
	if (json_is_integer(json) && *value >= least && *value <= most)
		return true;
	return err_set(err, ERR_BAD_TYPE, "\"%s\" must be a whole number from %lld to %lld", name, (long long)least,
		       (long long)most);
}

/* Reads a decimal within the bounds of its field. */
static bool decimal_read(const struct field *field, const json_t *json, int64_t *value, struct err *err)
{
	char least[DECIMAL_TEXT], most[DECIMAL_TEXT];
	if (!json_decimal(json, value, err))
		return err_context(err, "\"%s\"", field->name);
	if (*value >= field->least && *value <= field->most)
		return true;
	return err_set(err, ERR_BAD_NUMBER, "\"%s\" must be from %s to %s", field->name,
		       decimal_format(field->least, least), decimal_format(field->most, most));
}

/* Reads a value of the kind that its field has. */
static bool field_read(const struct field *field, const json_t *json, int64_t *value, struct err *err)
{
	switch (field->kind) {
	case KIND_WORD:
		return word_read(field, json, value, err);
	case KIND_COUNT:
		return count_read(field->name, json, field->least, field->most, value, err);
	case KIND_DECIMAL_OR_NULL:
		if (json_is_null(json)) {
			*value = PAPER_NO_LIMIT;
			return true;
		}
		/* fall through */
	case KIND_DECIMAL:
		return decimal_read(field, json, value, err);
	}
	abort();
}

/* Takes every field of a rule that stands in `json` over into `rule`. */
static bool rule_compile(const json_t *json, struct paper_rule *rule, struct err *err)
{
	for (size_t i = 0; i < PAPER_RULE_FIELDS; i++) {
		const json_t *value = json_object_get(json, fields[i].name);
		if (value && !field_read(&fields[i], value, &rule->value[i], err))
			return false;
	}
	return true;
}

/* Makes the rule of each symbol that has one of its own. */
static bool symbols_compile(const json_t *json, struct compiled *compiled, struct err *err)
{
	const char *symbol;
	json_t *own;
	compiled->own = calloc(json_object_size(json) + 1, sizeof *compiled->own);
	if (!compiled->own)
		abort();
	json_object_foreach ((json_t *)(uintptr_t)json, symbol, own) {
		struct own_rule *rule = &compiled->own[compiled->own_count++];
		*rule = (struct own_rule){symbol, compiled->rule};
		if (!rule_compile(own, &rule->rule, err))
			return err_context(err, "%s", symbol);
	}
	return true;
}

/* Whether the list holds symbols only. */
static bool reject_symbols_check(const json_t *json, struct err *err)
{
	if (!json_is_array(json))
		return err_set(err, ERR_BAD_TYPE, "\"reject_symbols\" must be an array of symbols");
	for (size_t i = 0; i < json_array_size(json); i++) {
		const char *symbol = json_string_value(json_array_get(json, i));
		if (!symbol || !ids_is_symbol(symbol))
			return err_set(err, ERR_BAD_SYMBOL, "\"reject_symbols\" must be an array of symbols");
	}
	return true;
}

/* Makes sense of complete settings. */
static bool settings_compile(const json_t *json, struct compiled *compiled, struct err *err)
{
	*compiled = (struct compiled){0};
	if (rule_compile(json, &compiled->rule, err) &&
	    reject_symbols_check(json_object_get(json, "reject_symbols"), err) &&
	    count_read("rate_per_min", json_object_get(json, "rate_per_min"), 0, RATE_MAX, &compiled->rate_per_min,
		       err) &&
	    symbols_compile(json_object_get(json, "symbols"), compiled, err))
		return true;
	free(compiled->own);
	return false;
}

/* The default of a field of a rule. New reference. */
static json_t *field_default(const struct field *field)
{
	return json_loads(field->otherwise, JSON_DECODE_ANY, NULL);
}

/* Merges one symbol's own fields; null takes them away. */
static bool symbol_merge(json_t *symbols, const char *symbol, const json_t *change, struct err *err)
{
	const char *name;
	json_t *value;
	if (!ids_is_symbol(symbol))
		return err_set(err, ERR_BAD_SYMBOL, "\"symbols\": %.40s is no symbol", symbol);
	if (json_is_null(change)) {
		json_object_del(symbols, symbol);
		return true;
	}
	if (!json_is_object(change))
		return err_set(err, ERR_BAD_TYPE, "\"symbols\": %s must have an object or null", symbol);
	if (!json_object_get(symbols, symbol))
		json_object_set_new(symbols, symbol, json_object());
	json_t *own = json_object_get(symbols, symbol);
	json_object_foreach ((json_t *)(uintptr_t)change, name, value) {
		if (!field_find(name))
			return err_set(err, ERR_UNKNOWN_FIELD, "\"symbols\": %s: there is no setting \"%.40s\"", symbol,
				       name);
		if (json_is_null(value))
			json_object_del(own, name);
		else
			json_object_set(own, name, value);
	}
	return true;
}

/* Merges the rules of symbols; null takes all of them away. */
static bool symbols_merge(json_t *json, json_t *change, struct err *err)
{
	const char *symbol;
	json_t *own, *symbols = json_object_get(json, "symbols");
	if (json_is_null(change)) {
		json_object_clear(symbols);
		return true;
	}
	if (!json_is_object(change))
		return err_set(err, ERR_BAD_TYPE, "\"symbols\" must be an object of symbols");
	json_object_foreach (change, symbol, own)
		if (!symbol_merge(symbols, symbol, own, err))
			return false;
	return true;
}

/* Merges one field of the top. */
static bool field_merge(const struct paper_settings *settings, json_t *json, const char *name, json_t *value,
			struct err *err)
{
	const struct field *field = field_find(name);
	bool is_null = json_is_null(value);
	if (strcmp(name, "symbols") == 0)
		return symbols_merge(json, value, err);
	if (field)
		json_object_set_new(json, name, is_null ? field_default(field) : json_incref(value));
	else if (strcmp(name, "reject_symbols") == 0)
		json_object_set_new(json, name, is_null ? json_array() : json_incref(value));
	else if (strcmp(name, "rate_per_min") == 0)
		json_object_set_new(json, name, is_null ? json_integer(settings->default_rate) : json_incref(value));
	else
		return err_set(err, ERR_UNKNOWN_FIELD, "there is no setting \"%.40s\"", name);
	return true;
}

struct paper_settings *paper_settings_new(int64_t rate_per_min)
{
	struct err err;
	struct paper_settings *settings = calloc(1, sizeof *settings);
	if (!settings)
		abort();
	settings->default_rate = rate_per_min;
	settings->json = json_object();
	for (size_t i = 0; i < PAPER_RULE_FIELDS; i++)
		json_object_set_new(settings->json, fields[i].name, field_default(&fields[i]));
	json_object_set_new(settings->json, "reject_symbols", json_array());
	json_object_set_new(settings->json, "rate_per_min", json_integer(rate_per_min));
	json_object_set_new(settings->json, "symbols", json_object());
	if (!settings_compile(settings->json, &settings->compiled, &err))
		abort();
	return settings;
}

void paper_settings_free(struct paper_settings *settings)
{
	if (!settings)
		return;
	free(settings->compiled.own);
	json_decref(settings->json);
	free(settings);
}

bool paper_settings_merge(struct paper_settings *settings, const json_t *change, struct err *err)
{
	const char *name;
	json_t *value;
	struct compiled compiled;
	if (!json_is_object(change))
		return err_set(err, ERR_BAD_TYPE, "settings are an object");
	json_t *json = json_deep_copy(settings->json);
	bool ok = true;
	json_object_foreach ((json_t *)(uintptr_t)change, name, value)
		ok = ok && field_merge(settings, json, name, value, err);
	if (!ok || !settings_compile(json, &compiled, err)) {
		json_decref(json);
		return false;
	}
	free(settings->compiled.own);
	json_decref(settings->json);
	settings->json = json;
	settings->compiled = compiled;
	return true;
}

json_t *paper_settings_json(const struct paper_settings *settings)
{
	return json_deep_copy(settings->json);
}

const struct paper_rule *paper_settings_rule(const struct paper_settings *settings, const char *symbol)
{
	for (size_t i = 0; i < settings->compiled.own_count; i++)
		if (strcmp(settings->compiled.own[i].symbol, symbol) == 0)
			return &settings->compiled.own[i].rule;
	return &settings->compiled.rule;
}

bool paper_settings_rejects(const struct paper_settings *settings, const char *symbol)
{
	const json_t *list = json_object_get(settings->json, "reject_symbols");
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_array_get(list, i)), symbol) == 0)
			return true;
	return false;
}

int64_t paper_settings_rate_per_min(const struct paper_settings *settings)
{
	return settings->compiled.rate_per_min;
}
