/* What each request passes before its handler.
 *
 * The bearers are in a hash table by the digest of their token; what is compared in the end is compared in constant
 * time. A bearer is never freed before the process ends, also where a later file has it no more: requests under way
 * keep pointing to it, and one that comes back keeps what it has used up of its rate. */
#include "api/access.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "api/app.h"
#include "api/token_file.h"
#include "shared/log.h"

#define SCHEME	    "Bearer "
#define LABEL_BYTES 4 /* of the digest: tells tokens apart, and is no use to anybody */
#define LABEL_SIZE  (2 * LABEL_BYTES + sizeof " operator " + NAME_SIZE)
#define CHALLENGE   "Bearer realm=\"muster\""

struct caller {
	struct token_entry token;
	char label[LABEL_SIZE];
	bool is_known;	    /* stands in the file that counts now */
	int64_t rate_at_us; /* for http_rate_take */
	struct caller *next;
};

struct access_table {
	const char *path; /* the configuration's */
	struct caller **slots;
	size_t slot_count; /* a power of two */
	size_t caller_count;
	EVP_MD *sha256;
	EVP_MD_CTX *context;
};

/* Digests are evenly spread by themselves. */
static struct caller **slot_of(const struct access_table *table, const unsigned char *digest)
{
	uint64_t number;

	memcpy(&number, digest, sizeof number);
	return &table->slots[number & (table->slot_count - 1)];
}

/* Twice as many slots, once there are as many bearers. */
static void table_grow(struct access_table *table)
{
	struct caller **before = table->slots;
	size_t count = table->slot_count;

	if (table->caller_count < count)
		return;
	table->slot_count = 2 * count;
	table->slots = calloc(table->slot_count, sizeof(struct caller *));
	if (!table->slots)
		abort();
	for (size_t i = 0; i < count; i++) {
		for (struct caller *caller = before[i], *next; caller; caller = next) {
			struct caller **slot = slot_of(table, caller->token.digest);

			next = caller->next;
			caller->next = *slot;
			*slot = caller;
		}
	}
	free(before);
}

/* Whether two entries say the same. */
static bool same_entry(const struct token_entry *a, const struct token_entry *b)
{
	return memcmp(a->digest, b->digest, TOKEN_DIGEST_SIZE) == 0 && a->role == b->role &&
	       strcmp(a->user, b->user) == 0;
}

/* Makes the bearer of an entry, or finds the one that is there from an earlier file. */
static struct caller *table_take(struct access_table *table, const struct token_entry *entry)
{
	const unsigned char *digest = entry->digest;
	struct caller *caller = *slot_of(table, digest), **slot;

	while (caller && !same_entry(&caller->token, entry))
		caller = caller->next;
	if (caller)
		return caller;
	table_grow(table);
	caller = calloc(1, sizeof *caller);
	if (!caller)
		abort();
	slot = slot_of(table, digest);
	caller->token = *entry;
	caller->next = *slot;
	*slot = caller;
	table->caller_count++;
	(void)snprintf(caller->label, sizeof caller->label, "%02x%02x%02x%02x %s%s%s", digest[0], digest[1], digest[2],
		       digest[3], token_role_word(entry->role), *entry->user ? " " : "", entry->user);
	return caller;
}

/* The bearer of a digest, or NULL. */
static struct caller *table_find(const struct access_table *table, const unsigned char *digest)
{
	struct caller *found = NULL;

	for (struct caller *caller = *slot_of(table, digest); caller; caller = caller->next)
		if (CRYPTO_memcmp(caller->token.digest, digest, TOKEN_DIGEST_SIZE) == 0 && caller->is_known)
			found = caller;
	return found;
}

/* Two entries of one token: it could not be said what its bearer may. */
static bool check_unique(const struct token_list *list, struct access_table *table, struct err *err)
{
	for (size_t i = 0; i < list->count; i++) {
		struct caller *caller = table_take(table, &list->entries[i]);

		if (table_find(table, list->entries[i].digest))
			return err_set(err, ERR_CONFIG,
				       "api.tokens_file: %s: one token stands in two lines (its hash "
				       "begins with %.8s)",
				       table->path, caller->label);
		caller->is_known = true;
	}
	return true;
}

/* Says for every bearer whether it is known: none, or those of the list. */
static void table_forget(struct access_table *table)
{
	for (size_t i = 0; i < table->slot_count; i++)
		for (struct caller *caller = table->slots[i]; caller; caller = caller->next)
			caller->is_known = false;
}

static struct access_table *table_new(const char *path)
{
	struct access_table *table = calloc(1, sizeof *table);

	if (!table)
		abort();
	table->path = path;
	table->slot_count = 16;
	table->slots = calloc(table->slot_count, sizeof(struct caller *));
	table->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	table->context = EVP_MD_CTX_new();
	if (!table->slots || !table->sha256 || !table->context)
		abort();
	return table;
}

