/* Secrets come from outside the configuration file, so that they need not stand where it is copied about: from a
 * variable of the environment, from a file that such a variable names, from a credential of systemd's, in this order.
 * What names a broker that is not configured is refused: whoever set it believes that it is in use. */
#include "shared/config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/config_option.h"
#include "shared/redis_url.h"
#include "shared/secret_file.h"

#define REDIS_VARIABLE	  "MUSTER_REDIS_URL"
#define BROKER_VARIABLE	  "MUSTER_BROKER_"
#define BROKER_CREDENTIAL "broker."
#define FOLDER_VARIABLE	  "CREDENTIALS_DIRECTORY"
#define PATH_SIZE	  4096

/* What each broker has. */
static const struct {
	const char *key, *suffix;
} broker_secrets[] = {{"key_id", "_KEY_ID"}, {"key_secret", "_KEY_SECRET"}};

#define BROKER_SECRETS (sizeof(broker_secrets) / sizeof(broker_secrets[0]))

/* How one secret is called everywhere. */
struct names {
	char section[CONFIG_NAME_SIZE + 16]; /* "broker.paper" */
	const char *key;		     /* "key_id" */
	char variable[CONFIG_NAME_SIZE + 48];
	char file_variable[CONFIG_NAME_SIZE + 56]; /* names a file that holds it */
	char credential[CONFIG_NAME_SIZE + 32];	   /* "broker.paper.key_id" */
};

/* Where everything goes, and how many problems there were. */
struct taking {
	struct config *config;
	config_problem_fn *tell, *warn;
	void *arg;
	size_t problems;
};

/* Called for each secret there can be; true ends the walk. */
typedef bool names_fn(const struct names *names, void *arg);

/* Walks through all secrets that this configuration can have. */
static bool each_secret(const struct config *config, names_fn *fn, void *arg)
{
	struct names names = {.section = "redis",
			      .key = "url",
			      .variable = REDIS_VARIABLE,
			      .file_variable = REDIS_VARIABLE "_FILE",
			      .credential = "redis.url"};

	if (fn(&names, arg))
		return true;
	for (size_t i = 0; i < config->broker_count * BROKER_SECRETS; i++) {
		const char *name = config->brokers[i / BROKER_SECRETS].name;
		const char *suffix = broker_secrets[i % BROKER_SECRETS].suffix;
		char upper[CONFIG_NAME_SIZE] = "";

		names.key = broker_secrets[i % BROKER_SECRETS].key;
		for (size_t at = 0; name[at] != '\0'; at++)
			upper[at] = (char)toupper((unsigned char)name[at]);
		snprintf(names.section, sizeof(names.section), BROKER_CREDENTIAL "%s", name);
		snprintf(names.variable, sizeof(names.variable), BROKER_VARIABLE "%s%s", upper, suffix);
		snprintf(names.file_variable, sizeof(names.file_variable), "%s_FILE", names.variable);
		snprintf(names.credential, sizeof(names.credential), "%s.%s", names.section, names.key);
		if (fn(&names, arg))
			return true;
	}
	return false;
}

/* Tells a problem and counts it. */
static void tell_problem(struct taking *taking, const struct err *problem)
{
	taking->tell(problem, taking->arg);
	taking->problems++;
}

