/* See alpaca_errors.h. */
#include "worker/alpaca_errors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <jansson.h>

#include "shared/clock.h"
#include "worker/alpaca_order.h"

#define WAIT_MIN_MS	100
#define WAIT_MAX_MS	60000
#define WAIT_DEFAULT_MS 1000
#define CLOCK_TRUST_MS	2000
#define DATE_MAX_S	INT64_C(253402300799) /* the end of the year 9999 */

#define ALL (ALPACA_SUBMIT | ALPACA_LOOK_UP | ALPACA_FOLLOW | ALPACA_CANCEL | ALPACA_LIST)

/* What the body must say for a row to hold. */
enum body_rule {
	BODY_ANY,	  /* anything, even garbage */
	BODY_ERROR,	  /* an error object */
	BODY_NO_CODE,	  /* anything without a code */
	BODY_CODE_FAMILY, /* a code that begins with the status: Alpaca's own refusal, not a gateway's */
	BODY_NOT_FOUND,	  /* code 40410000 */
};

/* First match wins. */
static const struct {
	unsigned ops;
	int status_from, status_to;
	enum body_rule body;
	const char *words; /* in the message, ignoring case; NULL: any */
	enum broker_outcome outcome;
	bool is_credentials;
} rules[] = {
    {ALL, 429, 429, BODY_ANY, NULL, BROKER_NOT_SENT, false},
    /* Seen with 422/40010001, 422/42210000 and 409: it is the words that count. */
    {ALPACA_SUBMIT, 400, 499, BODY_ERROR, "client_order_id must be unique", BROKER_DUPLICATE, false},
    {ALL, 401, 401, BODY_ANY, NULL, BROKER_NOT_SENT, true},
    {ALL, 403, 403, BODY_NO_CODE, NULL, BROKER_NOT_SENT, true},
    {ALPACA_SUBMIT, 403, 403, BODY_CODE_FAMILY, NULL, BROKER_REJECTED, false},
    {ALPACA_SUBMIT, 400, 400, BODY_ERROR, NULL, BROKER_REJECTED, false},
    {ALPACA_SUBMIT, 422, 422, BODY_ERROR, NULL, BROKER_REJECTED, false},
    {ALPACA_LOOK_UP | ALPACA_FOLLOW | ALPACA_CANCEL, 404, 404, BODY_NOT_FOUND, NULL, BROKER_NOT_FOUND, false},
    {ALPACA_CANCEL, 422, 422, BODY_ERROR, NULL, BROKER_REJECTED, false},
};

/* An error reply, read. */
struct refusal {
	int status;
	bool is_object;
	long long code; /* 0: none */
	char message[256];
};

/* The broker's words, made fit for logs and answers: printable ASCII only, cut to `size`. */
static void copy_words(const char *from, char *to, size_t size)
{
	size_t i = 0;
	for (; from[i] && i + 1 < size; i++)
		to[i] = (char)(from[i] >= ' ' && from[i] <= '~' ? from[i] : '?');
	to[i] = '\0';
}

static struct refusal read_refusal(const struct http_client_reply *reply)
{
	struct refusal refusal = {.status = reply->status};
	json_t *json = json_loadb(reply->body, reply->length, JSON_REJECT_DUPLICATES, NULL);
	const json_t *code = json_object_get(json, "code");
	const char *message = alpaca_text(json, "message"), *more = alpaca_text(json, "reject_reason");
	char words[1024];
	refusal.is_object = json_is_object(json);
	if (json_is_string(code))
		refusal.code = strtoll(json_string_value(code), NULL, 10);
	else
		refusal.code = json_integer_value(code);
	snprintf(words, sizeof words, "%.480s%s%.480s", message ? message : "", message && more ? ": " : "",
		 more ? more : "");
	copy_words(words, refusal.message, sizeof refusal.message);
	json_decref(json);
	return refusal;
}

static bool body_fits(const struct refusal *refusal, enum body_rule rule)
{
	switch (rule) {
	case BODY_ANY:
		return true;
	case BODY_ERROR:
		return refusal->is_object && (refusal->code != 0 || *refusal->message);
	case BODY_NO_CODE:
		return refusal->code == 0;
	case BODY_CODE_FAMILY:
		return refusal->code / 100000 == refusal->status;
	case BODY_NOT_FOUND:
		return refusal->code == 40410000;
	}
	return false;
}

