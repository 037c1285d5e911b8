/* See fault.h. */
#include "paper/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/decimal.h"
#include "shared/ids.h"
#include "shared/json_decimal.h"

#define FAULTS_MAX   64
#define COUNT_MAX    INT64_C(1000000000)
#define SEED_DEFAULT 1

struct paper_faults {
	struct paper_fault faults[FAULTS_MAX];
	size_t count;
};

static const struct {
	const char *word;
	unsigned points;
} points[] = {
    {"submit", PAPER_ON_SUBMIT}, {"look_up", PAPER_ON_LOOK_UP}, {"follow", PAPER_ON_FOLLOW},
    {"fills", PAPER_ON_FILLS},	 {"cancel", PAPER_ON_CANCEL},	{"all", PAPER_ON_ALL},
};

/* Reads the mode; every fault has one. */
static bool read_mode(const json_t *json, struct paper_fault *fault, struct err *err)
{
	char known[512];
	const char *name = json_string_value(json_object_get(json, "mode"));
	fault->mode = paper_fault_mode_find(name ? name : "");
	if (!fault->mode) {
		paper_fault_mode_list(known, sizeof known);
		return err_set(err, ERR_BAD_TYPE, "\"mode\" must be one of: %.400s", known);
	}
	fault->points = fault->mode->usual;
	fault->value = fault->mode->parameter.otherwise;
	return true;
}

/* Reads a whole number within bounds. */
static bool read_count(const char *name, const json_t *json, int64_t least, int64_t most, int64_t *value,
		       struct err *err)
{
	*value = json_integer_value(json);
	return (json_is_integer(json) && *value >= least && *value <= most) ||
	       err_set(err, ERR_BAD_TYPE, "\"%s\" must be a whole number from %lld to %lld", name, (long long)least,
		       (long long)most);
}

/* Reads where it strikes: "all" is wherever its mode can. */
static bool read_on(const json_t *json, struct paper_fault *fault, struct err *err)
{
	const char *word = json_string_value(json);
	for (size_t i = 0; word && i < sizeof points / sizeof *points; i++) {
		if (strcmp(points[i].word, word) != 0)
			continue;
		fault->points = points[i].points & fault->mode->points;
		return fault->points ||
		       err_set(err, ERR_BAD_TYPE, "\"%s\" cannot happen on \"%s\"", fault->mode->name, word);
	}
	return err_set(err, ERR_BAD_TYPE, "\"on\" must be one of: submit, look_up, follow, fills, cancel, all");
}

/* Reads how often; null is for ever. */
static bool read_times(const json_t *json, struct paper_fault *fault, struct err *err)
{
	return json_is_null(json) || read_count("times", json, 0, COUNT_MAX, &fault->left, err);
}

static bool read_probability(const json_t *json, struct paper_fault *fault, struct err *err)
{
	if (!json_decimal(json, &fault->probability_nano, err))
		return err_context(err, "\"probability\"");
	return (fault->probability_nano >= 0 && fault->probability_nano <= NANO) ||
	       err_set(err, ERR_BAD_NUMBER, "\"probability\" must be from 0 to 1");
}

static bool read_seed(const json_t *json, struct paper_fault *fault, struct err *err)
{
	return read_count("seed", json, 0, INT64_MAX, &fault->seed, err);
}

static bool read_symbol(const json_t *json, struct paper_fault *fault, struct err *err)
{
	const char *symbol = json_string_value(json);
	if (!symbol || !ids_is_symbol(symbol))
		return err_set(err, ERR_BAD_SYMBOL, "\"symbol\" must be a symbol");
	snprintf(fault->symbol, sizeof fault->symbol, "%s", symbol);
	return true;
}

static const struct {
	const char *name;
	bool (*read)(const json_t *json, struct paper_fault *fault, struct err *err);
} fields[] = {
    {"on", read_on},	 {"times", read_times},	  {"probability", read_probability},
    {"seed", read_seed}, {"symbol", read_symbol},
};

/* Reads one member besides the mode. */
static bool read_field(const char *name, const json_t *json, struct paper_fault *fault, struct err *err)
{
	const struct paper_fault_mode *mode = fault->mode;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (strcmp(fields[i].name, name) == 0)
			return fields[i].read(json, fault, err);
	const struct paper_fault_parameter *own = &mode->parameter;
	if (own->name && strcmp(own->name, name) == 0)
		return read_count(name, json, own->least, own->most, &fault->value, err);
	return err_set(err, ERR_UNKNOWN_FIELD, "a fault \"%s\" has no \"%.40s\"", mode->name, name);
}

