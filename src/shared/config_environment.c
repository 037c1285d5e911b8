/* What comes from the environment: secrets, so that they need not stand in a file that is copied about. A variable for
 * a broker that is not configured is refused: whoever set it believes that it is in use. */
#include "shared/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/config_option.h"

#define BROKER_VARIABLE "MUSTER_BROKER_"

/* Visible characters only: a line break here would end up in an HTTP header. */
static bool secret_is_good(const char *value)
{
	const char *c = value;

	while (*c > ' ' && *c <= '~')
		c++;
	return *c == '\0' && c - value < CONFIG_TEXT_SIZE;
}

/* True where `variable` (its name ends at the '=') is the broker's PREFIX_NAME_suffix. */
static bool variable_is(const char *variable, const char *broker, const char *suffix)
{
	variable += strlen(BROKER_VARIABLE);
	for (; *broker != '\0'; broker++, variable++) {
		char upper = *broker >= 'a' && *broker <= 'z' ? (char)(*broker - 'a' + 'A') : *broker;

		if (*variable != upper)
			return false;
	}
	return strncmp(variable, suffix, strlen(suffix)) == 0 && variable[strlen(suffix)] == '=';
}

/* The place for what one MUSTER_BROKER_ variable holds, or NULL where it fits no configured broker. */
static char *find_secret(struct config *config, const char *variable)
{
	for (size_t i = 0; i < config->broker_count; i++) {
		struct config_broker *broker = &config->brokers[i];

		if (variable_is(variable, broker->name, "_KEY_ID"))
			return broker->key_id;
		if (variable_is(variable, broker->name, "_KEY_SECRET"))
			return broker->key_secret;
	}
	return NULL;
}

/* Takes one "MUSTER_BROKER_...=value". */
static bool take_secret(struct config *config, const char *variable, struct err *err)
{
	const char *value = strchr(variable, '=') + 1;
	char *secret = find_secret(config, variable);
	char quoted[CONFIG_QUOTED_SIZE];
	char name[CONFIG_TEXT_SIZE];

	snprintf(name, sizeof(name), "%.*s", (int)(value - 1 - variable), variable);
	config_quote(name, quoted);
	if (secret == NULL)
		return err_set(err, ERR_CONFIG,
			       "%s: no such broker is configured; it must be " BROKER_VARIABLE
			       "<NAME>_KEY_ID or _KEY_SECRET "
			       "with the upper-case name of one",
			       quoted);
	if (!secret_is_good(value))
		return err_set(err, ERR_CONFIG,
			       "%s: the value must be at most %d printable ASCII characters without blanks", quoted,
			       CONFIG_TEXT_SIZE - 1);
	snprintf(secret, CONFIG_TEXT_SIZE, "%s", value);
	return true;
}

size_t config_tell_environment(struct config *config, config_problem_fn *tell, void *arg)
{
	const char *url = getenv("MUSTER_REDIS_URL");
	struct err err = {0};
	size_t count = 0;

	/* Set but empty is how service managers and containers say "not set". */
	if (url != NULL && url[0] != '\0' && !config_assign(config, "redis", "url", url, &err)) {
		err_context(&err, "MUSTER_REDIS_URL");
		tell(&err, arg);
		count++;
	}
	for (char **variable = environ; *variable != NULL; variable++) {
		if (strncmp(*variable, BROKER_VARIABLE, strlen(BROKER_VARIABLE)) != 0 || strchr(*variable, '=') == NULL)
			continue;
		if (!take_secret(config, *variable, &err)) {
			tell(&err, arg);
			count++;
		}
	}
	return count;
}

bool config_read_environment(struct config *config, struct err *err)
{
	struct err first = {0};

	if (config_tell_environment(config, config_keep_first, &first) == 0)
		return true;
	return err_set(err, first.code, "%s", first.message);
}

bool config_has_secrets(const struct config *config)
{
	if (strchr(config->redis.url, '@') != NULL)
		return true;
	for (size_t i = 0; i < config->broker_count; i++) {
		if (config->brokers[i].key_id[0] != '\0' || config->brokers[i].key_secret[0] != '\0')
			return true;
	}
	return false;
}
