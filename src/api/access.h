/* Who may do what. With api.tokens_file each request needs `Authorization: Bearer TOKEN`; the token says which role its
 * bearer has. Without, the API serves loopback only, and everybody there may do everything.
 *
 * What is compared is the SHA-256 of what was sent, so that the time which a look-up takes tells nothing from which a
 * token could be made. */
#ifndef MUSTER_API_ACCESS_H
#define MUSTER_API_ACCESS_H

#include <stdbool.h>

#include "shared/http.h"

struct access_table;
struct app;

/* What a bearer is, as a bit each. */
enum role {
	ROLE_USER = 1,	   /* acts for one user, and sees that user's data only */
	ROLE_SERVICE = 2,  /* acts for any user */
	ROLE_OPERATOR = 4, /* the same, and runs the system: halt, resume, process, resolve, stocks */
	ROLE_READ = 8,	   /* sees everything, changes nothing */
};

/* The last column of the table of routes: the roles that may. A row with 0 would be nobody's. */
enum access {
	ACCESS_ANYBODY = 16,							/* also without a token */
	ACCESS_READ_OWN = ROLE_USER | ROLE_SERVICE | ROLE_OPERATOR | ROLE_READ, /* `user`: of that user only */
	ACCESS_READ_ALL = ROLE_SERVICE | ROLE_OPERATOR | ROLE_READ,		/* holds data of several users */
	ACCESS_TRADE = ROLE_USER | ROLE_SERVICE | ROLE_OPERATOR,		/* `user`: for that user only */
	ACCESS_OPERATE = ROLE_OPERATOR,
};

/* Reads api.tokens_file into app->access; at any time again. Where the file is not good, what was there before stays as
 * it is. Without the option there is nothing to do. */
bool access_load(struct app *app, struct err *err) MUST_USE;
void access_free(struct access_table *table);

/* For http_server_options.before: lets the request through to its handler, or has answered 401 or 403. */
bool access_check(struct http_request *request, void *app);

/* Both are borrowed and live as long as the process. */
/* Who it is, for logs and records: "1a2b3c4d operator", "1a2b3c4d user alice" (the first bytes of the token's hash), or
 * "anonymous" where there are no tokens. */
const char *access_label(const struct http_request *request);
/* The one user that the bearer acts for and may see; NULL: any. */
const char *access_user(const struct http_request *request);
/* The user of a request that names none: the bearer's own; without tokens api.default_user; else NULL. */
const char *access_default_user(const struct http_request *request);
/* Whether the bearer may see what belongs to this user. Where not, the answer must be what it is for something unknown,
 * after the same reads. */
bool access_may_see(const struct http_request *request, const char *user);

#endif
