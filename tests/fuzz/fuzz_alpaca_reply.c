/* Replies that are no success: two bytes choose the call and the status, the rest is the body. What cannot be understood is
 * ambiguous, never a refusal; the words that are kept are printable. */
#include "fuzz.h"

#include <jansson.h>

#include "worker/alpaca_errors.h"

static const enum alpaca_op ops[] = {ALPACA_SUBMIT, ALPACA_LOOK_UP, ALPACA_FOLLOW, ALPACA_CANCEL, ALPACA_LIST};
static const int statuses[] = {0,   200, 201, 204, 302, 400, 401, 403, 404, 405, 408, 409,
			       413, 422, 429, 500, 502, 503, 504, 520, 599, 100, 999, 422};

/* Only what the broker itself wrote may refuse an order. */
static bool is_object(const char *body, size_t length)
{
	json_t *json = json_loadb(body, length, 0, NULL);
	bool good = json_is_object(json);

	json_decref(json);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct err cut = {.code = ERR_BROKER, .message = "the connection was cut"};
	struct http_client_reply reply = {0};
	struct broker_result result = {0};
	char *body;

	if (size < 2)
		return 0;
	body = fuzz_text(data + 2, size - 2);
	reply.status = statuses[data[1] % (sizeof statuses / sizeof statuses[0])];
	reply.body = body;
	reply.length = size - 2;
	reply.was_sent = data[0] & 0x80;
	reply.err = reply.status == 0 ? &cut : NULL;
	(void)alpaca_judge(ops[data[0] % (sizeof ops / sizeof ops[0])], &reply, &result);
	FUZZ_REQUIRE_ERROR(&result.why);
	for (const char *c = result.why.message; *c; c++)
		FUZZ_REQUIRE(*c >= ' ' && *c <= '~');
	if (reply.status >= 500)
		FUZZ_REQUIRE(result.outcome == BROKER_AMBIGUOUS);
	if (result.outcome == BROKER_REJECTED || result.outcome == BROKER_DUPLICATE)
		FUZZ_REQUIRE(reply.status >= 400 && reply.status < 500 && is_object(body, reply.length));
	FUZZ_REQUIRE(result.retry_after_ms >= 0);
	free(body);
	return 0;
}