/* Set but empty is how service managers and containers say "not set". */
static const char *variable_of(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Takes the secret out of a file; `from` says who named it. */
static void take_file(struct taking *taking, const struct names *names, const char *path, const char *from)
{
	char text[SECRET_FILE_MAX + 1];
	struct err err = {0};

	if (!secret_file_read(path, text, &err) ||
	    !config_assign(taking->config, names->section, names->key, text, &err)) {
		err_context(&err, "%s: %s", from, path);
		tell_problem(taking, &err);
	} else if (!secret_file_is_private(path, &err) && taking->warn != NULL) {
		err_context(&err, "%s: %s", from, path);
		taking->warn(&err, taking->arg);
	}
	explicit_bzero(text, sizeof(text));
}

/* The file that a variable names. What is no absolute path may be the secret itself, put into the wrong variable: it is
 * not repeated. */
static void take_named_file(struct taking *taking, const struct names *names, const char *path)
{
	struct err err = {0};

	if (path[0] == '/' && config_is_path(path)) {
		take_file(taking, names, path, names->file_variable);
		return;
	}
	err_set(&err, ERR_CONFIG, "%s: the value must be the absolute path of a file that holds the secret",
		names->file_variable);
	tell_problem(taking, &err);
}

/* The credential, where systemd has given us one of that name. */
static void take_credential(struct taking *taking, const struct names *names)
{
	const char *folder = variable_of(FOLDER_VARIABLE);
	char path[PATH_SIZE], from[sizeof(names->credential) + 16];
	int length;

	if (folder == NULL)
		return;
	length = snprintf(path, sizeof(path), "%s/%s", folder, names->credential);
	if (length >= (int)sizeof(path) || (access(path, F_OK) != 0 && errno == ENOENT))
		return;
	snprintf(from, sizeof(from), "credential %s", names->credential);
	take_file(taking, names, path, from);
}

/* Takes one secret from the first place that has it. */
static bool take_secret(const struct names *names, void *arg)
{
	struct taking *taking = arg;
	const char *value = variable_of(names->variable), *path = variable_of(names->file_variable);
	struct err err = {0};

	if (value != NULL && path != NULL) {
		err_set(&err, ERR_CONFIG, "%s and %s are both set; unset one of them", names->variable,
			names->file_variable);
		tell_problem(taking, &err);
	} else if (path != NULL) {
		take_named_file(taking, names, path);
	} else if (value == NULL) {
		take_credential(taking, names);
	} else if (!config_assign(taking->config, names->section, names->key, value, &err)) {
		err_context(&err, "%s", names->variable);
		tell_problem(taking, &err);
	}
	return false;
}

static bool is_variable(const struct names *names, void *arg)
{
	return strcmp(names->variable, arg) == 0 || strcmp(names->file_variable, arg) == 0;
}

static bool is_credential(const struct names *names, void *arg)
{
	return strcmp(names->credential, arg) == 0;
}

/* Says that a name fits no broker. */
static void tell_stranger(struct taking *taking, const char *what, const char *name, const char *form)
{
	char quoted[CONFIG_QUOTED_SIZE];
	struct err err = {0};

	err_set(&err, ERR_CONFIG, "%s%s: no such broker is configured; it must be %s", what, config_quote(name, quoted),
		form);
	tell_problem(taking, &err);
}

/* Looks for variables that nobody reads. */
static void check_variables(struct taking *taking)
{
	for (char **variable = environ; *variable != NULL; variable++) {
		char *name;

		if (strncmp(*variable, BROKER_VARIABLE, strlen(BROKER_VARIABLE)) != 0)
			continue;
		name = strndup(*variable, strcspn(*variable, "="));
		if (name == NULL)
			abort();
		if (!each_secret(taking->config, is_variable, name))
			tell_stranger(taking, "", name,
				      BROKER_VARIABLE "<NAME>_KEY_ID or _KEY_SECRET, or one of these with _FILE "
						      "behind it, with the upper-case name of one");
		free(name);
	}
}

/* Looks for credentials that nobody reads. Those of other programs may lie beside ours. */
static void check_credentials(struct taking *taking)
{
	const char *path = variable_of(FOLDER_VARIABLE);
	DIR *folder = path != NULL ? opendir(path) : NULL;
	struct err err = {0};
	struct dirent *entry;

	if (path != NULL && folder == NULL) {
		err_set(&err, ERR_CONFIG, FOLDER_VARIABLE ": %s: %s", path, strerror(errno));
		tell_problem(taking, &err);
	}
	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		if (strncmp(entry->d_name, BROKER_CREDENTIAL, strlen(BROKER_CREDENTIAL)) == 0 &&
		    !each_secret(taking->config, is_credential, entry->d_name))
			tell_stranger(taking, "credential ", entry->d_name,
				      BROKER_CREDENTIAL "NAME.key_id or .key_secret with the name of one");
	}
	if (folder != NULL)
		closedir(folder);
}

size_t config_tell_secrets(struct config *config, config_problem_fn *tell, config_problem_fn *warn, void *arg)
{
	struct taking taking = {.config = config, .tell = tell, .warn = warn, .arg = arg};

	check_variables(&taking);
	check_credentials(&taking);
	(void)each_secret(config, take_secret, &taking);
	return taking.problems;
}

bool config_read_secrets(struct config *config, struct err *err)
{
	struct err first = {0};

	if (config_tell_secrets(config, config_keep_first, NULL, &first) == 0)
		return true;
	return err_set(err, first.code, "%s", first.message);
}

void config_warn_file(const struct config *config, const char *path, config_problem_fn *warn, void *arg)
{
	struct err err = {0};

	if (!config_has_secrets(config) || secret_file_is_private(path, &err))
		return;
	err_context(&err, "%s", path);
	warn(&err, arg);
}

/* True for a variable that may hold a secret, also by mistake. */
static bool is_secret_variable(const char *variable)
{
	return strncmp(variable, BROKER_VARIABLE, strlen(BROKER_VARIABLE)) == 0 ||
	       strncmp(variable, REDIS_VARIABLE, strlen(REDIS_VARIABLE)) == 0;
}

void config_wipe_environment(void)
{
	char **variable = environ;

	while (*variable != NULL) {
		char *value = strchr(*variable, '='), *name;

		if (!is_secret_variable(*variable) || value == NULL) {
			variable++;
			continue;
		}
		/* The bytes themselves: /proc/PID/environ shows them, whatever `environ` points to. */
		explicit_bzero(value + 1, strlen(value + 1));
		name = strndup(*variable, (size_t)(value - *variable));
		if (name == NULL || unsetenv(name) != 0)
			abort();
		free(name);
		variable = environ;
	}
}

/* Whether the URL has a password; one that cannot be read counts where it may. */
static bool url_has_password(const char *text)
{
	struct redis_url url;
	bool has = redis_url_parse(text, &url, NULL) ? url.password[0] != '\0' : strchr(text, '@') != NULL;

	explicit_bzero(&url, sizeof(url));
	return has;
}

bool config_has_secrets(const struct config *config)
{
	if (url_has_password(config->redis.url))
		return true;
	for (size_t i = 0; i < config->broker_count; i++) {
		if (config->brokers[i].key_id[0] != '\0' || config->brokers[i].key_secret[0] != '\0')
			return true;
	}
	return false;
}

bool config_is_secret(const struct config_option *option, const char *value)
{
	return option->type == CONFIG_SECRET || (option->type == CONFIG_REDIS_URL && url_has_password(value));
}

void config_forget_keys(struct config *config)
{
	for (size_t i = 0; i < config->broker_count; i++) {
		explicit_bzero(config->brokers[i].key_id, sizeof(config->brokers[i].key_id));
		explicit_bzero(config->brokers[i].key_secret, sizeof(config->brokers[i].key_secret));
	}
}
