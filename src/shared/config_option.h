/* One option of the configuration: its row, and how its text becomes a value. Only the config_*.c files need this. */
#ifndef MUSTER_CONFIG_OPTION_H
#define MUSTER_CONFIG_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/config.h"
#include "shared/err.h"

#define CONFIG_OPTIONS_MAX  72
#define CONFIG_ALLOWED_SIZE 200
#define CONFIG_KEYS_SIZE    400 /* the names of a section's options */
#define CONFIG_QUOTED_SIZE  64

enum config_type {
	CONFIG_INTEGER, /* int64_t */
	CONFIG_DECIMAL, /* int64_t nano */
	CONFIG_CHOICE,	/* an enum whose values count up from 0 in the order of `choices` */
	CONFIG_PREFIX,	/* the types from here on are text */
	CONFIG_BROKER_NAME,
	CONFIG_USER,
	CONFIG_CALENDAR,
	CONFIG_ADDRESS,
	CONFIG_PATH,
	CONFIG_HTTP_URL,
	CONFIG_REDIS_URL, /* its value is never printed, ... */
	CONFIG_SECRET,	  /* ... nor is this */
};

struct config_option {
	const char *name; /* "redis.url"; "broker.NAME.lot" */
	enum config_type type;
	int64_t min; /* of numbers, inclusive; nano for decimals */
	int64_t max;
	const char *const *choices; /* NULL-terminated; "" stands for none */
	const char *fallback;	    /* the default as text; only where it is "" may the value be empty */
	const char *help;
	size_t offset; /* in struct config, or in struct config_broker for "broker.NAME." */
	size_t size;
};

/* The row `i` < config_option_count(). */
const struct config_option *config_option_at(size_t i);

bool config_option_is_of_broker(const struct config_option *option);

/* The part of the name behind its last dot. */
const char *config_option_key(const struct config_option *option);

/* [a-z0-9][a-z0-9_]*, shorter than CONFIG_NAME_SIZE. */
bool config_is_broker_name(const char *text);

/* No control characters. */
bool config_is_path(const char *text);

/* True where the value is one that nobody else may see. */
bool config_is_secret(const struct config_option *option, const char *value);

/* Reads `value` into `base` (struct config or config_broker). The message says what is allowed, not which option. */
bool config_option_store(const struct config_option *option, const char *value, void *base, struct err *err) MUST_USE;

/* What the option takes, for people: "a whole number from 1 to 4096". `text` has CONFIG_ALLOWED_SIZE bytes. */
char *config_option_allowed(const struct config_option *option, char *text);

/* The same in short: "1 to 4096", "strict or relaxed"; "" where the type is neither a number nor a choice. */
char *config_option_bounds(const struct config_option *option, char *text);

/* What someone wrote, fit for a message: control characters replaced, cut to CONFIG_QUOTED_SIZE with the NUL. */
char *config_quote(const char *value, char *text);

/* True where the section exists; `*broker` is then a broker's name within `section`, or NULL for any other section. */
bool config_section_split(const char *section, const char **broker);

/* Makes the section ready to take values: adds its broker where that is new. */
bool config_section_open(struct config *config, const char *section, struct err *err) MUST_USE;

/* The row of a key in a section, or NULL with `err` saying which sections or keys there are. */
const struct config_option *config_option_find(const char *section, const char *key, struct err *err);

/* Stores one value; the message names section and key. The section is open. */
bool config_assign(struct config *config, const char *section, const char *key, const char *value,
		   struct err *err) MUST_USE;

/* For the functions that stop at the first problem: keeps it. `arg` is a struct err whose code is ERR_NONE before. */
config_problem_fn config_keep_first;

#endif
