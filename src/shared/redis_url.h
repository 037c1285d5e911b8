/* Where Redis is and how to log in, read from `redis.url`.
 *
 *     redis://[user[:password]@]host[:port][/db]      port 6379 and database 0 where not said; [v6] in brackets
 *     unix://[user[:password]@]/path[?db=N]
 *
 * User, password, host and path are percent-decoded. `redis://:password@host` logs in as the default user. */
#ifndef MUSTER_REDIS_URL_H
#define MUSTER_REDIS_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"

#define REDIS_URL_TEXT 512

struct redis_url {
	char user[REDIS_URL_TEXT];     /* "" is the default user */
	char password[REDIS_URL_TEXT]; /* a secret */
	bool has_login;		       /* AUTH is wanted */
	char host[REDIS_URL_TEXT];     /* "" where it is a path */
	char path[108];		       /* as long as sockaddr_un takes */
	uint16_t port;
	uint32_t database;
};

/* ERR_CONFIG says what is wrong, to stand behind the option's name, without repeating the text: it may hold a password.
 */
bool redis_url_parse(const char *text, struct redis_url *url, struct err *err) MUST_USE;

/* "redis://host:port/db" or "unix:///path?db=0", without user and password: for people. Returns `text`. */
char *redis_url_format_place(const struct redis_url *url, char *text, size_t size);

/* Takes the password out of what Redis says of a log-in: one that does not know AUTH repeats its arguments. */
void redis_url_clean(const struct redis_url *url, char *message);

#endif
