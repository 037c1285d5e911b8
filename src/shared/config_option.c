/* The types of options: how text becomes a value, and the words that say what would have been right. Strict on purpose:
 * a value that is almost right ("10 s", "+5", "1e3") must stop a program that trades, not be guessed at. */
#include "shared/config_option.h"

#include <assert.h>
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/decimal.h"
#include "shared/ids.h"
#include "shared/redis_url.h"

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* [a-z][a-z0-9_-]*: nothing that needs quoting in a shell or means something in a Redis pattern. */
static bool check_prefix(const char *value)
{
	return value[0] >= 'a' && value[0] <= 'z' && value[strspn(value, LOWER DIGITS "_-")] == '\0';
}

bool config_is_broker_name(const char *text)
{
	return text[0] != '\0' && text[0] != '_' && text[strspn(text, LOWER DIGITS "_")] == '\0' &&
	       strlen(text) < CONFIG_NAME_SIZE;
}

/* host:port */
static bool check_address(const char *value)
{
	char host[CONFIG_TEXT_SIZE];
	uint16_t port;

	return config_split_address(value, host, &port, NULL);
}

/* Bytes above 127 are fine in a file's name, control characters are not. */
bool config_is_path(const char *text)
{
	for (; *text != '\0'; text++) {
		if (iscntrl((unsigned char)*text))
			return false;
	}
	return true;
}

/* What curl takes, so that it cannot fail on it later, and nothing to which no path can be added. Keys are options of
 * their own, never user and password in here. */
static bool check_http_url(const char *value)
{
	CURLU *url = curl_url();
	bool good;

	if (url == NULL)
		abort();
	good = (strncmp(value, "http://", 7) == 0 || strncmp(value, "https://", 8) == 0) &&
	       strpbrk(value, "?#") == NULL &&
	       curl_url_set(url, CURLUPART_URL, value, CURLU_DISALLOW_USER) == CURLUE_OK;
	curl_url_cleanup(url);
	return good;
}

/* What the link will read. */
static bool check_redis_url(const char *value)
{
	struct redis_url url;
	bool good = value[strcspn(value, " \t\r\n")] == '\0' && redis_url_parse(value, &url, NULL);

	explicit_bzero(&url, sizeof(url));
	return good;
}

/* Visible characters only: a line break here would end up in an HTTP header. */
static bool check_secret(const char *value)
{
	while (*value > ' ' && *value <= '~')
		value++;
	return *value == '\0';
}

/* One row for each type that is text. */
static const struct {
	bool (*check)(const char *value);
	const char *allowed;
} texts[] = {
    [CONFIG_PREFIX] = {check_prefix, "a word like [a-z][a-z0-9_-]*"},
    [CONFIG_BROKER_NAME] = {config_is_broker_name, "a word like [a-z0-9][a-z0-9_]*"},
    [CONFIG_USER] = {ids_is_name, "printable ASCII without space, quote, backslash or colon"},
    [CONFIG_CALENDAR] = {config_is_path, "the name of a calendar like XNYS, or the path of its file"},
    [CONFIG_ADDRESS] = {check_address, "host:port or [v6]:port with a port from 0 to 65535"},
    [CONFIG_PATH] = {config_is_path, "the path of a file"},
    [CONFIG_HTTP_URL] = {check_http_url,
			 "an http:// or https:// URL with a host, without user, password, query or fragment"},
    [CONFIG_REDIS_URL] = {check_redis_url,
			  "redis://[user:password@]host[:port][/db] or unix://[user:password@]/path[?db=N]"},
    [CONFIG_SECRET] = {check_secret, "printable ASCII characters without blanks"},
};

/* "strict or relaxed" */
static void allowed_choices(const struct config_option *option, char *text)
{
	size_t length = 0;

	for (const char *const *choice = option->choices; *choice != NULL; choice++) {
		if (**choice == '\0')
			continue;
		length += (size_t)snprintf(text + length, CONFIG_ALLOWED_SIZE - length, "%s%s",
					   length > 0 ? " or " : "", *choice);
		assert(length < CONFIG_ALLOWED_SIZE);
	}
}

char *config_option_bounds(const struct config_option *option, char *text)
{
	char least[DECIMAL_TEXT];
	char most[DECIMAL_TEXT];

	text[0] = '\0';
	if (option->type == CONFIG_INTEGER)
		snprintf(text, CONFIG_ALLOWED_SIZE, "%lld to %lld", (long long)option->min, (long long)option->max);
	else if (option->type == CONFIG_DECIMAL)
		snprintf(text, CONFIG_ALLOWED_SIZE, "%s to %s", decimal_format(option->min, least),
			 decimal_format(option->max, most));
	else if (option->type == CONFIG_CHOICE)
		allowed_choices(option, text);
	return text;
}

