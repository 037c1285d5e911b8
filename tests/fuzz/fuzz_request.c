/* Bodies of the trade queue: one request. The first byte chooses the kind; what is accepted keeps its bounds. */
#include "fuzz.h"

#include "api/order_request.h"
#include "shared/http.h"

/* Whether an accepted suggestion is one that sizing can take. */
static void check(const struct suggestion *suggestion)
{
	FUZZ_REQUIRE(suggestion->symbol[0] != '\0' && strlen(suggestion->symbol) < SYMBOL_SIZE);
	FUZZ_REQUIRE(suggestion->size_nano > 0);
	FUZZ_REQUIRE(!suggestion->is_limit || suggestion->limit_nano > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct order_request request = {0};
	struct problems problems = {0};
	struct err err;
	json_t *json;

	if (size == 0)
		return 0;
	json = http_json_parse(data + 1, size - 1, &err);
	if (!json) {
		FUZZ_REQUIRE_ERROR(&err);
		return 0;
	}
	if (order_request_parse(&(struct order_request_source){.json = json,
							       .kind = data[0] & 1 ? ORDER_REQUEST_ELEMENT
										   : ORDER_REQUEST_QUEUE,
							       .default_user = "demo",
							       .place = {-1, -1, NULL}},
				&request, &problems)) {
		FUZZ_REQUIRE(problems.count == 0 && request.user_id[0] != '\0');
		FUZZ_REQUIRE(request.count >= 1 && request.count <= SUGGESTIONS_MAX);
		for (size_t i = 0; i < request.count; i++)
			check(&request.suggestions[i]);
	} else {
		FUZZ_REQUIRE(problems.count > 0);
		FUZZ_REQUIRE_ERROR(&problems.first);
	}
	order_request_free(&request);
	problems_free(&problems);
	json_decref(json);
	return 0;
}
