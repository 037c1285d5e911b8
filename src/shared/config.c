/* The configuration as a whole: its sections, and the ways in for values besides the file. A value reaches its place in
 * one way only (config_assign), whether it is a default, stands in the file, or comes from -o or another place. */
#include "shared/config.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/config_option.h"

#define BROKER_SECTION "broker."
#define BROKER_OPTION  "broker.NAME."
#define PAPER_URL      "http://127.0.0.1:8701"

bool config_option_is_of_broker(const struct config_option *option)
{
	return strncmp(option->name, BROKER_OPTION, strlen(BROKER_OPTION)) == 0;
}

const char *config_option_key(const struct config_option *option)
{
	return strrchr(option->name, '.') + 1;
}

/* True where the option's name is the section, a dot and its key. */
static bool option_is_in(const struct config_option *option, const char *section)
{
	size_t length = strlen(section);
	const char *broker;

	if (config_section_split(section, &broker) && broker != NULL)
		return config_option_is_of_broker(option);
	return strncmp(option->name, section, length) == 0 && config_option_key(option) == option->name + length + 1;
}

bool config_section_split(const char *section, const char **broker)
{
	size_t length = strlen(section);

	*broker = NULL;
	if (strncmp(section, BROKER_SECTION, strlen(BROKER_SECTION)) == 0) {
		*broker = section + strlen(BROKER_SECTION);
		return true;
	}
	for (size_t i = 0; i < config_option_count(); i++) {
		const char *name = config_option_name(i);

		if (strncmp(name, section, length) == 0 && name[length] == '.' && strchr(section, '.') == NULL &&
		    !config_option_is_of_broker(config_option_at(i)))
			return true;
	}
	return false;
}

/* Gives the options of `base` their defaults: those of a broker, or all others. */
static void set_defaults(void *base, bool of_broker)
{
	for (size_t i = 0; i < config_option_count(); i++) {
		const struct config_option *option = config_option_at(i);
		struct err err = {0};

		if (config_option_is_of_broker(option) == of_broker &&
		    !config_option_store(option, option->fallback, base, &err))
			abort();
	}
}

/* Puts a new broker with its defaults behind those that are there. */
static void add_broker(struct config *config, const char *name)
{
	struct config_broker *broker = &config->brokers[config->broker_count++];

	memset(broker, 0, sizeof(*broker));
	snprintf(broker->name, sizeof(broker->name), "%s", name);
	set_defaults(broker, true);
	if (strcmp(name, "paper") == 0) {
		broker->adapter = ADAPTER_ALPACA;
		snprintf(broker->base_url, sizeof(broker->base_url), "%s", PAPER_URL);
	}
}

void config_init(struct config *config)
{
	memset(config, 0, sizeof(*config));
	set_defaults(config, false);
	add_broker(config, "paper");
	config->brokers_implied = true;
}

/* The same without const, for those who change it. */
static struct config_broker *find_broker(struct config *config, const char *name)
{
	for (size_t i = 0; i < config->broker_count; i++) {
		if (strcmp(config->brokers[i].name, name) == 0)
			return &config->brokers[i];
	}
	return NULL;
}

const struct config_broker *config_broker(const struct config *config, const char *name)
{
	return find_broker((struct config *)config, name);
}

bool config_section_open(struct config *config, const char *section, struct err *err)
{
	char quoted[CONFIG_QUOTED_SIZE];
	const char *name;

	if (!config_section_split(section, &name))
		return err_set(err, ERR_CONFIG,
			       "unknown section [%s]; there are [redis], [api], [window], [lanes], [calendars], "
			       "[worker], [orders], [paper] and [broker.NAME]",
			       config_quote(section, quoted));
	if (name == NULL)
		return true;
	if (!config_is_broker_name(name))
		return err_set(err, ERR_CONFIG,
			       "[%s]: a broker's name must be a word like [a-z0-9][a-z0-9_]*, at most %d bytes",
			       config_quote(section, quoted), CONFIG_NAME_SIZE - 1);
	if (config->brokers_implied) {
		config->broker_count = 0;
		config->brokers_implied = false;
	}
	if (find_broker(config, name) != NULL)
		return true;
	if (config->broker_count == CONFIG_BROKERS_MAX)
		return err_set(err, ERR_CONFIG, "[%s]: there can be no more than %d brokers", section,
			       CONFIG_BROKERS_MAX);
	add_broker(config, name);
	return true;
}