/* The row's index, or -1. */
static int find_rule(enum alpaca_op op, const struct refusal *refusal)
{
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if ((rules[i].ops & op) && refusal->status >= rules[i].status_from &&
		    refusal->status <= rules[i].status_to && body_fits(refusal, rules[i].body) &&
		    (!rules[i].words || strcasestr(refusal->message, rules[i].words)))
			return (int)i;
	return -1;
}

static void say_why(const struct refusal *refusal, bool is_credentials, struct err *why)
{
	const char *words = *refusal->message ? refusal->message : "no reason given";
	/* Whoever refuses a key may repeat it: those words are not passed on. */
	if (is_credentials)
		(void)err_set(why, ERR_BROKER, "the broker refuses our credentials (HTTP %d)", refusal->status);
	else if (refusal->code)
		(void)err_set(why, ERR_BROKER, "%s (HTTP %d, code %lld)", words, refusal->status, refusal->code);
	else
		(void)err_set(why, ERR_BROKER, "%s (HTTP %d)", words, refusal->status);
}

bool alpaca_judge(enum alpaca_op op, const struct http_client_reply *reply, struct broker_result *result)
{
	if (reply->status == 0) {
		result->outcome = reply->was_sent ? BROKER_AMBIGUOUS : BROKER_NOT_SENT;
		copy_words(reply->err->message, result->why.message, sizeof result->why.message);
		result->why.code = ERR_BROKER;
		(void)err_context(&result->why, reply->was_sent ? "no usable reply" : "the broker was not reached");
		return false;
	}
	struct refusal refusal = read_refusal(reply);
	int row = find_rule(op, &refusal);
	bool is_credentials = row >= 0 && rules[row].is_credentials;
	result->outcome = row >= 0 ? rules[row].outcome : BROKER_AMBIGUOUS;
	say_why(&refusal, is_credentials, &result->why);
	if (is_credentials)
		result->retry_after_ms = ALPACA_CREDENTIALS_RETRY_MS;
	else if (result->outcome == BROKER_NOT_SENT)
		result->retry_after_ms = alpaca_reply_retry_after_ms(reply);
	return is_credentials;
}

/* A number of seconds as the whole of a text, in milliseconds; "2.5" is seen too. */
static bool read_seconds(const char *text, int64_t *ms)
{
	char *end;
	if (!text || *text < '0' || *text > '9' || strspn(text, "0123456789") > 12)
		return false;
	*ms = strtoll(text, &end, 10) * 1000;
	if (*end != '.')
		return *end == '\0';
	for (int64_t unit = 100; unit > 0 && *++end >= '0' && *end <= '9'; unit /= 10)
		*ms += (*end - '0') * unit;
	return true;
}

/* A date as milliseconds; what no calendar shows (curl takes any number for a year) is none. */
static bool read_date(const char *text, int64_t *at_ms)
{
	time_t at_s = text ? curl_getdate(text, NULL) : -1;

	if (at_s < 0 || at_s > DATE_MAX_S)
		return false;
	*at_ms = (int64_t)at_s * 1000;
	return true;
}

int64_t alpaca_retry_after_ms(const char *reset, const char *retry_after, const char *date, int64_t wall_ms)
{
	int64_t now_ms = wall_ms, at_ms, wait_ms = INT64_MIN, asked_ms = INT64_MIN;
	/* A Date has no fraction, so our own clock is the better one as long as both agree. */
	if (read_date(date, &at_ms) && llabs(at_ms - wall_ms) > CLOCK_TRUST_MS)
		now_ms = at_ms;
	if (read_seconds(reset, &at_ms))
		wait_ms = at_ms - now_ms;
	if (read_seconds(retry_after, &at_ms))
		asked_ms = at_ms;
	else if (read_date(retry_after, &at_ms))
		asked_ms = at_ms - now_ms;
	if (asked_ms > wait_ms)
		wait_ms = asked_ms;
	if (wait_ms == INT64_MIN)
		return WAIT_DEFAULT_MS;
	return wait_ms < WAIT_MIN_MS ? WAIT_MIN_MS : wait_ms > WAIT_MAX_MS ? WAIT_MAX_MS : wait_ms;
}

int64_t alpaca_reply_retry_after_ms(const struct http_client_reply *reply)
{
	return alpaca_retry_after_ms(http_client_header(reply, "X-RateLimit-Reset"),
				     http_client_header(reply, "Retry-After"), http_client_header(reply, "Date"),
				     clock_wall_ms());
}