bool access_load(struct app *app, struct err *err)
{
	struct access_table *table;
	struct token_list list;
	bool good;

	if (!app->config->api.tokens_file[0])
		return true;
	if (!token_file_read(app->config->api.tokens_file, &list, err))
		return false;
	/* Into a table of its own first: a file that is refused halfway changes nothing. */
	table = table_new(app->config->api.tokens_file);
	good = check_unique(&list, table, err);
	access_free(table);
	if (good) {
		if (!app->access)
			app->access = table_new(app->config->api.tokens_file);
		table_forget(app->access);
		good = check_unique(&list, app->access, err);
		log_event(LOG_INFO, "tokens_loaded", "file", app->access->path, "tokens",
			  log_int((long long)list.count), NULL);
	}
	token_list_free(&list);
	return good;
}

void access_free(struct access_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->slot_count; i++) {
		for (struct caller *caller = table->slots[i], *next; caller; caller = next) {
			next = caller->next;
			free(caller);
		}
	}
	free(table->slots);
	EVP_MD_free(table->sha256);
	EVP_MD_CTX_free(table->context);
	free(table);
}

/* The bearer of the request's token, or NULL. */
static struct caller *caller_of(struct access_table *table, const char *header)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t skip = sizeof SCHEME - 1;

	if (!header || strncasecmp(header, SCHEME, skip) != 0)
		return NULL;
	header += skip;
	header += strspn(header, " ");
	if (!EVP_DigestInit_ex2(table->context, table->sha256, NULL) ||
	    !EVP_DigestUpdate(table->context, header, strcspn(header, " \t")) ||
	    !EVP_DigestFinal_ex(table->context, digest, NULL))
		abort();
	return table_find(table, digest);
}

/* Answers 401. */
static bool refuse_unknown(struct http_request *request, bool has_sent)
{
	struct err err;

	http_set_header(request, "WWW-Authenticate", has_sent ? CHALLENGE ", error=\"invalid_token\"" : CHALLENGE);
	(void)err_set(&err, ERR_UNAUTHORIZED, "%s",
		      has_sent ? "the token is not known here" : "send a token: Authorization: Bearer TOKEN");
	http_answer_error(request, &err, NULL);
	return false;
}

/* Answers 403. */
static bool refuse_role(struct http_request *request, const struct caller *caller)
{
	struct err err;

	(void)err_set(&err, ERR_FORBIDDEN, "a token of the role %s may not do this",
		      token_role_word(caller->token.role));
	http_answer_error(request, &err, NULL);
	return false;
}

/* Takes one request off what the bearer, or else the address, may send a second; false where it has answered 429. */
static bool rate_take(const struct app *app, struct http_request *request, struct caller *caller)
{
	int64_t per_s = app->config->api.max_requests_per_s, wait_s;
	int64_t *state = caller ? &caller->rate_at_us : http_address_rate(request);
	char text[24];
	struct err err;

	if (!per_s || !state || http_rate_take(state, per_s, http_started_us(request), &wait_s))
		return true;
	(void)snprintf(text, sizeof text, "%lld", (long long)wait_s);
	http_set_header(request, "Retry-After", text);
	(void)err_set(&err, ERR_RATE_LIMITED, "at most %lld requests a second %s", (long long)per_s,
		      caller ? "with one token" : "from one address");
	http_answer_error(request, &err, NULL);
	return false;
}

bool access_check(struct http_request *request, void *arg)
{
	struct app *app = arg;
	unsigned access = http_route_of(request)->access;
	struct caller *caller;
	const char *header;

	if (!app->access)
		return rate_take(app, request, NULL);
	header = http_header(request, "Authorization");
	caller = caller_of(app->access, header);
	if (caller)
		http_set_caller(request, caller);
	if (!rate_take(app, request, caller))
		return false;
	if (access & ACCESS_ANYBODY)
		return true;
	if (!caller)
		return refuse_unknown(request, header != NULL);
	if (!(access & caller->token.role))
		return refuse_role(request, caller);
	return true;
}

const char *access_label(const struct http_request *request)
{
	const struct caller *caller = http_caller(request);

	return caller ? caller->label : "anonymous";
}

const char *access_user(const struct http_request *request)
{
	const struct caller *caller = http_caller(request);

	return caller && caller->token.role == ROLE_USER ? caller->token.user : NULL;
}

bool access_may_see(const struct http_request *request, const char *user)
{
	const char *only = access_user(request);

	return !only || strcmp(only, user) == 0;
}

const char *access_default_user(const struct http_request *request)
{
	const struct app *app = http_arg(request);

	return app->access ? access_user(request) : app->config->api.default_user;
}