/* Reads one fault. */
static bool read_fault(const json_t *json, struct paper_fault *fault, struct err *err)
{
	const char *name;
	json_t *value;
	*fault = (struct paper_fault){.left = PAPER_FOR_EVER, .probability_nano = NANO, .seed = SEED_DEFAULT};
	if (!json_is_object(json))
		return err_set(err, ERR_BAD_TYPE, "a fault is an object");
	if (!read_mode(json, fault, err))
		return false;
	json_object_foreach ((json_t *)(uintptr_t)json, name, value)
		if (strcmp(name, "mode") != 0 && !read_field(name, value, fault, err))
			return false;
	fault->random = (uint64_t)fault->seed;
	return true;
}

struct paper_faults *paper_faults_new(void)
{
	struct paper_faults *faults = calloc(1, sizeof *faults);
	if (!faults)
		abort();
	return faults;
}

void paper_faults_free(struct paper_faults *faults)
{
	free(faults);
}

bool paper_faults_put(struct paper_faults *faults, const json_t *json, struct err *err)
{
	bool is_list = json_is_array(json), ok = true;
	size_t count = is_list ? json_array_size(json) : 1;
	if (count > FAULTS_MAX)
		return err_set(err, ERR_TOO_MANY, "at most %d faults can be active", FAULTS_MAX);
	struct paper_faults *read = paper_faults_new();
	for (; ok && read->count < count; read->count++)
		ok = read_fault(is_list ? json_array_get(json, read->count) : json, &read->faults[read->count], err);
	if (ok)
		*faults = *read;
	paper_faults_free(read);
	return ok;
}

void paper_faults_clear(struct paper_faults *faults)
{
	faults->count = 0;
}

/* Where it strikes, as it was put. */
static json_t *on_json(const struct paper_fault *fault)
{
	json_t *list = json_array();
	for (size_t i = 0; i < sizeof points / sizeof *points; i++)
		if (points[i].points != PAPER_ON_ALL && (fault->points & points[i].points))
			json_array_append_new(list, json_string(points[i].word));
	return list;
}

json_t *paper_faults_json(const struct paper_faults *faults)
{
	json_t *list = json_array();
	for (size_t i = 0; i < faults->count; i++) {
		const struct paper_fault *fault = &faults->faults[i];
		char probability[DECIMAL_TEXT];
		json_t *json = json_pack(
		    "{s:s, s:o, s:o, s:s, s:I, s:o, s:I}", "mode", fault->mode->name, "on", on_json(fault),
		    "times_left", fault->left == PAPER_FOR_EVER ? json_null() : json_integer(fault->left),
		    "probability", decimal_format(fault->probability_nano, probability), "seed",
		    (json_int_t)fault->seed, "symbol", *fault->symbol ? json_string(fault->symbol) : json_null(),
		    "struck", (json_int_t)fault->struck);
		if (fault->mode->parameter.name)
			json_object_set_new(json, fault->mode->parameter.name, json_integer(fault->value));
		json_array_append_new(list, json);
	}
	return list;
}

/* The next number of a fault's own sequence (splitmix64). */
static uint64_t draw(struct paper_fault *fault)
{
	uint64_t z = fault->random += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Whether it is about this call, apart from its luck. */
static bool is_about(const struct paper_fault *fault, enum paper_point point, const char *symbol)
{
	if (!fault->left || !(fault->points & point))
		return false;
	if (!*fault->symbol)
		return true;
	return symbol ? strcmp(fault->symbol, symbol) == 0 : fault->mode->is_by_row;
}

/* The first that fits and has the luck. */
static struct paper_fault *find(struct paper_faults *faults, enum paper_point point, const char *symbol, bool is_fate)
{
	for (size_t i = 0; i < faults->count; i++) {
		struct paper_fault *fault = &faults->faults[i];
		if ((fault->mode->bend != NULL) != is_fate || !is_about(fault, point, symbol))
			continue;
		if ((int64_t)(draw(fault) % NANO) < fault->probability_nano)
			return fault;
	}
	return NULL;
}

struct paper_fault *paper_faults_find(struct paper_faults *faults, enum paper_point point, const char *symbol)
{
	return find(faults, point, symbol, false);
}

struct paper_fault *paper_faults_find_fate(struct paper_faults *faults, const char *symbol)
{
	return find(faults, PAPER_ON_SUBMIT, symbol, true);
}

void paper_fault_count(struct paper_fault *fault)
{
	fault->struck++;
	if (fault->left != PAPER_FOR_EVER)
		fault->left--;
}