const struct config_option *config_option_find(const char *section, const char *key, struct err *err)
{
	char quoted[CONFIG_QUOTED_SIZE];
	char keys[CONFIG_KEYS_SIZE] = "";
	size_t length = 0;

	for (size_t i = 0; i < config_option_count(); i++) {
		const struct config_option *option = config_option_at(i);

		if (!option_is_in(option, section))
			continue;
		if (strcmp(config_option_key(option), key) == 0)
			return option;
		length += (size_t)snprintf(keys + length, sizeof(keys) - length, "%s%s", length > 0 ? ", " : "",
					   config_option_key(option));
		assert(length < sizeof(keys));
	}
	err_set(err, ERR_CONFIG, "%s.%s: unknown key; [%s] has %s", section, config_quote(key, quoted), section, keys);
	return NULL;
}

bool config_assign(struct config *config, const char *section, const char *key, const char *value, struct err *err)
{
	const struct config_option *option = config_option_find(section, key, err);
	const char *broker;
	void *base = config;

	if (option == NULL)
		return false;
	if (config_section_split(section, &broker) && broker != NULL)
		base = find_broker(config, broker);
	assert(base != NULL);
	if (config_option_store(option, value, base, err))
		return true;
	err_context(err, "%s.%s", section, key);
	return false;
}

void config_keep_first(const struct err *problem, void *arg)
{
	struct err *first = arg;

	if (first != NULL && first->code == ERR_NONE)
		*first = *problem;
}

/* Refuses what everybody on this host could read in the list of processes. */
static bool check_is_no_secret(const char *section, const char *key, const char *value, struct err *err)
{
	const struct config_option *option = config_option_find(section, key, NULL);

	if (option == NULL || !config_is_secret(option, value))
		return true;
	return err_set(err, ERR_CONFIG,
		       "%s.%s: no secret may stand on the command line, which everybody on this host can read; give it "
		       "in %s of the environment, in the file that the same name with _FILE behind it names, as a "
		       "systemd credential, or in the configuration file",
		       section, key,
		       option->type == CONFIG_REDIS_URL ? "MUSTER_REDIS_URL"
							: "MUSTER_BROKER_<NAME>_KEY_ID and _KEY_SECRET");
}

bool config_set(struct config *config, const char *assignment, struct err *err)
{
	const char *equals = strchr(assignment, '=');
	char name[CONFIG_TEXT_SIZE];
	char *dot;

	/* Not quoted: it may be a secret with a slip in it. */
	if (equals == NULL || equals - assignment >= (ptrdiff_t)sizeof(name))
		return err_set(err, ERR_CONFIG, "an option is set with section.key=value");
	memcpy(name, assignment, (size_t)(equals - assignment));
	name[equals - assignment] = '\0';
	dot = strrchr(name, '.');
	if (dot == NULL)
		return err_set(err, ERR_CONFIG, "an option is set with section.key=value");
	*dot = '\0';
	return check_is_no_secret(name, dot + 1, equals + 1, err) && config_section_open(config, name, err) &&
	       config_assign(config, name, dot + 1, equals + 1, err);
}

/* 1 to 5 digits, at most 65535. */
static bool read_port(const char *text, uint16_t *port)
{
	size_t length = strspn(text, "0123456789");
	long number = strtol(text, NULL, 10);

	if (length < 1 || length > 5 || text[length] != '\0' || number > UINT16_MAX)
		return false;
	*port = (uint16_t)number;
	return true;
}

/* A host's name, an IPv4 address, or an IPv6 address in brackets, which are taken off. */
static bool read_host(const char *text, size_t length, char *host)
{
	struct in6_addr v6;
	bool bracketed = length > 2 && text[0] == '[' && text[length - 1] == ']';

	if (length == 0 || length >= CONFIG_TEXT_SIZE)
		return false;
	if (bracketed) {
		text++;
		length -= 2;
	}
	memcpy(host, text, length);
	host[length] = '\0';
	if (bracketed)
		return inet_pton(AF_INET6, host, &v6) == 1;
	return host[strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")] == '\0';
}

bool config_split_address(const char *address, char *host, uint16_t *port, struct err *err)
{
	const char *colon = strrchr(address, ':');
	char quoted[CONFIG_QUOTED_SIZE];

	if (colon != NULL && read_host(address, (size_t)(colon - address), host) && read_port(colon + 1, port))
		return true;
	return err_set(err, ERR_CONFIG, "\"%s\" is not host:port or [v6]:port", config_quote(address, quoted));
}
