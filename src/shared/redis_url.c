/* Reads `redis.url`. Kept apart from the link so that a wrong URL is a configuration error, found before anything runs.
 */
#include "shared/redis_url.h"

#include <stdio.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "shared/redact.h"

#define DEFAULT_PORT 6379
#define PORT_MAX     65535
#define DATABASE_MAX 1000000

/* A part of the URL as it stands there: not decoded, not ended by NUL. */
struct piece {
	const char *at;
	size_t length;
};

/* The value of one hexadecimal digit, or -1. */
static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Percent-decodes a piece into a text of `size` bytes. %00 is refused: it would silently cut a password short. */
static bool decode_piece(struct piece piece, char *text, size_t size, const char *what, struct err *err)
{
	size_t length = 0;

	for (size_t i = 0; i < piece.length; i++) {
		char c = piece.at[i];

		if (c == '%') {
			int high = i + 2 < piece.length ? hex_value(piece.at[i + 1]) : -1;
			int low = i + 2 < piece.length ? hex_value(piece.at[i + 2]) : -1;

			if (high < 0 || low < 0 || (high | low) == 0)
				return err_set(err, ERR_CONFIG, "the %s has a %% without two hex digits", what);
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (length + 1 >= size)
			return err_set(err, ERR_CONFIG, "the %s is longer than %zu bytes", what, size - 1);
		text[length++] = c;
	}
	text[length] = '\0';
	return true;
}

/* Reads a piece that is digits only. */
static bool read_number(struct piece piece, uint32_t most, const char *what, uint32_t *number, struct err *err)
{
	uint32_t value = 0;

	for (size_t i = 0; i < piece.length; i++) {
		if (piece.at[i] < '0' || piece.at[i] > '9' || value > most)
			return err_set(err, ERR_CONFIG, "the %s is not a number from 0 to %u", what, most);
		value = value * 10 + (uint32_t)(piece.at[i] - '0');
	}
	if (piece.length == 0 || value > most)
		return err_set(err, ERR_CONFIG, "the %s is not a number from 0 to %u", what, most);
	*number = value;
	return true;
}

/* Cuts what stands before the first `mark` off the front; false, and nothing cut, where there is none. */
static bool cut_before(struct piece *rest, char mark, struct piece *front)
{
	const char *found = memchr(rest->at, mark, rest->length);

	if (!found)
		return false;
	front->at = rest->at;
	front->length = (size_t)(found - rest->at);
	rest->length -= front->length + 1;
	rest->at = found + 1;
	return true;
}

/* Cuts the login "user[:password]@" off the front of what stands before the path. The last @ ends it, so that an
 * unescaped @ in a password can never come out as a part of the host. */
static bool read_login(struct piece *authority, struct redis_url *url, struct err *err)
{
	const char *at = memrchr(authority->at, '@', authority->length);
	struct piece user, password;

	if (!at)
		return true;
	user.at = authority->at;
	user.length = (size_t)(at - authority->at);
	authority->length -= user.length + 1;
	authority->at = at + 1;
	url->has_login = user.length > 0;
	password = user;
	if (!cut_before(&password, ':', &user))
		password.length = 0;
	return decode_piece(user, url->user, sizeof url->user, "user", err) &&
	       decode_piece(password, url->password, sizeof url->password, "password", err);
}

/* "[?db=N]" at the end of a path. */
static bool read_query(struct piece query, struct redis_url *url, struct err *err)
{
	if (query.length < 3 || strncmp(query.at, "db=", 3) != 0)
		return err_set(err, ERR_CONFIG, "only ?db=N may stand after the path");
	query.at += 3;
	query.length -= 3;
	return read_number(query, DATABASE_MAX, "database", &url->database, err);
}

/* "[user:password@]/path[?db=N]" */
static bool read_unix(struct piece rest, struct redis_url *url, struct err *err)
{
	size_t before_path = strcspn(rest.at, "/");
	struct piece authority = {rest.at, before_path};
	struct piece path;

	rest.at += before_path;
	rest.length -= before_path;
	if (!read_login(&authority, url, err))
		return false;
	if (!cut_before(&rest, '?', &path))
		path = rest;
	else if (!read_query(rest, url, err))
		return false;
	if (path.length < 2 || authority.length)
		return err_set(err, ERR_CONFIG, "unix:// needs an absolute path, as in unix:///run/redis.sock?db=0");
	return decode_piece(path, url->path, sizeof url->path, "path", err);
}

/* "host[:port]", the host perhaps an IPv6 address in brackets. */
static bool read_address(struct piece address, struct redis_url *url, struct err *err)
{
	struct piece host = address;
	uint32_t port = DEFAULT_PORT;

	if (address.length && address.at[0] == '[') {
		address.at++;
		address.length--;
		if (!cut_before(&address, ']', &host) || (address.length && address.at[0] != ':'))
			return err_set(err, ERR_CONFIG, "[ needs a ] before the port");
		if (address.length) {
			address.at++;
			address.length--;
			if (!read_number(address, PORT_MAX, "port", &port, err))
				return false;
		}
	} else if (cut_before(&address, ':', &host) && !read_number(address, PORT_MAX, "port", &port, err)) {
		return false;
	}
	if (!host.length || !port)
		return err_set(err, ERR_CONFIG, "host and port are needed, as in redis://127.0.0.1:6379/0");
	url->port = (uint16_t)port;
	if (!decode_piece(host, url->host, sizeof url->host, "host", err))
		return false;
	if (strpbrk(url->host, "/?#@[] "))
		return err_set(err, ERR_CONFIG, "the host has a character that no host has");
	return true;
}

/* "[user[:password]@]host[:port][/db]" */
static bool read_tcp(struct piece rest, struct redis_url *url, struct err *err)
{
	struct piece address;

	if (!cut_before(&rest, '/', &address))
		address = rest;
	else if (rest.length && !read_number(rest, DATABASE_MAX, "database", &url->database, err))
		return false;
	return read_login(&address, url, err) && read_address(address, url, err);
}

bool redis_url_parse(const char *text, struct redis_url *url, struct err *err)
{
	static const struct {
		const char *scheme;
		bool (*read)(struct piece rest, struct redis_url *url, struct err *err);
	} forms[] = {{"redis://", read_tcp}, {"unix://", read_unix}};

	memset(url, 0, sizeof *url);
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		size_t length = strlen(forms[i].scheme);

		if (strncmp(text, forms[i].scheme, length) == 0)
			return forms[i].read((struct piece){text + length, strlen(text) - length}, url, err);
	}
	if (strncmp(text, "rediss://", strlen("rediss://")) == 0)
		return err_set(
		    err, ERR_CONFIG,
		    "it asks for TLS, which this program's hiredis (%d.%d.%d) does not have; let stunnel "
		    "or a like proxy on this machine speak TLS to Redis, and give its address here as redis://; "
		    "the README shows how",
		    HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
	return err_set(err, ERR_CONFIG,
		       "it must be redis://[user[:password]@]host[:port][/db] or unix:///path?db=0 "
		       "(for TLS put a proxy such as stunnel in front of Redis)");
}

char *redis_url_format_place(const struct redis_url *url, char *text, size_t size)
{
	bool is_v6 = strchr(url->host, ':') != NULL;

	if (url->path[0])
		(void)snprintf(text, size, "unix://%s?db=%u", url->path, url->database);
	else
		(void)snprintf(text, size, "redis://%s%s%s:%u/%u", is_v6 ? "[" : "", url->host, is_v6 ? "]" : "",
			       url->port, url->database);
	return text;
}

void redis_url_clean(const struct redis_url *url, char *message)
{
	/* They may be cut short there, so that the whole password is not found: they go altogether. */
	char *arguments = strstr(message, ", with args");

	if (arguments)
		*arguments = '\0';
	redact(message, strlen(message), url->password);
}