char *config_option_allowed(const struct config_option *option, char *text)
{
	char bounds[CONFIG_ALLOWED_SIZE];

	config_option_bounds(option, bounds);
	if (option->type == CONFIG_INTEGER)
		snprintf(text, CONFIG_ALLOWED_SIZE, "a whole number from %.99s", bounds);
	else if (option->type == CONFIG_DECIMAL)
		snprintf(text, CONFIG_ALLOWED_SIZE, "a number with at most 9 decimals from %.99s", bounds);
	else if (option->type == CONFIG_CHOICE)
		snprintf(text, CONFIG_ALLOWED_SIZE, "%s", bounds);
	else
		snprintf(text, CONFIG_ALLOWED_SIZE, "%s, at most %zu bytes", texts[option->type].allowed,
			 option->size - 1);
	return text;
}

char *config_quote(const char *value, char *text)
{
	size_t i;

	for (i = 0; value[i] != '\0' && i < CONFIG_QUOTED_SIZE - 1; i++)
		text[i] = iscntrl((unsigned char)value[i]) ? '?' : value[i];
	text[i] = '\0';
	if (value[i] != '\0')
		memcpy(text + i - 3, "...", 3);
	return text;
}

/* Digits with at most a minus sign before them: no blanks, no plus, no hexadecimal. */
static bool read_integer(const char *value, int64_t *number)
{
	const char *digits = value[0] == '-' ? value + 1 : value;

	if (digits[0] == '\0' || digits[strspn(digits, DIGITS)] != '\0')
		return false;
	errno = 0;
	*number = strtoll(value, NULL, 10);
	return errno == 0;
}

/* Either kind of number, within the row's bounds. */
static bool store_number(const struct config_option *option, const char *value, char *target)
{
	int64_t number;
	bool read = option->type == CONFIG_INTEGER ? read_integer(value, &number) : decimal_parse(value, &number, NULL);

	if (!read || number < option->min || number > option->max)
		return false;
	assert(option->size == sizeof(number));
	memcpy(target, &number, sizeof(number));
	return true;
}

/* The place of the word among the choices, which is the value of its enum. */
static bool store_choice(const struct config_option *option, const char *value, char *target)
{
	for (int i = 0; option->choices[i] != NULL; i++) {
		if (strcmp(option->choices[i], value) == 0) {
			assert(option->size == sizeof(i));
			memcpy(target, &i, sizeof(i));
			return true;
		}
	}
	return false;
}

/* Text that passed its check. Slashes at the end of a base URL go, so that paths can be put behind it. */
static bool store_text(const struct config_option *option, const char *value, char *target)
{
	size_t length = strlen(value);

	if (length >= option->size || (length > 0 && !texts[option->type].check(value)))
		return false;
	while (option->type == CONFIG_HTTP_URL && length > 0 && value[length - 1] == '/')
		length--;
	memset(target, 0, option->size);
	memcpy(target, value, length);
	return true;
}

bool config_option_store(const struct config_option *option, const char *value, void *base, struct err *err)
{
	char *target = (char *)base + option->offset;
	char allowed[CONFIG_ALLOWED_SIZE];
	char quoted[CONFIG_QUOTED_SIZE];
	bool stored = false;

	if (value[0] != '\0' || option->fallback[0] == '\0') {
		if (option->type <= CONFIG_DECIMAL)
			stored = store_number(option, value, target);
		else if (option->type == CONFIG_CHOICE)
			stored = store_choice(option, value, target);
		else
			stored = store_text(option, value, target);
	}
	if (stored)
		return true;
	config_option_allowed(option, allowed);
	if (option->type == CONFIG_REDIS_URL && strncmp(value, "rediss://", strlen("rediss://")) == 0) {
		struct redis_url url;
		return redis_url_parse(value, &url, err);
	}
	/* URLs may hold a password, also where they are wrong. */
	if (option->type == CONFIG_REDIS_URL || option->type == CONFIG_HTTP_URL || option->type == CONFIG_SECRET)
		return err_set(err, ERR_CONFIG, "the value is not allowed; it must be %s", allowed);
	return err_set(err, ERR_CONFIG, "\"%s\" is not allowed; it must be %s", config_quote(value, quoted), allowed);
}
